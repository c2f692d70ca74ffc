"""What the connections of a worker share: limits, counters, and the watch over deadlines."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

from interplane.serving.board import ROUTES, STATUSES
from interplane.serving.http_errors import FAULT, saturated
from interplane.serving.messages import Heads
from interplane.serving.metrics import request_word

if TYPE_CHECKING:
    import asyncio

    from interplane.serving.board import Slot
    from interplane.serving.gate import Gate
    from interplane.serving.http_errors import Refusal
    from interplane.serving.log_lines import LogLines
    from interplane.serving.ports import Answer
    from interplane.serving.routes import Route
    from interplane.serving.settings import Limits

__all__ = ["Traffic", "Watched"]

TICK_S: Final = 0.25


class Watched(Protocol):
    """A connection, as the watch sees it."""

    def check(self, now: float) -> None:
        """End what took too long; ``now`` is the monotonic clock's."""
        ...


class Traffic:
    """The shared state of a worker's connections.

    Args:
        loop: the event loop.
        gate: lets requests in.
        limits: what clients may take.
        slot: where this worker counts.
        log: where faults are said.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        gate: Gate,
        *,
        limits: Limits,
        slot: Slot,
        log: LogLines,
    ) -> None:
        self.loop = loop
        self.gate = gate
        self.limits = limits
        self.slot = slot
        self.log = log
        self.heads = Heads()
        self.heads.refresh(time.time())
        self.words = slot.words
        self.places = {
            route: {status: request_word(route, status) for status in STATUSES} for route in ROUTES
        }
        """Where requests are counted, by route and status."""
        self.connections: set[Watched] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.in_flight = 0
        self.shed_after_s = limits.shed_after_ms / 1000
        self.turn_began = 0.0
        """When the loop's turn began in which requests are answered; 0 between two of them.

        What is read in a turn was there when it began: what comes to be answered late in it has
        waited since then.
        """
        self._outgoing: list[tuple[asyncio.WriteTransport, bytes]] = []
        self.is_leaving = False
        """Whether no further request is wanted: each response ends its connection."""

    def enter(self, connection: Watched) -> Refusal | None:
        """Take a connection up, or say that there are too many."""
        self.connections.add(connection)
        self.slot.add("connections_total")
        if len(self.connections) <= self.limits.most_connections:
            return None
        self.slot.add("shed_connections")
        return saturated("too many connections")

    def begin_turn(self) -> float:
        """Note when a turn of the loop began, in seconds of the monotonic clock."""
        self.turn_began = time.monotonic()
        self.loop.call_soon(self._end_turn)
        return self.turn_began

    def _end_turn(self) -> None:
        self.turn_began = 0.0
        self.flush()

    def send(self, transport: asyncio.WriteTransport, data: bytes) -> None:
        """Send bytes on a connection: with all others of this turn of the loop, or now.

        Clients that are answered one by one are waked one by one, and the system takes as long for
        that as a prediction takes. Whoever writes to the transport itself flushes before.
        """
        if self.turn_began:
            self._outgoing.append((transport, data))
        else:
            transport.write(data)

    def flush(self) -> None:
        """Send what the connections were answered in this turn."""
        if self._outgoing:
            outgoing, self._outgoing = self._outgoing, []
            for transport, data in outgoing:
                if transport.is_closing():
                    continue
                try:
                    transport.write(data)
                except RuntimeError as error:  # one that was closed meanwhile harms no other
                    self.log.say("fault", what=f"an answer could not be sent: {error}")
                    transport.abort()

    @property
    def is_overrun(self) -> bool:
        """Whether there are so many connections that not even refusals are said any more."""
        return len(self.connections) > 2 * self.limits.most_connections

    def shed(self) -> Refusal:
        """Count and refuse a request that waited too long, or would have to."""
        if self.in_flight >= self.limits.most_in_flight:
            self.slot.add("shed_in_flight")
            return saturated("too many requests wait for the disk")
        self.slot.add("shed_wait")
        return saturated("requests wait too long for their turn")

    def fault(self, route: Route, error: Exception) -> Answer:
        """Say and count a fault of ours, and return what the client is told."""
        self.slot.add("faults")
        self.log.fault("fault", error, route=route.label)
        return FAULT

    def count(self, route: str, status: int) -> None:
        """Count an answered request."""
        places = self.places[route]
        self.words[places.get(status) or places[0]] += 1

    def sweep(self) -> None:
        """Do what is due every `TICK_S`: end what took too long, renew the date, show the state."""
        self.heads.refresh(time.time())
        now = time.monotonic()
        for connection in tuple(self.connections):
            connection.check(now)
        self.slot.set("connections", len(self.connections))
        self.slot.set("in_flight", self.in_flight)
