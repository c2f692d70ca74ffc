"""A graph, such as a pipeline's: boxes by depth from left to right, and an arrow for each input.

An arrow that passes a depth has a place of its own there, so that it goes around boxes and not
through them. Within a depth, boxes stand near what they hang together with.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Arrow", "Box", "GraphPicture", "Node", "draw_graph"]

_WIDTH: Final = 168.0
_STEP: Final = 220.0
_HEIGHT: Final = 46.0
_THIN: Final = 8.0
_BETWEEN: Final = 16.0
_EDGE: Final = 6.0
_SWEEPS: Final = 12
_LETTERS: Final = 21


class Node(NamedTuple):
    """What a box stands for.

    Attributes:
        name: its name, which arrows say, and what stands in the box where no title is said.
        kind: input, or how the step went.
        note: what stands below the name.
        says: what it tells when it is pointed at.
        href: where it leads.
        title: what stands in the box, if not its name.
    """

    name: str
    kind: str
    note: str = ""
    says: str = ""
    href: str = ""
    title: str = ""


class Box(Value, frozen=True, kw_only=True):
    """A box: its upper left corner, and what stands in it."""

    x: float
    y: float
    title: str
    note: str
    kind: str
    says: str
    href: str


class Arrow(Value, frozen=True, kw_only=True):
    """An arrow: the path of a curve, and the kind of what it leads to."""

    path: str
    kind: str


class GraphPicture(Value, frozen=True, kw_only=True):
    """Boxes of one size, and arrows, in a frame."""

    width: float
    height: float
    box_width: float
    box_height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def draw_graph(nodes: Sequence[Node], parents: Mapping[str, Sequence[str]]) -> GraphPicture | None:
    """Return the picture of a graph; None where there is nothing.

    Args:
        nodes: what there is; no name is there twice.
        parents: what each hangs on, by name; without a cycle.

    >>> picture = draw_graph([Node("a", "done"), Node("b", "done")], {"b": ["a"]})
    >>> picture.boxes[0].x < picture.boxes[1].x, len(picture.arrows)
    (True, 1)
    """
    if not nodes:
        return None
    known = {node.name: node for node in nodes}
    edges = [
        (above, name)
        for name in known
        for above in dict.fromkeys(parents.get(name, ()))
        if above in known
    ]
    layout = _Layout(list(known), edges)
    boxes = [
        Box(
            x=layout.left(name),
            y=layout.top(name),
            title=_cut(node.title or name),
            note=_cut(node.note),
            kind=node.kind,
            says=node.says or node.title or name,
            href=node.href,
        )
        for name, node in known.items()
    ]
    arrows = [Arrow(path=layout.path(above, name), kind=known[name].kind) for above, name in edges]
    return GraphPicture(
        width=max(box.x for box in boxes) + _WIDTH + _EDGE,
        height=layout.height,
        box_width=_WIDTH,
        box_height=_HEIGHT,
        boxes=tuple(boxes),
        arrows=tuple(arrows),
    )


_Place = tuple[str, str, int]
"""Where a box stands (its name twice), or where an arrow passes a depth: from, to, depth."""


class _Layout:
    """Where everything stands."""

    def __init__(self, names: Sequence[str], edges: Sequence[tuple[str, str]]) -> None:
        self._depth = _depths(names, edges)
        layers: list[list[_Place]] = [[] for _ in range(max(self._depth.values()) + 1)]
        self._box = {name: (name, name, self._depth[name]) for name in names}
        for place in self._box.values():
            layers[place[2]].append(place)
        self._chains: dict[tuple[str, str], list[_Place]] = {}
        for above, name in edges:
            passed = [
                (above, name, depth) for depth in range(self._depth[above] + 1, self._depth[name])
            ]
            for place in passed:
                layers[place[2]].append(place)
            self._chains[above, name] = [self._box[above], *passed, self._box[name]]
        near: dict[_Place, list[_Place]] = {place: [] for layer in layers for place in layer}
        for chain in self._chains.values():
            for one, other in pairwise(chain):
                near[one].append(other)
                near[other].append(one)
        self._middle = _middles(layers, near)
        ends = [(middle, _tall(place) / 2) for place, middle in self._middle.items()]
        self._highest = min(middle - half for middle, half in ends)
        lowest = max(middle + half for middle, half in ends)
        self.height = round(lowest - self._highest + 2 * _EDGE, 1)

    def left(self, name: str) -> float:
        return _EDGE + self._depth[name] * _STEP

    def top(self, name: str) -> float:
        return round(self._y(self._box[name]) - _HEIGHT / 2, 1)

    def path(self, above: str, name: str) -> str:
        """Return the curve from the right side of one box to the left side of another."""
        chain = self._chains[above, name]
        x, y = self.left(above) + _WIDTH, self._y(chain[0])
        path = f"M{x:g},{y:g}"
        for place in chain[1:]:
            to_x, to_y = _EDGE + place[2] * _STEP, self._y(place)
            half = (x + to_x) / 2
            path += f" C{half:g},{y:g} {half:g},{to_y:g} {to_x:g},{to_y:g}"
            x, y = to_x, to_y
            if place is not chain[-1]:
                x += _WIDTH
                path += f" H{x:g}"
        return path

    def _y(self, place: _Place) -> float:
        return round(self._middle[place] - self._highest + _EDGE, 1)


def _depths(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return how deep each stands: after all that it hangs on, and a source before its first use."""
    above: dict[str, list[str]] = {name: [] for name in names}
    below: dict[str, list[str]] = {name: [] for name in names}
    for source, name in edges:
        above[name].append(source)
        below[source].append(name)
    depth = dict.fromkeys(names, 0)
    for _ in names:  # as many rounds as the longest path can have
        before = dict(depth)
        for name in names:
            depth[name] = max((depth[each] + 1 for each in above[name]), default=0)
        if depth == before:
            break
    for name in names:
        if not above[name] and below[name]:
            depth[name] = min(depth[each] for each in below[name]) - 1
    return depth


