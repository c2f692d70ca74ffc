"""What monitors know of a model, window by window, for people and for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from interplane.errors import UnknownName
from interplane.evaluation.intervals import Estimate
from interplane.evaluation.results import slice_name
from interplane.monitoring.calendar import HOUR_US, Length, Window, window_at
from interplane.monitoring.counting.columns import spoken_name
from interplane.monitoring.judging.measures import measure_of, why_unfit
from interplane.monitoring.judging.quality import measure
from interplane.monitoring.metrics import get_metric
from interplane.monitoring.tally import Tally
from interplane.project.predictions import crossing_names
from interplane.record.base import Value
from interplane.storage.names import named_pointer, series_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interplane.monitoring.alerts.alert import Alert
    from interplane.monitoring.layout import Layout
    from interplane.project.project import Project
    from interplane.project.watching import Watching

__all__ = ["ModelReport", "SliceReport", "WindowReport", "alert_words", "report", "untold"]

_DEFAULT: tuple[str, ...] = ("label_rate", "roc_auc", "mae", "log_loss", "latency_p99")


class SliceReport(Value, frozen=True, kw_only=True):
    """One metric of one slice of a window.

    Attributes:
        name: the slice, for example ``origin=JFK``.
        rows: how many predictions.
        value: the metric; None where it cannot be told.
    """

    name: str
    rows: int
    value: float | None


class WindowReport(Value, frozen=True, kw_only=True):
    """What one window was like.

    Attributes:
        name: what a person calls it.
        begin_us: its beginning, microseconds since 1970 UTC.
        end_us: its end.
        rows: how many predictions.
        coverage: the share of them that have an outcome; None without any.
        positive_rate: the share of scores that reach the threshold.
        metrics: metrics with their intervals, where they have any.
        untold: metrics whose outcomes are known and that cannot be told, each with why.
        slices: the metric that was asked for, by slice, largest first.
        statements: how many times its quality was stated.
    """

    name: str
    begin_us: int
    end_us: int
    rows: int
    coverage: float | None = None
    positive_rate: float | None = None
    metrics: dict[str, Estimate] = {}  # noqa: RUF012 - msgspec copies an empty default
    untold: dict[str, str] = {}  # noqa: RUF012 - as above
    slices: tuple[SliceReport, ...] = ()


class ModelReport(Value, frozen=True, kw_only=True):
    """What monitors know of a model.

    Attributes:
        model: its name.
        live: what is live, for example ``flights@2``; empty if nothing is.
        rows: how many predictions were counted.
        watermark: up to when, ISO 8601; empty before the first prediction.
        windows: the last windows, oldest first.
        by: the slicing that was asked for.
        metric: what is shown by slice.
        open_alerts: how many alerts are open.
    """

    model: str
    live: str = ""
    rows: int = 0
    watermark: str = ""
    windows: tuple[WindowReport, ...] = ()
    by: tuple[str, ...] = ()
    metric: str = ""
    open_alerts: int = 0

    def _repr_html_(self) -> str:
        from interplane.project.cards.monitors import model_report_html

        return model_report_html(self)


def report(
    watching: Watching,
    project: Project,
    model: str,
    *,
    length: Length = "1d",
    last: int = 14,
    by: tuple[str, ...] = (),
    metric: str = "label_rate",
) -> ModelReport:
    """Return what monitors know of a model.

    Args:
        watching: the counts.
        project: the project.
        model: the model's name.
        length: the length of the windows.
        last: how many of them, counted back from the last one with predictions.
        by: a slicing that a rule names.
        metric: what is shown of its slices.

    Raises:
        UnknownName: if there is no such model, metric or slicing.
    """
    if not project.store.catalog.series(series_name("model", model)):
        known = [name.partition("/")[2] for name in project.store.catalog.names("model/")]
        raise UnknownName.of("model", model, known, do='See them with "interplane models"')
    get_metric(metric)
    _check_slicing(project, model, by)
    hours = watching.windows.hours(model)
    live = project.store.catalog.pointer(named_pointer("model", model, "live"))
    watermark_us = watching.windows.watermark(model)
    names = crossing_names(project.store, model)
    layouts = cache(partial(watching.windows.layout, model))  # many windows have few
    windows = [
        _window(watching, model, window, names, layouts, by=by, metric=metric)
        for window in _last_windows(list(hours), length, last)
    ]
    return ModelReport(
        model=model,
        live=names.get(live, "") if live is not None else "",
        rows=sum(hours.values()),
        watermark="" if watermark_us is None else _text(watermark_us),
        windows=tuple(windows),
        by=by,
        metric=metric if by else "",
        open_alerts=len(watching.journal.alerts(model=model, everything=False)),
    )


def alert_words(alert: Alert) -> str:
    """Return what an alert says in one line: the metric, where, and how far it moved.

    >>> from interplane.monitoring.findings import Cell, Finding
    >>> cell = Cell(
    ...     rule="late", model="flights", metric="label_rate", by=("origin",), values=("JFK",)
    ... )
    >>> found = Finding(
    ...     cell=cell, begin_us=0, end_us=86_400_000_000, value=0.69, reference=0.22, effect=0.47
    ... )
    >>> from interplane.monitoring.alerts.alert import Alert, alert_id
    >>> alert_words(
    ...     Alert(id=alert_id(cell, begin_us=0), cell=cell, opened=found, worst=found, last=found)
    ... )
    'label_rate of flights, origin=JFK: 0.22 to 0.69 (1970-01-01)'
    """
    cell, found = alert.cell, alert.worst
    what = f"{cell.metric} of {spoken_name(cell.column)}" if cell.column else cell.metric
    where = slice_name(cell.by, cell.values)
    moved = f"moved by {found.effect:.3g}"
    if found.value is not None and found.reference is not None:
        moved = f"{found.reference:.3g} to {found.value:.3g}"
    span = (found.end_us - found.begin_us) // HOUR_US
    when = _text(found.begin_us)[: 10 if span >= 24 else 13].replace("T", " ")
    text = f"{what} of {cell.model}{', ' if where else ''}{where}: {moved} ({when})"
    return f"{text}; {found.detail}" if found.detail else text


def untold(windows: Sequence[WindowReport]) -> list[tuple[str, str, str]]:
    """Return each metric that cannot be told of some windows, why, and of which.

    >>> why = "one class only: all 31 rows are false"
    >>> days = ("2026-03-01", "2026-03-02", "2026-03-03")
    >>> untold(
    ...     [
    ...         WindowReport(name=day, begin_us=0, end_us=1, rows=31, untold={"roc_auc": why})
    ...         for day in days
    ...     ]
    ... )
    [('roc_auc', 'one class only: all 31 rows are false', '2026-03-01 and 2 more windows')]
    """
    found: dict[tuple[str, str], list[str]] = {}
    for window in windows:
        for name, why in window.untold.items():
            found.setdefault((name, why), []).append(window.name)
    return [(name, why, _first_of(of)) for (name, why), of in found.items()]


def _first_of(names: Sequence[str]) -> str:
    more = len(names) - 1
    return names[0] + (f" and {more} more window{'' if more == 1 else 's'}" if more else "")


def _check_slicing(project: Project, model: str, by: tuple[str, ...]) -> None:
    known = {each for rule in project.config.monitor if rule.model == model for each in rule.slices}
    if by and by not in known:
        raise UnknownName.of(
            *("slicing", ",".join(by), [",".join(each) for each in sorted(known)]),
            where=f"the rules about {model}",
            do="Name it in slices of a [[monitor]] in the project file",
        )


def _last_windows(hours: list[int], length: Length, last: int) -> list[Window]:
    """Return the last windows that have predictions, oldest first."""
    found: list[Window] = []
    for hour in sorted(hours, reverse=True):
        if found and hour * HOUR_US >= found[-1].begin_us:
            continue  # of the same window
        if len(found) == last:
            break
        found.append(window_at(length, hour * HOUR_US))
    return found[::-1]


def _window(
    watching: Watching,
    model: str,
    window: Window,
    names: Mapping[str, str],
    layouts: Callable[[str], Layout | None],
    *,
    by: tuple[str, ...],
    metric: str,
) -> WindowReport:
    begin, end = window.hours
    whole = watching.windows.tallies(model, begin_hour=begin, end_hour=end).get((), Tally())
    answered = watching.windows.crossings(model, begin_hour=begin, end_hour=end)
    # The bins of the crossing that answered most.
    most = max(answered, key=lambda name: (answered[name], name), default=None)
    layout = None if most is None else layouts(most)
    metrics = {} if layout is None else _metrics(whole, layout)
    who = [names.get(digest, digest[:12]) for digest in answered]
    untold = {} if layout is None else _untold(whole, layout, metrics, who)
    slices: list[SliceReport] = []
    if by and layout is not None:
        counted = watching.windows.tallies(model, slicing=by, begin_hour=begin, end_hour=end)
        slices = [
            SliceReport(
                name=slice_name(by, values),
                rows=tally.rows,
                value=_value(tally, layout, metric),
            )
            for values, tally in counted.items()
        ]
    return WindowReport(
        name=window.name,
        begin_us=window.begin_us,
        end_us=window.end_us,
        rows=whole.rows,
        coverage=whole.covered / whole.rows if whole.covered else None,
        positive_rate=whole.positive / whole.rows if whole.rows else None,
        metrics=metrics,
        untold=untold,
        slices=tuple(sorted(slices, key=lambda each: (-each.rows, each.name))),
    )


def _metrics(tally: Tally, layout: Layout) -> dict[str, Estimate]:
    quality = measure(tally, layout)
    found = {name: quality[name] for name in _DEFAULT if name in quality}
    latency = _value(tally, layout, "latency_p99")
    if latency is not None:
        found["latency_p99"] = Estimate(value=latency, low=latency, high=latency)
    return found


def _untold(
    tally: Tally, layout: Layout, told: Mapping[str, Estimate], answered: Sequence[str]
) -> dict[str, str]:
    """Return why figures of known outcomes are not there."""
    found = {}
    for name in _DEFAULT:
        metric = get_metric(name)
        if name in told or not metric.needs_outcomes or not tally.covered:
            continue
        if why_unfit(metric, layout):
            continue  # of another kind of model
        each = measure_of(metric, layout)
        if each.rows(tally):
            found[name] = each.why_not(tally) or "of one row nothing can be said"
        elif len(answered) > 1:
            found[name] = (
                f"{_and(sorted(answered))} answered, whose scores are counted in bins of their own"
            )
    return found


def _and(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _value(tally: Tally, layout: Layout, metric: str) -> float | None:
    """Return a metric of some rows; None where it cannot be told."""
    told = measure_of(get_metric(metric), layout)
    if not told.has_value or not told.rows(tally) or told.why_not(tally):
        return None
    return told.sample(tally).value


def _text(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, tz=UTC).strftime("%Y-%m-%dT%H:%MZ")
