"""Features of what is known only afterwards, refused at the fit with the rows.

A column that says when it is known (in the schema of its table, or where the features are declared) is
held against the prediction time of every training row. A model that learned from such a value would
wait for it in vain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.data.engine import connect, identifier
from interplane.data.row_keys import leak
from interplane.errors import DataError, UnknownName, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from interplane.data.table import Table
    from interplane.features.definition import Features

__all__ = ["refuse_hindsight", "with_moments"]


def refuse_hindsight(
    definition: Features, reads: Mapping[str, Iterable[str]], table: Table
) -> None:
    """Refuse features of columns that are known only after the prediction.

    A value counts as known from the time in the column that its own column says; where that is null,
    it is not known yet. Null is no value. A column that says when another is known is known then
    itself, unless something else is said of it.

    Args:
        definition: the features as written, with their prediction time.
        reads: the columns that each feature reads.
        table: the training rows.

    Raises:
        Leak: if a value is known after the prediction time of its row; names feature, column and rows.
        UsageError: if no prediction time is declared.
        DataError: if a time is none.
        UnknownName: if a column that says when another is known is not there.
    """
    known_at = _known_at(definition, table)
    for column in dict.fromkeys(name for names in reads.values() for name in names):
        if column in known_at:
            readers = [feature for feature, names in reads.items() if column in names]
            _refuse_late(definition, table, column, known_at[column], readers)


def with_moments(known_at: Mapping[str, str]) -> dict[str, str]:
    """Return when columns are known, those that say so among them.

    >>> with_moments({"delay": "landed"})
    {'landed': 'landed', 'delay': 'landed'}
    """
    return {at: at for at in known_at.values()} | dict(known_at)


def _known_at(definition: Features, table: Table) -> dict[str, str]:
    """Return when columns are known: what the schema says of them, and then what the features say."""
    read = {} if table.schema is None else table.schema.known_at
    found = {name: at for name, at in read.items() if {name, at} <= set(table.types)}
    found |= definition.known_at
    for name in (*definition.known_at, *definition.known_at.values()):
        if name not in table.types:
            raise UnknownName.of(
                *("column", name, table.types),
                where="the table",
                do=f"known_at of {definition.name} names it: keep it in the data step",
            )
    return with_moments(found)


def _refuse_late(
    definition: Features, table: Table, column: str, at: str, readers: list[str]
) -> None:
    time = definition.time
    if time is None:
        raise UsageError(
            f"{definition.name} says when {column!r} is known, and declares no prediction time",
            expected="the column of the prediction time, to hold it against",
            do='Declare it, for example time="scheduled_departure"',
        )
    late = _late(table, column, at, time)
    if not late.any():
        return
    count = int(late.sum())
    plan = f'; if it is a plan that is known before, say so: known_at={{"{at}": …}}'
    more = f" (and {len(readers) - 1} more)" if len(readers) > 1 else ""
    raise leak(
        f"the feature {readers[0]!r}{more} of {definition.name} reads {column!r}, which is known at "
        f"{at!r}: after the prediction time {time!r} in {count:,} of {table.rows:,} rows",
        table,
        columns=tuple(dict.fromkeys((*definition.key, time, at))),
        rows=late,
        expected="values that are known when the prediction is made",
        do="Take it out; or give what was known of it by then, with a feature view"
        + plan * (column == at),
        column=column,
        features=readers,
    )


def _late(table: Table, column: str, at: str, time: str) -> NDArray[np.bool_]:
    """Return the rows whose value is there before it is known."""
    import numpy as np

    for name in (at, time):
        if table.types[name] not in {"date", "timestamp"}:
            raise DataError(
                f"the column {name!r} is {table.types[name]}",
                expected="dates or timestamps: it says when a value is known, or asked for",
                do="Cast it in the data step",
                column=name,
            )
    value, known, asked = (identifier(name) for name in (column, at, time))
    with connect() as connection:
        table.select(*dict.fromkeys((column, at, time))).register(connection, "rows")
        late = f"{value} IS NOT NULL AND {asked} IS NOT NULL AND ({known} IS NULL OR {known} > {asked})"
        found = connection.sql(f"SELECT coalesce({late}, false) AS late FROM rows")
        return np.asarray(found.to_arrow_table().column(0).to_numpy(), dtype=bool)
