"""A firing: one time that something asked for a run, under a key that only this time has."""

from __future__ import annotations

from typing import Literal

from interplane.monitoring.rules import Action
from interplane.record.base import Value
from interplane.record.digests import Digest, digest_value

__all__ = ["Cause", "Firing", "State", "firing_id"]

Cause = Literal["alert", "data", "schedule", "person"]
State = Literal["waiting", "started", "done", "failed", "skipped"]


class Firing(Value, frozen=True, kw_only=True):
    """One time that a trigger fired, and what became of it.

    Attributes:
        id: its name: the digest of the trigger's name and of the key.
        trigger: the trigger's name; that of the rule, where an alert fired.
        key: what only this firing has: an alert's id, a version's digest, a scheduled time.
        cause: what fired.
        action: the run that was asked for; its parameters say ``$day`` no more.
        due_us: when it fired, microseconds since 1970 UTC; the scheduled time of a schedule.
        reason: why, in words.
        who: who asked, if it was a person.
        state: ``waiting`` until it is decided; ``started`` while a run may be under way.
        note: why it was skipped, why it failed, or what it waits for.
        attempts: how many times a process was started for it.
        began_us: when the first was.
        ended_us: when it was done, failed or skipped.
        exit_code: how the process ended, where that was seen.
        run: the run that it started.
        crossings: what that run published.
        code: the digest of the recorded code that ran.

    >>> Firing.of(
    ...     "nightly",
    ...     "2013-06-01T03:00Z",
    ...     cause="schedule",
    ...     action=Action(run="flights"),
    ...     due_us=0,
    ...     reason="it was time",
    ... ).id[:8]
    'cdeedec3'
    """

    id: Digest
    trigger: str
    key: str
    cause: Cause
    action: Action
    due_us: int
    reason: str
    who: str = ""
    state: State = "waiting"
    note: str = ""
    attempts: int = 0
    began_us: int | None = None
    ended_us: int | None = None
    exit_code: int | None = None
    run: Digest | None = None
    crossings: tuple[Digest, ...] = ()
    code: Digest | None = None

    @classmethod
    def of(
        cls,
        trigger: str,
        key: str,
        *,
        cause: Cause,
        action: Action,
        due_us: int,
        reason: str,
        who: str = "",
    ) -> Firing:
        """Make a firing that waits."""
        return cls(
            id=firing_id(trigger, key),
            trigger=trigger,
            key=key,
            cause=cause,
            action=action,
            due_us=due_us,
            reason=reason,
            who=who,
        )

    @property
    def actor(self) -> str:
        """Who its run is by, on record: the trigger, and the firing that tells its run from others."""
        return f"trigger:{self.trigger}#{self.id[:12]}"

    @property
    def is_over(self) -> bool:
        """Whether nothing will become of it any more."""
        return self.state in {"done", "failed", "skipped"}


def firing_id(trigger: str, key: str) -> Digest:
    """Return the name of a trigger's firing under a key: always the same."""
    return digest_value({"trigger": trigger, "key": key})
