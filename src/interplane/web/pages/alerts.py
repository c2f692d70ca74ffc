"""Alerts: what monitors found, who was told, what people said, and the rows behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.project.journal import find_journal, open_journal
from interplane.project.watch_report import alert_words
from interplane.record import Digest, Value, short
from interplane.storage.clock import iso_of
from interplane.web.pages.alert_rows import read_rows_of
from interplane.web.places import Whole
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.monitoring.alerts.alert import Alert
    from interplane.monitoring.alerts.outbox import Delivery
    from interplane.monitoring.alerts.ports import Event
    from interplane.monitoring.findings import Finding
    from interplane.monitoring.triggers.firing import Firing

__all__ = ["PAGES", "AlertPage", "AlertsPage"]

_MOST: Final = 100
_MOST_SKIPPED: Final = 10**9


class AlertRow(Value, frozen=True, kw_only=True):
    """An alert in a list."""

    id: Digest
    state: str
    model: str
    rule: str
    where: str
    words: str
    windows: int
    owner: str
    since: str
    acknowledged: str


class AlertsPage(Value, frozen=True, kw_only=True):
    """Alerts, open ones first, then newest first.

    Attributes:
        alerts: the alerts.
        in_all: how many there are.
        skip: how many to pass over to see those behind; None where there are none.
    """

    alerts: tuple[AlertRow, ...]
    in_all: int
    skip: int | None


class WindowCard(Value, frozen=True, kw_only=True):
    """What was found in one window."""

    title: str
    begin: str
    end: str
    value: float | None
    reference: float | None
    effect: float
    rows: int


class Line(Value, frozen=True, kw_only=True):
    """A line of an alert's history: what happened, who did it, what was said."""

    at: str
    what: str
    who: str
    why: str


class Started(Value, frozen=True, kw_only=True):
    """A run that an alert asked for, and what became of it.

    Attributes:
        state: ``waiting``, ``started``, ``done``, ``failed`` or ``skipped``.
        pipeline: what was to run.
        run: the run, if there was one; that of another alert where it was left to that.
        crossings: what it published, each with where that is shown.
        note: why it was skipped, why it failed, or what it waits for.
        at: when that was, or when it was asked for.
    """

    state: str
    pipeline: str
    run: Digest | None
    crossings: tuple[tuple[str, str], ...]
    note: str
    at: str


class AlertPage(Value, frozen=True, kw_only=True):
    """An alert.

    Attributes:
        alert: as it stands in a list.
        metric: what its rule is about.
        column: of which column, if of one.
        windows: the window that opened it, the worst, and the last.
        history: what happened to it, newest first.
        deliveries: who was told, and how that went.
        started: the runs that it asked for.
        columns: the columns of the rows behind it.
        rows: the first rows of the worst window, in its slice, as text.
        rows_in_all: how many there are.
        rows_missing: why rows cannot be shown; empty if they can.
    """

    alert: AlertRow
    metric: str
    column: str
    windows: tuple[WindowCard, ...]
    history: tuple[Line, ...]
    deliveries: tuple[Line, ...]
    started: tuple[Started, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    rows_in_all: int
    rows_missing: str


def read_alerts(asked: Asked) -> AlertsPage:
    """Return alerts, open ones first."""
    journal = find_journal(asked.project)
    if journal is None:
        return AlertsPage(alerts=(), in_all=0, skip=None)
    try:
        found = journal.alerts()
    finally:
        journal.close()
    skip = int(asked.query.get("skip", 0))
    end = skip + _MOST
    return AlertsPage(
        alerts=tuple(map(_row, found[skip:end])),
        in_all=len(found),
        skip=end if len(found) > end else None,
    )


def read_alert(asked: Asked) -> AlertPage:
    """Return an alert with its history, and the rows behind it."""
    journal = open_journal(asked.project)
    try:
        alert = journal.find_alert(asked.path["alert"])
        history, deliveries = journal.history(alert.id), journal.deliveries(alert=alert.id)
        firings = journal.firings()
    finally:
        journal.close()
    found = (("opened by", alert.opened), ("worst", alert.worst), ("last", alert.last))
    behind = read_rows_of(asked, alert)
    return AlertPage(
        alert=_row(alert),
        metric=alert.cell.metric,
        column=alert.cell.column,
        windows=tuple(_window(title, each) for title, each in found),
        history=tuple(_happened(each) for each in reversed(history)),
        deliveries=tuple(_told(each) for each in deliveries),
        started=tuple(_started(asked, each, firings) for each in firings if each.key == alert.id),
        columns=behind.columns,
        rows=behind.rows,
        rows_in_all=behind.in_all,
        rows_missing=behind.missing,
    )


def _row(alert: Alert) -> AlertRow:
    cell, seen = alert.cell, alert.acknowledged
    pairs = zip(cell.by, cell.values, strict=True)
    return AlertRow(
        id=alert.id,
        state=alert.state,
        model=cell.model,
        rule=cell.rule,
        where=", ".join(f"{name}={value}" for name, value in pairs) or "all rows",
        words=alert_words(alert),
        windows=alert.windows,
        owner=alert.owner,
        since=iso_of(alert.opened.begin_us),
        acknowledged="" if seen is None else f"{seen.who}: {seen.why}",
    )


def _window(title: str, found: Finding) -> WindowCard:
    return WindowCard(
        title=title,
        begin=iso_of(found.begin_us),
        end=iso_of(found.end_us),
        value=found.value,
        reference=found.reference,
        effect=found.effect,
        rows=found.rows,
    )


def _happened(event: Event) -> Line:
    effect = "" if event.effect is None else f", effect {event.effect:.3f}"
    return Line(at=iso_of(event.at_us), what=f"{event.kind}{effect}", who=event.who, why=event.why)


def _told(delivery: Delivery) -> Line:
    what = f"{delivery.event} by {delivery.channel}: {delivery.state}"
    return Line(at=iso_of(delivery.at_us), what=what, who=delivery.owner, why=delivery.error)


def _started(asked: Asked, firing: Firing, firings: Sequence[Firing]) -> Started:
    """Return what an alert asked for; of what was left to another firing, what that one made."""
    names = _links(asked)
    at_us = firing.ended_us or firing.began_us or firing.due_us
    is_left = firing.state == "skipped"
    others = (each for each in firings if is_left and short(each.id) in firing.note)
    made_by = next(others, firing)
    return Started(
        state=firing.state,
        pipeline=firing.action.run,
        run=made_by.run,
        crossings=tuple(names[each] for each in made_by.crossings if each in names),
        note=firing.note,
        at=iso_of(at_us),
    )


def _links(asked: Asked) -> dict[Digest, tuple[str, str]]:
    """Return of each crossing what people call it, and where it is shown."""
    return {
        each.digest: (each.name, f"/models/{each.crossing.model_name}/{each.number}")
        for each in asked.chronicle.crossings()
        if each.number is not None
    }


PAGES: Final = (
    Page(
        name="alerts",
        path="/alerts",
        permission="look",
        read=read_alerts,
        template="alerts.html",
        query={"skip": Whole("how many to pass over, as the page before says", 0, _MOST_SKIPPED)},
    ),
    Page(
        name="alert",
        path="/alerts/{alert}",
        permission="look",
        read=read_alert,
        template="alert.html",
    ),
)
