"""Walking and changing expression trees; an object that stands in many places is taken once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from interplane.expressions.nodes import Call, Lookup, Reduce, children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from interplane.expressions.nodes import Node

__all__ = ["parts_of", "rebuild"]


def parts_of(root: Node) -> Iterator[Node]:
    """Yield the node and all below it, parents first; a shared object comes once."""
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            stack.extend(reversed(children(node)))


def rebuild(root: Node, change: Callable[[Node], Node | None]) -> Node:
    """Return the tree with ``change(node)`` in place of each node for which it is not None."""
    made: dict[int, Node] = {}

    def build(node: Node) -> Node:
        if id(node) not in made:
            changed = change(node)
            made[id(node)] = _with_children(node, build) if changed is None else changed
        return made[id(node)]

    return build(root)


def _with_children(node: Node, build: Callable[[Node], Node]) -> Node:
    match node:
        case Call():
            return replace(node, args=tuple(map(build, node.args)))
        case Lookup():
            return replace(node, keys=tuple(map(build, node.keys)))
        case Reduce():
            return replace(
                node,
                args=tuple(map(build, node.args)),
                where=None if node.where is None else build(node.where),
                by=tuple(map(build, node.by)),
            )
        case _:
            return node
