"""Feature views joined to the rows of a table: what was known of an entity at each row's time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from interplane.errors import DataError, UnknownName, UsageError
from interplane.views.prepared import Kept, Prepared
from interplane.views.windows import read_windows

if TYPE_CHECKING:
    from interplane.data.table import Table
    from interplane.record import Type
    from interplane.views.frontier import Frontier
    from interplane.views.pairs import Bools, Ints
    from interplane.views.view import View, ViewUse

__all__ = ["join"]

_KEPT: Final = Kept()


def join(rows: Table, use: ViewUse, source: Table | Prepared, *, time: str) -> pa.Table:
    """Return the features of a view for each row, as they were known at the row's time.

    They are what `History.at` gives, bit for bit. All are null where a column of ``by`` or the time
    is null; of an entity without events counts are 0 and everything else is null.

    Args:
        rows: the rows.
        use: the view, and the columns of the rows that name its entity.
        source: the table that its events come from, or those events from `prepare`. What is
            prepared of a table is kept, for the next rows that are joined to the same one.
        time: the column of the rows with the time, a timestamp.

    Returns:
        A column for each feature, by its name and in the view's order; a row for each of ``rows``,
        in their order.

    Raises:
        UnknownName: if the rows lack a column of ``by`` or the time, or the source one that the
            view reads.
        DataError: if such a column has another type, or an event was known before it happened and
            the view is no forecast.
        UsageError: if the events were prepared for another view.

    >>> from interplane.data.table import Table
    >>> from interplane.views.view import ViewUse, example
    >>> from datetime import datetime as day
    >>> happened = [day(2024, 1, 1), day(2024, 1, 3)]  # the first one was known late
    >>> events = Table.from_columns(
    ...     {"who": ["a", "a"], "at": happened, "known": [day(2024, 1, 4), day(2024, 1, 3)]}
    ...     | {"id": [1, 2], "x": [1.0, 3.0]}
    ... )
    >>> rows = Table.from_columns(
    ...     {"name": ["a", "a", "b"], "t": [day(2024, 1, d) for d in (2, 5, 5)]}
    ... )
    >>> join(rows, ViewUse(example(), ("name",)), events, time="t").to_pylist()
    [{'x': None, 'n': 0}, {'x': 3.0, 'n': 0}, {'x': None, 'n': 0}]
    """
    view = use.view
    _check_rows(rows, use, time)
    if isinstance(source, Prepared):
        prepared = source
        _check_prepared(prepared, view)
    else:
        prepared = _KEPT.get(view, source)
    entity, times, asked = _asked(rows, use, prepared, time)
    found: dict[int, pa.Array] = {}
    if prepared.latest is not None:
        found |= _read_latest(view, prepared.latest, np.where(asked, entity, -1), times)
    if prepared.windows is not None:
        found |= read_windows(view, prepared.windows, entity, times, asked)
    columns = [found[slot] for slot in range(len(view.features))]
    return pa.Table.from_arrays(columns, names=list(view.features))


def _asked(rows: Table, use: ViewUse, prepared: Prepared, time: str) -> tuple[Ints, Ints, Bools]:
    """Return each row's entity, its time, and whether it names both."""
    columns = rows.select(*dict.fromkeys((*use.by, time))).to_arrow()
    by = [columns.column(name) for name in use.by]
    moments = columns.column(time).cast(pa.int64())
    asked = np.asarray(moments.is_valid().to_numpy()).copy()
    for column in by:
        if column.null_count:
            asked &= column.is_valid().to_numpy()
    return prepared.entities.find(by), np.asarray(moments.fill_null(0).to_numpy()), asked


def _read_latest(view: View, latest: Frontier, entity: Ints, times: Ints) -> dict[int, pa.Array]:
    places, found = latest.find(entity, times, ttl_us=view.ttl_us)
    columns = {argument: latest.take(argument, places, found) for argument in latest.arguments}
    return {slot: columns[argument] for slot, argument in view.latest_slots}


def _check_rows(rows: Table, use: ViewUse, time: str) -> None:
    view, there = use.view, rows.types
    if len(use.by) != len(view.entity):
        raise UsageError(
            f"the feature view {view.name} is joined by {', '.join(use.by) or 'no column'}",
            expected=f"one column for each of {', '.join(view.entity)}",
            do="Name the row's column for each of them, in this order",
        )
    for name, entity in zip(use.by, view.entity, strict=True):
        _check_there(name, there, do=f"The feature view {view.name} is joined by it")
        if there[name] != view.columns[entity]:
            raise DataError(
                f"the column {name!r} of the rows is {there[name]}, and the feature view "
                f"{view.name} is joined by it",
                expected=f"{view.columns[entity]}, as the column {entity!r} of {view.source!r}",
                do="Cast one of them in the data step that makes it",
                column=name,
            )
    _check_there(time, there, do="It says as of when the feature view is joined")
    if there[time] != "timestamp":
        raise DataError(
            f"the column {time!r} of the rows is {there[time]}, and feature views are joined as of it",
            expected="a timestamp",
            do="Cast it in the data step before the features",
            column=time,
        )


def _check_there(name: str, there: dict[str, Type], *, do: str) -> None:
    if name not in there:
        raise UnknownName.of("column", name, there, where="the rows", do=do)


def _check_prepared(prepared: Prepared, view: View) -> None:
    if prepared.view.digest != view.digest:
        raise UsageError(
            f"events that were prepared for another version of {prepared.view.name} are joined as "
            f"{view.name}",
            expected="what prepare() gives for the view itself",
            do="Call prepare() with the view that is joined",
        )
