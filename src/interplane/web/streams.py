"""Pages that go on: what a page shows is sent again whenever it changed, as server-sent events.

A stream is a page's own declaration, so it asks for the page's permission, and asks again each time
that it looks: a token that is revoked ends its streams within a second. What of a page grows comes
piece by piece, each with an id; a browser that was cut off says the last one, and goes on there.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from interplane.errors import InterplaneError
from interplane.web.answers import Refused, refused_by
from interplane.web.places import check_query
from interplane.web.rendering import environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from interplane.web.access.gate import Gate, Who
    from interplane.web.routes import Asked, Live, Page

__all__ = ["EVENTS", "Room", "Streamed"]

EVENTS: Final = {
    "shown": "what the page shows, at first and whenever it changed",
    "grown": "what is new of what grows",
    "over": "nothing will change any more; an empty text",
    "ended": "why it cannot be followed any more, in words",
}
"""The events of a stream, each with what its data is. At most two looks a second give any."""

_LOOK_S: Final = 0.5
_LONGEST_S: Final = 300.0
_QUIET_S: Final = 15.0
_FULL: Final = Refused(503, "too many pages are followed", "Close some, or reload this one later")


class Room:
    """How many streams there may be at once: in all, and for one token.

    Args:
        most: in all.
        each: for one token.

    >>> room = Room(most=2, each=1)
    >>> with (
    ...     room.held("ann") as has_first,
    ...     room.held("ann") as has_second,
    ...     room.held("bob") as other,
    ... ):
    ...     (has_first, has_second, other)
    (True, False, True)
    """

    def __init__(self, *, most: int = 64, each: int = 16) -> None:
        self._most = most
        self._each = each
        self._held: Counter[str] = Counter()

    @contextmanager
    def held(self, name: str) -> Iterator[bool]:
        """Hold a place for a token; yield whether there was one."""
        if self._held.total() >= self._most or self._held[name] >= self._each:
            yield False
            return
        self._held[name] += 1
        try:
            yield True
        finally:
            self._held[name] -= 1


class Streamed:
    """A page's stream.

    Args:
        page: the page.
        live: how it goes on.
        gate: who is let in.
        asked: makes of a request what the page is read for.
        refuse: makes an answer of a refusal.
        room: how many streams there may be.
    """

    def __init__(
        self,
        page: Page,
        live: Live,
        *,
        gate: Gate,
        asked: Callable[[Request, Who], Asked],
        refuse: Callable[[Refused], Response],
        room: Room,
    ) -> None:
        self._page = page
        self._live = live
        self._gate = gate
        self._asked = asked
        self._refuse = refuse
        self._room = room

    async def answer(self, request: Request) -> Response:
        """Answer with the stream: values as JSON, or with ``?as=html`` as the page shows them."""
        who, refused = self._who(request)
        if who is None or refused is not None:
            return self._refuse(refused or Refused(401, "nobody is signed in", "Sign in"))
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        try:
            grown = self._begin(request)
        except InterplaneError as error:
            return self._refuse(refused_by(error))
        events = self._events(request, who, grown)
        return _Held(events, room=self._room, who=who, refuse=self._refuse)

    def _begin(self, request: Request) -> Callable[[Asked], Any]:
        """Return what gives what is new, from where the request says."""
        query = dict(request.query_params)
        if self._live.grows is not None:
            query["since"] = request.headers.get("last-event-id") or query.get("since", "")
        check_query(self._live.queries, query)
        if self._live.grows is None:
            return _nothing
        return self._live.grows.follow(request.path_params, query["since"])

    def _who(self, request: Request) -> tuple[Who | None, Refused | None]:
        who = self._gate.who(request.headers, request.cookies)
        return who, self._gate.allow(who, self._page.permission)

    async def _events(
        self, request: Request, who: Who, grown: Callable[[Asked], Any]
    ) -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        last, quiet, clock = None, 0.0, asyncio.get_running_loop()
        end = clock.time() + _LONGEST_S
        while clock.time() < end:  # the browser asks anew then
            try:
                text, piece, is_over = await run_in_threadpool(self._look, request, who, grown)
            except InterplaneError as error:
                # What no request can help is told by the page itself, with a number in the log.
                is_ours = refused_by(error).status >= 500
                yield _event("ended", "This cannot be read now" if is_ours else error.what)
                return
            if self._who(request)[1] is not None:
                yield _event("ended", "You are not signed in any more")
                return
            if text != last:
                last, quiet = text, 0.0
                yield _event("shown", text)
            if piece is not None:
                quiet = 0.0
                yield _event("grown", msgspec.to_builtins(piece), ident=piece.cursor)
            if is_over:
                yield _event("over", "")
                return
            await asyncio.sleep(_LOOK_S)
            quiet += _LOOK_S
            if quiet >= _QUIET_S:  # so that nothing between closes it, and who left is noticed
                quiet = 0.0
                yield ": still here\n\n"

    def _look(
        self, request: Request, who: Who, grown: Callable[[Asked], Any]
    ) -> tuple[Any, Any, bool]:
        """Read the page; return it as it is sent, what has grown, and whether it is over."""
        asked = self._asked(request, who)
        value = self._page.read(asked)
        piece = grown(asked)  # after the page: of one that is over nothing is missed
        if self._live.grows is not None:
            value = msgspec.structs.replace(value, **{self._live.grows.field: None})
        if request.query_params.get("as") == "html":
            shown: Any = environment().get_template(self._live.template).render(it=value, who=who)
        else:
            shown = msgspec.to_builtins(value)
        return shown, piece, self._live.is_over(value)


class _Held(StreamingResponse):
    """A stream that holds a place as long as it is answered."""

    def __init__(
        self,
        events: AsyncIterator[str],
        *,
        room: Room,
        who: Who,
        refuse: Callable[[Refused], Response],
    ) -> None:
        super().__init__(events, media_type="text/event-stream")
        self._room = room
        self._name = who.name
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._room.held(self._name) as is_held:
            if is_held:
                await super().__call__(scope, receive, send)
            else:
                await self._refuse(_FULL)(scope, receive, send)


def _event(name: str, data: Any, *, ident: str | None = None) -> str:
    """Return an event; JSON has no line breaks, so the data is one line."""
    begin = "" if ident is None else f"id: {ident}\n"
    return f"{begin}event: {name}\ndata: {json.dumps(data)}\n\n"


def _nothing(asked: Asked) -> None:
    del asked
