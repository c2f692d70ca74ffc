"""What a model's page of monitoring shows of its servers: traffic, latency, errors, saturation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.lines import LinePicture, Reading, draw_line
from interplane.project.traffic import SPANS_S, traffic
from interplane.record import Value
from interplane.storage.clock import iso_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from interplane.project.project import Project
    from interplane.project.traffic import Stretch, Traffic

__all__ = ["SPANS", "ErrorLine", "TrafficChart", "TrafficPart", "read_traffic"]

SPANS = tuple(SPANS_S)


class TrafficChart(Value, frozen=True, kw_only=True):
    """A figure of servers over time.

    Attributes:
        name: what it is.
        now: it over the whole time, in words.
        says: what the line and its band are.
        picture: it stretch by stretch.
    """

    name: str
    now: str
    says: str
    picture: LinePicture


class ErrorLine(Value, frozen=True, kw_only=True):
    """How often one thing went wrong.

    Attributes:
        name: what.
        says: whose fault it is, and what to do.
        count: how many times.
        share: of all answers; None where that is of something else.
    """

    name: str
    says: str
    count: int
    share: float | None


class TrafficPart(Value, frozen=True, kw_only=True):
    """What servers counted up to the newest minute that one kept.

    Attributes:
        span: how far back that goes.
        begin: when the first stretch began, by the servers' clock.
        end: when the newest minute began.
        each: how long a stretch is, in words.
        charts: figures over time.
        errors: what went wrong, by class; those that did not happen are there with 0.
    """

    span: str
    begin: str
    end: str
    each: str
    charts: tuple[TrafficChart, ...]
    errors: tuple[ErrorLine, ...]


def read_traffic(project: Project, model: str, *, span: str) -> TrafficPart | None:
    """Return what servers counted of a model; None where no server kept a minute."""
    found = traffic(project, model, span=span)
    if found is None:
        return None
    return TrafficPart(
        span=span,
        begin=iso_of(found.stretches[0].begin_us),
        end=iso_of(found.stretches[-1].begin_us),
        each=_each(found.stretch_s // 60),
        charts=tuple(_charts(found)),
        errors=tuple(_errors(found.whole)),
    )


def _each(minutes: int) -> str:
    """Return how long a stretch is, as one says it of a point.

    >>> _each(1), _each(24), _each(336)
    ('a minute', 'for 24 minutes', 'for 5.6 hours')
    """
    if minutes == 1:
        return "a minute"
    return f"for {minutes} minutes" if minutes < 120 else f"for {minutes / 60:g} hours"


def _charts(found: Traffic) -> Iterator[TrafficChart]:
    whole = found.whole
    yield _chart(
        "requests a second",
        f"{whole.per_second:,.1f}",
        "rows of this model, while a server ran",
        _line(found.stretches, lambda each: each.per_second),
    )
    if whole.p99_ms is not None:
        latencies = [
            Reading(_at(each), each.p95_ms, each.p50_ms, each.p99_ms) for each in found.stretches
        ]
        yield _chart(
            "latency",
            f"{whole.p95_ms:.2f} ms",
            f"the line is p95; the band goes from p50 ({whole.p50_ms:.2f} ms) "
            f"to p99 ({whole.p99_ms:.2f} ms)",
            draw_line(latencies),
        )
    yield _chart(
        "errors",
        f"{_failed(whole):,}",
        "answers that were none: of all models, by class below",
        _line(found.stretches, lambda each: float(_failed(each))),
    )
    yield _chart(
        "in flight",
        f"{whole.in_flight:,}",
        f"the most at once; at least {whole.workers} worker{'' if whole.workers == 1 else 's'} "
        f"there, {whole.shed:,} shed",
        _line(found.stretches, lambda each: float(each.in_flight)),
    )


def _chart(name: str, now: str, says: str, picture: LinePicture | None) -> TrafficChart:
    assert picture is not None, "a stretch is there, so there is a line"  # noqa: S101 - its promise
    return TrafficChart(name=name, now=now, says=says, picture=picture)


def _line(stretches: Sequence[Stretch], value: Callable[[Stretch], float]) -> LinePicture | None:
    return draw_line([Reading(_at(each), value(each)) for each in stretches])


def _at(stretch: Stretch) -> str:
    return iso_of(stretch.begin_us)[:16].replace("T", " ")


def _failed(stretch: Stretch) -> int:
    return sum(count for name, count in stretch.statuses.items() if name not in {"2xx", "3xx"})


def _errors(whole: Stretch) -> Iterator[ErrorLine]:
    """Yield what went wrong, by whose fault it is."""
    asked = sum(whole.statuses.values())

    def line(name: str, says: str, count: int, *, of_all: bool = True) -> ErrorLine:
        return ErrorLine(
            name=name, says=says, count=count, share=count / asked if asked and of_all else None
        )

    server = whole.statuses.get("5xx", 0)
    yield line("4xx", "refused: the client's request was wrong", whole.statuses.get("4xx", 0))
    yield line("5xx", "not answered: our fault, or saturation", server)
    yield line("shed", "of those, refused by saturation: more workers help", whole.shed)
    yield line("faults", "of those, faults of ours: the server's log says which", whole.faults)
    yield line(
        "rows refused", "rows of this model that do not fit it", whole.rejected, of_all=False
    )
    yield line("entries lost", "frames of the prediction log", whole.frames_lost, of_all=False)
