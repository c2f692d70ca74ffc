"""Splits of a table into rows to train on and rows to test on, which know what they promise.

A part of a split is a `Table` like any other, with a promise that travels with it: through a step's
output, and into the features that are fitted on it. Who evaluates a model on rows that break the promise
is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from interplane.data.promises import Promise, between, within
from interplane.data.row_keys import check_keys, examples_of, key_digests, plain_examples, shown
from interplane.data.sources import Memory
from interplane.errors import DataError, UsageError
from interplane.record.arguments import told
from interplane.record.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from interplane.data.table import Table

__all__ = ["Split", "split_at_random", "split_by_entity", "split_by_time"]


@dataclass(frozen=True, slots=True)
class Split:
    """The parts of a table. As an iterable: train, validation (where there is one), test.

    Attributes:
        train: the rows to train on.
        test: the rows to test on.
        validation: the rows to choose settings by, if they were asked for.
        left_out: how many rows are in no part: those in a gap, and those after the end.
    """

    train: Table
    test: Table
    validation: Table | None = None
    left_out: int = 0

    def __iter__(self) -> Iterator[Table]:
        return iter([part for part in (self.train, self.validation, self.test) if part is not None])


def split_by_time(
    table: Table,
    column: str,
    *,
    until: str | date,
    validation_until: str | date | None = None,
    end: str | date | None = None,
    gap: str | timedelta = timedelta(0),
) -> Split:
    """Train on the rows before a moment, test on the rows from it on.

    Args:
        table: the rows.
        column: the time to split by, a date or a timestamp (UTC).
        until: the moment: rows before it are for training.
        validation_until: rows from ``until`` on and before this are for validation.
        end: rows from this on are in no part.
        gap: how long after the end of a part the next one begins; rows between them are in no part.

    Raises:
        UsageError: for moments that are none, or not in order, or rows that are no table.
        UnknownName: if the column is not there.
        DataError: if it holds no times, a row has none, or a part has no rows.

    >>> from interplane.data.table import Table
    >>> days = Table.from_columns({"day": [date(2024, 1, d) for d in (1, 2, 3, 4)]})
    >>> train, test = split_by_time(days, "day", until="2024-01-03", gap="1d")
    >>> train.rows, test.to_rows()
    (2, [{'day': datetime.date(2024, 1, 4)}])
    """
    _check_table(table)
    _check_time(table, column)
    moments = [_moment(until, "until")]
    if validation_until is not None:
        moments.append(_moment(validation_until, "validation_until"))
    last = None if end is None else _moment(end, "end")
    length = _length(gap)
    _check_order([*moments, *([last] if last else [])], length)
    bounds = [None, *moments, last]
    parts = []
    for place, (first, stop) in enumerate(pairwise(bounds)):
        begin = None if first is None else (first + length).isoformat()
        promise = Promise(
            by="time",
            columns=(column,),
            part=_PARTS[len(moments)][place],
            begin=begin,
            end=None if stop is None else stop.isoformat(),
            gap_us=length // timedelta(microseconds=1),
        )
        chosen = between(table, column, begin=promise.begin, end=promise.end)
        parts.append(_part(table, chosen, promise))
    found = _split(table, parts)
    _check_parts(table, found, do=f"Look at the least and the greatest {column}, and move a moment")
    return found


def split_by_entity(
    table: Table,
    columns: str | Sequence[str],
    *,
    share: float = 0.2,
    validation: float = 0.0,
    salt: str = "",
) -> Split:
    """Test on some entities, train on all others: no entity is on both sides.

    The side of an entity follows from its name and the salt alone: it stays there when rows are added,
    and when ``share`` grows no entity leaves the test rows.

    Args:
        table: the rows.
        columns: the columns that name an entity.
        share: about which share of the entities is for testing.
        validation: about which share of them is for validation.
        salt: another salt gives another split.

    Raises:
        UsageError: for shares that leave nothing for training, or rows that are no table.
        UnknownName: if a column is not there.
        DataError: if a row names no entity, or there are too few of them for each part to have one.

    >>> from interplane.data.table import Table
    >>> visits = Table.from_columns({"who": ["ann", "bob", "ann", "eve"], "n": [1, 2, 3, 4]})
    >>> train, test = split_by_entity(visits, "who", share=0.3)
    >>> train.column("who").to_pylist(), test.column("who").to_pylist()
    (['bob', 'eve'], ['ann', 'ann'])
    """
    return _by_digest(
        table, _names(columns), "entity", share=share, validation=validation, salt=salt
    )


def split_at_random(
    table: Table,
    key: str | Sequence[str],
    *,
    share: float = 0.2,
    validation: float = 0.0,
    salt: str = "",
) -> Split:
    """Test on some rows, train on all others, as if at random.

    The side of a row follows from its key and the salt alone: it is the same every time, in whatever
    order the rows come and whatever rows are added.

    Args:
        table: the rows.
        key: the columns that name a row.
        share: about which share of the rows is for testing.
        validation: about which share of them is for validation.
        salt: another salt gives another split.

    Raises:
        UsageError: for shares that leave nothing for training, or rows that are no table.
        UnknownName: if a column is not there.
        DataError: if nothing names a row, or there are too few of them for each part to have one.
    """
    return _by_digest(table, _names(key), "row", share=share, validation=validation, salt=salt)


_PARTS: dict[int, tuple[Any, ...]] = {
    1: ("train", "test"),
    2: ("train", "validation", "test"),
}


def _by_digest(
    table: Table, columns: tuple[str, ...], by: Any, *, share: float, validation: float, salt: str
) -> Split:
    _check_table(table)
    _check_shares(share, validation)
    _check_salt(salt)
    if not columns:
        raise UsageError(
            f"the split by {by} names no column",
            expected=f"the columns that name {'an entity' if by == 'entity' else 'a row'}",
            do='Name them, for example split_by_entity(visits, "customer_id")',
        )
    check_keys(table, columns, do="The split is made by it")
    import numpy as np

    digests, named = key_digests(table, columns, salt=salt)
    _check_named(table, columns, named, what="names nothing to split by: its key is null")
    stretches: list[tuple[Any, float, float]] = [("train", share + validation, 1.0)]
    stretches += [("validation", share, share + validation)] if validation else []
    stretches += [("test", 0.0, share)]
    parts = []
    for part, low, high in stretches:
        promise = Promise(by=by, columns=columns, part=part, low=low, high=high, salt=salt)
        parts.append(_part(table, within(digests, low, high), promise))
    found = _split(table, parts)
    _check_parts(
        table,
        found,
        do="Give more rows, other shares, or another salt"
        if by == "row"
        else f"It has {len(np.unique(digests)):,} different {', '.join(columns)}: give rows of more "
        "of them, other shares, or another salt",
    )
    return found


def _part(table: Table, chosen: NDArray[np.bool_], promise: Promise) -> Table:
    import pyarrow as pa

    from interplane.data.table import Table

    rows = table.to_arrow().filter(pa.array(chosen))
    return Table(Memory(rows), table.columns, promise=promise)


def _split(table: Table, parts: list[Table]) -> Split:
    left_out = table.rows - sum(part.rows for part in parts)
    validation = parts[1] if len(parts) > 2 else None
    return Split(parts[0], parts[-1], validation, left_out)


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else given
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise UsageError(
            f"the columns to split by are {told(given)}",
            expected="a column's name, or a list of them",
            do='Write for example "customer_id"',
        )
    return tuple(names)


def _check_table(table: Table) -> None:
    from interplane.data.table import needs_table

    needs_table(table, "the rows to split")


def _check_parts(table: Table, found: Split, *, do: str) -> None:
    """Refuse a split with an empty part: nothing could be trained, or said of a test."""
    parts = {"train": found.train, "validation": found.validation, "test": found.test}
    empty = [name for name, part in parts.items() if part is not None and not part.rows]
    if empty:
        counts = ", ".join(
            f"{name} {part.rows:,}" for name, part in parts.items() if part is not None
        )
        raise DataError(
            f"the split of {table.rows:,} rows leaves none for {' and '.join(empty)} ({counts})",
            expected="rows in each part",
            do=do,
        )


def _check_time(table: Table, column: str) -> None:
    import numpy as np

    check_keys(table, [column], do="The split is made by it")
    if table.types[column] not in {"date", "timestamp"}:
        raise DataError(
            f"the column {column!r} is {table.types[column]}",
            expected="dates or timestamps, to split by",
            do="Cast it in the data step",
            column=column,
        )
    there = np.asarray(table.column(column).is_valid().to_numpy())
    _check_named(table, [column], there, what="has no time to split by")


def _check_named(
    table: Table, columns: Sequence[str], named: NDArray[np.bool_], *, what: str
) -> None:
    """Refuse rows that would be in no part, and nobody would know."""
    if named.all():
        return
    count = int((~named).sum())
    examples = examples_of(table, table.names, ~named, most=1)
    raise DataError(
        f"{'a row' if count == 1 else f'each of {count:,} rows'} of {table.rows:,} {what} "
        f"({', '.join(columns)}): {shown(examples, count)}",
        expected="rows that are on one side of the split",
        do="Take them out in the data step, for example with "
        f"table.sql('FROM self WHERE \"{columns[0]}\" IS NOT NULL')",
        rows=count,
        examples=plain_examples(examples),
    )


def _check_shares(share: object, validation: object) -> None:
    if not (
        isinstance(share, int | float)
        and isinstance(validation, int | float)
        and 0 < share < 1
        and 0 <= validation < 1
        and share + validation < 1
    ):
        raise UsageError(
            f"the share for testing is {told(share)}, the one for validation {told(validation)}",
            expected="shares of the rows that leave some for training",
            do="Give for example share=0.2, validation=0.1",
        )


def _check_salt(salt: object) -> None:
    if not isinstance(salt, str) or any("\ud800" <= letter <= "\udfff" for letter in salt):
        raise UsageError(
            f"salt is {told(salt)}", expected="text", do="Leave it out, or give for example '2026'"
        )


def _moment(given: str | date, name: str) -> datetime:
    try:
        read = datetime.fromisoformat(given) if isinstance(given, str) else given
    except ValueError as error:
        raise UsageError(
            f"{name} is {given!r}",
            expected="a moment, ISO 8601 in UTC",
            do=f'Write for example {name}="2013-05-01"',
        ) from error
    if not isinstance(read, date):
        raise UsageError(
            f"{name} is {told(given)}",
            expected="a moment: a date, a datetime, or ISO 8601 text in UTC",
            do=f'Write for example {name}="2013-05-01"',
        )
    if not isinstance(read, datetime):
        return datetime(read.year, read.month, read.day)  # noqa: DTZ001 - timestamps are UTC, and naive
    return read if read.tzinfo is None else read.astimezone(UTC).replace(tzinfo=None)


def _length(gap: object) -> timedelta:
    if isinstance(gap, timedelta):
        length: timedelta | None = gap
    else:
        seconds = parse_duration(gap) if isinstance(gap, str) else None
        length = None if seconds is None else timedelta(seconds=seconds)
    if length is None or length < timedelta(0):
        raise UsageError(
            f"gap is {told(gap)}",
            expected='a length of time such as "36h" or "7d"',
            do="Say how long after the training rows the test rows begin",
        )
    return length


def _check_order(moments: list[datetime], gap: timedelta) -> None:
    for one, other in pairwise(moments):
        if not one + gap < other:
            raise UsageError(
                f"a part of the split would lie between {(one + gap).isoformat()} and "
                f"{other.isoformat()}",
                expected="until, validation_until and end in this order, further apart than the gap",
                do="Move one of them",
            )