def _tall(place: _Place) -> float:
    return _HEIGHT if place[0] == place[1] else _THIN


def _middles(
    layers: Sequence[list[_Place]], near: Mapping[_Place, Sequence[_Place]]
) -> dict[_Place, float]:
    """Return the height of each place: near what it hangs together with, and over no other."""
    middle: dict[_Place, float] = {}
    for layer in layers:
        _stack(layer, {place: float(rank) for rank, place in enumerate(layer)}, middle)
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = {
                place: sum(middle[each] for each in near[place]) / len(near[place])
                if near[place]
                else middle[place]
                for place in layer
            }
            _stack(layer, wanted, middle)
    return middle


def _stack(
    layer: list[_Place], wanted: Mapping[_Place, float], middle: dict[_Place, float]
) -> None:
    """Put the places of a depth one below the other, as near to where they would be as can be.

    Neighbours that would overlap form a block, which stands where its members would on average.
    """
    layer.sort(key=lambda place: (wanted[place], place))
    blocks: list[tuple[float, float, list[_Place]]] = []  # top, height, members
    for place in layer:
        tall = _tall(place) + _BETWEEN
        top, height, members = wanted[place] - tall / 2, tall, [place]
        while blocks and blocks[-1][0] + blocks[-1][1] > top:
            _, before, first = blocks.pop()
            members, height = [*first, *members], before + height
            offsets, at = [], 0.0
            for each in members:
                own = _tall(each) + _BETWEEN
                offsets.append(wanted[each] - (at + own / 2))
                at += own
            top = sum(offsets) / len(offsets)
        blocks.append((top, height, members))
    for top, _, members in blocks:
        at = top
        for place in members:
            own = _tall(place) + _BETWEEN
            middle[place] = at + own / 2
            at += own


def _cut(text: str) -> str:
    return text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…"
