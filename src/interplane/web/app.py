"""The application: each page of the table, each action, signing in and out, and what is static."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from interplane.errors import Busy, InterplaneError
from interplane.serving.log_lines import LogLines
from interplane.storage.clock import system_token
from interplane.web.access.gate import Who
from interplane.web.answers import (
    Refused,
    asks_as_program,
    encoded,
    media_of,
    refusal,
    refused_by,
    rendered,
    told,
    wants_json,
)
from interplane.web.bodies import FORM, Unreadable, read_value
from interplane.web.hardening import Hardening
from interplane.web.openapi import document
from interplane.web.places import check_query, routed
from interplane.web.readers import Readers
from interplane.web.routes import check_routes
from interplane.web.sessions import Sessions, to_sign_in
from interplane.web.static_files import StaticFiles
from interplane.web.streams import Room, Streamed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from starlette.requests import Request

    from interplane.project.project import Project
    from interplane.web.access.gate import Gate
    from interplane.web.routes import Action, Asked, Done, Page

__all__ = ["make_app"]

UNKNOWN: Final = Refused(401, "nobody is signed in", "Sign in with a token that has a role")
_NOBODY: Final = Who("", "viewer")
_NOTHING: Final = "there is nothing here"


def make_app(
    open_project: Callable[[], Project],
    gate: Gate,
    pages: Sequence[Page],
    actions: Sequence[Action],
    *,
    log: LogLines | None = None,
) -> Starlette:
    """Return the application.

    Args:
        open_project: opens the project, as its file is then.
        gate: who is let in.
        pages: the table of pages.
        actions: the table of actions.
        log: where is said what failed; standard error if not given.

    Raises:
        ConfigError: if a route cannot be served.
    """
    check_routes(pages, actions)
    log = log or LogLines({"process": "pages"})
    serving, room = _Serving(gate, Readers(open_project, log), log), Room()
    routes: list[Route] = []
    for action in actions:
        acted = _Acted(action, serving)
        routes.append(Route(routed(action.path), acted.answer, methods=["POST"]))
    for page in pages:
        shown = _Shown(page, serving)
        routes += [Route(routed(page.twin), shown.json), Route(routed(page.path), shown.answer)]
        if page.text is not None:
            routes.append(Route(routed(f"{page.path}.txt"), shown.text))
        if page.live is not None:
            asked = partial(serving.asked, page)
            streamed = Streamed(page, page.live, gate=gate, asked=asked, refuse=refusal, room=room)
            routes.append(Route(routed(f"{page.path}/live"), streamed.answer))
    routes += _others(gate, log, document(pages, actions))
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Hardening, gate=gate, log=log)],
        exception_handlers={HTTPException: _refused_route},
        lifespan=partial(_lifespan, serving, [page for page in pages if page.path == "/"]),
    )
    app.router.redirect_slashes = False
    return app


@asynccontextmanager
async def _lifespan(serving: _Serving, first: Sequence[Page], _: Starlette) -> AsyncIterator[None]:
    """Read the first page once while the application begins: all that was ever is read for it."""
    ahead = [asyncio.create_task(run_in_threadpool(serving.read_ahead, page)) for page in first]
    yield
    await asyncio.gather(*ahead)


def _others(gate: Gate, log: LogLines, described: dict[str, Any]) -> list[Route]:
    """Return the routes that ask for no permission."""
    sessions, static = Sessions(gate, log), StaticFiles()

    async def describe(_: Request) -> Response:
        return encoded(described)

    async def is_alive(_: Request) -> Response:
        return encoded({"alive": True})

    async def file(request: Request) -> Response:
        found = static.answer(request)
        if found is None:
            raise HTTPException(404)
        return found

    return [
        Route("/sign-in", sessions.answer, methods=["GET", "POST"]),
        Route("/sign-out", sessions.end, methods=["POST"]),
        Route("/openapi.json", describe),
        Route("/health", is_alive),
        Route("/static/{name}", file),
    ]


class _Serving:
    """What pages and actions share: who is let in, what is read, how failures are said.

    Args:
        gate: who is let in.
        readers: what is read.
        log: where is said what failed and what was refused.
    """

    def __init__(self, gate: Gate, readers: Readers, log: LogLines) -> None:
        self.gate = gate
        self.readers = readers
        self.log = log

    def who(self, request: Request) -> Who | None:
        return self.gate.who(request.headers, request.cookies)

    def asked(self, page: Page, request: Request, who: Who) -> Asked:
        """Return what a page is read for. In a thread that reads only."""
        query = dict(request.query_params)
        check_query(page.queries, query)
        return self.readers.looking(who, request.path_params, query)

    def acting(self, request: Request, who: Who) -> Asked:
        """Return what something is done for, by the project file as it is now."""
        asked = self.readers.looking(who, request.path_params, {})
        self.readers.check_file()
        return asked

    def read_ahead(self, page: Page) -> None:
        """Read a page that nobody asked for yet; what is in its way is told to who asks."""
        with suppress(InterplaneError):
            page.read(self.readers.looking(_NOBODY, {}, {}))

    def refused_by(self, error: InterplaneError, request: Request) -> Refused:
        """Return how an error is refused; one that no request can help is told to the log alone."""
        refused = refused_by(error)
        if refused.status < 500 or refused.code == "config" or isinstance(error, Busy):
            return refused
        fault = system_token()
        path, said = request.url.path[:200], str(error)
        self.log.say("cannot", id=fault, code=error.code, error=said, path=path)
        what = f"this could not be read or done (fault {fault})"
        return Refused(500, what, "The log of the pages says why", code=error.code)


class _Shown:
    """A page: read, and rendered or encoded."""

    def __init__(self, page: Page, serving: _Serving) -> None:
        self._page = page
        self._serving = serving

    async def answer(self, request: Request) -> Response:
        """Answer as the request accepts it."""
        as_json = wants_json(request.headers.get("accept", ""))
        return await (self.json(request) if as_json else self.html(request))

    async def json(self, request: Request) -> Response:
        """Answer with the value."""
        who = self._serving.who(request)
        refused = self._serving.gate.allow(who, self._page.permission)
        if who is None or refused is not None:
            return refusal(refused or UNKNOWN)
        try:
            value = await self._read(request, who)
        except InterplaneError as error:
            return refusal(self._serving.refused_by(error, request))
        return encoded(value)

    async def text(self, request: Request) -> Response:
        """Answer with what it is as text."""
        who = self._serving.who(request)
        refused = self._serving.gate.allow(who, self._page.permission)
        if who is None or refused is not None or self._page.text is None:
            return refusal(refused or UNKNOWN)
        try:
            text = await self._read(request, who, self._page.text)
        except InterplaneError as error:
            return refusal(self._serving.refused_by(error, request))
        return Response(text, media_type="text/plain")

    async def html(self, request: Request) -> Response:
        """Answer with the page."""
        who = self._serving.who(request)
        refused = self._serving.gate.allow(who, self._page.permission)
        if who is None:
            return to_sign_in(request)
        if refused is not None:
            return told(refused, who, as_page=True)
        try:
            value = await self._read(request, who)
        except InterplaneError as error:
            return told(self._serving.refused_by(error, request), who, as_page=True)
        return rendered(self._page.template, who=who, it=value)

    async def _read(
        self, request: Request, who: Who, read: Callable[[Asked], Any] | None = None
    ) -> Any:
        asked, reads = self._serving.asked, read or self._page.read
        return await run_in_threadpool(lambda: reads(asked(self._page, request, who)))


class _Acted:
    """An action: what is said to it is read, and done in the name of who asks."""

    def __init__(self, action: Action, serving: _Serving) -> None:
        self._action = action
        self._serving = serving

    async def answer(self, request: Request) -> Response:
        """Do it; answer a form with where to look, a program with what was done."""
        is_form = media_of(request.headers) == FORM
        who = self._serving.who(request)
        refused = self._serving.gate.allow(who, self._action.permission)
        if who is None:
            return told(refused or UNKNOWN, None, as_page=is_form)
        if refused is None:
            try:
                done = await self._do(request, who)
            except Unreadable as error:
                refused = error.refused
            except InterplaneError as error:
                refused = self._serving.refused_by(error, request)
                if refused.status == 422:  # it was understood: what there is does not let it be
                    refused = refused._replace(status=409)
            else:
                return RedirectResponse(done.href, status_code=303) if is_form else encoded(done)
        self._note(request, who, refused)
        return told(refused, who, as_page=is_form)

    async def _do(self, request: Request, who: Who) -> Done:
        said = await read_value(request, self._action.takes)
        return await run_in_threadpool(
            lambda: self._action.act(self._serving.acting(request, who), said)
        )

    def _note(self, request: Request, who: Who, refused: Refused) -> None:
        """Say in the log who tried what: what was done stands on record, this does not."""
        action, path = self._action.name, request.url.path[:200]
        status, what = refused.status, refused.what[:300]
        self._serving.log.say(
            "refused", who=who.name, action=action, path=path, status=status, what=what
        )


async def _refused_route(request: Request, error: Exception) -> Response:
    """Answer where nothing is, or nothing that takes this method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers: dict[str, str] = dict(getattr(error, "headers", None) or {})
    refused = Refused(status, _NOTHING, "Begin at the first page", headers=headers)
    if status == 405:
        refused = Refused(
            *(status, f"{request.method[:20]} is nothing to do here", "See /openapi.json"),
            expected=str(headers.get("Allow", "")),
            headers=headers,
        )
    return told(refused, None, as_page=not asks_as_program(request.url.path, request.headers))
