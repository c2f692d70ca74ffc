"""Pictures of things that hang together or follow each other: graphs, runs by their figures, spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.markup import Markup, element
from interplane.charts.svg import picture, titled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.charts.graph import Box, GraphPicture
    from interplane.charts.parallel import Axis, ParallelPicture, Thread
    from interplane.charts.spans import Bar, Lane, SpansPicture
    from interplane.charts.timeline import Fold

__all__ = ["graph", "parallel", "spans"]


def graph(it: GraphPicture, name: str = "") -> Markup:
    """Return the graph of a pipeline: boxes, and arrows between them; boxes that lead somewhere are links.

    Args:
        it: the picture.
        name: what it is the graph of, where nothing around it says so.
    """
    return picture(
        "graph",
        it.width,
        it.height,
        *(element("path", class_=f"arrow {each.kind}", d=each.path) for each in it.arrows),
        *(_box(it, each) for each in it.boxes),
        label=name or "What hangs on what",
        role="group",
        is_of_size=True,
    )


def _box(it: GraphPicture, each: Box) -> Markup:
    inside = element(
        "g",
        element("rect", x=each.x, y=each.y, width=it.box_width, height=it.box_height, rx=9),
        element("text", each.title, x=each.x + 12, y=each.y + (19 if each.note else 28)),
        element("text", each.note, class_="note", x=each.x + 12, y=each.y + 36),
        element("title", each.says),
        class_=f"box {each.kind}",
    )
    return element("a", inside, href=each.href) if each.href else inside


def parallel(it: ParallelPicture) -> Markup:
    """Return runs by their parameters and figures: an axis for each, a line for each run."""
    threads = element("g", *map(_thread, it.threads))
    axes = (shape for axis in it.axes for shape in _axis(it, axis))
    label = "Runs by their parameters and figures"
    return picture("parallel", it.width, it.height, threads, *axes, label=label, role="group")


def _thread(each: Thread) -> Markup:
    line = titled("path", each.says, class_=f"thread {each.kind}", data_run=each.key, d=each.path)
    # The table below has the same links: here they would only be in the way of the keyboard.
    return element("a", line, href=f"/runs/{each.key}", tabindex=-1) if each.key else line


def _axis(it: ParallelPicture, axis: Axis) -> Iterator[Markup]:
    yield element("line", class_="axis-line", x1=axis.x, x2=axis.x, y1=it.top, y2=it.bottom)
    yield element("text", axis.name, class_="axis", x=axis.x, y=16)
    for tick in axis.ticks:
        yield element("text", tick.text, class_="tick", x=axis.x + 6, y=tick.y + 4)


def spans(it: SpansPicture, kind: str = "", *, is_linked: bool = True) -> Markup:
    """Return what answered when, lane by lane over one time.

    Args:
        it: the picture.
        kind: wide or narrow, where a page has both; the narrow one is not in the way of the keyboard.
        is_linked: whether bars lead to their crossings.
    """
    shapes: list[Markup] = []
    for lane in it.lanes:
        shapes.append(element("text", lane.name, class_="lane", x=0, y=lane.y + 17))
        shapes += [_bar(lane, each, kind, is_linked=is_linked) for each in lane.bars]
    shapes += [_fold(it, each) for each in it.folds]
    shapes += [
        element("text", mark.text, class_="axis", x=mark.x, y=it.height - 2) for mark in it.marks
    ]
    label = "What was live when"
    return picture(f"spans {kind}".strip(), it.width, it.height, *shapes, label=label, role="group")


def _bar(lane: Lane, each: Bar, kind: str, *, is_linked: bool) -> Markup:
    width = max(each.width - 1.5, 1.5)
    inside = element(
        "g",
        element("rect", x=each.x, y=lane.y, width=width, height=lane.height, rx=5),
        element("text", each.text, x=each.x + each.width / 2, y=lane.y + 17.5),
        element("title", each.says),
        class_=f"span {lane.name} {each.kind}",
    )
    if not each.href or not is_linked:
        return inside
    away = -1 if kind == "narrow" else None
    return element("a", inside, href=each.href, tabindex=away, aria_label=each.says)


def _fold(it: SpansPicture, fold: Fold) -> Markup:
    middle, y = (fold.x1 + fold.x2) / 2, it.height - 20
    strokes = f"M{middle - 5:.1f},{y:g}l4,-8 M{middle + 1:.1f},{y:g}l4,-8"
    return titled("path", fold.says, class_="folded", d=strokes)
