"""The journal in one SQLite file: everything of the loop that must not happen twice."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Final

import msgspec

from interplane.monitoring.alerts import journal_alerts as tables
from interplane.monitoring.alerts import journal_firings
from interplane.monitoring.alerts.alert import Acknowledgement
from interplane.monitoring.alerts.journal_schema import FORM
from interplane.monitoring.alerts.outbox import Delivery
from interplane.monitoring.alerts.ports import Event, Judged, matches

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from interplane.monitoring.alerts.alert import Alert
    from interplane.monitoring.alerts.episodes import Change
    from interplane.monitoring.alerts.ports import RuleMute
    from interplane.monitoring.calendar import Window
    from interplane.monitoring.findings import Finding
    from interplane.monitoring.triggers.firing import Firing, State
    from interplane.record.digests import Digest

__all__ = ["SqliteJournal", "log_only"]

_GONE: Final = "SELECT id FROM alert WHERE state = 'resolved' AND at_us < ?1"
_LATER_WINDOW: Final = (
    "SELECT 1 FROM judged AS later WHERE later.rule = judged.rule AND later.end_us > judged.end_us"
)
_LATER_RUN: Final = (
    "SELECT 1 FROM firing AS later WHERE later.trigger_name = firing.trigger_name "
    "AND later.began_us > firing.began_us"
)
_PRUNE: Final = (
    f"DELETE FROM event WHERE alert IN ({_GONE})",
    f"DELETE FROM delivery WHERE alert IN ({_GONE})",
    "DELETE FROM alert WHERE state = 'resolved' AND at_us < ?1",
    f"DELETE FROM judged WHERE at_us < ?1 AND EXISTS ({_LATER_WINDOW})",
    f"DELETE FROM firing WHERE ended_us < ?1 AND (began_us IS NULL OR EXISTS ({_LATER_RUN}))",
    "DELETE FROM mute WHERE until_us < ?1",
)


def log_only(_owner: str) -> tuple[str, ...]:
    """Return the channels of whoever has none of their own."""
    return ("log",)


class SqliteJournal:
    """A `Journal` in one SQLite file, shared by any number of processes and threads.

    Args:
        path: the file; it is made if there is none.
        channels: the channels of an owner (by name; empty for a rule without one).
        funnel: whether writes go through a lock file; by default where SQLite needs it.
        patience_s: how long a write waits for others.

    Raises:
        StorageError: if it cannot be made or opened, or is something else.
        NewerFormat: if a newer Interplane made it.
    """

    def __init__(
        self,
        path: Path,
        *,
        channels: Callable[[str], Sequence[str]] = log_only,
        funnel: bool | None = None,
        patience_s: float = 60.0,
    ) -> None:
        self.path = path
        self._channels = channels
        self._connections = FORM.open(path, funnel=funnel, patience_s=patience_s)
        self._closing = weakref.finalize(self, self._connections.close)

    # windows and alerts ------------------------------------------------------------------------

    def record_judged(
        self,
        rule: str,
        window: Window,
        *,
        findings: Iterable[Finding] = (),
        changes: Iterable[Change] = (),
        firings: Iterable[Firing] = (),
        now_us: int,
    ) -> bool:
        """Write down that a window was judged under a rule, with everything that follows from it."""
        judged = Judged(
            rule=rule,
            begin_us=window.begin_us,
            end_us=window.end_us,
            at_us=now_us,
            findings=tuple(findings),
        )
        changed, fired = tuple(changes), tuple(firings)

        def work(connection: sqlite3.Connection) -> bool:
            if not tables.put_judged(connection, judged):
                return False
            tables.follow(connection, changed, self._channels, now_us)
            journal_firings.add_firings(connection, fired)
            return True

        return self._connections.write(work)

    def end_alerts(self, changes: Iterable[Change], *, now_us: int) -> Sequence[Alert]:
        """Write down the end of alerts that no window ends, and return those that were open still."""
        ended = tuple(changes)

        def work(connection: sqlite3.Connection) -> list[Alert]:
            still = [
                change
                for change in ended
                if tables.get_alert(connection, change.alert.id).state == "open"
            ]
            tables.follow(connection, still, self._channels, now_us)
            return [change.alert for change in still]

        return self._connections.write(work)

    def judged(self, rule: str, *, since_us: int = 0) -> Sequence[Judged]:
        """Return the windows that were judged under a rule and end after a time, oldest first."""
        return self._connections.read(lambda each: tables.list_judged(each, rule, since_us))

    def judged_until(self, rule: str) -> int | None:
        """Return where the last window ends that was judged under a rule; None if none was."""
        return self._connections.read(lambda each: tables.find_judged_until(each, rule))

    def alerts(
        self, *, model: str | None = None, rule: str | None = None, everything: bool = True
    ) -> Sequence[Alert]:
        """Return alerts, open ones first, newest first; without ``everything`` only open ones."""
        return self._connections.read(
            lambda each: tables.list_alerts(each, model=model, rule=rule, everything=everything)
        )

    def find_alert(self, text: str) -> Alert:
        """Return the alert whose id begins with a text."""
        return self._connections.read(lambda each: tables.resolve_alert(each, text))

    def history(self, alert: Digest) -> Sequence[Event]:
        """Return what happened to an alert, oldest first."""

        def work(connection: sqlite3.Connection) -> list[Event]:
            rows = connection.execute(
                "SELECT body FROM event WHERE alert = ? ORDER BY place", (alert,)
            )
            return [msgspec.json.decode(body, type=Event) for (body,) in rows]

        return self._connections.read(work)

    def acknowledge(self, alert: Digest, *, who: str, why: str, now_us: int) -> Alert:
        """Write down that somebody saw an alert."""

        def work(connection: sqlite3.Connection) -> Alert:
            seen = Acknowledgement(who=who, why=why, at_us=now_us)
            tables.put_acknowledgement(connection, alert, seen)
            tables.put_event(
                connection,
                Event(alert=alert, kind="acknowledged", at_us=now_us, who=who, why=why),
            )
            return tables.get_alert(connection, alert)

        return self._connections.write(work)

    def mute(self, mute: RuleMute) -> Sequence[Alert]:
        """Let a rule, or a slice of it, be told to nobody; return the open alerts that it is about."""

        def work(connection: sqlite3.Connection) -> list[Alert]:
            tables.add_mute(connection, mute)
            about = _open_about(connection, mute)
            for alert in about:
                tables.put_event(
                    connection,
                    Event(
                        alert=alert.id, kind="muted", at_us=mute.at_us, who=mute.who, why=mute.why
                    ),
                )
            return about

        return self._connections.write(work)

    def unmute(
        self, rule: str, *, where: Mapping[str, str] | None, who: str, why: str, now_us: int
    ) -> int:
        """End the mutes of a rule (or those of exactly one slice), and return how many there were."""

        def work(connection: sqlite3.Connection) -> int:
            ended = tables.end_mutes(connection, rule, where, now_us)
            about = {alert.id for mute in ended for alert in _open_about(connection, mute)}
            for alert in sorted(about):
                tables.put_event(
                    connection, Event(alert=alert, kind="unmuted", at_us=now_us, who=who, why=why)
                )
            return len(ended)

        return self._connections.write(work)

    def mutes(self, *, now_us: int) -> Sequence[RuleMute]:
        """Return the mutes that count at a time."""
        return self._connections.read(lambda each: tables.list_mutes(each, now_us))

    # deliveries --------------------------------------------------------------------------------

    def deliveries(
        self, *, alert: Digest | None = None, pending: bool = False
    ) -> Sequence[Delivery]:
        """Return deliveries, oldest first; with ``pending`` those that wait or are muted."""
        parts = ["state IN ('waiting', 'muted')"] if pending else []
        parts += [] if alert is None else ["alert = ?"]
        where = f" WHERE {' AND '.join(parts)}" if parts else ""

        def work(connection: sqlite3.Connection) -> list[Delivery]:
            rows = connection.execute(
                f"SELECT body FROM delivery{where} ORDER BY place", [] if alert is None else [alert]
            )
            return [msgspec.json.decode(body, type=Delivery) for (body,) in rows]

        return self._connections.read(work)

    def record_delivery(self, delivery: Delivery) -> None:
        """Replace a delivery by what became of it."""
        self._connections.write(lambda each: tables.put_delivery(each, delivery))

    # triggers ----------------------------------------------------------------------------------

    def marks(self) -> Mapping[str, int]:
        """Return how far each trigger was looked at."""
        return self._connections.read(journal_firings.read_marks)

    def record_due(self, firings: Iterable[Firing], marks: Mapping[str, int]) -> int:
        """Write down new firings and marks; return how many firings were new."""
        fired = tuple(firings)

        def work(connection: sqlite3.Connection) -> int:
            journal_firings.write_marks(connection, marks)
            return journal_firings.add_firings(connection, fired)

        return self._connections.write(work)

    def firings(
        self,
        *,
        trigger: str | None = None,
        states: Iterable[State] | None = None,
        limit: int | None = None,
    ) -> Sequence[Firing]:
        """Return firings, newest first."""
        wanted = None if states is None else tuple(states)
        return self._connections.read(
            lambda each: journal_firings.list_firings(
                each, trigger=trigger, states=wanted, limit=limit
            )
        )

    def last_begun(self) -> Mapping[str, Firing]:
        """Return, of each trigger, the firing whose run began last."""
        return self._connections.read(journal_firings.last_begun)

    def record_firing(self, firing: Firing) -> None:
        """Replace a firing by what became of it."""
        self._connections.write(lambda each: journal_firings.put_firing(each, firing))

    # keeping -----------------------------------------------------------------------------------

    def prune(self, *, before_us: int) -> int:
        """Let go of what was over before a time, by the clock; return how many rows went."""

        def work(connection: sqlite3.Connection) -> int:
            return sum(connection.execute(sql, (before_us,)).rowcount for sql in _PRUNE)

        return self._connections.write(work)

    def close(self) -> None:
        """Close the file."""
        self._closing()


def _open_about(connection: sqlite3.Connection, mute: RuleMute) -> list[Alert]:
    found = tables.list_alerts(connection, model=None, rule=mute.rule, everything=False)
    return [alert for alert in found if matches(mute, alert)]
