"""What servers answered over time, from the minutes that they keep: how much, how fast, what failed."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from interplane.record.base import Value
from interplane.serving.board import BOUNDS_S
from interplane.serving.minute_file import MINUTES, MinuteFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from interplane.project.project import Project
    from interplane.serving.minutes import Minute

__all__ = ["SPANS_S", "Stretch", "Traffic", "quantile_ms", "traffic"]

SPANS_S: Final = {"2h": 7_200, "2d": 172_800, "4w": 2_419_200}
"""How far back one may look, in seconds; each is cut into at most 120 stretches."""

_STRETCHES: Final = 120
_ANSWERING: Final = "predict"


class Stretch(Value, frozen=True, kw_only=True):
    """What was counted in a stretch of time.

    Attributes:
        begin_us: when it began, microseconds since 1970 UTC, by the servers' clock.
        seconds: how long servers ran in it.
        predictions: rows of the model that were predicted.
        rejected: rows of it that were refused for what they are.
        p50_ms: half of its requests took at most this; None without any.
        p95_ms: the same of 95 in 100.
        p99_ms: the same of 99 in 100.
        statuses: answers to predictions of all models, by class of status.
        shed: requests of all models that were refused by saturation.
        faults: those that met a fault of ours.
        frames_lost: frames of the prediction log that were lost.
        in_flight: the most requests that were being answered at once.
        workers: the fewest workers that were there.
    """

    begin_us: int
    seconds: float
    predictions: int
    rejected: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    statuses: dict[str, int]
    shed: int
    faults: int
    frames_lost: int
    in_flight: int
    workers: int

    @property
    def per_second(self) -> float:
        """Predictions a second while servers ran."""
        return self.predictions / self.seconds if self.seconds else 0.0


class Traffic(Value, frozen=True, kw_only=True):
    """What was counted of a model, up to the newest minute that a server kept.

    Attributes:
        stretch_s: how long a stretch is.
        whole: all of it as one.
        stretches: the stretches in which a server ran, oldest first.
    """

    stretch_s: int
    whole: Stretch
    stretches: tuple[Stretch, ...]


def traffic(project: Project, model: str, *, span: str = "2h") -> Traffic | None:
    """Return the traffic of a model; None where no server kept a minute.

    Args:
        project: the project.
        model: the model's name.
        span: how far back from the newest minute; one of `SPANS_S`.

    Raises:
        StorageError: if the file of minutes cannot be read.
    """
    span_s = SPANS_S[span]
    file = MinuteFile(project.workspace / MINUTES)
    try:
        newest_us = file.newest_us()
        if newest_us is None:
            return None
        minutes = file.read(begin_us=newest_us - span_s * 1_000_000, end_us=newest_us + 1)
    finally:
        file.close()
    stretch_s = max(span_s // _STRETCHES, 60)
    stretches = tuple(_stretches(minutes, model, stretch_s * 1_000_000))
    return Traffic(stretch_s=stretch_s, whole=_stretch(minutes, model), stretches=stretches)


def quantile_ms(counts: Sequence[int], level: float) -> float | None:
    """Return what a share of the requests took at most, evenly spread within its bin; None of none.

    What took longer than the largest bound is said to have taken that long.

    Args:
        counts: how many took how long, by `board.BOUNDS_S` and one above.
        level: the share, for example 0.99.

    >>> quantile_ms([0, 0, 0, 100], 0.5), quantile_ms([10] + [0] * 15 + [10], 0.99)
    (0.75, 10000.0)
    """
    rows = sum(counts)
    if not rows:
        return None
    edges = (0.0, *BOUNDS_S, BOUNDS_S[-1])
    wanted, before = level * rows, 0
    for place, count in enumerate(counts):
        if count and before + count >= wanted:
            low, high = edges[place], edges[place + 1]
            return round((low + (wanted - before) / count * (high - low)) * 1e3, 4)
        before += count
    return BOUNDS_S[-1] * 1e3


def _stretches(minutes: Iterable[Minute], model: str, long_us: int) -> Iterator[Stretch]:
    for _, each in groupby(minutes, key=lambda minute: minute.begin_us // long_us):
        yield _stretch(list(each), model)


def _stretch(minutes: Sequence[Minute], model: str) -> Stretch:
    """Return minutes as one; those of several servers add up."""
    of_model = [minute.models[model] for minute in minutes if model in minute.models]
    buckets = [sum(counts) for counts in zip(*(each.buckets for each in of_model), strict=True)]
    statuses: dict[str, int] = {}
    for minute in minutes:
        for name, count in minute.requests.get(_ANSWERING, {}).items():
            statuses[name] = statuses.get(name, 0) + count
    # Servers that run beside each other do not make a minute longer.
    spans = {(minute.begin_us, minute.end_us) for minute in minutes}
    return Stretch(
        begin_us=minutes[0].begin_us,
        seconds=_covered_us(spans) / 1e6,
        predictions=sum(each.predictions for each in of_model),
        rejected=sum(each.rejected for each in of_model),
        p50_ms=quantile_ms(buckets, 0.5),
        p95_ms=quantile_ms(buckets, 0.95),
        p99_ms=quantile_ms(buckets, 0.99),
        statuses=statuses,
        shed=sum(minute.shed for minute in minutes),
        faults=sum(minute.faults for minute in minutes),
        frames_lost=sum(minute.frames_lost for minute in minutes),
        in_flight=max(minute.in_flight for minute in minutes),
        workers=min((each.workers for each in minutes if each.requests or each.workers), default=0),
    )


def _covered_us(spans: Iterable[tuple[int, int]]) -> int:
    """Return how much time some spans cover together.

    >>> _covered_us({(0, 60), (30, 90), (100, 110)})
    100
    """
    covered, reached = 0, 0
    for begin, end in sorted(spans):
        covered += max(end - max(begin, reached), 0)
        reached = max(reached, end)
    return covered
