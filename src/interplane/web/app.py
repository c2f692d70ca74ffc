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

from interplane.errors import DataError, InterplaneError, NotFound, UnknownName, UsageError
from interplane.project.chronicle import Chronicle
from interplane.web.access.gate import COOKIE, Refused
from interplane.web.hardening import Hardening
from interplane.web.openapi import document
from interplane.web.rendering import environment
from interplane.web.routes import Asked, check_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request

    from interplane.project.project import Project
    from interplane.web.access.gate import Gate, Who
    from interplane.web.routes import Page

__all__ = ["make_app"]

_LONGEST_FORM: Final = 4096
_STATUSES: Final = ((UnknownName, 404), (NotFound, 404), (UsageError, 422), (DataError, 422))


def make_app(open_project: Callable[[], Project], gate: Gate, pages: Iterable[Page]) -> Starlette:
    """Return the application.

    Args:
        open_project: opens the project, once for each thread that reads.
        gate: who is let in.
        pages: the table of pages.

    Raises:
        ConfigError: if a page cannot be served.
    """
    checked = check_pages(pages)
    readers = _Readers(open_project)
    routes: list[Route | Mount] = []
    for page in checked:
        shown = _Shown(page, gate, readers)
        routes += [Route(page.twin, shown.json), Route(page.path, shown.answer)]
    described = document(checked)
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

    def read(self, page: Page, path: dict[str, str], query: dict[str, str]) -> Any:
        if not hasattr(self._own, "project"):
            self._own.project = self._open()
        return page.read(Asked(self._own.project, self._chronicle, path, query))


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
        if refused is not None:
            return refusal(refused)
        try:
            value = await self._read(request)
        except InterplaneError as error:
            return refusal(_of_error(error))
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
            value = await self._read(request)
        except InterplaneError as error:
            refused = _of_error(error)
            return rendered("refused.html", who=who, status=refused.status, refused=refused)
        return rendered(self._page.template, who=who, it=value, twin=str(request.url.path))

    async def _read(self, request: Request) -> Any:
        path = {name: str(value) for name, value in request.path_params.items()}
        query = dict(request.query_params)
        return await run_in_threadpool(self._readers.read, self._page, path, query)


class _Sessions:
    """Signing in and out: the cookie holds the token, so what is revoked ends its sessions."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def form(self, request: Request) -> Response:
        who = self._gate.who(request.headers, request.cookies)
        return rendered("sign-in.html", who=who, wrong=False)

    async def begin(self, request: Request) -> Response:
        body = await request.body()
        if len(body) > _LONGEST_FORM:
            return refusal(Refused(413, "the form is too long", "Paste the token alone"))
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


def _of_error(error: InterplaneError) -> Refused:
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    return Refused(status, error.what, error.do or "")


async def _missing(_: Request, _error: Exception) -> Response:
    refused = Refused(404, "there is nothing here", "Begin at the first page")
    return rendered("refused.html", who=None, status=404, refused=refused)
