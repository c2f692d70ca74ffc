"""The application: each page of the table, signing in and out, what is static, and refusals."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from interplane.errors import (
    DataError,
    Fenced,
    GateClosed,
    InterplaneError,
    NotFound,
    UnknownName,
    UsageError,
)
from interplane.project.chronicle import Chronicle
from interplane.web.access.gate import COOKIE, Refused
from interplane.web.hardening import Hardening
from interplane.web.openapi import document
from interplane.web.rendering import environment
from interplane.web.routes import Asked, check_routes
from interplane.web.streams import Room, Streamed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from interplane.project.project import Project
    from interplane.web.access.gate import Gate, Who
    from interplane.web.routes import Action, Page

__all__ = ["make_app"]

_LONGEST_BODY: Final = 1 << 16
_STATUSES: Final = (
    *((UnknownName, 404), (NotFound, 404), (UsageError, 422), (DataError, 422)),
    *((GateClosed, 409), (Fenced, 409)),
)
UNKNOWN: Final = Refused(401, "nobody is signed in", "Sign in with a token that has a role")


def make_app(
    open_project: Callable[[], Project],
    gate: Gate,
    pages: Sequence[Page],
    actions: Sequence[Action],
) -> Starlette:
    """Return the application.

    Args:
        open_project: opens the project, once for each thread that reads.
        gate: who is let in.
        pages: the table of pages.
        actions: the table of actions.

    Raises:
        ConfigError: if a route cannot be served.
    """
    check_routes(pages, actions)
    readers, room = _Readers(open_project), Room()
    routes: list[Route | Mount] = []
    for page in pages:
        shown = _Shown(page, gate, readers)
        routes += [Route(page.twin, shown.json), Route(page.path, shown.answer)]
        if page.live is not None:
            streamed = Streamed(
                page, page.live, gate=gate, asked=readers.asked, refuse=refusal, room=room
            )
            routes.append(Route(f"{page.path}/live", streamed.answer))
    for action in actions:
        routes.append(Route(action.path, Acted(action, gate, readers).answer, methods=["POST"]))
    described = document(pages, actions)
    sessions = _Sessions(gate)

    async def describe(_: Request) -> Response:
        return JSONResponse(described)

    async def is_alive(_: Request) -> Response:
        return JSONResponse({"alive": True})

    routes += [
        Route("/sign-in", sessions.form, methods=["GET"]),
        Route("/sign-in", sessions.begin, methods=["POST"]),
        Route("/sign-out", sessions.end, methods=["POST"]),
        Route("/openapi.json", describe),
        Route("/health", is_alive),
        Mount("/static", StaticFiles(packages=[("interplane.web", "static")])),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Hardening, gate=gate)],
        exception_handlers={404: _missing},
    )


class _Readers:
    """A project for each thread: what one reads is in no other's way."""

    def __init__(self, open_project: Callable[[], Project]) -> None:
        self._open = open_project
        self._chronicle = Chronicle(open_project())
        self._own = threading.local()

    def asked(self, request: Request, who: Who) -> Asked:
        if not hasattr(self._own, "project"):
            self._own.project = self._open()
        path = {name: str(value) for name, value in request.path_params.items()}
        query = dict(request.query_params)
        return Asked(self._own.project, self._chronicle, who, path, query)


class _Shown:
    """A page: read, and rendered or encoded."""

    def __init__(self, page: Page, gate: Gate, readers: _Readers) -> None:
        self._page = page
        self._gate = gate
        self._readers = readers

    async def answer(self, request: Request) -> Response:
        """Answer as the request accepts it."""
        wants_json = "application/json" in request.headers.get("accept", "")
        return await (self.json(request) if wants_json else self.html(request))

    async def json(self, request: Request) -> Response:
        """Answer with the value."""
        who = self._gate.who(request.headers, request.cookies)
        refused = self._gate.allow(who, self._page.permission)
        if who is None or refused is not None:
            return refusal(refused or UNKNOWN)
        try:
            value = await self._read(request, who)
        except InterplaneError as error:
            return refusal(refused_by(error))
        return Response(msgspec.json.encode(value), media_type="application/json")

    async def html(self, request: Request) -> Response:
        """Answer with the page."""
        who = self._gate.who(request.headers, request.cookies)
        refused = self._gate.allow(who, self._page.permission)
        if who is None:
            return RedirectResponse("/sign-in", status_code=303)
        if refused is not None:
            return rendered("refused.html", who=who, status=refused.status, refused=refused)
        try:
            value = await self._read(request, who)
        except InterplaneError as error:
            refused = refused_by(error)
            return rendered("refused.html", who=who, status=refused.status, refused=refused)
        return rendered(self._page.template, who=who, it=value)

    async def _read(self, request: Request, who: Who) -> Any:
        return await run_in_threadpool(lambda: self._page.read(self._readers.asked(request, who)))


