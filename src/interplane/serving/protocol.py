"""HTTP/1.1 on one connection: from bytes to calls.

The parser is llhttp (by httptools). A request whose answer is there at once is answered within the
call that brought its last byte: no task, no queue, one write.

Deadlines are absolute. A connection notes when its request began, which costs nothing, and
`Connection.check` is called for each a few times a second.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final

import httptools

from interplane.serving.headers import too_long, without_offer
from interplane.serving.http_errors import (
    FAULT,
    Refusal,
    broken,
    long_body,
    long_header,
    shown,
    slow,
)
from interplane.serving.sending import BODY, DEAF, HEAD, IDLE, NEW, Sending

if TYPE_CHECKING:
    import asyncio

    from interplane.serving.routes import Call
    from interplane.serving.traffic import Traffic

__all__ = ["Connection"]

_LINGER_S: Final = 2.0
_LEAVING_S: Final = 1.0
_MOST_DROPPED: Final = 64 << 20
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(Sending):
    """One client's connection.

    Args:
        traffic: what it shares with the others of its worker.
    """

    def __init__(self, traffic: Traffic) -> None:
        super().__init__(traffic)
        self._parser = httptools.HttpRequestParser(self)
        self._wire = 0
        # The request that is coming in; its method is kept by the half that answers.
        self._target = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._trailers = 0
        self._version = ""
        self._call: Call = None  # type: ignore[assignment] # on_headers_complete
        self._body: bytes | bytearray | None = None
        self._received_us = 0
        self._is_first = True

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
        self._phase = DEAF
        self._traffic.connections.discard(self)
        self._queue.clear()
        self._parser = None  # type: ignore[assignment] # it refers to this

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        self._wire += len(data)
        if self._phase == DEAF:
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
        if self._phase >= HEAD:
            self._check_sizes()
        if self._is_busy:
            self._mind_reading()

    def eof_received(self) -> bool:
        """Answer what was sent whole; say that what was not is not. The client may still read."""
        self._has_ended = True
        if self._phase in {HEAD, BODY}:
            self._refuse(broken("it ends before it is complete"))
        elif not self._is_busy:
            self._traffic.flush()
            self._transport.close()
        self._phase = DEAF
        return True

    # ---- what the parser calls -----------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._phase == DEAF:
            return
        self._phase = HEAD
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
        if self._phase == HEAD:
            self._fields.append((name, value))
        elif self._phase == BODY:
            self._trailers += 1
            if self._trailers > self._traffic.limits.headers:
                self._refuse(long_header("the request ends with too many fields", expected="none"))

    def on_headers_complete(self) -> None:
        """Let the request in or refuse it, before anything of its body is read."""
        if self._phase != HEAD:
            return
        parser, fields = self._parser, self._fields
        self._method = method = parser.get_method()
        self._received_us = time.time_ns() // 1000
        self._version = version = parser.get_http_version()
        if parser.should_upgrade() and method != b"CONNECT":
            return
        limits = self._traffic.limits
        if len(fields) > limits.headers or self._wire > limits.header_bytes:
            refusal = too_long(self._target, fields, limits)
            if refusal is not None:
                self._refuse(refusal)
                return
        admitted = self._traffic.gate.admit(method, self._target, version, fields)
        if isinstance(admitted, Refusal):
            self._refuse(admitted)
            return
        self._call = admitted
        self._phase = BODY
        if admitted.is_waiting and version == "1.1" and not self._is_busy:
            self._traffic.flush()
            self._transport.write(_CONTINUE)

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        if self._phase != BODY:
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
        if self._phase != BODY:
            return
        self._phase = IDLE
        self._wire = 0
        self._trailers = 0
        body = self._body
        if body.__class__ is not bytes:
            body = b"" if body is None else bytes(body)
        keeps = self._parser.should_keep_alive() and self._version == "1.1"
        if not keeps:
            self._phase = DEAF
        if self._is_first and not self._is_busy and not self._traffic.is_leaving:
            self._is_first = False
            self._serve(self._call, body, self._received_us, keeps=keeps)
        else:
            self._wait(partial(self._serve, self._call, body, self._received_us, keeps=keeps))

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
        elif self._phase == HEAD and waited > min(limits.header_s, limits.request_s):
            self._traffic.slot.add("late_header")
            self._refuse(slow("header", limits.header_s))
        elif self._phase == BODY and waited > limits.request_s:
            self._traffic.slot.add("late_body")
            self._refuse(slow("body", limits.request_s))
        elif waited > self._patience():
            # A client that never closes its end keeps its socket, and none of ours.
            self._traffic.flush()
            self._transport.abort() if self._phase == DEAF else self._transport.close()

    def _patience(self) -> float:
        """Return how long nothing may come, where no request has begun."""
        limits = self._traffic.limits
        if self._phase == DEAF:
            is_sending = self._transport.get_write_buffer_size() > 0
            return limits.request_s if is_sending else _LINGER_S
        if self._phase not in {NEW, IDLE}:
            return float("inf")
        longest = limits.header_s if self._phase == NEW else limits.keep_alive_s
        return min(longest, _LEAVING_S) if self._traffic.is_leaving else longest

    # ---- what is no good request ---------------------------------------------------------------

    def _decline_upgrade(self, data: bytes, offer: httptools.HttpParserUpgrade) -> None:
        """Go on in HTTP/1.1 after a header that offered another protocol: it may be declined.

        The parser takes what follows for the other protocol's. So another parser is told the header
        once more, without the offer, and takes what follows for the body that it is.
        """
        rest = memoryview(data)
        while self._phase == HEAD:
            rest = rest[offer.args[0] :]
            version = b"HTTP/" + self._version.encode()
            header = without_offer(b" ".join((self._method, self._target, version)), self._fields)
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

    def _parser_failed(self, error: httptools.HttpParserError) -> None:
        """Refuse what the parser does not take, or what a fault of ours in its calls kept it from."""
        if isinstance(error, httptools.HttpParserCallbackError):
            self._traffic.slot.add("faults")
            self._traffic.log.fault("fault", error.__context__ or error, route="none")
            self._refuse(Refusal(*FAULT))
        else:
            self._refuse(broken(shown(str(error).encode())))

    def _check_sizes(self) -> None:
        """Refuse a request that goes on and on: what counts is what came over the wire."""
        limits = self._traffic.limits
        if self._phase == HEAD and self._wire > limits.header_bytes:
            self._refuse(
                long_header(
                    "the header of the request does not end",
                    expected=f"at most {limits.header_bytes:,} bytes",
                )
            )
        elif self._phase == BODY and self._wire > limits.header_bytes + 8 * limits.body_bytes:
            self._refuse(long_body(limits.body_bytes, route=self._call.route.label))
