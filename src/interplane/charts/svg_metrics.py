"""Metric curves written as SVG, with the words that tell the lines apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.markup import Markup, element
from interplane.charts.svg import picture, titled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.charts.metrics import MetricLine, MetricPicture

__all__ = ["metric", "metric_key", "tone_mark"]


def metric(it: MetricPicture) -> Markup:
    """Return curves of one metric in their frame.

    >>> from interplane.charts.metrics import Told, draw_metric
    >>> drawn = draw_metric("loss", [Told("<a>", [0, 1], [1.0, 0.5])])
    >>> "&lt;a&gt;: 0.5 at 1" in metric(drawn)
    True
    """
    said = "; ".join(line.says for line in it.lines)
    return picture(
        "metric",
        it.width,
        it.height,
        *_axes(it),
        *(_line(it, each) for each in it.lines),
        label=f"{it.name}: {said}"[:2000],
    )


def metric_key(it: MetricPicture) -> Markup:
    """Return what each line is, in its tone."""
    words = (
        element(
            "span",
            tone_mark(each.tone),
            element("a", each.name, href=each.href) if each.href else each.name,
            class_="pair",
        )
        for each in it.lines
        if each.name
    )
    return element("p", *words, class_="soft small-text")


def tone_mark(tone: int) -> Markup:
    """Return a piece of a line in its tone."""
    line = element("path", d="M1,5H25")
    return picture(f"metric-key tone{tone}", 26.0, 10.0, line, is_of_size=True)


def _axes(it: MetricPicture) -> Iterator[Markup]:
    for tick in it.upright:
        yield element("line", class_="guide", x1=it.left, x2=it.right, y1=tick.place, y2=tick.place)
        yield element("text", tick.text, class_="tick up", x=it.left - 6, y=tick.place + 4)
    for tick in it.across:
        yield element("text", tick.text, class_="axis", x=tick.place, y=it.height - 6)
    yield element("line", class_="axis-line", x1=it.left, x2=it.right, y1=it.bottom, y2=it.bottom)


def _line(it: MetricPicture, line: MetricLine) -> Markup:
    shapes = list(map(_piece, line.pieces))
    if line.end_x is not None and line.end_y is not None:
        shapes.append(element("circle", cx=line.end_x, cy=line.end_y, r=2.6))
    shapes += [
        titled("path", each.says, class_="odd", d=f"M{each.x - 3:g},{it.top - 8:g}l6,6m0,-6l-6,6")
        for each in line.odd
    ]
    title = element("title", line.says)
    return element("g", *shapes, title, class_=f"metric-line tone{line.tone}")


def _piece(points: str) -> Markup:
    if " " in points:
        return element("polyline", points=points)
    x, _, y = points.partition(",")
    return element("circle", cx=x, cy=y, r=1.4)
