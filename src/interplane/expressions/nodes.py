"""The nodes of an expression tree: five kinds, all frozen, typed and hashable.

Authors write `Expr` (see expr.py); this is what it builds, what is stored as JSON, and what the
emitters read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.record import Type

__all__ = ["Call", "Column", "Constant", "Literal", "Lookup", "Node", "Options", "Reduce", "walk"]

Constant = bool | int | float | str | date | datetime | None
Options = tuple[tuple[str, Constant | tuple[Constant, ...]], ...]
"""Constant settings of an operation, sorted by name (for example ``(("digits", 2),)``)."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the row."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; ``value`` None is a null of that type. Equality tells 1 from 1.0 and True."""

    value: Constant
    type: Type

    def _identity(self) -> tuple[str, str]:
        return (self.type, repr(self.value))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())


@dataclass(frozen=True, slots=True)
class Call:
    """An operation of the table (operations.py) on its arguments."""

    op: str
    args: tuple[Node, ...]
    options: Options
    type: Type


@dataclass(frozen=True, slots=True)
class Reduce:
    """A statistic over the training rows (reductions.py): one value, or one per group ``by``.

    It has no value for one row: ``fit`` replaces it by a Literal or a Lookup.
    """

    function: str
    args: tuple[Node, ...]
    where: Node | None
    by: tuple[Node, ...]
    options: Options
    type: Type


@dataclass(frozen=True, slots=True)
class Lookup:
    """A value from a frozen table by key; an absent key, or a null in it, gives ``default``."""

    table: str
    keys: tuple[Node, ...]
    default: Literal
    type: Type


Node = Column | Literal | Call | Reduce | Lookup


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below ``node``."""
    match node:
        case Call():
            return node.args
        case Reduce():
            where = () if node.where is None else (node.where,)
            return (*node.args, *where, *node.by)
        case Lookup():
            return node.keys
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """Yield ``node`` and all nodes below it, each occurrence, parents before children."""
    stack: list[Node] = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(children(top)))
