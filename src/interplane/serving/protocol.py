"""HTTP/1.1 on one connection: from bytes to calls, and from answers to bytes.

The parser is llhttp (by httptools). A request whose answer is there at once is answered within the
call that brought its last byte: no task, no queue, one write. What has to wait for a disk becomes a
task, and requests sent ahead of their answers wait in a queue and take turns with the other
connections.

Deadlines are absolute. A connection notes when its request began, which costs nothing, and
`Connection.check` is called for each a few times a second.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final

import httptools

from interplane.serving.http_errors import (
    FAULT,
    Refusal,
    broken,
    long_body,
    long_header,
    saturated,
    shown,
    slow,
)
from interplane.serving.messages import JSON

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from interplane.serving.ports import Answer
    from interplane.serving.routes import Call
    from interplane.serving.traffic import Traffic

__all__ = ["Connection"]

# What is expected of the client next.
_NEW: Final = 0  # the first byte of the first request
_IDLE: Final = 1  # the first byte of another one
_HEAD: Final = 2  # the rest of a header
_BODY: Final = 3  # the rest of a body
_DEAF: Final = 4  # nothing: what comes is dropped

_LINGER_S: Final = 2.0
_LEAVING_S: Final = 1.0
_MOST_DROPPED: Final = 64 << 20
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(asyncio.Protocol):
    """One client's connection.

    Args:
        traffic: what it shares with the others of its worker.
    """

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._loop = traffic.loop
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport = None  # type: ignore[assignment] # connection_made
        self._phase = _NEW
        self._since = 0.0
        self._wire = 0
        # The request that is coming in.
        self._method = b""
        self._target = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._trailers = 0
        self._version = ""
        self._call: Call = None  # type: ignore[assignment] # on_headers_complete
        self._body: bytes | bytearray | None = None
        self._received_us = 0
        # The answers that are going out.
        self._queue: deque[Callable[[], bool]] = deque()
        self._is_first = True
        self._is_busy = False
        self._is_held = False
        self._stuck_since: float | None = None
        self._is_reading = True
        self._is_lost = False
        self._has_ended = False

    # ---- what the transport calls --------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take up a connection."""
        self._transport = transport  # type: ignore[assignment] # of a stream
        self._since = time.monotonic()
        if refusal := self._traffic.enter(self):
            if self._traffic.is_overrun:
                self._transport.abort()
            else:
                self._refuse(refusal)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it; an answer that is under way is still found, and dropped."""
        del exc
        self._is_lost = True
        self._phase = _DEAF
        self._traffic.connections.discard(self)
        self._queue.clear()
        self._parser = None  # type: ignore[assignment] # it refers to this

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        self._wire += len(data)
        if self._phase == _DEAF:
            if self._wire > _MOST_DROPPED:
                self._transport.abort()
            return
        if not self._traffic.turn_began:
            self._traffic.begin_turn()
        self._is_first = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline_upgrade(data, upgrade)
        except httptools.HttpParserError as error:
            self._parser_failed(error)
        if self._phase >= _HEAD:
            self._check_sizes()
        if self._is_busy:
            self._mind_reading()

    def eof_received(self) -> bool:
        """Answer what was sent whole; say that what was not is not. The client may still read."""
        self._has_ended = True
        if self._phase in {_HEAD, _BODY}:
            self._refuse(broken("it ends before it is complete"))
        elif not self._is_busy:
            self._transport.close()
        self._phase = _DEAF
        return True

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

    # ---- what the parser calls -----------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._phase == _DEAF:
            return
        self._phase = _HEAD
        self._since = self._traffic.turn_began
        self._target = b""
        self._fields = []
        self._body = None
        self._method = b""

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field; one that comes after the body says nothing."""
        if self._phase == _HEAD:
            self._fields.append((name, value))
        elif self._phase == _BODY:
            self._trailers += 1
            if self._trailers > self._traffic.limits.headers:
                self._refuse(long_header("the request ends with too many fields", expected="none"))

    def on_headers_complete(self) -> None:
        """Let the request in or refuse it, before anything of its body is read."""
        if self._phase != _HEAD:
            return
        parser, fields = self._parser, self._fields
        self._method = method = parser.get_method()
        self._received_us = time.time_ns() // 1000
        self._version = version = parser.get_http_version()
        if parser.should_upgrade() and method != b"CONNECT":
            return
        limits = self._traffic.limits
        if len(fields) > limits.headers or self._wire > limits.header_bytes:
            refusal = self._long_header()
            if refusal is not None:
                self._refuse(refusal)
                return
        admitted = self._traffic.gate.admit(method, self._target, version, fields)
        if isinstance(admitted, Refusal):
            self._refuse(admitted)
            return
        self._call = admitted
        self._phase = _BODY
        if admitted.is_waiting and version == "1.1" and not self._is_busy:
            self._transport.write(_CONTINUE)

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        if self._phase != _BODY:
            return
        body = self._body
        if body is None:
            self._body = body = data
        elif isinstance(body, bytearray):
            body += data
        else:
            self._body = body = bytearray(body)
            body += data
        if len(body) > self._traffic.limits.body_bytes:
            self._refuse(long_body(self._traffic.limits.body_bytes, route=self._call.route.label))

    def on_message_complete(self) -> None:
        """Answer a request that is here, or let it wait for those before it."""
        if self._phase != _BODY:
            return
        self._phase = _IDLE
        self._wire = 0
        self._trailers = 0
        body = self._body
        if body.__class__ is not bytes:
            body = b"" if body is None else bytes(body)
        keeps = self._parser.should_keep_alive() and self._version == "1.1"
        if not keeps:
            self._phase = _DEAF
        if self._is_first and not self._is_busy:
            self._is_first = False
            self._serve(self._call, body, self._received_us, keeps=keeps)
        else:
            self._wait(partial(self._serve, self._call, body, self._received_us, keeps=keeps))

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
        if keeps and not traffic.is_leaving and media is JSON:
            head = traffic.heads.kept.get(status) or traffic.heads.keep(status)
        else:
            keeps = keeps and not traffic.is_leaving
            head = traffic.heads.of(status, media, closes=not keeps)
        # Before it is sent: what a client has was counted, whatever becomes of this process.
        places = traffic.places[route.label]
        traffic.words[places.get(status) or places[0]] += 1
        if call.is_head:
            self._transport.write(b"%b%d\r\n\r\n" % (head, len(body)))
        else:
            self._transport.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        self._since = time.monotonic()
        if not keeps:
            self._close()

    def _say(self, refusal: Refusal, *, is_head: bool) -> bool:
        """Send a refusal and end the connection; return True: it is answered."""
        head = self._traffic.heads.of(refusal.status, JSON, closes=True)
        length = b"%d\r\n" % len(refusal.body)
        body = b"" if is_head else refusal.body
        self._traffic.count(refusal.route, refusal.status)
        self._transport.write(b"".join((head, length, refusal.fields, b"\r\n", body)))
        self._linger()
        return True

    def _refuse(self, refusal: Refusal) -> None:
        """Refuse what is coming in, after what came before it is answered; hear nothing more."""
        if self._phase == _DEAF:
            return
        self._phase = _DEAF
        say = partial(self._say, refusal, is_head=self._method == b"HEAD")
        if self._is_busy:
            self._queue.append(say)
        else:
            say()

    def _wait(self, answer: Callable[[], bool]) -> None:
        """Let a request wait for its turn: it was sent ahead of an answer."""
        if len(self._queue) >= self._traffic.limits.most_pipelined:
            self._phase = _IDLE
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

    # ---- the ends ------------------------------------------------------------------------------

    def check(self, now: float) -> None:
        """End what took too long."""
        limits = self._traffic.limits
        waited = now - self._since
        if self._stuck_since is not None:
            if now - self._stuck_since > limits.request_s:
                self._transport.abort()
        elif self._is_busy:
            return
        elif self._phase == _HEAD and waited > min(limits.header_s, limits.request_s):
            self._traffic.slot.add("late_header")
            self._refuse(slow("header", limits.header_s))
        elif self._phase == _BODY and waited > limits.request_s:
            self._traffic.slot.add("late_body")
            self._refuse(slow("body", limits.request_s))
        elif waited > self._patience():
            # A client that never closes its end keeps its socket, and none of ours.
            self._transport.abort() if self._phase == _DEAF else self._transport.close()

    def _patience(self) -> float:
        """Return how long nothing may come, where no request has begun."""
        limits = self._traffic.limits
        if self._phase == _DEAF:
            is_sending = self._transport.get_write_buffer_size() > 0
            return limits.request_s if is_sending else _LINGER_S
        if self._phase not in {_NEW, _IDLE}:
            return float("inf")
        longest = limits.header_s if self._phase == _NEW else limits.keep_alive_s
        return min(longest, _LEAVING_S) if self._traffic.is_leaving else longest

    def _close(self) -> None:
        """End the connection when everything is sent."""
        self._phase = _DEAF
        self._queue.clear()
        self._transport.close()

    def _linger(self) -> None:
        """End our half and drop what still comes: a reset would take the refusal from the client."""
        self._phase = _DEAF
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

    # ---- what is no good request ---------------------------------------------------------------

    def _decline_upgrade(self, data: bytes, offer: httptools.HttpParserUpgrade) -> None:
        """Go on in HTTP/1.1 after a header that offered another protocol: it may be declined.

        The parser takes what follows for the other protocol's. So another parser is told the header
        once more, without the offer, and takes what follows for the body that it is.
        """
        rest = memoryview(data)
        while self._phase == _HEAD:
            rest = rest[offer.args[0] :]
            header = self._without_offer()
            self._parser = httptools.HttpRequestParser(self)
            try:
                self._parser.feed_data(header)
                self._parser.feed_data(rest)
            except httptools.HttpParserUpgrade as another:
                offer = another
            except httptools.HttpParserError as error:
                self._parser_failed(error)
            else:
                return

    def _without_offer(self) -> bytes:
        """Return the header that came, without what offers another protocol."""
        lines = [b" ".join((self._method, self._target, b"HTTP/" + self._version.encode()))]
        for name, value in self._fields:
            lowered = name.lower()
            if lowered == b"connection":
                words = (word.strip() for word in value.lower().split(b","))
                kept = b", ".join(word for word in words if word != b"upgrade")
                lines.append(b"Connection: " + kept)
            elif lowered != b"upgrade":
                lines.append(name + b": " + value)
        return b"\r\n".join((*lines, b"", b""))

    def _parser_failed(self, error: httptools.HttpParserError) -> None:
        """Refuse what the parser does not take, or what a fault of ours in its calls kept it from."""
        if isinstance(error, httptools.HttpParserCallbackError):
            self._traffic.slot.add("faults")
            self._traffic.log.fault("fault", error.__context__ or error, route="none")
            self._refuse(Refusal(*FAULT))
        else:
            self._refuse(broken(shown(str(error).encode())))

    def _long_header(self) -> Refusal | None:
        limits = self._traffic.limits
        if len(self._fields) > limits.headers:
            return long_header(
                f"the request has {len(self._fields):,} header fields",
                expected=f"at most {limits.headers:,}",
            )
        size = len(self._target) + sum(len(name) + len(value) + 4 for name, value in self._fields)
        if size > limits.header_bytes:
            return long_header(
                f"the header of the request has {size:,} bytes",
                expected=f"at most {limits.header_bytes:,}",
            )
        return None

    def _check_sizes(self) -> None:
        """Refuse a request that goes on and on: what counts is what came over the wire."""
        limits = self._traffic.limits
        if self._phase == _HEAD and self._wire > limits.header_bytes:
            self._refuse(
                long_header(
                    "the header of the request does not end",
                    expected=f"at most {limits.header_bytes:,} bytes",
                )
            )
        elif self._phase == _BODY and self._wire > limits.header_bytes + 8 * limits.body_bytes:
            self._refuse(long_body(limits.body_bytes, route=self._call.route.label))
