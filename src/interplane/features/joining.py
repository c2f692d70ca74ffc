"""Feature views beside the rows: which are joined, and their values as further columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.errors import DataError, UnknownName, UsageError
from interplane.record.digests import digest_value
from interplane.views.derived import sources_of, stored_views
from interplane.views.joined import column_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.data.table import Table
    from interplane.record import Type
    from interplane.views.derived import AnyUse
    from interplane.views.joined import Joined
    from interplane.views.view import View

__all__ = [
    "ANY_ORDER",
    "column_of",
    "combined",
    "digest_of_sum",
    "looked_up",
    "source_digests",
    "sources_of",
    "uses_of",
    "widen",
]


def looked_up(uses: Mapping[str, AnyUse]) -> dict[str, Type]:
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
) -> dict[str, AnyUse]:
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
    if not joins:
        return {}
    from interplane.views.union import given_source

    _check_time(table, time, of)
    uses: dict[str, AnyUse] = {}
    for parameter, joined in joins.items():
        view = joined.view
        types = {name: given_source(name, sources, by=view.name).types for name in view.sources}
        uses[parameter] = view.use(types, joined.by)
    _check_by(table, uses)
    return uses


def widen(
    table: Table,
    uses: Mapping[str, AnyUse],
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
    from interplane.views.derived_join import look_up

    _check_time(table, time, "the features")
    _check_by(table, uses)
    columns = dict(zip(table.names, table.to_arrow().columns, strict=True))
    for column, values in look_up(table, uses, sources, time=str(time)).items():
        if column in columns:
            raise UsageError(
                f"the table has a column {column!r}, and a feature of a joined view is called that",
                expected="another name for one of them",
                do="Rename the column, or the parameter",
            )
        columns[column] = values
    return Table.from_columns(columns, name="the rows with their views")


ANY_ORDER: Final = "any-order:"
"""What the digest of a source begins with that was read where rows have no order."""


def source_digests(
    uses: Mapping[str, AnyUse], sources: Mapping[str, Table] | None, *, any_order: bool = False
) -> dict[str, str]:
    """Return what each view's columns of its sources are told apart by, by parameter.

    Args:
        uses: the views by parameter.
        sources: the table of each source, by its name.
        any_order: whether no order of rows shall show, as in the digests of a fit on Spark.

    Raises:
        UnknownName: if a source is not given.
    """
    digests: dict[tuple[tuple[str, ...], tuple[str, ...]], str] = {}

    def digest(view: View) -> str:
        key = (view.sources, tuple(sorted(view.columns)))
        if key not in digests:
            digests[key] = (_unordered if any_order else _ordered)(view, sources)
        return digests[key]

    return {
        parameter: combined([digest(view) for view in stored_views(use.view)])
        for parameter, use in uses.items()
    }


def combined(digests: list[str]) -> str:
    """Return the digest of one view's sources, or one of those of several that another stands on."""
    if len(digests) == 1:
        return digests[0]
    start = ANY_ORDER if digests[0].startswith(ANY_ORDER) else ""
    return start + digest_value(digests)


def digest_of_sum(rows: int, total: int) -> str:
    """Return the digest of a source by how many rows it has and the sum of their hashes.

    >>> digest_of_sum(0, 0).startswith(ANY_ORDER)
    True
    """
    return ANY_ORDER + digest_value([rows, str(total)])


def _ordered(view: View, sources: Mapping[str, Table] | None) -> str:
    from interplane.data.rowhash import digest_rows
    from interplane.views.union import source_table

    return digest_rows(source_table(view, sources).select(*sorted(view.columns)).batches())


def _unordered(view: View, sources: Mapping[str, Table] | None) -> str:
    import pyarrow as pa
    import pyarrow.compute as pc

    from interplane.data.evaluating import read
    from interplane.data.rowhash import sum_rows
    from interplane.views.union import source_table

    names = sorted(view.columns)
    rows = read(source_table(view, sources), {name: view.columns[name] for name in names})
    # On Spark NaN is null from the moment that a row is read.
    columns = [
        pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        if pa.types.is_floating(column.type)
        else column
        for column in rows.columns
    ]
    return digest_of_sum(*sum_rows(pa.table(columns, names=names).combine_chunks().to_batches()))


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


def _check_by(table: Table, uses: Mapping[str, AnyUse]) -> None:
    for parameter, use in uses.items():
        named = zip(use.by, use.view.entity, use.view.entity_types, strict=True)
        for name, entity, wanted in named:
            if name not in table.types:
                raise UnknownName.of(
                    *("column", name, table.types),
                    where="the table",
                    do=f"The view {parameter!r} is joined by it",
                )
            if table.types[name] != wanted:
                raise DataError(
                    f"the column {name!r} of the table is {table.types[name]}",
                    expected=f"{wanted}, as {entity!r} is in {' and '.join(use.view.sources)!r}, "
                    f"which the view {parameter!r} is joined by",
                    do="Cast one of them in the data step that makes it",
                    column=name,
                )
