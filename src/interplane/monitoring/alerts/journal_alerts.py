"""What the journal writes and reads of windows, alerts, mutes and deliveries, inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from interplane.monitoring.alerts.alert import Acknowledgement, Alert, Mute
from interplane.monitoring.alerts.outbox import Delivery
from interplane.monitoring.alerts.ports import (
    Event,
    Judged,
    RuleMute,
    check_open,
    matches,
    no_alert,
    several_alerts,
)
from interplane.monitoring.findings import Finding

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from interplane.monitoring.alerts.episodes import Change

__all__ = [
    "add_mute",
    "end_mutes",
    "find_judged_until",
    "follow",
    "get_alert",
    "list_alerts",
    "list_judged",
    "list_mutes",
    "put_acknowledgement",
    "put_delivery",
    "put_event",
    "put_judged",
    "resolve_alert",
    "stored",
]

_ALERTS: Final = "SELECT body, acknowledged FROM alert"
_encode = msgspec.json.encode


def put_judged(connection: sqlite3.Connection, judged: Judged) -> bool:
    """Write down a window; return whether it was new."""
    made = connection.execute(
        "INSERT INTO judged (rule, begin_us, end_us, at_us, findings) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (judged.rule, judged.begin_us, judged.end_us, judged.at_us, _encode(judged.findings)),
    )
    return made.rowcount > 0


def list_judged(connection: sqlite3.Connection, rule: str, since_us: int) -> list[Judged]:
    """Return the windows of a rule that end after a time."""
    rows = connection.execute(
        "SELECT begin_us, end_us, at_us, findings FROM judged WHERE rule = ? AND end_us > ? "
        "ORDER BY end_us, begin_us",
        (rule, since_us),
    )
    return [
        Judged(
            rule=rule,
            begin_us=begin,
            end_us=end,
            at_us=at,
            findings=msgspec.json.decode(findings, type=tuple[Finding, ...]),
        )
        for begin, end, at, findings in rows
    ]


def find_judged_until(connection: sqlite3.Connection, rule: str) -> int | None:
    """Return where the last window of a rule ends; none of their findings is read."""
    [(until,)] = connection.execute("SELECT max(end_us) FROM judged WHERE rule = ?", (rule,))
    found: int | None = until
    return found


def follow(
    connection: sqlite3.Connection,
    changes: Iterable[Change],
    channels: Callable[[str], Sequence[str]],
    now_us: int,
) -> None:
    """Write what a window did to alerts: the alerts, their history, and who is to be told."""
    for change in changes:
        alert = change.alert
        connection.execute(
            "INSERT INTO alert (id, rule, model, state, at_us, body) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET state = excluded.state, at_us = excluded.at_us, "
            "body = excluded.body",
            (
                alert.id,
                alert.cell.rule,
                alert.cell.model,
                alert.state,
                now_us,
                _encode(stored(alert)),
            ),
        )
        put_event(
            connection,
            Event(
                alert=alert.id,
                kind=change.kind,
                at_us=now_us,
                window_us=alert.last.end_us,
                effect=alert.last.effect,
            ),
        )
        if change.kind == "continued":
            continue
        for channel in channels(alert.owner):
            put_delivery(
                connection,
                Delivery(
                    alert=alert.id,
                    event=change.kind,
                    channel=channel,
                    owner=alert.owner,
                    due_us=now_us,
                    at_us=now_us,
                ),
                replace=False,
            )


def stored(alert: Alert) -> Alert:
    """Return an alert without what people did to it: that is kept apart, as windows go on."""
    return msgspec.structs.replace(alert, acknowledged=None, muted=None)


def list_alerts(
    connection: sqlite3.Connection,
    *,
    model: str | None,
    rule: str | None,
    everything: bool,
) -> list[Alert]:
    """Return alerts with what people did to them, open ones first, newest first."""
    wanted: Mapping[str, str | None] = {"model": model, "rule": rule}
    parts = [f"{name} = ?" for name, value in wanted.items() if value is not None]
    if not everything:
        parts.append("state = 'open'")
    where = f" WHERE {' AND '.join(parts)}" if parts else ""
    mutes = list(_mutes(connection))
    rows = connection.execute(
        f"{_ALERTS}{where}", [value for value in wanted.values() if value is not None]
    )
    found = [_alert(body, acknowledged, mutes) for body, acknowledged in rows]
    return sorted(found, key=lambda each: (each.state != "open", -each.opened.end_us, each.id))


def resolve_alert(connection: sqlite3.Connection, text: str) -> Alert:
    """Return the alert whose id begins with a text."""
    if not text or not set(text) <= set("0123456789abcdef"):
        rows = []
    else:
        rows = connection.execute(
            f"{_ALERTS} WHERE id >= ? AND id < ? LIMIT 10", (text, f"{text}g")
        ).fetchall()
    found = [_alert(body, acknowledged, []) for body, acknowledged in rows]
    if not found:
        raise no_alert(text)
    if len(found) > 1:
        raise several_alerts(text, [item.id for item in found])
    return get_alert(connection, found[0].id)


def get_alert(connection: sqlite3.Connection, alert: str) -> Alert:
    """Return an alert with what people did to it. Raises UnknownName."""
    row = connection.execute(f"{_ALERTS} WHERE id = ?", (alert,)).fetchone()
    if row is None:
        raise no_alert(alert)
    body, acknowledged = row
    return _alert(body, acknowledged, list(_mutes(connection)))


def put_acknowledgement(
    connection: sqlite3.Connection, alert: str, acknowledgement: Acknowledgement
) -> None:
    """Write down that somebody saw an alert. Raises UnknownName; UsageError if it is resolved."""
    check_open(get_alert(connection, alert))
    connection.execute(
        "UPDATE alert SET acknowledged = ? WHERE id = ?", (_encode(acknowledgement), alert)
    )


def put_event(connection: sqlite3.Connection, event: Event) -> None:
    """Add a line to an alert's history."""
    connection.execute(
        "INSERT INTO event (alert, body) VALUES (?, ?)", (event.alert, _encode(event))
    )


