"""A journal in memory: what the one on disk does, for tests and for looking at it in a notebook."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, TypeVar

import msgspec

from interplane.monitoring.alerts.alert import Acknowledgement, Alert, Mute
from interplane.monitoring.alerts.journal import log_only
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from interplane.monitoring.alerts.episodes import Change
    from interplane.monitoring.calendar import Window
    from interplane.monitoring.findings import Finding
    from interplane.monitoring.triggers.firing import Firing, State
    from interplane.record.digests import Digest

__all__ = ["MemoryJournal"]

K = TypeVar("K")
T = TypeVar("T")


class MemoryJournal:
    """A `Journal` that lives as long as its process.

    Args:
        channels: the channels of an owner.

    >>> MemoryJournal().alerts()
    []
    """

    def __init__(self, *, channels: Callable[[str], Sequence[str]] = log_only) -> None:
        self._channels = channels
        self._turn = RLock()
        self._judged: dict[tuple[str, int, int], Judged] = {}
        self._alerts: dict[str, tuple[Alert, int]] = {}
        self._seen: dict[str, Acknowledgement] = {}
        self._events: list[Event] = []
        self._deliveries: dict[tuple[str, str, str], Delivery] = {}
        self._mutes: list[RuleMute] = []
        self._marks: dict[str, int] = {}
        self._firings: dict[str, Firing] = {}

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
        key = (rule, window.begin_us, window.end_us)
        kept, changed, fired = tuple(findings), tuple(changes), tuple(firings)
        with self._turn:
            if key in self._judged:
                return False
            self._judged[key] = Judged(
                rule=rule,
                begin_us=window.begin_us,
                end_us=window.end_us,
                at_us=now_us,
                findings=kept,
            )
            for change in changed:
                self._follow(change, now_us)
            self.record_due(fired, {})
        return True

    def end_alerts(self, changes: Iterable[Change], *, now_us: int) -> Sequence[Alert]:
        """Write down the end of alerts that no window ends, and return those that were open still."""
        with self._turn:
            still = [each for each in changes if self._alerts[each.alert.id][0].state == "open"]
            for change in still:
                self._follow(change, now_us)
        return [change.alert for change in still]

    def _follow(self, change: Change, now_us: int) -> None:
        alert = change.alert
        self._alerts[alert.id] = (alert, now_us)
        last = alert.last
        self._events.append(
            Event(
                alert=alert.id,
                kind=change.kind,
                at_us=now_us,
                window_us=last.end_us,
                effect=last.effect,
            )
        )
        if change.kind == "continued":
            return
        for channel in self._channels(alert.owner):
            delivery = Delivery(
                alert=alert.id,
                event=change.kind,
                channel=channel,
                owner=alert.owner,
                due_us=now_us,
                at_us=now_us,
            )
            self._deliveries.setdefault((alert.id, change.kind, channel), delivery)

    def judged(self, rule: str, *, since_us: int = 0) -> Sequence[Judged]:
        """Return the windows that were judged under a rule and end after a time, oldest first."""
        with self._turn:
            found = [
                item
                for item in self._judged.values()
                if item.rule == rule and item.end_us > since_us
            ]
        return sorted(found, key=lambda item: (item.end_us, item.begin_us))

    def judged_until(self, rule: str) -> int | None:
        """Return where the last window ends that was judged under a rule; None if none was."""
        return max((item.end_us for item in self.judged(rule)), default=None)

    def alerts(
        self, *, model: str | None = None, rule: str | None = None, everything: bool = True
    ) -> Sequence[Alert]:
        """Return alerts, open ones first, newest first; without ``everything`` only open ones."""
        with self._turn:
            found = [
                self._overlaid(alert)
                for alert, _ in self._alerts.values()
                if model in {None, alert.cell.model}
                and rule in {None, alert.cell.rule}
                and (everything or alert.state == "open")
            ]
        return sorted(found, key=lambda each: (each.state != "open", -each.opened.end_us, each.id))

    def _overlaid(self, alert: Alert) -> Alert:
        about = [mute for mute in self._mutes if matches(mute, alert)]
        longest = max(about, key=lambda mute: mute.until_us, default=None)
        return msgspec.structs.replace(
            alert,
            acknowledged=self._seen.get(alert.id),
            muted=None
            if longest is None
            else Mute(who=longest.who, why=longest.why, until_us=longest.until_us),
        )

    def find_alert(self, text: str) -> Alert:
        """Return the alert whose id begins with a text."""
        with self._turn:
            found = [name for name in self._alerts if text and name.startswith(text)]
            if not found:
                raise no_alert(text)
            if len(found) > 1:
                raise several_alerts(text, found)
            return self._overlaid(self._alerts[found[0]][0])

    def history(self, alert: Digest) -> Sequence[Event]:
        """Return what happened to an alert, oldest first."""
        with self._turn:
            return [event for event in self._events if event.alert == alert]

    def acknowledge(self, alert: Digest, *, who: str, why: str, now_us: int) -> Alert:
        """Write down that somebody saw an alert."""
        with self._turn:
            if alert not in self._alerts:
                raise no_alert(alert)
            check_open(self._alerts[alert][0])
            self._seen[alert] = Acknowledgement(who=who, why=why, at_us=now_us)
            self._events.append(
                Event(alert=alert, kind="acknowledged", at_us=now_us, who=who, why=why)
            )
            return self._overlaid(self._alerts[alert][0])

    def mute(self, mute: RuleMute) -> Sequence[Alert]:
        """Let a rule, or a slice of it, be told to nobody; return the open alerts that it is about."""
        with self._turn:
            self._mutes.append(mute)
            about = self._open_about(mute)
            for alert in about:
                self._events.append(
                    Event(
                        alert=alert.id, kind="muted", at_us=mute.at_us, who=mute.who, why=mute.why
                    )
                )
            return about

    def _open_about(self, mute: RuleMute) -> list[Alert]:
        found = self.alerts(rule=mute.rule, everything=False)
        return [alert for alert in found if matches(mute, alert)]

    def unmute(
        self, rule: str, *, where: Mapping[str, str] | None, who: str, why: str, now_us: int
    ) -> int:
        """End the mutes of a rule (or those of exactly one slice), and return how many there were."""
        with self._turn:
            ended = [
                mute
                for mute in self._mutes
                if mute.rule == rule and (where is None or dict(where) == mute.where)
            ]
            self._mutes = [mute for mute in self._mutes if mute not in ended]
            counted = [mute for mute in ended if mute.until_us > now_us]
            about = {alert.id for mute in counted for alert in self._open_about(mute)}
            for alert in sorted(about):
                self._events.append(
                    Event(alert=alert, kind="unmuted", at_us=now_us, who=who, why=why)
                )
            return len(counted)

    def mutes(self, *, now_us: int) -> Sequence[RuleMute]:
        """Return the mutes that count at a time."""
        with self._turn:
            return [mute for mute in self._mutes if mute.until_us > now_us]

    def deliveries(
        self, *, alert: Digest | None = None, pending: bool = False
    ) -> Sequence[Delivery]:
        """Return deliveries, oldest first; with ``pending`` those that wait or are muted."""
        with self._turn:
            return [
                item
                for item in self._deliveries.values()
                if alert in {None, item.alert}
                and (not pending or item.state in {"waiting", "muted"})
            ]

    def record_delivery(self, delivery: Delivery) -> None:
        """Replace a delivery by what became of it."""
        with self._turn:
            self._deliveries[delivery.alert, delivery.event, delivery.channel] = delivery

    def marks(self) -> Mapping[str, int]:
        """Return how far each trigger was looked at."""
        with self._turn:
            return dict(self._marks)

    def record_due(self, firings: Iterable[Firing], marks: Mapping[str, int]) -> int:
        """Write down new firings and marks; return how many firings were new."""
        with self._turn:
            before = len(self._firings)
            self._marks.update(marks)
            for firing in firings:
                self._firings.setdefault(firing.id, firing)
            return len(self._firings) - before

    def firings(
        self,
        *,
        trigger: str | None = None,
        states: Iterable[State] | None = None,
        limit: int | None = None,
    ) -> Sequence[Firing]:
        """Return firings, newest first."""
        wanted = None if states is None else set(states)
        with self._turn:
            found = [
                item
                for item in reversed(self._firings.values())
                if trigger in {None, item.trigger} and (wanted is None or item.state in wanted)
            ]
        return found[:limit]

    def last_begun(self) -> Mapping[str, Firing]:
        """Return, of each trigger, the firing whose run began last."""
        with self._turn:
            begun = [item for item in self._firings.values() if item.began_us is not None]
        return {item.trigger: item for item in sorted(begun, key=_began)}

    def record_firing(self, firing: Firing) -> None:
        """Replace a firing by what became of it."""
        with self._turn:
            self._firings[firing.id] = firing

    def prune(self, *, before_us: int) -> int:
        """Let go of what was over before a time, by the clock; return how many rows went."""
        with self._turn:
            gone = {
                name
                for name, (alert, at_us) in self._alerts.items()
                if alert.state == "resolved" and at_us < before_us
            }
            last = {
                rule: max(end for name, _, end in self._judged if name == rule)
                for rule in {key[0] for key in self._judged}
            }
            begun = self.last_begun()
            sizes = self._size()
            self._events = [item for item in self._events if item.alert not in gone]
            self._deliveries = _kept(self._deliveries, lambda item: item.alert not in gone)
            self._alerts = _kept(self._alerts, lambda item: item[0].id not in gone)
            self._judged = _kept(
                self._judged, lambda item: item.at_us >= before_us or item.end_us == last[item.rule]
            )
            self._firings = _kept(
                self._firings,
                lambda item: (
                    item.ended_us is None
                    or item.ended_us >= before_us
                    or item == begun.get(item.trigger)
                ),
            )
            self._mutes = [item for item in self._mutes if item.until_us >= before_us]
            return sizes - self._size()

    def _size(self) -> int:
        tables = (self._events, self._deliveries, self._alerts, self._judged, self._firings)
        return sum(map(len, tables)) + len(self._mutes)

    def close(self) -> None:
        """Give back nothing."""


def _kept(items: dict[K, T], keep: Callable[[T], bool]) -> dict[K, T]:
    return {name: item for name, item in items.items() if keep(item)}


def _began(firing: Firing) -> int:
    return firing.began_us or 0
