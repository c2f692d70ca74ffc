"""When a lease has expired: a pure rule that every catalog applies."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from interplane.errors import Fenced
from interplane.storage.ports import Lease, Writer

if TYPE_CHECKING:
    from interplane.storage.clock import Clock
    from interplane.storage.host import Host, Process

__all__ = ["EXPIRES_AFTER_S", "Holding", "begin", "refuse_held", "refuse_lost"]

EXPIRES_AFTER_S = 30.0
"""Without a beat for this long, a holder that nobody can see is taken for dead."""


class Holding(NamedTuple):
    """Who holds a lease, and when it last gave a sign of life (monotonic seconds of its boot)."""

    name: str
    fence: int
    actor: str
    process: Process
    beat: float

    def is_expired(self, *, clock: Clock, host: Host) -> bool:
        """Return whether the holder's process is gone, or it has been silent for too long."""
        if host.is_gone(self.process):
            return True
        return clock.monotonic() - self.beat > EXPIRES_AFTER_S

    def to_lease(self, *, clock: Clock, host: Host) -> Lease:
        """Return what others see of it."""
        return Lease(self.name, self.fence, self.actor, self.is_expired(clock=clock, host=host))


def begin(name: str, *, actor: str, fence: int, clock: Clock, host: Host) -> Holding:
    """Return a new holding of the calling process."""
    return Holding(name, fence, actor, host.this_process(), clock.monotonic())


def refuse_held(held: Holding | None, *, clock: Clock, host: Host) -> None:
    """Raise Fenced if somebody holds the lease and has not expired."""
    if held is None or held.is_expired(clock=clock, host=host):
        return
    raise Fenced(
        f"{held.name!r} is held by {held.actor} (process {held.process.pid})",
        expected="nobody, or a holder that has been silent for more than "
        f"{EXPIRES_AFTER_S:.0f} seconds or whose process has ended",
        do="Wait for it to end, or end it, and run the same command again",
        lease=held.name,
        actor=held.actor,
        pid=held.process.pid,
    )


def refuse_lost(held: Holding | None, writer: Writer) -> None:
    """Raise Fenced if a writer no longer holds the lease that it writes under."""
    if held is not None and held.fence == writer.fence:
        return
    holder = f"{held.actor} holds it now" if held is not None else "nobody holds it now"
    raise Fenced(
        f"{writer.actor} no longer holds {writer.lease!r}: {holder}",
        expected=f"the lease under fence {writer.fence}",
        do="Nothing was written. Run the same command again: it goes on from what is recorded",
        lease=writer.lease,
        fence=writer.fence,
    )
