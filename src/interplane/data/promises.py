"""What a part of a split promises of its rows, so that it can be held to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from interplane.data.engine import connect, identifier, string
from interplane.data.row_keys import check_keys, key_digests, leak
from interplane.record.base import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from interplane.data.table import Table

__all__ = ["Promise", "between", "check_kept", "is_kept", "keeps", "within"]

Part = Literal["train", "validation", "test"]
_DIGESTS: Final = 2**64
_WORDS: Final = {"time": "time", "entity": "entity", "row": "row, at random,"}


class Promise(Value, frozen=True, kw_only=True):
    """What holds of every row of one part of a split.

    It is a statement about the rows alone: `keeps` tells of any rows whether they keep it.

    Attributes:
        by: what the rows were split by.
        columns: the column of the time, or those that name an entity, or a row.
        part: which part it is.
        begin: by time, the first moment that rows of it may have, ISO 8601.
        end: by time, the moment that they all lie before.
        gap_us: by time, how long after the end of a part the next one begins, in microseconds.
        low: by entity or row, the share of all digests (`row_keys.key_digests`) that theirs lie above.
        high: by entity or row, the share of all digests that theirs lie below.
        salt: by entity or row, what the digests were salted with.
    """

    by: Literal["time", "entity", "row"]
    columns: tuple[str, ...]
    part: Part
    begin: str | None = None
    end: str | None = None
    gap_us: int = 0
    low: float = 0.0
    high: float = 1.0
    salt: str = ""

    def to_text(self) -> str:
        """Return it in a line.

        >>> Promise(by="time", columns=("at",), part="train", end="2013-05-01T00:00:00").to_text()
        'train of a split by time (at), before 2013-05-01T00:00:00'
        """
        bounds = [f"from {self.begin} on"] if self.begin else []
        bounds += [f"before {self.end}"] if self.end else []
        told = f", {' and '.join(bounds)}" if bounds else ""
        return f"{self.part} of a split by {_WORDS[self.by]} ({', '.join(self.columns)}){told}"


def keeps(table: Table, promise: Promise) -> NDArray[np.bool_]:
    """Return which rows keep a promise; one without a time, or an entity, does not.

    Raises:
        UnknownName: if a column of the promise is not there.
    """
    if promise.by == "time":
        return between(table, promise.columns[0], begin=promise.begin, end=promise.end)
    digests, named = key_digests(table, promise.columns, salt=promise.salt)
    return named & within(digests, promise.low, promise.high)


def is_kept(table: Table, promise: Promise) -> bool:
    """Return whether a table has the columns of a promise, and every row keeps it."""
    if not set(promise.columns) <= set(table.types):
        return False
    if promise.by == "time" and table.types[promise.columns[0]] not in {"date", "timestamp"}:
        return False
    return bool(keeps(table, promise).all())


def within(digests: NDArray[np.uint64], low: float, high: float) -> NDArray[np.bool_]:
    """Return which digests lie in a stretch of all there can be, from a share of them to another.

    >>> import numpy as np
    >>> within(np.array([0, 2**63, 2**64 - 1], np.uint64), 0.0, 0.5).tolist()
    [True, False, False]
    """
    import numpy as np

    # A share times 2^64 is exact: floats are scaled by a power of two.
    above = digests >= np.uint64(int(low * _DIGESTS)) if low < 1 else np.zeros(len(digests), bool)
    below = digests < np.uint64(int(high * _DIGESTS)) if high < 1 else np.ones(len(digests), bool)
    inside: NDArray[np.bool_] = above & below
    return inside


def between(
    table: Table, column: str, *, begin: str | None = None, end: str | None = None
) -> NDArray[np.bool_]:
    """Return which rows have a time from ``begin`` on and before ``end``, ISO 8601 in UTC.

    >>> from datetime import date
    >>> from interplane.data.table import Table
    >>> days = Table.from_columns({"day": [date(2024, 1, 1), date(2024, 1, 2), None]})
    >>> between(days, "day", end="2024-01-02").tolist()
    [True, False, False]
    """
    import numpy as np

    name = identifier(column)
    bounds = [f"{name} IS NOT NULL"]
    bounds += [f"{name} >= CAST({string(begin)} AS TIMESTAMP)"] if begin else []
    bounds += [f"{name} < CAST({string(end)} AS TIMESTAMP)"] if end else []
    with connect() as connection:
        table.select(column).register(connection, "timed")
        query = f"SELECT coalesce({' AND '.join(bounds)}, false) AS inside FROM timed"
        found = connection.sql(query).to_arrow_table().column(0)
    return np.asarray(found.to_numpy(), dtype=bool)


def check_kept(table: Table, promise: Promise) -> None:
    """Refuse rows of which one does not keep a promise.

    Raises:
        Leak: if one does not; names some of them.
        UnknownName: if a column of the promise is not there.
    """
    check_keys(table, promise.columns, do="The promise speaks of it: keep it in the data step")
    broken = ~keeps(table, promise)
    if broken.any():
        raise leak(
            f"{int(broken.sum()):,} of {table.rows:,} rows are not in the {promise.to_text()}",
            table,
            columns=promise.columns,
            rows=broken,
            expected="rows of that part alone",
            do="Take the rows of the part itself, or split these anew",
        )
