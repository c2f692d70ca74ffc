"""What every answer says to a browser, and what is asked of every request before it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect

from interplane.storage.clock import system_token
from interplane.web.answers import Refused, asks_as_program, told

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from interplane.serving.log_lines import LogLines
    from interplane.web.access.gate import Gate

__all__ = ["POLICY", "Hardening"]

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""What a page may load and do: nothing but what is here."""

FIELDS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # With "no-referrer" browsers say the origin "null" of our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
"""What every answer says, whatever it is."""

_ONCE: Final = ("host", "origin", "authorization", "content-type", "content-length")
_LONGEST: Final = 1 << 15
_LONGEST_PATH: Final = 2048
_CONTROLS: Final = frozenset(map(chr, (*range(32), 127)))


class Hardening:
    """Refuses other hosts and other sites' changes; adds what every answer says.

    A fault of ours ends one request: its answer says a number, and the log says what it was.

    Args:
        app: what is asked then.
        gate: what is let in.
        log: where faults are said.
    """

    def __init__(self, app: ASGIApp, *, gate: Gate, log: LogLines) -> None:
        self._app = app
        self._gate = gate
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_begun = False

        async def say(message: Message) -> None:
            nonlocal is_begun
            if message["type"] == "http.response.start":
                is_begun = True
                fields = MutableHeaders(scope=message)
                for name, value in FIELDS.items():
                    fields[name] = value
                fields.setdefault("Cache-Control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        refused = self._refuse(scope, headers)
        if refused is not None:
            await _answer(refused, scope, headers)(scope, receive, say)
            return
        try:
            await self._app(scope, receive, say)
        except ClientDisconnect:
            return  # Nobody hears an answer.
        except Exception as error:
            fault = system_token()
            self._log.fault("fault", error, id=fault, path=scope["path"][:200])
            if is_begun:
                raise  # Half an answer is ended with its connection.
            what = f"a fault of ours kept this from being answered (fault {fault})"
            failed = Refused(500, what, "The log of the pages says why", code="fault")
            await _answer(failed, scope, headers)(scope, receive, say)

    def _refuse(self, scope: Scope, headers: Headers) -> Refused | None:
        """Return why a request is not looked at."""
        refused = self._gate.check_host(headers)
        if refused is None and sum(len(name) + len(said) for name, said in headers.raw) > _LONGEST:
            expected = f"at most {_LONGEST:,} bytes"
            refused = Refused(431, "the header of the request is too long", "Say less", expected)
        if refused is None and any(len(headers.getlist(name)) > 1 for name in _ONCE):
            do = "Say it once"
            refused = Refused(400, "a field of the request's header is there twice", do)
        if refused is None and _is_odd(scope["path"]):
            refused = Refused(404, "there is nothing here", "Begin at the first page")
        return refused or self._gate.check_origin(scope["method"], headers)


def _is_odd(path: str) -> bool:
    """Return whether no page can have a path: nothing that people name has such names."""
    return len(path) > _LONGEST_PATH or not _CONTROLS.isdisjoint(path)


def _answer(refused: Refused, scope: Scope, headers: Headers) -> ASGIApp:
    return told(refused, None, as_page=not asks_as_program(scope["path"], headers))
