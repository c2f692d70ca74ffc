"""What every answer says to a browser, and what is asked of every request before it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from interplane.web.access.gate import Gate, Refused

__all__ = ["POLICY", "Hardening"]

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""What a page may load and do: nothing but what is here."""

_FIELDS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # With "no-referrer" browsers say the origin "null" of our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


class Hardening:
    """Refuses other hosts and other sites' changes; adds what every answer says.

    Args:
        app: what is asked then.
        gate: what is let in.
    """

    def __init__(self, app: ASGIApp, *, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                fields = MutableHeaders(scope=message)
                for name, value in _FIELDS.items():
                    fields[name] = value
                if not scope["path"].startswith("/static/"):
                    fields["Cache-Control"] = "no-store"
            await send(message)

        headers = Headers(scope=scope)
        refused = self._gate.check_host(headers) or self._gate.check_origin(
            scope["method"], headers
        )
        if refused is not None:
            await _refusal(refused)(scope, receive, say)
            return
        await self._app(scope, receive, say)


def _refusal(refused: Refused) -> JSONResponse:
    said = {"error": {"what": refused.what, "do": refused.do}}
    return JSONResponse(said, status_code=refused.status)
