"""Pictures written as SVG: each value of a picture by one function, wherever it is shown.

Colours and strokes are classes of one sheet (`interplane.charts.style`), and what a shape says stands
in its title. No shape has an id, so a document may hold any number of pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.markup import Markup, element, joined
from interplane.charts.numbers import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.charts.curves import Curves
    from interplane.charts.histogram import Histogram
    from interplane.charts.intervals import Ruler, Whisker
    from interplane.charts.lines import LinePicture
    from interplane.charts.overlay import Overlay

__all__ = [
    "calibration",
    "flips",
    "gantt",
    "histogram",
    "line",
    "one_mark",
    "overlay",
    "pair_marks",
    "picture",
    "precision_recall",
    "roc",
    "titled",
]

_MANY_POINTS = 40
_GANTT = 300.0
_FLIPS = 600.0


def picture(
    kind: str,
    width: float,
    height: float,
    *inside: object,
    label: str = "",
    role: str = "img",
    is_stretched: bool = False,
    is_of_size: bool = False,
) -> Markup:
    """Return an SVG element.

    Args:
        kind: its class.
        width: the width of its frame.
        height: the height of its frame.
        inside: its shapes.
        label: what it shows, for who does not see it; without one it only repeats what is beside it.
        role: *img* for one thing, *group* where it has links.
        is_stretched: whether it fills what room there is, in any shape.
        is_of_size: whether it is as large as its frame, if there is room.
    """
    return element(
        "svg",
        *inside,
        class_=kind,
        width=width if is_of_size else None,
        height=height if is_of_size else None,
        viewBox=joined([_short(0.0), " ", _short(0.0), " ", _short(width), " ", _short(height)]),
        preserveAspectRatio="none" if is_stretched else None,
        role=role if label else None,
        aria_label=label or None,
        aria_hidden=None if label else "true",
    )


def titled(name: str, says: str, **attributes: object) -> Markup:
    """Return a shape that says something when it is pointed at."""
    return element(name, element("title", says), **attributes)


def histogram(it: Histogram, name: str) -> Markup:
    """Return the bars of a column.

    >>> from interplane.charts.histogram import Bar, Histogram
    >>> bars = (Bar(x=0.0, width=9.0, height=4.0, says="a: 2 rows"),)
    >>> "a: 2 rows" in histogram(Histogram(width=10.0, height=8.0, bars=bars), "letters")
    True
    """
    bars = (
        titled(
            "rect", bar.says, x=bar.x, y=it.height - bar.height, width=bar.width, height=bar.height
        )
        for bar in it.bars
    )
    label = f"How the values of {name} are spread"
    return picture("histogram", it.width, it.height, *bars, label=label, is_stretched=True)


def overlay(it: Overlay, name: str) -> Markup:
    """Return the bars of a column in two tables, over each other."""

    def bar(kind: str, x: float, width: float, y: float, height: float) -> Markup:
        return element("rect", class_=kind, x=x, y=y, width=width, height=height)

    bars = (
        element(
            "g",
            bar("before", each.x, each.width, it.height - each.before, each.before),
            bar("after", each.x, each.width, it.height - each.after, min(each.after, 1.6)),
            bar("fill", each.x, each.width, it.height - each.after, each.after),
            element("title", each.says),
        )
        for each in it.bars
    )
    label = f"How the values of {name} are spread in both"
    return picture("overlay", it.width, it.height, *bars, label=label, is_stretched=True)


def line(it: LinePicture, name: str) -> Markup:
    """Return a line over time, with its band and its points."""
    radius = 2.4 if len(it.points) < _MANY_POINTS else 1.2
    points = (
        titled(
            "circle",
            point.says,
            class_="waits" if point.known < 0.9 else "known",
            cx=point.x,
            cy=point.y,
            r=radius,
        )
        for point in it.points
    )
    label = f"{name} over time, from {number(it.low)} to {number(it.high)}, {number(it.last)} at the end"
    return picture(
        "line",
        it.width,
        it.height,
        *(element("polygon", class_="band", points=band) for band in it.band),
        *(element("polyline", points=each) for each in it.lines),
        *points,
        label=label,
    )


def one_mark(mark: Whisker, ruler: Ruler, went: str) -> Markup:
    """Return a value with its interval, beside the upright line that all are held against.

    Args:
        mark: the value.
        ruler: the scale.
        went: better, worse or unsure.
    """
    against = () if ruler.against is None else (_path("against", f"M{ruler.against:g},0V18"),)
    return picture(
        f"whiskers {went}",
        ruler.width,
        18.0,
        *against,
        _path("span", f"M{mark.low:g},9H{mark.high:g}"),
        element("circle", cx=mark.x, cy=9, r=3.6),
    )


def pair_marks(marks: Sequence[Whisker | None], went: str) -> Markup:
    """Return two values with their intervals, the first above the second; nothing without both.

    Args:
        marks: the two values.
        went: better, worse, other, same or unsure.
    """
    if len(marks) != 2 or marks[0] is None or marks[1] is None:
        return Markup("")
    first, second = marks[0], marks[1]
    return picture(
        f"whiskers {went}",
        240.0,
        18.0,
        _path("span first", f"M{first.low:g},6H{first.high:g}"),
        _path("span", f"M{second.low:g},12H{second.high:g}"),
        _path("move", f"M{first.x:g},6L{second.x:g},12"),
        element("circle", class_="first", cx=first.x, cy=6, r=3),
        element("circle", cx=second.x, cy=12, r=3.4),
    )


def roc(it: Curves) -> Markup:
    """Return the ROC curve."""
    curve = element("polyline", points=it.roc.points)
    return _square(it, _diagonal(it), curve, label=f"ROC curve, {it.roc.says}")


def precision_recall(it: Curves) -> Markup:
    """Return the curve of precision by recall."""
    chance = _path("chance", f"M{it.edge:g},{it.base:g}H{it.size - it.edge:g}")
    curve = element("polyline", points=it.pr.points)
    return _square(it, chance, curve, label=f"Precision by recall, {it.pr.says}")


def calibration(it: Curves) -> Markup:
    """Return how often it came true, by what was said."""
    points = " ".join(f"{each.x:g},{each.y:g}" for each in it.bins)
    bins = (
        element(
            "g",
            _path("span", f"M{each.x:g},{each.low:g}V{each.high:g}"),
            element("circle", cx=each.x, cy=each.y, r=3.6),
            element("title", each.says),
        )
        for each in it.bins
    )
    through = element("polyline", class_="thin", points=points)
    label = "Calibration: " + "; ".join(each.says for each in it.bins)
    return _square(it, _diagonal(it), through, *bins, label=label)


def flips(to_right: int, to_wrong: int) -> Markup:
    """Return decisions that changed, those that became right in one colour and wrong in another."""
    share = to_right / max(to_right + to_wrong, 1) * _FLIPS
    return picture(
        "flips",
        _FLIPS,
        12.0,
        element("rect", class_="better", width=share, height=12),
        element(
            "rect",
            class_="worse",
            x=share,
            width=_FLIPS - share if to_right + to_wrong else 0,
            height=12,
        ),
        label=f"{to_right} flips to right, {to_wrong} to wrong",
        is_stretched=True,
    )


def gantt(went: str, *, begin: float, seconds: float, span: float) -> Markup:
    """Return the bar of a step in the time of its run.

    Args:
        went: how the step went.
        begin: when it began, in seconds after the run.
        seconds: how long it took; 0 for a step that did not run.
        span: how long the run took, in seconds.
    """
    shapes = [element("rect", class_="gantt-all", width=_GANTT, height=14)]
    if seconds:
        width = min(max(_GANTT * seconds / span, 1.5), _GANTT)
        x = min(_GANTT * begin / span, _GANTT - width)
        shapes.append(element("rect", class_=f"gantt-bar {went}", x=x, width=width, height=14))
    return picture("gantt", _GANTT, 14.0, *shapes, is_stretched=True)


def _square(it: Curves, *inside: Markup, label: str) -> Markup:
    side = it.size - 2 * it.edge
    frame = element("rect", class_="frame", x=it.edge, y=it.edge, width=side, height=side, rx=4)
    return picture("curve", it.size, it.size, frame, *inside, label=label)


def _diagonal(it: Curves) -> Markup:
    far = it.size - it.edge
    return _path("chance", f"M{it.edge:g},{far:g}L{far:g},{it.edge:g}")


def _path(kind: str, d: str) -> Markup:
    return element("path", class_=kind, d=d)


def _short(value: float) -> str:
    return f"{value:g}"
