"""Advancing: hours of the log whose rows or outcomes changed are counted anew, and nothing else is.

The log only grows, so an hour changed exactly if its number of rows did. Advancing looks at the number
of rows of each hour since the horizon (one column), counts those anew that have more rows than were
counted, those that outcomes touch, and those that were counted by another recipe or layout, and lets
them take the place of what was kept. It needs no cursor into the log: killed anywhere and made again it
comes to the same. Where an hour has fewer rows than were counted, the log let go of them: what was
counted stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interplane.monitoring.calendar import HOUR_US, Window, windows_between
from interplane.monitoring.counting.hours import batches_of_days, hour_time, traffic
from interplane.monitoring.counting.ports import Hour, Recount
from interplane.monitoring.counting.recounting import Recounting, stamp
from interplane.monitoring.counting.stating import Stating
from interplane.record.digests import digest_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from interplane.monitoring.counting.hours import Traffic
    from interplane.monitoring.counting.ports import Progress, Windows
    from interplane.monitoring.counting.quality import Measure
    from interplane.monitoring.counting.recipe import Feed, Recipe, Unsliced

__all__ = ["DAY_US", "Advanced", "advance"]

DAY_US: Final = 24 * HOUR_US

_AT_ONCE: Final = 1_000_000
"""With so many rows no further day is counted in the same transaction."""

_LOOKED_BACK: Final = 24
"""So many hours before the horizon, rows that came too late are still noticed."""


@dataclass(frozen=True, kw_only=True)
class Advanced:
    """What an advance changed.

    Attributes:
        watermark_us: the watermark now, microseconds since 1970 UTC; None before the first row.
        recounted: the hours that were counted anew, since 1970 UTC.
        closed: the hours and days that ended between the watermark before and now.
        stated: how many statements were added.
        too_late: how many rows were noticed that came after their hour was behind the horizon; they
            are in the log, and not in the counts.
        gone: the hours that were to be counted anew, whose rows the log has no more.
        unsliced: slicings that the predictions of a crossing could not be divided by.
    """

    watermark_us: int | None
    recounted: tuple[int, ...] = ()
    closed: tuple[Window, ...] = ()
    stated: int = 0
    too_late: int = 0
    gone: tuple[int, ...] = ()
    unsliced: tuple[Unsliced, ...] = ()


def advance(
    windows: Windows,
    model: str,
    feed: Feed,
    recipe: Recipe,
    *,
    now_us: int,
    is_replay: bool = False,
    lateness_us: int = HOUR_US,
    horizon_us: int = 7 * DAY_US,
    keep_us: int | None = None,
    keep_since_us: int | None = None,
    measure: Measure | None = None,
) -> Advanced:
    """Bring the counted windows of a model up to the log and to the outcomes.

    Hours are replaced some days at a time, each such step in one transaction with what is stated of
    them; the watermark moves when all are. Idempotent.

    Args:
        windows: where counts are kept.
        model: the model.
        feed: where its rows come from.
        recipe: what is counted.
        now_us: the clock, microseconds since 1970 UTC.
        is_replay: whether the log's time alone counts, as when history is served.
        lateness_us: how long a row may take to the log: the watermark is the latest prediction time
            (or the clock, whichever is later) less this.
        horizon_us: hours that ended so long before the watermark are not looked at for new rows.
        keep_us: how long before the watermark hours are kept; all are if not given.
        keep_since_us: hours since then are kept however old they are: somebody has still to see them.
        measure: what is stated of outcomes; nothing if not given.
    """
    progress = windows.progress(model)
    horizon = _horizon(progress, horizon_us)
    text = recipe.text
    stale = _stale(progress, feed, text)
    since = None if horizon is None else min((horizon - _LOOKED_BACK, *stale))
    found = traffic(feed.read(None if since is None else hour_time(since), None))
    watermark = _watermark(found, None if is_replay else now_us, lateness_us)
    first = _first_kept(watermark, keep_us, keep_since_us)
    touched, sequence = _touched(progress, feed)
    changed = _changed(progress, found, horizon=horizon, also={*touched, *stale}, first=first)
    before = progress.hours
    stating = Stating(windows, model, measure, watermark_us=watermark, now_us=now_us, before=before)
    recounting = Recounting(windows, model, feed, recipe, text=text, stating=stating, before=before)
    for hours in batches_of_days(changed, most=_AT_ONCE):
        recounting.recount(hours, full=before.keys() | found.hours.keys())
    closed = tuple(_closed(progress, found, watermark))
    if statements := stating.of_windows(closed):
        windows.replace(model, Recount({}, {}, statements))
    too_late = _too_late(progress, found, horizon=horizon, but=recounting.recounted, first=first)
    windows.settle(
        model,
        watermark_us=watermark,
        sequence=sequence,
        too_late={hour: late for hour, (late, _) in too_late.items()},
        recipes={hour: stale[hour] for hour in recounting.gone if hour in stale},
        drop_before=first,
    )
    return Advanced(
        watermark_us=max(filter(None, (watermark, progress.watermark_us)), default=None),
        recounted=tuple(recounting.recounted),
        closed=closed,
        stated=stating.stated,
        too_late=sum(new for _, new in too_late.values()),
        gone=tuple(recounting.gone),
        unsliced=tuple(recounting.unsliced),
    )


def _first_kept(watermark: int | None, keep_us: int | None, since_us: int | None) -> int | None:
    """Return the first hour that is kept; None for all."""
    if keep_us is None or watermark is None:
        return None
    begin = watermark - keep_us
    return (begin if since_us is None else min(begin, since_us)) // HOUR_US


def _horizon(progress: Progress, horizon_us: int) -> int | None:
    """Return the first hour that is looked at for new rows; None for all."""
    if progress.watermark_us is None:
        return None
    return (progress.watermark_us - horizon_us) // HOUR_US


def _stale(progress: Progress, feed: Feed, text: str) -> dict[int, str]:
    """Return the hours that were counted by another recipe or layout, and what they should be by."""
    names = {crossing for kept in progress.hours.values() for crossing in kept.crossings}
    layouts = {crossing: feed.layouts(crossing) for crossing in sorted(names)}
    marks = {crossing: digest_value(layout) for crossing, layout in layouts.items()}
    found = {}
    for hour, kept in progress.hours.items():
        wanted = stamp(text, {crossing: marks[crossing] for crossing in kept.crossings})
        if kept.crossings and kept.recipe != wanted:
            found[hour] = wanted
    return found


def _watermark(found: Traffic, now_us: int | None, lateness_us: int) -> int | None:
    latest = [each for each in (found.latest_us, now_us) if each is not None]
    return max(latest) - lateness_us if latest else None


def _touched(progress: Progress, feed: Feed) -> tuple[Sequence[int], int]:
    if feed.touched is None:
        return (), progress.sequence
    return feed.touched(progress.sequence)


def _changed(
    progress: Progress,
    found: Traffic,
    *,
    horizon: int | None,
    also: Iterable[int],
    first: int | None,
) -> dict[int, int]:
    """Return the hours that are to be counted anew, with about how many rows each has."""
    counted = {hour: kept.rows for hour, kept in progress.hours.items()}
    grown = [
        hour
        for hour, rows in found.hours.items()
        if (horizon is None or hour >= horizon) and rows > counted.get(hour, 0)
    ]
    return {
        hour: found.hours.get(hour, counted.get(hour, 0))
        for hour in sorted({*grown, *also})
        if first is None or hour >= first
    }


def _too_late(
    progress: Progress,
    found: Traffic,
    *,
    horizon: int | None,
    but: Iterable[int],
    first: int | None,
) -> dict[int, tuple[int, int]]:
    """Return hours behind the horizon with more rows than were counted: how many, and how many new."""
    late: dict[int, tuple[int, int]] = {}
    if horizon is None:
        return late
    for hour in found.hours.keys() - set(but):
        kept = progress.hours.get(hour, Hour({}))
        more = found.hours[hour] - kept.rows
        is_behind = hour < horizon and (first is None or hour >= first)
        if is_behind and more > kept.too_late:
            late[hour] = (more, more - kept.too_late)
    return late


def _closed(progress: Progress, found: Traffic, watermark: int | None) -> Iterator[Window]:
    """Yield the hours and days that ended since the last advance; at first, since the first row."""
    since = progress.watermark_us
    if since is None and found.hours:
        since = min(found.hours) * HOUR_US
    if since is not None and watermark is not None:
        yield from windows_between("1h", since, watermark)
        yield from windows_between("1d", since, watermark)
