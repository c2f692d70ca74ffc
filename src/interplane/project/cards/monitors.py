"""What a notebook shows of what monitors know: windows as lines, slices as a heat map, alerts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from interplane.charts.coverage import draw_coverage
from interplane.charts.heat import draw_heat
from interplane.charts.lines import Reading, draw_line
from interplane.charts.markup import Markup, element, joined
from interplane.charts.notebook import card, part, tiles
from interplane.charts.numbers import number
from interplane.charts.svg import line
from interplane.charts.svg_coverage import coverage
from interplane.charts.tables import heat, state, table
from interplane.project.watch_report import alert_words, untold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.project.watch_report import ModelReport, WindowReport
    from interplane.project.watching import Watched

__all__ = ["model_report_html", "watched_html"]

_MANY: Final = 100.0
_SLICES: Final = 30


def watched_html(it: Watched) -> str:
    """Return what a look at a model found: what became of alerts, and what is not watched."""
    at = datetime.fromtimestamp(it.now_us / 1e6, tz=UTC)
    counted = 0 if it.advanced is None else it.advanced.stated
    lead = f"looked at {at:%Y-%m-%d %H:%M} UTC: {it.judged:,} judgements, {counted:,} statements"
    rows = [
        (state("open" if each.kind != "resolved" else "done"), each.kind, alert_words(each.alert))
        for each in it.changes
    ]
    alerts = table(["", "alert", "what it is about"], rows) if rows else "No alert changed."
    not_watched = [
        element("p", f"not watched: {name}: {why}", class_="warned")
        for name, why in it.unwatched.items()
    ]
    return card(it.model, lead, element("div", alerts), *not_watched)


def model_report_html(it: ModelReport) -> str:
    """Return what monitors know of a model: each metric over its windows, then the slices."""
    live = f"; {it.live} is live" if it.live else ""
    until = f" up to {it.watermark}" if it.watermark else ""
    alerts = f"; {it.open_alerts} open alerts" if it.open_alerts else ""
    lead = f"{it.rows:,} predictions counted{until}{live}{alerts}"
    shown = list(_lines(it))
    return card(it.model, lead, tiles(shown) if shown else "", *_slices(it))


def _lines(it: ModelReport) -> Iterator[tuple[Markup, Markup]]:
    yield from _line("rows", [Reading(each.name, float(each.rows)) for each in it.windows])
    shares = [Reading(each.name, each.positive_rate) for each in it.windows]
    yield from _line("positive_rate", shares)
    strip = draw_coverage([(each.name, each.rows, each.coverage or 0.0) for each in it.windows])
    if strip is not None:
        shown = element("b", f"{number(strip.known * 100, 1)} %")
        yield joined(["outcomes are known of ", shown]), coverage(strip)
    for name in dict.fromkeys(name for each in it.windows for name in each.metrics):
        title = f"{name}, ms" if name.startswith("latency") else name
        yield from _line(title, [_reading(each, name) for each in it.windows])
    for name, why, of in untold(it.windows):
        yield joined(["no ", element("b", name)]), element("p", f"of {of}: {why}")


def _reading(window: WindowReport, name: str) -> Reading:
    found = window.metrics.get(name)
    if found is None:
        return Reading(window.name, None)
    if name.startswith("latency"):
        return Reading(window.name, found.value / 1000, found.low / 1000, found.high / 1000)
    return Reading(window.name, found.value, found.low, found.high, window.coverage)


def _line(name: str, readings: list[Reading]) -> Iterator[tuple[Markup, Markup]]:
    drawn = draw_line(readings)
    if drawn is not None:
        last = number(drawn.last, 0 if drawn.last > _MANY else 3)
        yield joined([name, " ", element("b", last)]), line(drawn, name)


def _slices(it: ModelReport) -> Iterator[Markup]:
    """Yield a line of cells a slice: how far each window is from the slice's own mean."""
    rows: dict[str, int] = {}
    for window in it.windows:
        for each in window.slices:
            rows[each.name] = rows.get(each.name, 0) + each.rows
    names = sorted(rows, key=lambda name: (-rows[name], name))[:_SLICES]
    if not names:
        return
    values = {
        name: [
            next((each.value for each in window.slices if each.name == name), None)
            for window in it.windows
        ]
        for name in names
    }
    known = [value for line_ in values.values() for value in line_ if value is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    drawn = draw_heat(list(values.items()), [w.name for w in it.windows], quiet=low, loud=high)
    left_out = len(rows) - len(names)
    more = element("p", f"and {left_out:,} more slices", class_="soft") if left_out else ""
    title = f"{it.metric} by {', '.join(it.by)}"
    yield part(title, heat(drawn), more)