class Acted:
    """An action: what is said to it is read, and done in the name of who asks."""

    def __init__(self, action: Action, gate: Gate, readers: _Readers) -> None:
        self._action = action
        self._gate = gate
        self._readers = readers

    async def answer(self, request: Request) -> Response:
        """Do it; answer a form with where to look, a program with what was done."""
        who = self._gate.who(request.headers, request.cookies)
        refused = self._gate.allow(who, self._action.permission)
        if who is None or refused is not None:
            return refusal(refused or UNKNOWN)
        media = request.headers.get("content-type", "").partition(";")[0].strip()
        is_form = media == "application/x-www-form-urlencoded"
        try:
            said = await self._said(request, media)
            done = await run_in_threadpool(
                lambda: self._action.act(self._readers.asked(request, who), said)
            )
        except _Unreadable as error:
            return _told(error.refused, who, as_page=is_form)
        except InterplaneError as error:
            return _told(refused_by(error), who, as_page=is_form)
        if is_form:
            return RedirectResponse(done.href, status_code=303)
        return Response(msgspec.json.encode(done), media_type="application/json")

    async def _said(self, request: Request, media: str) -> Any:
        body = await _body(request)
        try:
            if media == "application/json":
                return msgspec.json.decode(body, type=self._action.takes)
            if media == "application/x-www-form-urlencoded":
                fields = {name: each[-1] for name, each in parse_qs(body.decode()).items()}
                return msgspec.convert(fields, type=self._action.takes, strict=False)
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            what = f"what was said cannot be read: {error}"
            raise _Unreadable(Refused(422, what, "See /openapi.json")) from error
        raise _Unreadable(Refused(415, f"{media[:60]!r} is not understood", "Send JSON"))


class _Unreadable(Exception):
    """What a request said cannot be read."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.what)
        self.refused = refused


async def _body(request: Request) -> bytes:
    """Return the body of a request; it is let go of when it is too long."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_BODY:
            raise _Unreadable(Refused(413, "too much was said", "Say less"))
    return body


def _told(refused: Refused, who: Who, *, as_page: bool) -> Response:
    if as_page:
        return rendered("refused.html", who=who, status=refused.status, refused=refused)
    return refusal(refused)


class _Sessions:
    """Signing in and out: the cookie holds the token, so what is revoked ends its sessions."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def form(self, request: Request) -> Response:
        who = self._gate.who(request.headers, request.cookies)
        return rendered("sign-in.html", who=who, wrong=False)

    async def begin(self, request: Request) -> Response:
        try:
            body = await _body(request)
        except _Unreadable as error:
            return refusal(error.refused)
        given = parse_qs(body.decode("utf-8", "replace")).get("token", [""])
        token = given[0].strip()
        if self._gate.who({"authorization": f"Bearer {token}"}, {}) is None:
            return rendered("sign-in.html", who=None, wrong=True, status=401)
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", path="/")
        return answer

    async def end(self, _: Request) -> Response:
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(COOKIE, path="/")
        return answer


def rendered(template: str, *, who: Who | None, status: int = 200, **shown: Any) -> Response:
    """Return a page made of a template."""
    text = environment().get_template(template).render(who=who, **shown)
    return Response(text, status_code=status, media_type="text/html")


def refusal(refused: Refused) -> Response:
    """Return a refusal as JSON."""
    said = {"error": {"what": refused.what, "do": refused.do}}
    return JSONResponse(said, status_code=refused.status)


def refused_by(error: InterplaneError) -> Refused:
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    return Refused(status, error.what, error.do)


async def _missing(_: Request, _error: Exception) -> Response:
    refused = Refused(404, "there is nothing here", "Begin at the first page")
    return rendered("refused.html", who=None, status=404, refused=refused)
