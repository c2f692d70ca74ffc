"""Signing in and out: the cookie holds the token, so what is revoked ends its sessions.

It lasts as long as the browser runs, is sent to us alone (`SameSite=Strict`), is read by no script
(`HttpOnly`), and never leaves TLS where it came by it (`Secure`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote

from starlette.responses import RedirectResponse

from interplane.web.access.attempts import Attempts
from interplane.web.answers import Refused, media_of, rendered, told
from interplane.web.bodies import FORM, Unreadable, read_body

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from interplane.serving.log_lines import LogLines
    from interplane.web.access.gate import Gate

__all__ = ["Sessions", "to_sign_in"]

_WRONG: Final = 401
_OWN_PLACE: Final = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}")
"""A place of ours: a path, and no address that a browser takes for another site's."""


def to_sign_in(request: Request) -> Response:
    """Lead to the form, and from there back to what was asked for."""
    query: bytes = request.scope["query_string"]
    path: bytes = request.scope["raw_path"]
    asked = (path + b"?" * bool(query) + query).decode("ascii", "replace")
    is_named = asked != "/" and _OWN_PLACE.fullmatch(asked)
    place = f"/sign-in?to={quote(asked, safe='')}" if is_named else "/sign-in"
    return RedirectResponse(place, status_code=303)


class Sessions:
    """Signs people in and out.

    Args:
        gate: who is who.
        log: where is said that somebody could not sign in.
        attempts: how often somebody may try.
    """

    def __init__(self, gate: Gate, log: LogLines, attempts: Attempts | None = None) -> None:
        self._gate = gate
        self._log = log
        self._attempts = attempts or Attempts()

    async def answer(self, request: Request) -> Response:
        """Show the form, or sign somebody in."""
        if request.method == "POST":
            return await self._begin(request)
        who = self._gate.who(request.headers, request.cookies)
        to = _own(request.query_params.get("to", ""))
        return rendered("sign-in.html", who=who, wrong=False, to=to)

    async def _begin(self, request: Request) -> Response:
        address = request.client.host if request.client is not None else ""
        wait_s = self._attempts.wait_s(address)
        if wait_s:
            do = f"Wait {wait_s} seconds and try again"
            headers = {"Retry-After": str(wait_s)}
            refused = Refused(429, "too many were no tokens", do, headers=headers)
            return told(refused, None, as_page=True)
        if media_of(request.headers) != FORM:
            what = "signing in asks for the form's own kind of body"
            do = "Use the form; programs send the token with each request"
            return told(Refused(415, what, do), None, as_page=True)
        try:
            body = await read_body(request)
        except Unreadable as error:
            return told(error.refused, None, as_page=True)
        said = parse_qs(body.decode("utf-8", "replace"))
        token, to = said.get("token", [""])[0].strip(), _own(said.get("to", [""])[0])
        who = self._gate.holder(token)
        if who is None:
            self._attempts.fail(address)
            self._log.say("not-signed-in", address=address)
            return rendered("sign-in.html", who=None, wrong=True, to=to, status=_WRONG)
        answer = RedirectResponse(to, status_code=303)
        # Whether TLS ends before us is nothing that we see; the browser says where it is.
        secure = request.headers.get("origin", "").startswith("https://")
        answer.set_cookie(
            self._gate.cookie, token, httponly=True, samesite="strict", path="/", secure=secure
        )
        return answer

    async def end(self, request: Request) -> Response:
        """Sign somebody out: the cookie is taken away."""
        answer = RedirectResponse("/sign-in", status_code=303)
        secure = request.headers.get("origin", "").startswith("https://")
        answer.delete_cookie(
            self._gate.cookie, path="/", httponly=True, samesite="strict", secure=secure
        )
        return answer


def _own(place: str) -> str:
    """Return a place of ours to go on to: the first page where it is none."""
    return place if _OWN_PLACE.fullmatch(place) else "/"
