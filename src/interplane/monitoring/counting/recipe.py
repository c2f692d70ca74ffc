"""What of a model is counted, and what tells whether an hour was counted like that."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple

from interplane.errors import ExpressionError, UnknownName
from interplane.expressions.expr import Expr
from interplane.expressions.jsonform import to_json
from interplane.monitoring.counting.columns import resolve_column
from interplane.monitoring.counting.expressions import compile_expressions, meant_types
from interplane.record.digests import digest_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from interplane.data.table import Table
    from interplane.monitoring.counting.expressions import Expression
    from interplane.monitoring.layout import Layout
    from interplane.record import Type

__all__ = ["Feed", "Recipe", "Unsliced"]

_FORM = 1
"""Grows where rows are counted in another way, so that hours are counted anew."""


class Unsliced(NamedTuple):
    """A slicing that the predictions of a crossing could not be divided by, and why."""

    crossing: str
    slicing: tuple[str, ...]
    why: str


@dataclass(frozen=True, kw_only=True)
class Feed:
    """Where the rows of a model come from.

    Attributes:
        read: returns the predictions from one time to before another, UTC without a zone; None is
            without a bound. For example `predictions.table.read_log`.
        layouts: returns the bins of a crossing.
        label: adds ``outcome`` and ``has_outcome`` to predictions, as `outcomes.matching.match` does.
        touched: returns the hours that outcomes touch which came after a place in their order, and
            the place up to which they are taken in now; see `outcomes.matching.touched_hours`.
        prepare: adds columns to the predictions of a crossing; see `features.with_features`.
    """

    read: Callable[[datetime | None, datetime | None], Table]
    layouts: Callable[[str], Layout]
    label: Callable[[Table], Table] | None = None
    touched: Callable[[int], tuple[Sequence[int], int]] | None = None
    prepare: Callable[[str, Table], Table] | None = None


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is counted.

    Attributes:
        slicings: tuples of columns, as people call them, and of names of expressions.
        expressions: the named expressions.
        columns: the columns that are watched, as people call them; all that have bins if None.
    """

    slicings: Sequence[tuple[str, ...]] = ()
    expressions: Mapping[str, Expression] = field(default_factory=dict)
    columns: Sequence[str] | None = None

    @property
    def text(self) -> str:
        """What tells this recipe from others; a function is told by what it compiles to."""
        return digest_value(
            {
                "form": _FORM,
                "slicings": sorted(map(list, self.slicings)),
                "expressions": {name: _identity(each) for name, each in self.expressions.items()},
                "columns": None if self.columns is None else sorted(self.columns),
            }
        )

    def watched(self, layout: Layout) -> list[str] | None:
        """Return those of the columns that a layout has."""
        if self.columns is None:
            return None
        known = [bins.column for bins in layout.columns]
        return [name for name in self.columns if _is_there(name, known)]

    def usable(
        self, types: Mapping[str, Type], layout: Layout
    ) -> tuple[list[tuple[str, ...]], dict[tuple[str, ...], str]]:
        """Return the slicings that rows can be divided by, and why not by the others."""
        known = list(dict.fromkeys((*types, *(bins.column for bins in layout.columns))))
        meant = meant_types(types, layout)
        usable: list[tuple[str, ...]] = []
        why: dict[tuple[str, ...], str] = {}
        for slicing in self.slicings:
            try:
                for name in slicing:
                    if name in self.expressions:
                        compile_expressions({name: self.expressions[name]}, meant)
                    else:
                        resolve_column(name, known)
            except (UnknownName, ExpressionError) as error:
                why[slicing] = str(error)
            else:
                usable.append(slicing)
        return usable, why


def _is_there(name: str, known: Sequence[str]) -> bool:
    try:
        resolve_column(name, known)
    except UnknownName:
        return False
    return True


def _identity(expression: Expression) -> Any:
    if isinstance(expression, Expr):
        return to_json(expression.node)
    code = getattr(expression, "__code__", None)
    cells = getattr(expression, "__closure__", None) or ()
    return [_spelled(code or repr(expression)), [_spelled(cell.cell_contents) for cell in cells]]


def _spelled(value: Any) -> str:
    """Return a constant of a function as text that is the same in every process."""
    if isinstance(value, CodeType):
        inside = [_spelled(each) for each in value.co_consts]
        return repr((value.co_code.hex(), value.co_names, value.co_varnames, inside))
    if isinstance(value, frozenset):
        return repr(sorted(map(_spelled, value)))
    return repr(value)