def put_delivery(
    connection: sqlite3.Connection, delivery: Delivery, *, replace: bool = True
) -> None:
    """Write a delivery; one that is there is replaced, or left as it is."""
    connection.execute(
        "INSERT INTO delivery (alert, event, channel, state, body) VALUES (?, ?, ?, ?, ?) "
        + (
            "ON CONFLICT (alert, event, channel) DO UPDATE SET state = excluded.state, "
            "body = excluded.body"
            if replace
            else "ON CONFLICT DO NOTHING"
        ),
        (
            delivery.alert,
            delivery.event,
            delivery.channel,
            delivery.state,
            _encode(delivery),
        ),
    )


def add_mute(connection: sqlite3.Connection, mute: RuleMute) -> None:
    """Write down a mute."""
    connection.execute(
        "INSERT INTO mute (rule, until_us, body) VALUES (?, ?, ?)",
        (mute.rule, mute.until_us, _encode(mute)),
    )


def end_mutes(
    connection: sqlite3.Connection, rule: str, where: Mapping[str, str] | None, now_us: int
) -> list[RuleMute]:
    """Take away the mutes of a rule, or those of exactly one slice; return those that counted."""
    rows = connection.execute("SELECT place, body FROM mute WHERE rule = ?", (rule,)).fetchall()
    ended = []
    for place, body in rows:
        mute = msgspec.json.decode(body, type=RuleMute)
        if where is None or dict(where) == mute.where:
            connection.execute("DELETE FROM mute WHERE place = ?", (place,))
            if mute.until_us > now_us:
                ended.append(mute)
    return ended


def list_mutes(connection: sqlite3.Connection, now_us: int) -> list[RuleMute]:
    """Return the mutes that count at a time."""
    return [mute for mute in _mutes(connection) if mute.until_us > now_us]


def _mutes(connection: sqlite3.Connection) -> Iterator[RuleMute]:
    for (body,) in connection.execute("SELECT body FROM mute ORDER BY place"):
        yield msgspec.json.decode(body, type=RuleMute)


def _alert(body: bytes, acknowledged: bytes | None, mutes: Sequence[RuleMute]) -> Alert:
    alert = msgspec.json.decode(body, type=Alert)
    about = [mute for mute in mutes if matches(mute, alert)]
    longest = max(about, key=lambda mute: mute.until_us, default=None)
    return msgspec.structs.replace(
        alert,
        acknowledged=None
        if acknowledged is None
        else msgspec.json.decode(acknowledged, type=Acknowledgement),
        muted=None
        if longest is None
        else Mute(who=longest.who, why=longest.why, until_us=longest.until_us),
    )
