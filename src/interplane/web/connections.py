"""Connections of the pages: how many, and how long each part of a request may take.

An application never sees a request whose header is not complete, so deadlines are kept here, where
bytes come in. They are absolute: a byte now and then does not move them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from interplane.record import Value
from interplane.web.answers import Refused, refusal
from interplane.web.hardening import FIELDS

if TYPE_CHECKING:
    import asyncio

__all__ = ["Connection", "Limits", "connections"]


class Limits(Value, frozen=True, kw_only=True):
    """How much is put up with.

    Attributes:
        connections: how many there may be at once.
        header_s: how long the header of a request may take, from when the connection is there or
            the answer before it is complete.
        body_s: how long a whole request may take to come in.
        unread_s: how long an answer may wait for a client that does not read.
    """

    connections: int = 256
    header_s: float = 10.0
    body_s: float = 20.0
    unread_s: float = 20.0


def _raw(status: int, phrase: str, refused: Refused, *more: str) -> bytes:
    """Return an answer that is there before any application is."""
    body = bytes(refusal(refused).body)
    fields = {
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        **FIELDS,
    }
    lines = (f"HTTP/1.1 {status} {phrase}", *(f"{name}: {said}" for name, said in fields.items()))
    return "\r\n".join((*lines, *more, "", "")).encode() + body


_FULL: Final = _raw(
    *(503, "Service Unavailable", Refused(503, "there are too many connections", "Try again soon")),
    "Retry-After: 5",
)
_BROKEN: Final = _raw(
    *(400, "Bad Request", Refused(400, "this is no HTTP request", "Ask in HTTP/1.1")),
)


class Connection(H11Protocol):
    """One client's connection."""

    limits: Limits = Limits()

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._waits_for: object = None
        self._due: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take up a connection, if there is room for it."""
        is_full = len(self.connections) >= self.limits.connections
        super().connection_made(transport)
        self._look()
        if is_full:
            self._say(_FULL)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        for timer in (self._due, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent; what comes after the end is dropped."""
        if not self.transport.is_closing():
            super().data_received(data)
            self._look()

    def on_response_complete(self) -> None:
        """Wait for the next request, or take up one that is here already."""
        super().on_response_complete()
        self._look()

    def send_400_response(self, msg: str) -> None:
        """Say that something is no request; nothing where an answer is under way already."""
        del msg
        self._say(_BROKEN if self.conn.our_state in {h11.IDLE, h11.ERROR} else b"")

    def pause_writing(self) -> None:
        """Wait for a client that does not read."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.limits.unread_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _say(self, answer: bytes) -> None:
        self.transport.write(answer)
        self.transport.close()

    def _look(self) -> None:
        """Give a deadline to what is waited for, when that is something else than before."""
        cycle: Any = self.cycle  # none before the first request
        seconds = 0.0
        if cycle is None or cycle.response_complete:
            waits_for, seconds = ("header", cycle), self.limits.header_s
        elif cycle.more_body:
            waits_for, seconds = ("body", cycle), self.limits.body_s
        else:
            waits_for = ("us", cycle)
        if waits_for == self._waits_for:
            return
        self._waits_for = waits_for
        if self._due is not None:
            self._due.cancel()
        # There is nothing to answer to who does not ask.
        self._due = self.loop.call_later(seconds, self.transport.abort) if seconds else None


def connections(limits: Limits) -> type[Connection]:
    """Return the class of connections with these limits."""
    return type("Connection", (Connection,), {"limits": limits})
