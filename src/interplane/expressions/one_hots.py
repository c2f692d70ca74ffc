"""Runs of outputs that ask whether one part is each of some values: the features of a one-hot.

Asked one by one they cost a comparison each. Together they are zeros, and one look into a dict says
which of them is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interplane.expressions.nodes import Call, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.expressions.graph import Graph
    from interplane.expressions.nodes import Constant

__all__ = ["OneHot", "find_one_hots", "parts_in_use"]

_ONE, _ZERO = Literal(1.0, "float"), Literal(0.0, "float")
_FEWEST = 5
"""Fewer are compared one by one: ``python -m benchmarks row_program`` shows what a run costs."""


@dataclass(frozen=True, slots=True)
class OneHot:
    """A run of outputs that are 1 where x is a value, and else 0, as floats.

    Such an output is written ``if_else(x == value, 1.0, 0.0)``, as the encoding does, or
    ``(x == value).fill_null(False).cast("float")``.

    Attributes:
        start: the place of the first one among the outputs.
        x: the position of the part that is compared.
        values: what it is compared with, by output; a null is equal to nothing.
    """

    start: int
    x: int
    values: tuple[Constant, ...]

    @property
    def stop(self) -> int:
        """The place after the last one."""
        return self.start + len(self.values)

    @property
    def places(self) -> dict[Constant, int]:
        """The place of each value's output among all outputs."""
        return {
            value: self.start + index
            for index, value in enumerate(self.values)
            if value is not None
        }


def find_one_hots(graph: Graph) -> list[OneHot]:
    """Return the runs among the outputs of a graph that are worth it.

    >>> from interplane.expressions.expr import Row
    >>> from interplane.expressions.graph import Graph
    >>> row = Row({"way": "str"})
    >>> ways = ["bus", "cab", "car", "tram", "van"]
    >>> asked = [(row.way == way).fill_null(False).cast("float").node for way in ways]
    >>> find_one_hots(Graph(asked))[0].places
    {'bus': 0, 'cab': 1, 'car': 2, 'tram': 3, 'van': 4}
    """
    return [run for run in _runs(graph) if len(run.values) >= _FEWEST]


def _runs(graph: Graph) -> Iterator[OneHot]:
    start, x = 0, -1
    values: dict[Constant, None] = {}
    for place, root in enumerate(graph.roots):
        found = _compared(graph, root)
        if found is None or found[0] != x or found[1] in values:
            if values:
                yield OneHot(start, x, tuple(values))
            start, x, values = place, -1, {}
        if found is not None:
            x = found[0]
            values[found[1]] = None
    if values:
        yield OneHot(start, x, tuple(values))


def _compared(graph: Graph, root: int) -> tuple[int, Constant] | None:
    """Return the part and the constant that an output compares, if that is what it does."""
    equal = _condition(graph, root)
    sides = None if equal is None else _below(graph, equal, "eq", 2)
    constant = sides and graph.parts[sides[1]].node
    if not sides or not isinstance(constant, Literal) or constant.value != constant.value:
        return None
    return sides[0], constant.value


def _condition(graph: Graph, root: int) -> int | None:
    """Return the position of what an output is 1 for, and 0 where that is false or null."""
    chosen = _below(graph, root, "if_else", 3)
    if chosen is not None:
        one, zero = (graph.parts[position].node for position in chosen[1:])
        # By its text, too: 0.0 equals -0.0.
        is_flag = one == _ONE and zero == _ZERO and repr(zero) == repr(_ZERO)
        return chosen[0] if is_flag else None
    filled = _below(graph, root, "to_float", 1)
    known = filled and _below(graph, filled[0], "coalesce", 2)
    if not known or graph.parts[known[1]].node != Literal(False, "bool"):
        return None
    return known[0]


def _below(graph: Graph, position: int, op: str, count: int) -> tuple[int, ...] | None:
    """Return the parts below a call of an operation."""
    part = graph.parts[position]
    fits = isinstance(part.node, Call) and part.node.op == op and len(part.below) == count
    return part.below if fits else None


def parts_in_use(graph: Graph, one_hots: list[OneHot]) -> set[int]:
    """Return the positions of the parts that have to be computed one by one."""
    fused = {place for run in one_hots for place in range(run.start, run.stop)}
    waiting = [root for place, root in enumerate(graph.roots) if place not in fused]
    waiting += [run.x for run in one_hots]
    used: set[int] = set()
    while waiting:
        position = waiting.pop()
        if position not in used:
            used.add(position)
            waiting += graph.parts[position].below
    return used
