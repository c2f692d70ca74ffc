"""The figures of an evaluation: plain values that go to JSON and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.errors import UnknownName
from interplane.evaluation.intervals import Estimate
from interplane.record.arguments import checked
from interplane.record.base import Value, Versioned

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Flips", "Results", "Skipped", "SliceResult", "slice_name"]


def slice_name(by: tuple[str, ...], values: tuple[str | int | float | bool | None, ...]) -> str:
    """Return a slice's name.

    >>> slice_name(("origin", "local_hour"), ("JFK", None))
    'origin=JFK, local_hour=null'
    """
    pairs = zip(by, values, strict=True)
    return ", ".join(f"{name}={'null' if value is None else value}" for name, value in pairs)


class SliceResult(Value, frozen=True, kw_only=True):
    """The figures of one slice, or of all rows.

    Attributes:
        by: the columns of the slicing; none for all rows.
        values: the value of each of them.
        rows: how many rows with a label there are.
        positives: how many labels are true, for classification.
        metrics: each metric with its interval.
        champion: each metric of the champion on the same rows.
        difference: the model's metric less the champion's, by a paired interval.
    """

    by: tuple[str, ...] = ()
    values: tuple[str | int | float | bool | None, ...] = ()
    rows: int
    positives: int | None = None
    metrics: dict[str, Estimate]
    champion: dict[str, Estimate]
    difference: dict[str, Estimate]

    @property
    def name(self) -> str:
        """For example ``origin=JFK, local_hour=17``."""
        return slice_name(self.by, self.values) or "all rows"


class Skipped(Value, frozen=True, kw_only=True):
    """A slice without figures, and why."""

    by: tuple[str, ...]
    values: tuple[str | int | float | bool | None, ...]
    rows: int
    reason: str

    @property
    def name(self) -> str:
        """For example ``origin=JFK, local_hour=3``."""
        return slice_name(self.by, self.values)


class Flips(Value, frozen=True, kw_only=True):
    """Rows that the model decides otherwise than the champion, at the threshold.

    Attributes:
        rows: how many.
        to_right: how many of them it now decides rightly.
        to_wrong: how many of them it now decides wrongly.
    """

    rows: int
    to_right: int
    to_wrong: int


class Results(Versioned, frozen=True, kw_only=True):
    """How good a model is on some rows, per slice, beside the champion: the figures.

    Attributes:
        model: the digest of the model.
        champion: the digest of the model that it was compared with, if any.
        label: the column that says what came true.
        rows: how many rows have a label.
        null_labels: how many have none; they are left out.
        threshold: the score from which a row counts as positive.
        confidence: of each interval.
        resamples: how many resamples the intervals come from.
        seed: what they were drawn by.
        min_rows: how many rows a slice needs.
        overall: the figures of all rows.
        slicings: the slicings that were asked for.
        slices: the figures of each slice.
        skipped: the slices without figures.
        flips: decisions that changed against the champion, for classification.
        maybe_seen: how many rows are not after the model's last training row, so that it may have
            learned from them.
        champion_maybe_seen: the same for the champion.
        seen: how many rows the model's features were fitted on; None where nobody can tell.
        champion_seen: the same for the champion.
        crossed: how many rows break what the split promised that the training rows are a part of: they
            have an entity of theirs, or do not come after them; None where nothing was promised, or nobody
            can tell.
        untold: what nobody can tell of the rows though the model's features know their training rows,
            and why: the rows lack a column of the key, or of the split.
        seen_allowed: whether such rows were let in by name; else there are none.
    """

    model: str
    champion: str | None = None
    label: str
    rows: int
    null_labels: int
    threshold: float
    confidence: float
    resamples: int
    seed: int
    min_rows: int
    overall: SliceResult
    slicings: tuple[tuple[str, ...], ...] = ()
    slices: tuple[SliceResult, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    flips: Flips | None = None
    maybe_seen: int = 0
    champion_maybe_seen: int = 0
    seen: int | None = None
    champion_seen: int | None = None
    crossed: int | None = None
    untold: tuple[str, ...] = ()
    seen_allowed: bool = False

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics, in the order asked for."""
        return tuple(self.overall.metrics)

    @checked
    def by(self, slicing: str | Sequence[str]) -> tuple[SliceResult, ...]:
        """Return the slices by a column, or by the cross of several.

        Raises:
            UnknownName: if the evaluation was not sliced like that.
        """
        columns = self.slicing(slicing)
        return tuple(each for each in self.slices if each.by == columns)

    @checked
    def slicing(self, slicing: str | Sequence[str]) -> tuple[str, ...]:
        """Return the columns of a slicing that was asked for.

        Raises:
            UnknownName: if it was not.
        """
        columns = (slicing,) if isinstance(slicing, str) else tuple(slicing)
        if columns not in self.slicings:
            raise UnknownName.of(
                *("slicing", " x ".join(columns), [" x ".join(each) for each in self.slicings]),
                where="this evaluation",
                do=f"Ask for it: evaluate(…, slices=[…, {slicing!r}])",
            )
        return columns
