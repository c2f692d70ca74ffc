"""Expressions as a list in which equal parts stand once, those below before those above.

The JSON form and both emitters walk this list: what several features share is stored and computed
once, and no walk takes more steps than there are different parts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interplane.expressions.nodes import Call, Column, Literal, Lookup, Reduce, children
from interplane.expressions.operations import form_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interplane.expressions.nodes import Node

__all__ = ["Facts", "Graph", "Part"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a part's float before any row is seen.

    Attributes:
        nan: it may be NaN until it is made null.
        finite: it is never infinite.
        safe: it is a constant other than 0 and -1 (and not infinite), so dividing by it is safe.
    """

    nan: bool = False
    finite: bool = False
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A node of the list: the positions of the parts below it, and what is known of it."""

    node: Node
    below: tuple[int, ...]
    facts: Facts


class Graph:
    """The parts of some expressions, each once.

    Attributes:
        parts: the parts, in an order in which each stands after those below it.
        roots: the position of each expression given.
        uses: how often each part is read, by other parts or as a root.

    >>> from interplane.expressions.expr import Row
    >>> row = Row({"x": "float"})
    >>> graph = Graph([((row.x + 1) * (row.x + 1)).node])
    >>> len(graph.parts), graph.uses
    (4, [1, 1, 2, 1])
    """

    def __init__(self, roots: Iterable[Node]) -> None:
        self.parts: list[Part] = []
        self.uses: list[int] = []
        self._by_key: dict[tuple[Any, ...], int] = {}
        self._by_object: dict[int, int] = {}
        self._alive: list[Node] = []
        self.roots = [self._add(root) for root in roots]
        for position in self.roots:
            self.uses[position] += 1

    def _add(self, root: Node) -> int:
        known, stack = self._by_object, [root]
        while stack:
            node = stack[-1]
            if id(node) in known:
                stack.pop()
                continue
            inside = children(node)
            waiting = [child for child in inside if id(child) not in known]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            stack.pop()
            self._place(node, tuple([known[id(child)] for child in inside]))
        return known[id(root)]

    def _place(self, node: Node, below: tuple[int, ...]) -> None:
        key = (*_identity(node), below)
        place = self._by_key.get(key)
        if place is None:
            place = self._by_key[key] = len(self.parts)
            facts = _facts(node, [self.parts[position].facts for position in below])
            self.parts.append(Part(node, below, facts))
            self.uses.append(0)
            for position in below:
                self.uses[position] += 1
        self._by_object[id(node)] = place
        self._alive.append(node)  # so that no other node gets its id


def _identity(node: Node) -> tuple[Any, ...]:
    """Return what tells a node from others with the same parts below it."""
    match node:
        case Column():
            return ("column", node.name, node.type)
        case Literal():
            return ("literal", node.type, repr(node.value))
        case Call():
            return ("call", node.op, repr(node.options) if node.options else "", node.type)
        case Lookup():
            return ("lookup", node.table, repr(node.default), node.type)
        case Reduce():
            shape = (len(node.args), node.where is None)
            return ("reduce", node.function, repr(node.options), shape, node.type)


def _facts(node: Node, below: Sequence[Facts]) -> Facts:
    match node:
        case Literal():
            value = node.value
            finite = isinstance(value, int | float) and math.isfinite(value)
            return Facts(finite=finite, safe=finite and value not in {0, -1})
        case Call() if node.type == "float":
            form = form_of(node)
            return Facts(
                nan=_may_be_nan(form.nan, below)
                or (form.absorbs and any(facts.nan for facts in below)),
                finite=form.finite,
            )
        case _:
            return Facts()


def _may_be_nan(rule: str, below: Sequence[Facts]) -> bool:
    """Whether numbers (or infinities) that are not NaN can give NaN: inf - inf, 0 * inf, inf / inf."""
    match rule:
        case "sum" | "quotient":
            return not any(facts.finite for facts in below)
        case "product":
            return not (any(facts.safe for facts in below) or all(facts.finite for facts in below))
        case _:
            return rule == "always"
