"""Answers on one connection, in the order of their requests.

An answer that is there at once is sent at the end of the loop's turn, with those of the others. One that has to wait for a disk is a task. What was
asked ahead stands in a queue, and takes turns with the other connections: one of it in each turn of the
loop. While anything waits, or the client does not read, nothing more is read from it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final

from interplane.serving.http_errors import Refusal, saturated
from interplane.serving.messages import JSON

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from interplane.serving.ports import Answer
    from interplane.serving.routes import Call
    from interplane.serving.traffic import Traffic

__all__ = ["BODY", "DEAF", "HEAD", "IDLE", "NEW", "Sending"]

# What is expected of the client next.
NEW: Final = 0  # the first byte of the first request
IDLE: Final = 1  # the first byte of another one
HEAD: Final = 2  # the rest of a header
BODY: Final = 3  # the rest of a body
DEAF: Final = 4  # nothing: what comes is dropped


class Sending(asyncio.Protocol):
    """The half of a connection that answers.

    Args:
        traffic: what it shares with the other connections of its worker.
    """

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._loop = traffic.loop
        self._transport: asyncio.Transport = None  # type: ignore[assignment] # connection_made
        self._phase = NEW
        self._since = 0.0
        self._method = b""
        self._queue: deque[Callable[[], bool]] = deque()
        self._is_busy = False
        self._is_held = False
        self._stuck_since: float | None = None
        self._is_reading = True
        self._is_lost = False
        self._has_ended = False

    def pause_writing(self) -> None:
        """Stop reading while the client does not read."""
        self._stuck_since = time.monotonic()
        self._mind_reading()

    def resume_writing(self) -> None:
        """Go on where the client read."""
        self._stuck_since = None
        if self._is_held:
            self._is_held = False
            self._loop.call_soon(self._next)
        self._mind_reading()

    # ---- answers -------------------------------------------------------------------------------

    def _serve(self, call: Call, body: bytes, received_us: int, *, keeps: bool) -> bool:
        """Answer a request; return whether it is answered already."""
        traffic = self._traffic
        route = call.route
        try:
            if route.is_shed and (
                time.monotonic() - traffic.turn_began > traffic.shed_after_s
                or traffic.in_flight >= traffic.limits.most_in_flight
            ):
                result: tuple[int, bytes] | Awaitable[Answer] = traffic.shed()[:2]
            else:
                result = route.handle(call.name, body, received_us)
        except Exception as error:  # noqa: BLE001 - a fault of ours ends one request and no more
            result = traffic.fault(route, error)
        if isinstance(result, tuple):
            self._write(call, result[0], result[1], keeps=keeps)
            return True
        self._is_busy = True
        traffic.in_flight += 1
        task = self._loop.create_task(self._await(call, result, keeps=keeps))
        traffic.tasks.add(task)
        task.add_done_callback(traffic.tasks.discard)
        return False

    async def _await(self, call: Call, pending: Awaitable[Answer], *, keeps: bool) -> None:
        """Answer a request when its answer is there."""
        try:
            status, body = await pending
        except Exception as error:  # noqa: BLE001 - as in _serve
            status, body = self._traffic.fault(call.route, error)
        finally:
            self._traffic.in_flight -= 1
        if not self._is_lost:
            self._write(call, status, body, keeps=keeps)
            self._go_on()

    def _write(self, call: Call, status: int, body: bytes, *, keeps: bool) -> None:
        """Send a response, and count it."""
        traffic = self._traffic
        route = call.route
        media = route.media if status < 300 else JSON
        if keeps and traffic.is_leaving:
            # Whoever leaves still answers what was asked ahead.
            keeps = bool(self._queue)
        if keeps and media is JSON:
            head = traffic.heads.kept.get(status) or traffic.heads.keep(status)
        else:
            head = traffic.heads.of(status, media, closes=not keeps)
        # Before it is sent: what a client has was counted, whatever becomes of this process.
        places = traffic.places[route.label]
        traffic.words[places.get(status) or places[0]] += 1
        if call.is_head:
            traffic.send(self._transport, b"%b%d\r\n\r\n" % (head, len(body)))
        else:
            traffic.send(self._transport, b"%b%d\r\n\r\n%b" % (head, len(body), body))
        self._since = time.monotonic()
        if not keeps:
            self._close()

    def _say(self, refusal: Refusal, *, is_head: bool) -> bool:
        """Send a refusal and end the connection; return True: it is answered."""
        head = self._traffic.heads.of(refusal.status, JSON, closes=True)
        length = b"%d\r\n" % len(refusal.body)
        body = b"" if is_head else refusal.body
        self._traffic.count(refusal.route, refusal.status)
        self._traffic.flush()
        self._transport.write(b"".join((head, length, refusal.fields, b"\r\n", body)))
        self._linger()
        return True

    def _refuse(self, refusal: Refusal) -> None:
        """Refuse what is coming in, after what came before it is answered; hear nothing more."""
        if self._phase == DEAF:
            return
        self._phase = DEAF
        say = partial(self._say, refusal, is_head=self._method == b"HEAD")
        if self._is_busy:
            self._queue.append(say)
        else:
            say()

    def _wait(self, answer: Callable[[], bool]) -> None:
        """Let a request wait for its turn: it was sent ahead of an answer."""
        if len(self._queue) >= self._traffic.limits.most_pipelined:
            self._phase = IDLE
            self._refuse(saturated("too many requests sent ahead of their answers", status=429))
            return
        self._queue.append(answer)
        if not self._is_busy:
            self._is_busy = True
            self._loop.call_soon(self._next)

    def _next(self) -> None:
        """Answer the next request of the queue, when the client reads."""
        if self._is_lost or not self._queue:
            return
        if not self._traffic.turn_began:
            self._traffic.begin_turn()
        if self._stuck_since is not None:
            self._is_held = True
        elif self._queue.popleft()():
            self._go_on()

    def _go_on(self) -> None:
        """Let the next of the queue take its turn, or hear the client again."""
        if self._queue:
            self._loop.call_soon(self._next)
            return
        self._is_busy = False
        if self._has_ended:
            self._close()
        self._mind_reading()

    # ---- the end ---------------------------------------------------------------------------------

    def _close(self) -> None:
        """End the connection when everything is sent."""
        self._phase = DEAF
        self._queue.clear()
        self._traffic.flush()
        self._transport.close()

    def _linger(self) -> None:
        """End our half and drop what still comes: a reset would take the refusal from the client."""
        self._phase = DEAF
        self._since = time.monotonic()
        if self._has_ended:
            self._close()
        elif not self._transport.is_closing():
            self._transport.write_eof()

    def _mind_reading(self) -> None:
        """Read while there is room for what comes, and somebody to send it to."""
        wants = not self._is_busy and self._stuck_since is None
        if wants == self._is_reading or self._transport.is_closing():
            return
        self._is_reading = wants
        if wants:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()
