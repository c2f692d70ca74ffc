"""The counts and sums of one batch of rows, for groups of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interplane.monitoring.counting.coding import places
from interplane.monitoring.counting.grid import COLUMN, MOMENT
from interplane.monitoring.counting.layouts import to_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from interplane.monitoring.counting.grid import Arrays
    from interplane.monitoring.counting.slicing import Groups
    from interplane.monitoring.layout import Layout

__all__ = ["Batch", "Outcomes", "Scores", "read_outcomes", "read_scores", "tally_batch"]

_EPSILON: Final = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The scores of a batch.

    Attributes:
        places: the rows that have a finite one.
        values: it, for each of these.
        positive: the rows of those that reach the threshold.
    """

    places: NDArray[np.int64] | None
    values: NDArray[np.float64]
    positive: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """The outcomes of a batch.

    Attributes:
        covered: the rows that have one, null or not.
        labelled: the rows that have one that is not null.
        judged: the rows of those that also have a score.
        sums: numbers of each of these by name, to be summed: ``label``, ``error`` and so on.
        ranks: for classes, the bin of the score of each of these, and whether it is true.
        rank_bins: how many bins there are.
    """

    covered: NDArray[np.int64]
    labelled: NDArray[np.int64]
    judged: NDArray[np.int64]
    sums: Mapping[str, NDArray[np.float64]]
    ranks: tuple[NDArray[Any], NDArray[np.bool_]] | None
    rank_bins: int


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What is counted of some rows, whatever they are grouped by.

    Attributes:
        columns: for each column the number of its bins, and the bin of each row.
        scores: the scores, if there are any.
        outcomes: the outcomes, if there are any.
    """

    columns: Mapping[str, tuple[int, NDArray[Any]]]
    scores: Scores | None
    outcomes: Outcomes | None


def read_scores(values: pa.Array, layout: Layout) -> Scores:
    """Return the scores of a batch; null and what is not finite has none."""
    numbers = to_numbers(values)
    is_finite = np.isfinite(numbers)
    places = None if is_finite.all() else np.flatnonzero(is_finite)
    kept = numbers if places is None else numbers[places]
    return Scores(
        places=places,
        values=kept,
        positive=np.flatnonzero(is_finite & (numbers >= layout.threshold)),
    )


def read_outcomes(outcome: pa.Array, has: pa.Array, score: pa.Array, layout: Layout) -> Outcomes:
    """Return the outcomes of a batch.

    Errors are the score less the label. The loss of an answer is -log of the probability that it
    gave to what came true, kept from 0 and 1 by a float's epsilon, as scikit-learn has it.
    """
    is_class = layout.kind == "classification"
    numbers = to_numbers(outcome)
    covered = np.asarray(has.fill_null(False), dtype=np.bool_)
    known = covered & np.isfinite(numbers)
    scores = to_numbers(score)
    judged = np.flatnonzero(known & np.isfinite(scores))
    label, answer = numbers[judged], scores[judged]
    if is_class:
        label = (label != 0).astype(np.float64)
    error = answer - label
    sums = {
        "label": label,
        "error": error,
        "absolute_error": np.abs(error),
        "squared_error": error * error,
    }
    ranks = None
    if is_class:
        is_true = label != 0
        right = np.where(is_true, answer, 1 - answer)
        sums["log_loss"] = -np.log(np.clip(right, _EPSILON, 1 - _EPSILON))
        sums["hit"] = ((answer >= layout.threshold) == is_true).astype(np.float64)
        ranks = (places(np.array(layout.ranks), answer), is_true)
    return Outcomes(
        covered=np.flatnonzero(covered),
        labelled=np.flatnonzero(known),
        judged=judged,
        sums=sums,
        ranks=ranks,
        rank_bins=len(layout.ranks) + 1,
    )


def tally_batch(batch: Batch, groups: Groups) -> Arrays:
    """Return the counts and sums of each group."""
    size, of_row = len(groups.rows), groups.of_row
    arrays: Arrays = {"rows": groups.rows}
    keys = np.empty(len(of_row), np.int64)
    for name, (bins, codes) in batch.columns.items():
        np.multiply(of_row, bins, out=keys)
        np.add(keys, codes, out=keys)
        counts = np.bincount(keys, minlength=size * bins)
        arrays[COLUMN + name] = counts.reshape(size, bins)
    if batch.scores is not None:
        scores = batch.scores
        arrays["positive"] = np.bincount(of_row[scores.positive], minlength=size)
        scored = of_row if scores.places is None else of_row[scores.places]
        arrays[MOMENT + "score"] = _sums(scored, scores.values, size)
    if batch.outcomes is not None:
        arrays.update(_tally_outcomes(batch.outcomes, of_row, size))
    return arrays


def _tally_outcomes(outcomes: Outcomes, of_row: NDArray[np.int64], size: int) -> Arrays:
    arrays: Arrays = {
        "covered": np.bincount(of_row[outcomes.covered], minlength=size),
        "labelled": np.bincount(of_row[outcomes.labelled], minlength=size),
    }
    judged = of_row[outcomes.judged]
    for name, numbers in outcomes.sums.items():
        arrays[MOMENT + name] = _sums(judged, numbers, size)
    if outcomes.ranks is not None:
        places, is_true = outcomes.ranks
        keys = judged * outcomes.rank_bins + places
        for name, chosen in (("true_ranks", is_true), ("false_ranks", ~is_true)):
            counts = np.bincount(keys[chosen], minlength=size * outcomes.rank_bins)
            arrays[name] = counts.reshape(size, outcomes.rank_bins)
    return arrays


def _sums(
    groups: NDArray[np.int64], numbers: NDArray[np.float64], size: int
) -> NDArray[np.float64]:
    """Return how many numbers each group has, their sum and the sum of their squares."""
    sums = np.empty((size, 3))
    sums[:, 0] = np.bincount(groups, minlength=size)
    sums[:, 1] = np.bincount(groups, weights=numbers, minlength=size)
    sums[:, 2] = np.bincount(groups, weights=numbers * numbers, minlength=size)
    return sums
