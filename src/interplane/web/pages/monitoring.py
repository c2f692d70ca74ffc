"""What monitors know of models: traffic, quality as outcomes come, what moved, slice by slice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from interplane.charts.coverage import CoveragePicture, draw_coverage
from interplane.charts.heat import HeatMap, draw_heat
from interplane.charts.lines import LinePicture, Reading, draw_line
from interplane.errors import UnknownName, UsageError
from interplane.monitoring.calendar import LENGTHS, Length
from interplane.monitoring.counting.tally_memory import TallyMemory
from interplane.project.watch_drift import drifts
from interplane.project.watch_report import WindowReport, report, untold
from interplane.project.watching import Watching
from interplane.record import Value
from interplane.web.pages.skew import SkewPart, read_skew
from interplane.web.pages.traffic import SPANS, TrafficPart, read_traffic
from interplane.web.places import Choice, Text
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interplane.evaluation.intervals import Estimate
    from interplane.project.watch_report import ModelReport

__all__ = ["PAGES", "MonitoredPage", "MonitoringPage"]

_MOST: Final = 90
_QUIET, _LOUD = 0.02, 0.4
"""A PSI below 0.02 is next to nothing; the loudest colour is for the largest, from 0.4 on."""
_SHOWN: Final = 24


class MonitoredRow(Value, frozen=True, kw_only=True):
    """A model that is watched, in a list."""

    model: str
    live: str
    rows: int
    until: str
    open_alerts: int


class MonitoringPage(Value, frozen=True, kw_only=True):
    """All models that are watched."""

    models: tuple[MonitoredRow, ...]


class Chart(Value, frozen=True, kw_only=True):
    """A figure over time.

    Attributes:
        name: what it is.
        says: what it means.
        unit: what its values are counted in; empty for shares and numbers.
        untold: of which windows it cannot be told, and why.
        picture: it window by window.
        coverage: how much of each window is known, where it waits for outcomes.
    """

    name: str
    says: str
    unit: str
    untold: tuple[str, ...]
    picture: LinePicture
    coverage: CoveragePicture | None


class MonitoredPage(Value, frozen=True, kw_only=True):
    """What is known of a model, window by window.

    Attributes:
        row: as it stands in the list.
        length: how long a window is.
        lengths: how long it might be.
        windows: what the windows are called, oldest first.
        charts: figures over time.
        drift: how far each column is from the baseline, what moved most first.
        drift_left_out: how many columns moved less and are not shown.
        by: the slicing that is shown.
        slicings: those that might be.
        metric: what is shown of slices.
        slices: the slices by window, largest first.
        slices_left_out: how many smaller ones are not shown.
        traffic: what servers counted; None where none kept a minute.
        spans: how far back traffic might go.
        skew: the latest audits of what answers.
    """

    row: MonitoredRow
    length: str
    lengths: tuple[str, ...]
    windows: tuple[str, ...]
    charts: tuple[Chart, ...]
    drift: HeatMap
    drift_left_out: int
    by: str
    slicings: tuple[str, ...]
    metric: str
    slices: HeatMap | None
    slices_left_out: int
    traffic: TrafficPart | None
    spans: tuple[str, ...]
    skew: tuple[SkewPart, ...]


def read_monitoring(asked: Asked) -> MonitoringPage:
    """Return all models that are watched."""
    with _watching(asked) as watching:
        found = [report(watching, asked.project, name, last=1) for name in watching.models()]
    return MonitoringPage(models=tuple(map(_row, found)))


def read_monitored(asked: Asked) -> MonitoredPage:
    """Return what is known of a model, window by window."""
    project, model = asked.project, asked.path["model"]
    length = _length(asked.query.get("window", "1d"))
    slicings = _slicings(asked, model)
    by = asked.query.get("by", slicings[0] if slicings else "")
    if by and by not in slicings:
        raise UnknownName.of("slicing", by, slicings, do="Name it in slices of a [[monitor]]")
    slicing = tuple(by.split(",")) if by else ()
    metric = asked.query.get("metric", "label_rate")
    with _watching(asked) as watching:
        found = report(
            watching, project, model, length=length, last=_MOST, by=slicing, metric=metric
        )
        moved = drifts(watching, model, found.windows)
    names = tuple(window.name for window in found.windows)
    lines = [(line.column, line.distances) for line in moved]
    loud = max([_LOUD, *(line.largest for line in moved)])
    slices = _slices(found.windows, names)
    heat = draw_heat(lines[:_SHOWN], names, quiet=_QUIET, loud=loud)
    return MonitoredPage(
        row=_row(found),
        length=length,
        lengths=LENGTHS,
        windows=names,
        charts=tuple(_charts(found.windows)),
        drift=heat,
        drift_left_out=max(len(lines) - _SHOWN, 0),
        by=by,
        slicings=slicings,
        metric=metric,
        slices=slices,
        slices_left_out=max(len(_names(found.windows)) - _SHOWN, 0) if slices else 0,
        traffic=read_traffic(project, model, span=asked.query.get("traffic", SPANS[0])),
        spans=SPANS,
        skew=read_skew(project, model),
    )


def _watching(asked: Asked) -> Watching:
    """Return what reads counts: those of the same hours are merged once for all pages."""
    memory = asked.kept.get(TallyMemory, "tallies", TallyMemory, most=1)
    return Watching(asked.project, memory=memory)


def _row(found: ModelReport) -> MonitoredRow:
    return MonitoredRow(
        model=found.model,
        live=found.live,
        rows=found.rows,
        until=found.watermark,
        open_alerts=found.open_alerts,
    )


def _length(text: str) -> Length:
    for length in get_args(Length):
        if text == length:
            return length  # type: ignore[no-any-return]
    raise UsageError(
        f"window={text[:40]!r}", expected="one of " + ", ".join(LENGTHS), do="Say how long"
    )


def _slicings(asked: Asked, model: str) -> tuple[str, ...]:
    rules = (rule for rule in asked.project.config.monitor if rule.model == model)
    return tuple(dict.fromkeys(",".join(each) for rule in rules for each in rule.slices if each))


def _charts(windows: Sequence[WindowReport]) -> Iterable[Chart]:
    traffic = [Reading(each.name, float(each.rows)) for each in windows]
    positive = [Reading(each.name, each.positive_rate) for each in windows]
    series = {"predictions": traffic, "positive rate": positive}
    known = draw_coverage([(each.name, each.rows, each.coverage or 0.0) for each in windows])
    for name in dict.fromkeys(name for each in windows for name in each.metrics):
        series[name] = [_reading(each, each.metrics.get(name), name) for each in windows]
    gaps: dict[str, list[str]] = {}
    for name, why, of in untold(windows):
        gaps.setdefault(name, []).append(f"{of}: {why}")
    for name, readings in series.items():
        picture = draw_line(readings)
        if picture is not None:
            yield Chart(
                name=name,
                says=_WORDS.get(name, ""),
                unit=_UNITS.get(name, ""),
                untold=tuple(gaps.get(name, ())),
                picture=picture,
                coverage=None if name in _WITHOUT_OUTCOMES else known,
            )


_WORDS: Final = {
    "predictions": "how many were made",
    "positive rate": "the share of scores that reach the threshold",
    "label_rate": "the share of outcomes that came true",
    "roc_auc": "whether what came true was put before what did not",
    "log_loss": "how far scores are from what came true; less is better",
    "mae": "how far predictions are from what came true; less is better",
    "latency_p99": "99 % were answered in less",
}
_UNITS: Final = {"latency_p99": "ms"}
_WITHOUT_OUTCOMES: Final = {"predictions", "positive rate", "latency_p99"}


def _reading(window: WindowReport, found: Estimate | None, name: str) -> Reading:
    if found is None:
        return Reading(window.name, None)
    if name.startswith("latency"):
        return Reading(window.name, found.value / 1000, found.low / 1000, found.high / 1000)
    return Reading(window.name, found.value, found.low, found.high, window.coverage or 0.0)


def _slices(windows: Sequence[WindowReport], names: Sequence[str]) -> HeatMap | None:
    """Return each slice's figure, from the least to the greatest of all; None if there is none."""
    values = [{each.name: each.value for each in window.slices} for window in windows]
    shown = [value for found in values for value in found.values() if value is not None]
    if not shown:
        return None
    low, high = min(shown), max(shown)
    lines = [(name, [found.get(name) for found in values]) for name in _names(windows)[:_SHOWN]]
    return draw_heat(lines, names, quiet=low, loud=high if high > low else low + 1.0)


def _names(windows: Sequence[WindowReport]) -> list[str]:
    """Return the slices of windows, largest first."""
    rows: dict[str, int] = {}
    for window in windows:
        for each in window.slices:
            rows[each.name] = rows.get(each.name, 0) + each.rows
    return sorted(rows, key=lambda name: (-rows[name], name))


PAGES: Final = (
    Page(
        name="monitoring",
        path="/monitoring",
        permission="look",
        read=read_monitoring,
        template="monitoring.html",
    ),
    Page(
        name="monitored",
        path="/monitoring/{model}",
        permission="look",
        read=read_monitored,
        template="monitored.html",
        query={
            "window": Choice("how long a window is", LENGTHS),
            "by": Text("a slicing that a rule names"),
            "metric": Text("what is shown of slices"),
            "traffic": Choice("how far back what servers counted goes", SPANS),
        },
    ),
)
