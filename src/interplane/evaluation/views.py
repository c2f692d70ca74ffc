"""What a gate asks of a metric: bounds, the champion, gaps between slices.

A rule on a value looks at the value. A rule that names a confidence, or compares with the champion,
asks to be *shown*: it holds if the one-sided bound at that confidence holds, so that a model that is
truly beyond the limit passes with a probability of at most 1 - confidence. A gap is broken only if
it is shown: chance alone opens one between small slices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interplane.errors import UnknownName, UsageError
from interplane.evaluation.gates import Ruling
from interplane.evaluation.intervals import check_side
from interplane.evaluation.metrics import METRICS
from interplane.evaluation.results import slice_name
from interplane.record.arguments import checked_methods, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.evaluation.intervals import Estimate
    from interplane.evaluation.results import Results, SliceResult
    from interplane.evaluation.slices import SliceValue

__all__ = ["Gap", "MetricView"]

_NO_CHAMPION = "there is no champion to compare with yet"


@checked_methods("Results", "SliceResult")
@dataclass(frozen=True, slots=True)
class MetricView:
    """One metric of an evaluation.

    Attributes:
        evaluation: where it comes from.
        name: the metric's name.
        slice: the slice it speaks of; None for all rows.
    """

    evaluation: Results
    name: str
    slice: SliceResult | None = None

    @property
    def estimate(self) -> Estimate:
        """The value and its interval."""
        return self._result.metrics[self.name]

    @property
    def value(self) -> float:
        """The metric of the rows."""
        return self.estimate.value

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.estimate.low

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.estimate.high

    @property
    def difference(self) -> Estimate | None:
        """The metric less the champion's on the same rows, by a paired interval."""
        return self._result.difference.get(self.name)

    def of(self, slicing: str | Sequence[str], *values: SliceValue) -> MetricView:
        """Return the same metric of one slice: ``of("carrier", "AA")``.

        Raises:
            UnknownName: if there is no such slice, or it has no figures; says why.
            UsageError: if a value is none of a column.
        """
        columns = self.evaluation.slicing(slicing)
        _check_values(columns, values)
        wanted = self.evaluation.by(slicing)
        for each in wanted:
            if each.values == values and self.name in each.metrics:
                return MetricView(self.evaluation, self.name, each)
        for skipped in self.evaluation.skipped:
            if skipped.by == columns and skipped.values == values:
                raise UnknownName(
                    f"{skipped.name} has no figures: {skipped.reason}",
                    do="Ask for a slice that has enough rows of both classes",
                )
        raise UnknownName.of("slice", slice_name(columns, values), [each.name for each in wanted])

    # ---- rules ------------------------------------------------------------------------------

    def at_least(self, limit: float, *, confidence: float | None = None) -> Ruling:
        """Hold if the value is at least ``limit``; with a confidence, if that is shown."""
        return self._bounded(limit, confidence, least=True)

    def at_most(self, limit: float, *, confidence: float | None = None) -> Ruling:
        """Hold if the value is at most ``limit``; with a confidence, if that is shown."""
        return self._bounded(limit, confidence, least=False)

    def not_worse_than_champion(self, by: float = 0.0, confidence: float = 0.95) -> Ruling:
        """Hold if it is shown that the model is worse than the champion by less than ``by``."""
        words = f"{self._words} not worse than the champion by {by:g}"
        return self._against_champion(words, margin=-by, confidence=confidence)

    def better_than_champion(self, by: float = 0.0, confidence: float = 0.95) -> Ruling:
        """Hold if it is shown that the model is better than the champion by more than ``by``."""
        more = f" by {by:g}" if by else ""
        words = f"{self._words} better than the champion{more}"
        return self._against_champion(words, margin=by, confidence=confidence)

    def gap_between(self, slicing: str | Sequence[str]) -> Gap:
        """Return the gap between the best and the worst slice of a slicing."""
        slices = [each for each in self.evaluation.by(slicing) if self.name in each.metrics]
        between = " x ".join(self.evaluation.slicing(slicing))
        return Gap(self.evaluation, self.name, between, tuple(slices))

    # ---- inside -----------------------------------------------------------------------------

    @property
    def _result(self) -> SliceResult:
        return self.slice or self.evaluation.overall

    @property
    def _words(self) -> str:
        return self.name if self.slice is None else f"{self.name} of {self.slice.name}"

    def _bounded(self, limit: float, confidence: float | None, *, least: bool) -> Ruling:
        words = f"{self._words} at {'least' if least else 'most'} {limit:g}"
        found, reached = self.estimate.to_text(), self.value
        if confidence is not None:
            of = self.evaluation.confidence
            reached = self.estimate.bound(confidence, of=of, upper=not least)
            words += f", shown at {confidence:.0%}"
            found += f", {'lower' if least else 'upper'} bound {reached:.4f}"
        held = reached >= limit if least else reached <= limit
        return self._ruling(words, found, held=held)

    def _against_champion(self, words: str, *, margin: float, confidence: float) -> Ruling:
        check_side(confidence)
        better = METRICS[self.name].higher_is_better
        if better is None:
            raise UsageError(
                f"{self.name} is neither better nor worse when it is higher",
                expected="a metric with a direction",
                do="Compare roc_auc or log_loss with the champion",
            )
        words += f", shown at {confidence:.0%}"
        difference = self.difference
        if self.evaluation.champion is None:
            return self._ruling(words, f"passes: {_NO_CHAMPION}", held=True)
        if difference is None:
            found = "the champion has no value on these rows"
            return Ruling(words=words, where=self._words, found=found, outcome="skipped")
        of = self.evaluation.confidence
        bound = difference.bound(confidence, of=of, upper=not better)
        held = bound >= margin if better else bound <= -margin
        theirs = self._result.champion[self.name].value
        found = (
            f"{self.value:.4f} against {theirs:.4f}, difference {difference.value:+.4f} "
            f"[{difference.low:+.4f}, {difference.high:+.4f}], "
            f"{'lower' if better else 'upper'} bound {bound:+.4f}"
        )
        found += self._champion_saw()
        return self._ruling(words, found, held=held)

    def _champion_saw(self) -> str:
        """Return how many rows the champion was fitted on, or may have been; it is no fair champion."""
        of, seen = self.evaluation.rows, self.evaluation.champion_seen
        if seen:
            return f"; the champion was fitted on {seen:,} of the {of:,} rows"
        maybe = self.evaluation.champion_maybe_seen
        if maybe and seen is None:
            return f"; the champion may have learned from {maybe:,} of the {of:,} rows"
        return ""

    def _ruling(self, words: str, found: str, *, held: bool) -> Ruling:
        return Ruling(
            words=words,
            where=self._words,
            found=found + _let_in(self.evaluation),
            outcome="held" if held else "broken",
            do="" if held else "Look at the slices, mend the features or the parameters, run again",
        )


