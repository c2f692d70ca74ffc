"""Prequential figures: each row was scored before it was learned, and is judged when its truth came.

Beside the learner's score stands what was served for the same row. Sums are kept by day of prediction
and add up; the area under the ROC curve comes from counts of scores in 256 bins, even in log-odds.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["MOST_DAYS", "Day", "DayFigures", "Figures", "Prequential", "Sums", "to_plain"]

MOST_DAYS: Final = 60
"""For how many days sums are kept one by one; earlier ones are in the total alone."""

_BINS: Final = 256
_REACH: Final = 12.0
_LEAST: Final = 1e-15
_DAY_US: Final = 86_400_000_000


class Figures(Value, frozen=True, kw_only=True):
    """How one of the two did.

    Attributes:
        log_loss: the mean logarithmic loss; None for values, and for scores that are no probability.
        roc_auc: the area under the ROC curve; None for values, and where one class is missing.
        mae: the mean absolute error.
        rmse: the root of the mean squared error.
    """

    log_loss: float | None
    roc_auc: float | None
    mae: float
    rmse: float


class DayFigures(Value, frozen=True, kw_only=True):
    """A day of predictions: how many were judged, and how both did on them.

    Attributes:
        day: the UTC day of the predictions; ``total`` for all.
        rows: predictions with a score of both and an outcome.
        learner: what the learner would have answered, as it was then.
        served: what was answered.
    """

    day: str
    rows: int
    learner: Figures
    served: Figures


class _Judged(NamedTuple):
    """What a score comes to beside its label."""

    label: float
    absolute: float
    log_loss: float = 0.0
    improper: int = 0
    rank: int | None = None


class Sums(msgspec.Struct, kw_only=True):
    """What is summed up of one of the two."""

    log_loss: float = 0.0
    absolute: float = 0.0
    squared: float = 0.0
    improper: int = 0
    true_ranks: list[int] = []
    false_ranks: list[int] = []

    def add(self, judged: _Judged) -> None:
        """Take a row in."""
        self.absolute += judged.absolute
        self.squared += judged.absolute * judged.absolute
        if judged.rank is None:
            return
        self.log_loss += judged.log_loss
        self.improper += judged.improper
        counts = self.true_ranks if judged.label else self.false_ranks
        if not counts:
            counts += [0] * _BINS
        counts[judged.rank] += 1

    def figures(self, rows: int, *, ranks: bool) -> Figures:
        """Return the figures of ``rows`` rows."""
        return Figures(
            log_loss=self.log_loss / rows if ranks and not self.improper else None,
            roc_auc=_auc(self.true_ranks, self.false_ranks),
            mae=self.absolute / rows,
            rmse=math.sqrt(self.squared / rows),
        )


class Day(msgspec.Struct, kw_only=True):
    """The sums of a day, in days since 1970; of all days, with 0."""

    day: int = 0
    rows: int = 0
    learner: Sums = msgspec.field(default_factory=Sums)
    served: Sums = msgspec.field(default_factory=Sums)


class Prequential(msgspec.Struct, kw_only=True):
    """The sums of all days.

    Attributes:
        ranks: whether labels are classes.
        is_probability: whether scores are probabilities.
        total: the sums of all days together.
        days: the last `MOST_DAYS` days that had any, in order.
    """

    ranks: bool
    is_probability: bool
    total: Day = msgspec.field(default_factory=Day)
    days: list[Day] = []

    def add(self, time_us: int, *, learner: float, served: float, label: float) -> None:
        """Take a row in.

        Args:
            time_us: the prediction time, microseconds since 1970 UTC.
            learner: the score that the learner had for it then.
            served: the score that was answered.
            label: what came true.
        """
        mine, theirs = (self._judge(score, label) for score in (learner, served))
        for day in (self.total, self._day(time_us // _DAY_US)):
            day.rows += 1
            day.learner.add(mine)
            day.served.add(theirs)

    def _judge(self, score: float, label: float) -> _Judged:
        absolute = abs(score - label)
        if not self.ranks:
            return _Judged(label, absolute)
        if not self.is_probability or not 0.0 <= score <= 1.0:
            return _Judged(label, absolute, improper=1, rank=_rank(score))
        right = score if label else 1.0 - score
        low, high = max(score, _LEAST), max(1.0 - score, _LEAST)
        loss = -math.log(max(right, _LEAST))
        return _Judged(label, absolute, loss, rank=_rank(math.log(low / high)))

    def figures(self) -> list[DayFigures]:
        """Return the figures day by day, and of all of them as ``total``; nothing without rows."""
        found = [(_text(day.day), day) for day in self.days]
        return [
            DayFigures(
                day=name,
                rows=day.rows,
                learner=day.learner.figures(day.rows, ranks=self.ranks),
                served=day.served.figures(day.rows, ranks=self.ranks),
            )
            for name, day in (*found, ("total", self.total))
            if day.rows
        ]

    def _day(self, number: int) -> Day:
        place = next((i for i, day in enumerate(self.days) if day.day >= number), len(self.days))
        if place < len(self.days) and self.days[place].day == number:
            return self.days[place]
        made = Day(day=number)
        if place == 0 and len(self.days) >= MOST_DAYS:
            return made  # older than all that are kept: in the total alone
        self.days.insert(place, made)
        del self.days[:-MOST_DAYS]
        return made


def to_plain(figures: Iterable[DayFigures]) -> dict[str, Any]:
    """Return the figures by day, as a checkpoint's record has them."""
    return {each.day: each.to_dict() for each in figures}


def _rank(odds: float) -> int:
    place = int((odds + _REACH) / (2.0 * _REACH) * _BINS)
    return min(max(place, 0), _BINS - 1)


def _auc(positive: Sequence[int], negative: Sequence[int]) -> float | None:
    """The chance that a true row scores above a false one; of one bin, half."""
    pairs = sum(positive) * sum(negative)
    if not pairs:
        return None
    below = found = 0.0
    for true, false in zip(positive, negative, strict=True):
        found += true * (below + 0.5 * false)
        below += false
    return found / pairs


def _text(day: int) -> str:
    return f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}"
