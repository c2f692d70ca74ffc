"""What a stage asked the engine for and what came back, told apart by what was asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from interplane.features.aggregates import Grouping
from interplane.features.batch import table_from_arrow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from interplane.expressions.nodes import Constant, Node, Reduce
    from interplane.features.aggregates import Aggregates
    from interplane.features.lookups import LookupTable
    from interplane.record import Type

__all__ = ["Found", "Need", "Recipe", "entries", "sayable"]

NUL = "\x00"


class Need(NamedTuple):
    """One plain statistic, of all rows or by keys."""

    by: tuple[Node, ...]
    statistic: Reduce


class Recipe(Protocol):
    """How one statistic is made of plain ones."""

    @property
    def needs(self) -> Sequence[Need]:
        """The plain statistics it is made of."""
        ...

    def answer(self, found: Found) -> object:
        """Return what `freeze` puts in its place."""
        ...


@dataclass
class Found:
    """The plain statistics that are known."""

    _tables: dict[tuple[Node, ...], pa.Table] = field(default_factory=dict)
    _columns: dict[Need, pa.ChunkedArray] = field(default_factory=dict)

    @classmethod
    def ask(cls, rows: Aggregates, needs: Iterable[Need]) -> Self:
        """Ask for each need once, all in one go."""
        found = cls()
        found.add(rows, needs)
        return found

    def add(self, rows: Aggregates, needs: Iterable[Need]) -> None:
        """Ask for what is not known yet, all in one go."""
        asked: dict[tuple[Node, ...], dict[Reduce, None]] = {}
        for need in needs:
            if need not in self._columns:
                asked.setdefault(need.by, {})[need.statistic] = None
        groupings = [Grouping(by, tuple(statistics)) for by, statistics in asked.items()]
        for grouping, table in zip(groupings, rows.aggregate(groupings), strict=True):
            self._tables[grouping.by] = table.select(range(len(grouping.by)))
            for place, statistic in enumerate(grouping.statistics):
                self._columns[Need(grouping.by, statistic)] = table.column(f"a{place}")

    def scalar(self, statistic: Reduce) -> Constant:
        """Return the value of a statistic of all rows; None for text that no constant can be."""
        value: Constant = self._columns[Need((), statistic)][0].as_py()
        return None if isinstance(value, str) and NUL in value else value

    def column(self, by: tuple[Node, ...], statistic: Reduce) -> pa.ChunkedArray:
        """Return the values of a statistic by group, in the order of the keys."""
        return self._columns[Need(by, statistic)]

    def keys(self, by: tuple[Node, ...]) -> pa.Table:
        """Return the keys of the groups, in order, as k0, k1 and so on."""
        return self._tables[by]


def entries(
    keys: pa.Table, values: pa.ChunkedArray | pa.Array, *, by: Sequence[Node], kind: Type
) -> LookupTable:
    """Return the groups that have a value as a lookup table."""
    kinds = tuple(key.type for key in by)
    table = sayable(keys.append_column("v", values))
    return table_from_arrow(table, keys=kinds, value=kind)


def sayable(table: pa.Table) -> pa.Table:
    """Return the rows whose texts can be constants: those without NUL, which no request brings."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            clean = pc.equal(pc.fill_null(pc.find_substring(column, NUL), -1), -1)
            table = table.filter(clean)
    return table