@checked_methods("Results", "SliceResult")
@dataclass(frozen=True, slots=True)
class Gap:
    """The distance between the highest and the lowest slice.

    Attributes:
        evaluation: where it comes from.
        metric: the metric's name.
        slicing: how the rows were divided.
        slices: the slices that have figures.
    """

    evaluation: Results
    metric: str
    slicing: str
    slices: tuple[SliceResult, ...]

    @property
    def value(self) -> float:
        """The highest value less the lowest; 0 with fewer than two slices."""
        values = [each.metrics[self.metric].value for each in self.slices]
        return max(values) - min(values) if len(values) > 1 else 0.0

    @property
    def shown(self) -> float:
        """The gap that is there beyond chance: the highest lower bound less the lowest upper one.

        The bounds hold for all slices together at the evaluation's confidence (Bonferroni). 0 if
        the intervals overlap.
        """
        if len(self.slices) < 2:
            return 0.0
        of = self.evaluation.confidence
        each_side = 1 - (1 - of) / (2 * len(self.slices))
        estimates = [each.metrics[self.metric] for each in self.slices]
        highest = max(each.bound(each_side, of=of, upper=False) for each in estimates)
        lowest = min(each.bound(each_side, of=of, upper=True) for each in estimates)
        return max(highest - lowest, 0.0)

    def at_most(self, limit: float) -> Ruling:
        """Hold unless a gap of more than ``limit`` is shown."""
        words = f"{self.metric} gap between {self.slicing} at most {limit:g}"
        where = f"{self.metric} by {self.slicing}"
        if len(self.slices) < 2:
            found = f"{len(self.slices)} slices with figures: there is nothing to compare"
            return Ruling(words=words, where=where, found=found, outcome="skipped")
        ranked = sorted(self.slices, key=lambda each: each.metrics[self.metric].value)
        ends = (
            f"{each.name} {each.metrics[self.metric].to_text()}" for each in (ranked[0], ranked[-1])
        )
        found = (
            f"{self.value:.4f}, of which {self.shown:.4f} is beyond chance ({' to '.join(ends)})"
        ) + _let_in(self.evaluation)
        held = self.shown <= limit
        return Ruling(
            words=words,
            where=where,
            found=found,
            outcome="held" if held else "broken",
            do=""
            if held
            else "Give the weak slice features or rows of its own, or state the limit",
        )


def _check_values(columns: tuple[str, ...], values: tuple[object, ...]) -> None:
    if len(values) != len(columns):
        raise UsageError(
            f"a slice by {' and '.join(columns)} is asked for by {len(values)} values",
            expected="a value of each column",
            do='Write for example of("carrier", "AA")',
        )
    for value in values:
        if value is not None and not isinstance(value, str | int | float):
            raise UsageError(
                f"a slice is asked for by {told(value)}",
                expected="a value of the column: text, a number, a truth, or None",
                do='Write for example of("carrier", "AA")',
            )


def _let_in(evaluation: Results) -> str:
    """Return how many rows are no test and were let in by name: every verdict shows it."""
    counted = ((evaluation.seen, "were fitted on"), (evaluation.crossed, "break their split"))
    told = [f"{count:,} {words}" for count, words in counted if count]
    return f"; of the {evaluation.rows:,} rows {' and '.join(told)}, seen='allow'" if told else ""
