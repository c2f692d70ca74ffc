"""Feature views beside the rows: which are joined, and their values as further columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.errors import DataError, UnknownName, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.data.table import Table
    from interplane.record import Type
    from interplane.views.definition import Joined
    from interplane.views.view import ViewUse

__all__ = ["column_of", "looked_up", "source_digests", "uses_of", "widen"]


def column_of(parameter: str, feature: str) -> str:
    """Return the column that a view's feature is, beside the columns of the row.

    >>> column_of("carrier", "late_rate_7d")
    'carrier.late_rate_7d'
    """
    return f"{parameter}.{feature}"


def looked_up(uses: Mapping[str, ViewUse]) -> dict[str, Type]:
    """Return the columns that views give, in order, with their types."""
    return {
        column_of(parameter, name): kind
        for parameter, use in uses.items()
        for name, kind in use.view.types.items()
    }


def uses_of(
    joins: Mapping[str, Joined],
    table: Table,
    sources: Mapping[str, Table] | None,
    *,
    time: str | None,
    of: str,
) -> dict[str, ViewUse]:
    """Return the views over their sources, joined to the rows of a table.

    Args:
        joins: the views as written, by parameter.
        table: the rows.
        sources: the table of each source.
        time: the column of the prediction time.
        of: the name of the features, for messages.

    Raises:
        UsageError: if no prediction time is declared, or a source is not given.
        UnknownName: if the table has not a column that a view is joined by.
        DataError: if such a column, or the prediction time, is of another type.
    """
    from interplane.views.view import ViewUse

    if not joins:
        return {}
    _check_time(table, time, of)
    uses = {}
    for parameter, joined in joins.items():
        source = _source(joined.view.source, sources, by=joined.view.name)
        uses[parameter] = ViewUse(joined.view.define(source.types), joined.by)
    _check_by(table, uses)
    return uses


def widen(
    table: Table,
    uses: Mapping[str, ViewUse],
    sources: Mapping[str, Table] | None,
    *,
    time: str | None,
) -> Table:
    """Return the rows with the values of their views as further columns, known at their time.

    Raises:
        UsageError: if a source is not given.
        UnknownName: if the table has not a column that a view is joined by, or the time.
    """
    if not uses:
        return table
    from interplane.data.table import Table
    from interplane.views.join import join

    _check_time(table, time, "the features")
    _check_by(table, uses)
    columns = dict(zip(table.names, table.to_arrow().columns, strict=True))
    for parameter, use in uses.items():
        source = _source(use.view.source, sources, by=use.view.name)
        found = join(table, use, source, time=str(time))
        for name, values in zip(found.column_names, found.columns, strict=True):
            column = column_of(parameter, name)
            if column in columns:
                raise UsageError(
                    f"the table has a column {column!r}",
                    expected=f"that name for the feature {name!r} of the view {parameter!r}",
                    do="Rename the column, or the parameter",
                )
            columns[column] = values
    return Table.from_columns(columns, name="the rows with their views")


def source_digests(
    uses: Mapping[str, ViewUse], sources: Mapping[str, Table] | None
) -> dict[str, str]:
    """Return what each view's columns of its source are told apart by, by parameter.

    Raises:
        UnknownName: if a source is not given.
    """
    from interplane.data.rowhash import digest_rows

    found: dict[tuple[str, tuple[str, ...]], str] = {}
    digests = {}
    for parameter, use in uses.items():
        names = tuple(sorted(use.view.columns))
        key = (use.view.source, names)
        if key not in found:
            source = _source(use.view.source, sources, by=use.view.name)
            found[key] = digest_rows(source.select(*names).batches())
        digests[parameter] = found[key]
    return digests


def _source(name: str, sources: Mapping[str, Table] | None, *, by: str) -> Table:
    if sources is None or name not in sources:
        raise UnknownName.of(
            *("source", name, sources or ()),
            where="sources",
            do=f"The feature view {by} reads it: pass sources={{{name!r}: its table}}",
        )
    return sources[name]


def _check_time(table: Table, time: str | None, of: str) -> None:
    if time is None:
        raise UsageError(
            f"{of} join feature views and declare no time",
            expected="the column of the prediction time: what is known depends on it",
            do='Declare it, for example @ip.features(time="scheduled_departure", …)',
        )
    if time not in table.types:
        raise UnknownName.of("column", time, table.types, where="the table")
    if table.types[time] != "timestamp":
        raise DataError(
            f"the prediction time {time!r} is {table.types[time]}",
            expected="a timestamp, where feature views are joined",
            do="Cast it in the data step before the features",
            column=time,
        )


def _check_by(table: Table, uses: Mapping[str, ViewUse]) -> None:
    for parameter, use in uses.items():
        for name, entity in zip(use.by, use.view.entity, strict=True):
            if name not in table.types:
                raise UnknownName.of(
                    *("column", name, table.types),
                    where="the table",
                    do=f"The view {parameter!r} is joined by it",
                )
            wanted = use.view.columns[entity]
            if table.types[name] != wanted:
                raise DataError(
                    f"the column {name!r} of the table is {table.types[name]}",
                    expected=f"{wanted}, as {entity!r} is in {use.view.source!r}, which the view "
                    f"{parameter!r} is joined by",
                    do="Cast one of them in the data step that makes it",
                    column=name,
                )
