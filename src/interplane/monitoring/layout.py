"""How the values of a model's columns fall into bins: fixed by its crossing, so that counts add up."""

from __future__ import annotations

from bisect import bisect_left
from typing import Literal

from interplane.record.base import Value

__all__ = ["LATENCY_EDGES_US", "Bins", "Layout"]

LATENCY_EDGES_US: tuple[float, ...] = tuple(
    round(25 * 10 ** (step / 8)) * 1.0 for step in range(45)
)
"""Upper edges for how long a prediction took, microseconds: 25 µs to 8 s, a third wider each."""


class Bins(Value, frozen=True, kw_only=True):
    """How the values of one column fall into bins.

    Numbers: one bin up to each edge, one above the last, one for what is not finite, one for null.
    Categories: one for each of them, one for other values that the baseline had, one for values that
    it never had, one for null.

    Attributes:
        column: the column, as the prediction log has it: ``row.wind``, ``looked_up.carrier.late_6h``,
            ``score``, ``took_us``.
        kind: whether values are numbers (times are microseconds since 1970) or categories.
        edges: the upper edges of numbers' bins, ascending; a value on an edge is below it.
        categories: the most frequent categories of the baseline, as JSON values.
        known: further categories that the baseline had.

    >>> Bins(column="row.wind", kind="numbers", edges=(5.0, 10.0)).size
    5
    """

    column: str
    kind: Literal["numbers", "categories"]
    edges: tuple[float, ...] = ()
    categories: tuple[str | int | bool, ...] = ()
    known: tuple[str | int | bool, ...] = ()

    @property
    def size(self) -> int:
        """How many bins there are."""
        return len(self.edges) + 3 if self.kind == "numbers" else len(self.categories) + 3

    @property
    def null(self) -> int:
        """The bin of null: the last."""
        return self.size - 1

    @property
    def odd(self) -> int:
        """The bin of what is not finite, or of categories that were never seen: the last but one."""
        return self.size - 2

    def place(self, number: float) -> int:
        """Return the bin of a finite number.

        >>> Bins(column="row.wind", kind="numbers", edges=(5.0, 10.0)).place(5.0)
        0
        """
        return bisect_left(self.edges, number)

    def label(self, place: int) -> str:
        """Return what a person calls a bin.

        >>> [Bins(column="row.wind", kind="numbers", edges=(5.0,)).label(k) for k in range(4)]
        ['up to 5', 'above 5', 'not finite', 'null']
        """
        if place == self.null:
            return "null"
        if place == self.odd:
            return "not finite" if self.kind == "numbers" else "never seen"
        if self.kind == "categories":
            return str(self.categories[place]) if place < len(self.categories) else "others"
        if place == len(self.edges):
            return f"above {self.edges[-1]:g}" if self.edges else "any"
        return f"up to {self.edges[place]:g}"


class Layout(Value, frozen=True, kw_only=True):
    """All bins of a crossing.

    Attributes:
        columns: the bins of each column of its requests, of what is looked up, and ``score``.
        ranks: finer edges of the score, for metrics of rank: as many rows of the baseline in each.
        threshold: the score from which an answer counts as positive.
        kind: whether outcomes are classes (true and false) or values.
        left_out: columns that have no bins, for they have far too many values (ids).
    """

    columns: tuple[Bins, ...]
    ranks: tuple[float, ...] = ()
    threshold: float = 0.5
    kind: Literal["classification", "regression"] = "classification"
    left_out: tuple[str, ...] = ()

    def __getitem__(self, column: str) -> Bins:
        for bins in self.columns:
            if bins.column == column:
                return bins
        raise KeyError(column)

    def __contains__(self, column: object) -> bool:
        return any(bins.column == column for bins in self.columns)
