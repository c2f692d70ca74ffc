"""What windows need that is not in the prediction log: errors, saturation, losses, freshness, skew."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from interplane.errors import UnknownName
from interplane.project.audit import latest_report
from interplane.project.crossings import find_crossing
from interplane.record import ViewVersion
from interplane.record.base import Value
from interplane.serving.minute_file import MINUTES, MinuteFile
from interplane.views.derived import stored_views, view_from_dict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.project.crossings import Recorded
    from interplane.project.project import Project
    from interplane.serving.minutes import Minute
    from interplane.views.ports import OnlineStore
    from interplane.views.view import View

__all__ = ["Outside", "OutsideValues", "outside_values"]

_ANSWERING: Final = ("predict", "events", "outcomes")
"""Routes that do what a server is there for; pages and probes are none of them."""

_ERRORS: Final = ("5xx", "other")


class Outside(Value, frozen=True, kw_only=True):
    """A number, and what it stands on.

    Attributes:
        value: the number; None where it is not known.
        rows: of how many things it is a share; None if it is none.
    """

    value: float | None = None
    rows: int | None = None


@dataclass(frozen=True, kw_only=True)
class OutsideValues:
    """The numbers of a model, or of its servers, in a stretch of time.

    Attributes:
        error_rate: the share of requests (predictions, events, outcomes) that were answered with an
            error of ours; those refused by saturation are not counted here.
        saturation: the share of those requests that were refused because the server was full.
        lost_entries: frames of the prediction log that were lost.
        minutes: how many minutes of servers that is from; without any the three are not known.
        freshness: by view, how many seconds ago the newest event was known.
        skew_rate: by feature, and for ``score``, the skew rate of the latest audit of the live
            crossing.
    """

    error_rate: Outside
    saturation: Outside
    lost_entries: Outside
    minutes: int
    freshness: dict[str, Outside] = field(default_factory=dict)
    skew_rate: dict[str, Outside] = field(default_factory=dict)

    def find(self, metric: str, column: str = "") -> Outside:
        """Return the number of a metric of monitors.

        Args:
            metric: ``error_rate``, ``saturation``, ``lost_entries``, ``freshness`` or ``skew_rate``.
            column: the view, or the feature; the worst of all if not given.

        Raises:
            KeyError: if there is no such metric.
        """
        numbers: dict[str, Outside | dict[str, Outside]] = {
            "error_rate": self.error_rate,
            "saturation": self.saturation,
            "lost_entries": self.lost_entries,
            "freshness": self.freshness,
            "skew_rate": self.skew_rate,
        }
        found = numbers[metric]
        if isinstance(found, Outside):
            return found
        if column:
            return found.get(column, Outside())
        known = (each for each in found.values() if each.value is not None)
        return max(known, key=lambda each: each.value or 0.0, default=Outside())


def outside_values(
    project: Project, model: str, *, begin_us: int, end_us: int, now_us: int | None = None
) -> OutsideValues:
    """Return what is known of a model beside its predictions.

    Requests are those of all servers of the workspace, by the minutes that began in the stretch:
    they are counted by route, not by model.

    Args:
        project: the project.
        model: the model's name.
        begin_us: where the stretch begins, microseconds since 1970 UTC, by the servers' clock.
        end_us: where it ends.
        now_us: what freshness is measured from (a watermark, in a replay); the clock if not given.

    Raises:
        UnknownName: if there is no such model.
        StorageError: if the file of minutes, or the online store, cannot be read.
    """
    now_us = time.time_ns() // 1000 if now_us is None else now_us
    minutes = _minutes(project, begin_us, end_us)
    live = _live(project, model)
    return OutsideValues(
        **_of_servers(minutes),
        minutes=len(minutes),
        freshness=_freshness(project, live, now_us),
        skew_rate=_skew_rates(project, live),
    )


def _minutes(project: Project, begin_us: int, end_us: int) -> list[Minute]:
    file = MinuteFile(project.workspace / MINUTES)
    try:
        return file.read(begin_us=begin_us, end_us=end_us)
    finally:
        file.close()


def _of_servers(minutes: Sequence[Minute]) -> dict[str, Outside]:
    """Return what servers counted; unknown where there was none."""
    if not minutes:
        nothing = Outside()
        return {"error_rate": nothing, "saturation": nothing, "lost_entries": nothing}
    asked = failed = 0
    for minute in minutes:
        for route in _ANSWERING:
            by_class = minute.requests.get(route, {})
            asked += sum(by_class.values())
            failed += sum(by_class.get(name, 0) for name in _ERRORS)
    shed = sum(minute.shed for minute in minutes)
    # What was shed was answered with 503, and says nothing of what is wrong.
    errors = max(failed - shed, 0)
    return {
        "error_rate": Outside(value=errors / asked if asked else None, rows=asked),
        "saturation": Outside(value=min(shed / asked, 1.0) if asked else None, rows=asked),
        "lost_entries": Outside(value=float(sum(minute.frames_lost for minute in minutes))),
    }


def _live(project: Project, model: str) -> Recorded | None:
    """Return the live crossing of a model, if something of it is live."""
    try:
        return find_crossing(project.store, f"{model}@live")
    except UnknownName:
        from interplane.project.rollouts import check_model

        check_model(project.store, model)
        return None


def _freshness(project: Project, live: Recorded | None, now_us: int) -> dict[str, Outside]:
    """Return the age of the newest event of each view that the live crossing reads, by its name."""
    if live is None or not live.crossing.views:
        return {}
    records = (project.store.record(each, ViewVersion) for each in live.crossing.views.values())
    read = (view_from_dict(each.definition) for each in records)
    views = {stored.digest: stored for view in read for stored in stored_views(view)}
    online = project.open_online()
    try:
        horizons = {each.view.digest: each.horizon for each in online.known().views}
        return {
            view.name: _age(online, view, horizons.get(digest), now_us)
            for digest, view in views.items()
        }
    finally:
        online.close()


def _age(online: OnlineStore, view: View, horizon: int | None, now_us: int) -> Outside:
    # What was let go since then was known by then: only what has not come by any clock is no sign of life.
    newest = online.newest(view, by_us=max(now_us, time.time_ns() // 1000))
    if newest is None and horizon is not None:
        # What mattered no more was let go: if there was anything, it was known before this.
        newest = horizon - view.longest_us
    if newest is None:
        return Outside()
    # What came after the moment that is asked about leaves nothing to wait for.
    return Outside(value=max(now_us - newest, 0) / 1_000_000)


def _skew_rates(project: Project, live: Recorded | None) -> dict[str, Outside]:
    report = None if live is None else latest_report(project.store, live.digest)
    if report is None:
        return {}
    return {
        figure.name: Outside(value=figure.rate, rows=figure.compared)
        for figure in report.figures
        if figure.kind in {"feature", "score", "looked_up"}
    }
