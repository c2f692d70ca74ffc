"""The table that a view's events come from: its source, or the rows of several, one after the other."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from interplane.data.evaluating import read
from interplane.data.table import Table
from interplane.errors import DataError, UnknownName, UsageError
from interplane.views.view import SOURCE_COLUMN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.record import Type
    from interplane.views.view import View

__all__ = ["check_source", "given_source", "source_table"]

_MOST: Final = 16


def source_table(view: View, sources: Mapping[str, Table] | None) -> Table:
    """Return the table with the events of a view.

    Of several sources it has the rows of each in their order, in the columns that the view reads;
    `SOURCE_COLUMN` says which source a row is of. The same tables give the same table again, so that
    what was prepared of it for a join is found.

    Args:
        view: the view.
        sources: the table of each source, by its name.

    Raises:
        UnknownName: if a source is not given, or one of several lacks a column.
        DataError: if a column of one of several is of another type.
    """
    tables = [given_source(name, sources, by=view.name) for name in view.sources]
    return tables[0] if len(tables) == 1 else _UNIONS.get(view, tables)


def check_source(view: View, name: str, there: Mapping[str, Type]) -> None:
    """Refuse a table that lacks a column which a view reads, or has it with another type.

    Args:
        view: the view.
        name: what messages call the table.
        there: its columns.

    Raises:
        UnknownName: if a column is missing.
        DataError: if it is of another type; an int is taken where a float is read.
    """
    for column, kind in view.columns.items():
        if column not in there:
            raise UnknownName.of(
                *("column", column, there),
                where=f"the source {name!r}",
                do=f"The feature view {view.name} reads it: add it in the step that makes the source",
            )
        if there[column] != kind and (there[column], kind) != ("int", "float"):
            raise DataError(
                f"the column {column!r} of the source {name!r} is {there[column]}",
                expected=f"{kind}, as in the feature view {view.name!r}",
                do="Cast it in the step that makes the source",
                column=column,
            )


def given_source(name: str, sources: Mapping[str, Table] | None, *, by: str) -> Table:
    """Return the table of a source.

    Args:
        name: the source.
        sources: the tables that were given.
        by: the view that reads it, for messages.

    Raises:
        UnknownName: if it was not given.
    """
    if sources is None or name not in sources:
        raise UnknownName.of(
            *("source", name, sources or ()),
            where="sources",
            do=f"The feature view {by} reads it: pass sources={{{name!r}: its table}}",
        )
    return sources[name]


class _Unions:
    """Unions that were made lately, for as long as the tables that they are of are in use."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._made: weakref.WeakKeyDictionary[Table, list[_Union]] = weakref.WeakKeyDictionary()

    def get(self, view: View, tables: Sequence[Table]) -> Table:
        """Return the union of some tables for a view, as it was made or anew."""
        first, *others = tables
        with self._turn:
            for each in self._made.get(first, ()):
                if each.is_of(view, others):
                    return each.table
        made = _Union(view, tables)
        with self._turn:
            kept = self._made.setdefault(first, [])
            kept.append(made)
            del kept[:-_MOST]
        return made.table


class _Union:
    """A union, and what it is of."""

    def __init__(self, view: View, tables: Sequence[Table]) -> None:
        self._sources = view.sources
        self._columns = dict(view.columns)
        # Were the first table held here it would never go: what belongs to it goes with it.
        self._others = [weakref.ref(table) for table in tables[1:]]
        self.table = _union(view, tables)

    def is_of(self, view: View, others: Sequence[Table]) -> bool:
        """Return whether it is the union of these tables for a view that reads these columns."""
        same = all(ref() is table for ref, table in zip(self._others, others, strict=False))
        return same and self._sources == view.sources and self._columns == dict(view.columns)


def _union(view: View, tables: Sequence[Table]) -> Table:
    own = {name: kind for name, kind in view.columns.items() if name != SOURCE_COLUMN}
    pieces = []
    for name, table in zip(view.sources, tables, strict=True):
        there = table.types
        if SOURCE_COLUMN in there:
            raise UsageError(
                f"the source {name!r} of {view.name} has a column {SOURCE_COLUMN!r}",
                expected="that name for the source that an event is of",
                do="Rename the column in the step that makes the source",
            )
        check_source(view, name, {**there, SOURCE_COLUMN: "str"})
        rows = read(table, own)
        named = pa.repeat(pa.scalar(name, pa.string()), rows.num_rows)
        pieces.append(rows.append_column(SOURCE_COLUMN, named).select(list(view.columns)))
    return Table.from_arrow(pa.concat_tables(pieces), name=f"the sources of {view.name}")


_UNIONS: Final = _Unions()
