"""What the journal keeps, and what it can do: the port that every implementation passes the laws of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from interplane.errors import UnknownName, UsageError
from interplane.monitoring.findings import Finding
from interplane.record.base import Value
from interplane.record.digests import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from interplane.monitoring.alerts.alert import Alert
    from interplane.monitoring.alerts.episodes import Change
    from interplane.monitoring.alerts.outbox import Delivery
    from interplane.monitoring.calendar import Window
    from interplane.monitoring.triggers.firing import Firing
    from interplane.monitoring.triggers.firing import State as FiringState

__all__ = [
    "Event",
    "EventKind",
    "Journal",
    "Judged",
    "RuleMute",
    "check_open",
    "matches",
    "no_alert",
    "several_alerts",
]

EventKind = Literal["opened", "continued", "resolved", "acknowledged", "muted", "unmuted"]


class Judged(Value, frozen=True, kw_only=True):
    """A window that was judged under a rule.

    Attributes:
        rule: the rule's name.
        begin_us: the window's beginning.
        end_us: its end.
        at_us: when it was judged, by the clock.
        findings: those that matter: what counts, fires, or could not be judged.
    """

    rule: str
    begin_us: int
    end_us: int
    at_us: int
    findings: tuple[Finding, ...] = ()


class Event(Value, frozen=True, kw_only=True):
    """One line of an alert's history.

    Attributes:
        alert: its id.
        kind: what happened.
        at_us: when, by the clock.
        window_us: the end of the window that did it; None where a person did.
        effect: how large the effect was in that window.
        who: the person.
        why: what they say.
    """

    alert: Digest
    kind: EventKind
    at_us: int
    window_us: int | None = None
    effect: float | None = None
    who: str = ""
    why: str = ""


class RuleMute(Value, frozen=True, kw_only=True):
    """Somebody wants to hear nothing of a rule, or of one slice of it, for a while.

    Attributes:
        rule: the rule's name.
        where: the value of each column that an alert's slice must have, as text; empty for all.
        until_us: until when.
        at_us: since when.
        who: the person.
        why: the reason.
    """

    rule: str
    where: dict[str, str] = {}
    until_us: int
    at_us: int
    who: str
    why: str


class Journal(Protocol):
    """Everything that must not happen twice. Each method is one transaction, durable when it returns."""

    # windows and alerts

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
        """Write down that a window was judged under a rule, with everything that follows from it.

        The alerts that it changed, a delivery for each that it opened or resolved and each channel
        of its owner, and firings. All of it or nothing.

        Returns:
            Whether it was new: a window that was judged before changes nothing.
        """
        ...

    def end_alerts(self, changes: Iterable[Change], *, now_us: int) -> Sequence[Alert]:
        """Write down the end of alerts that no window ends, and return those that were open still."""
        ...

    def judged(self, rule: str, *, since_us: int = 0) -> Sequence[Judged]:
        """Return the windows that were judged under a rule and end after a time, oldest first."""
        ...

    def judged_until(self, rule: str) -> int | None:
        """Return where the last window ends that was judged under a rule; None if none was."""
        ...

    def alerts(
        self, *, model: str | None = None, rule: str | None = None, everything: bool = True
    ) -> Sequence[Alert]:
        """Return alerts, open ones first, newest first; without ``everything`` only open ones."""
        ...

    def find_alert(self, text: str) -> Alert:
        """Return the alert whose id begins with a text.

        Raises:
            UnknownName: if there is none.
            UsageError: if there are several.
        """
        ...

    def history(self, alert: Digest) -> Sequence[Event]:
        """Return what happened to an alert, oldest first."""
        ...

    def acknowledge(self, alert: Digest, *, who: str, why: str, now_us: int) -> Alert:
        """Write down that somebody saw an alert. Raises UnknownName; UsageError if it is resolved."""
        ...

    def mute(self, mute: RuleMute) -> Sequence[Alert]:
        """Let a rule, or a slice of it, be told to nobody; return the open alerts that it is about."""
        ...

    def unmute(
        self, rule: str, *, where: Mapping[str, str] | None, who: str, why: str, now_us: int
    ) -> int:
        """End the mutes of a rule (or those of exactly one slice), and return how many there were."""
        ...

    def mutes(self, *, now_us: int) -> Sequence[RuleMute]:
        """Return the mutes that count at a time."""
        ...

    # deliveries

    def deliveries(
        self, *, alert: Digest | None = None, pending: bool = False
    ) -> Sequence[Delivery]:
        """Return deliveries, oldest first; with ``pending`` those that wait or are muted."""
        ...

    def record_delivery(self, delivery: Delivery) -> None:
        """Replace a delivery by what became of it."""
        ...

    # triggers

    def marks(self) -> Mapping[str, int]:
        """Return how far each trigger was looked at."""
        ...

    def record_due(self, firings: Iterable[Firing], marks: Mapping[str, int]) -> int:
        """Write down new firings and marks; return how many firings were new."""
        ...

    def firings(
        self,
        *,
        trigger: str | None = None,
        states: Iterable[FiringState] | None = None,
        limit: int | None = None,
    ) -> Sequence[Firing]:
        """Return firings, newest first."""
        ...

    def last_begun(self) -> Mapping[str, Firing]:
        """Return, of each trigger, the firing whose run began last."""
        ...

    def record_firing(self, firing: Firing) -> None:
        """Replace a firing by what became of it."""
        ...

    # keeping

    def prune(self, *, before_us: int) -> int:
        """Let go of what was over before a time, by the clock; return how many rows went.

        Resolved alerts with their history, windows that were judged (the last of each rule stays),
        firings that are over (the last that began of each trigger stays), and mutes.
        """
        ...

    def close(self) -> None:
        """Give back handles."""
        ...


def matches(mute: RuleMute, alert: Alert) -> bool:
    """Return whether a mute is about an alert.

    >>> from interplane.monitoring.findings import Cell, Finding
    >>> from interplane.monitoring.alerts.alert import Alert
    >>> cell = Cell(rule="late", model="m", metric="auc", by=("origin",), values=("JFK",))
    >>> found = Finding(cell=cell, begin_us=0, end_us=1)
    >>> alert = Alert(id="0" * 64, cell=cell, opened=found, worst=found, last=found)
    >>> mute = RuleMute(rule="late", where={"origin": "JFK"}, until_us=9, at_us=0, who="a", why="b")
    >>> matches(mute, alert)
    True
    """
    cell = alert.cell
    there = {name: _text(value) for name, value in zip(cell.by, cell.values, strict=True)}
    return mute.rule == cell.rule and mute.where.items() <= there.items()


def _text(value: str | float | bool | None) -> str:  # noqa: FBT001 - a value of a cell
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def check_open(alert: Alert) -> None:
    """Refuse to acknowledge an alert that is over.

    Raises:
        UsageError: if it is resolved.
    """
    if alert.state != "open":
        raise UsageError(
            f"the alert {alert.id[:12]} is {alert.state}",
            expected="one that is open: nobody has to take care of another",
            do='See those that are open with "interplane alerts"',
        )


def no_alert(text: str) -> UnknownName:
    """Return the error for an id, or its beginning, that no alert has."""
    return UnknownName(
        f"there is no alert whose id begins with {text!r}",
        expected="the beginning of an alert's id",
        do='See them with "interplane alerts --all"',
        name=text,
    )


def several_alerts(text: str, ids: Sequence[str]) -> UsageError:
    """Return the error for the beginning of several ids."""
    return UsageError(
        f"{text!r} fits {len(ids)} alerts: {', '.join(item[:12] for item in ids[:5])}",
        expected="the beginning of one alert's id",
        do="Give more digits",
    )
