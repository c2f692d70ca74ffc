"""What is known of some rows after they were counted: small, and it adds up."""

from __future__ import annotations

from operator import add

from interplane.record.base import Value

__all__ = ["Moments", "Tally"]


class Moments(Value, frozen=True, kw_only=True):
    """The sum of numbers and of their squares, over how many.

    >>> (Moments(count=2, total=3.0, squares=5.0) + Moments(count=1, total=1.0, squares=1.0)).mean
    1.3333333333333333
    """

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            count=self.count + other.count,
            total=self.total + other.total,
            squares=self.squares + other.squares,
        )

    @property
    def mean(self) -> float:
        """The average; NaN of nothing."""
        return self.total / self.count if self.count else float("nan")

    @property
    def variance(self) -> float:
        """The variance of a sample; NaN of fewer than two."""
        if self.count < 2:
            return float("nan")
        spread = self.squares - self.total * self.total / self.count
        return max(spread, 0.0) / (self.count - 1)


class Tally(Value, frozen=True, kw_only=True):
    """Counts of rows, by bins of a `Layout`.

    Attributes:
        rows: how many predictions.
        columns: for each column that is watched, ``score`` and ``took_us``, the rows of each bin.
        positive: how many scores reach the threshold; null ones do not.
        labelled: how many have an outcome that is not null.
        covered: how many have an outcome, null or not.
        true_ranks: of those whose outcome is true, the rows of each bin of ``Layout.ranks`` (one
            more than there are edges); empty for values.
        false_ranks: of those whose outcome is false.
        moments: sums over rows, by name: ``score`` (of all that are not null), and over those with an
            outcome and a score ``label``, ``error`` (score less label), ``absolute_error``,
            ``squared_error``, ``log_loss``, ``hit`` (the decision was right, 1 or 0).
    """

    rows: int = 0
    columns: dict[str, tuple[int, ...]] = {}
    positive: int = 0
    labelled: int = 0
    covered: int = 0
    true_ranks: tuple[int, ...] = ()
    false_ranks: tuple[int, ...] = ()
    moments: dict[str, Moments] = {}

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            rows=self.rows + other.rows,
            columns={
                name: _sum(self.columns.get(name, ()), other.columns.get(name, ()))
                for name in {**self.columns, **other.columns}
            },
            positive=self.positive + other.positive,
            labelled=self.labelled + other.labelled,
            covered=self.covered + other.covered,
            true_ranks=_sum(self.true_ranks, other.true_ranks),
            false_ranks=_sum(self.false_ranks, other.false_ranks),
            moments={
                name: self.moments.get(name, Moments()) + other.moments.get(name, Moments())
                for name in {**self.moments, **other.moments}
            },
        )


def _sum(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    if not one or not other:
        return one or other
    if len(one) != len(other):
        raise ValueError(f"{len(one)} and {len(other)} bins")  # counts of two layouts
    return tuple(map(add, one, other))
