"""The statistics of a table: what a data version looks like, and what later ones are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import msgspec

from interplane.record import Type, canonical
from interplane.record.base import Value

if TYPE_CHECKING:
    from interplane.data.table import Table

__all__ = ["QUANTILES", "ColumnProfile", "Profile", "profile"]

QUANTILES: tuple[float, ...] = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""Which quantiles a profile has."""

Scalar = bool | int | float | str | None


class ColumnProfile(Value, frozen=True, kw_only=True):
    """The statistics of one column.

    Attributes:
        name: its name.
        type: its type.
        nulls: rows without a value.
        not_finite: rows with NaN or an infinity; they count in no other statistic.
        distinct: how many different values there are.
        distinct_exact: whether that was counted; else estimated within about 5 %.
        low: the least value; times as ISO text.
        high: the greatest value.
        mean: the average of numbers; the share of true among booleans.
        std: the standard deviation of a sample, of numbers.
        quantiles: the values at `QUANTILES`.
        top: the most frequent values with their counts, where values repeat.
        edges: the upper edges of bins that hold about a tenth of the rows each; the last bin has
            what lies above the last edge.
        counts: how many rows each of these bins has.
        spread_edges: the upper edges of 20 bins of equal width.
        spread: how many rows each of those has.
    """

    name: str
    type: Type
    nulls: int
    not_finite: int = 0
    distinct: int
    distinct_exact: bool
    low: Scalar = None
    high: Scalar = None
    mean: float | None = None
    std: float | None = None
    quantiles: tuple[Scalar, ...] = ()
    top: tuple[tuple[Scalar, int], ...] = ()
    edges: tuple[int | float, ...] = ()
    counts: tuple[int, ...] = ()
    spread_edges: tuple[int | float, ...] = ()
    spread: tuple[int, ...] = ()


class Profile(Value, frozen=True, kw_only=True):
    """The statistics of a table.

    Attributes:
        rows: the number of rows.
        columns: the statistics of each column, in order.
        quantile_rows: from how many rows the quantiles and bins' edges were taken; all of them
            up to a million, else every n-th.
    """

    rows: int
    columns: tuple[ColumnProfile, ...]
    quantile_rows: int

    def __getitem__(self, name: str) -> ColumnProfile:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(column.name == name for column in self.columns)

    def _repr_html_(self) -> str:
        from interplane.data.profile_card import profile_html

        return profile_html(self)

    def to_bytes(self) -> bytes:
        """Return the canonical JSON."""
        return canonical(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a profile from its JSON."""
        return msgspec.json.decode(data, type=cls)

    def to_text(self, *, width: int | None = None) -> str:
        """Return the profile for a person: one line a column, of ``width`` characters at most."""
        from interplane.data.profile_text import profile_text

        return profile_text(self, width=width)

    def __repr__(self) -> str:
        return self.to_text()


def profile(table: Table) -> Profile:
    """Compute the statistics of a table; the same table gives the same profile, bit for bit.

    Every statistic is exact, but for the distinct count of columns with very many values and, in
    tables of more than a million rows, the quantiles and edges (of every n-th row).

    >>> from interplane.data.table import Table
    >>> found = profile(Table.from_columns({"x": [1.0, 2.0, None, 6.0]}))["x"]
    >>> found.nulls, found.mean, found.high
    (1, 3.0, 6.0)
    """
    from interplane.data.profiler import Profiler

    with Profiler(table) as profiler:
        return profiler.run()


def to_plain(value: Any) -> Scalar:
    """Return a value of the engine as JSON has it: times as ISO text.

    >>> import datetime
    >>> to_plain(datetime.date(2013, 5, 1))
    '2013-05-01'
    """
    isoformat = getattr(value, "isoformat", None)
    plain: Scalar = isoformat() if isoformat is not None else value
    return plain
