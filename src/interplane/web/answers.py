"""What is answered: pages, values as JSON, and refusals in the one shape that errors have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from starlette.responses import Response

from interplane.errors import (
    Busy,
    ConfigError,
    DataError,
    Fenced,
    GateClosed,
    InterplaneError,
    UnknownName,
    UsageError,
)
from interplane.record import Value
from interplane.web.rendering import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.web.access.gate import Who

__all__ = [
    "JSON",
    "ErrorAnswer",
    "Refused",
    "asks_as_program",
    "encoded",
    "media_of",
    "refusal",
    "refused_by",
    "rendered",
    "told",
    "wants_json",
]

JSON: Final = "application/json"

_STATUSES: Final = (
    *((ConfigError, 503), (UnknownName, 404), (UsageError, 422)),
    *((DataError, 422), (GateClosed, 409), (Fenced, 409)),
)
_CODES: Final = {
    400: "bad-request",
    401: "nobody",
    403: "forbidden",
    404: "not-found",
    405: "method",
    413: "too-long",
    415: "media-type",
    421: "host",
    422: "unreadable",
    429: "too-often",
    431: "long-header",
    503: "busy",
}


class Refused(NamedTuple):
    """A request that is not done.

    Attributes:
        status: of the answer.
        what: what is wrong.
        do: what to do about it.
        expected: what was expected instead.
        code: a stable name of it; that of the status if not given.
        headers: fields that the answer has because of it.
    """

    status: int
    what: str
    do: str
    expected: str = ""
    code: str = ""
    headers: Mapping[str, str] = {}


_BUSY: Final = Refused(
    503,
    "somebody else keeps writing to the workspace",
    "Nothing was done. Ask again in a moment",
    expected="their turn to end within milliseconds",
    headers={"Retry-After": "2"},
)


class ErrorBody(Value, frozen=True, kw_only=True):
    """What went wrong: a stable code, what, what was expected, what to do."""

    code: str
    what: str
    expected: str
    do: str


class ErrorAnswer(Value, frozen=True, kw_only=True):
    """What every refusal and every failure is answered with."""

    error: ErrorBody


def refused_by(error: InterplaneError) -> Refused:
    """Return how an error of the tree is refused; 500 for what no request can help."""
    if isinstance(error, Busy):
        return _BUSY
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    return Refused(status, error.what, error.do, error.expected, error.code)


def rendered(
    template: str,
    *,
    who: Who | None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **shown: Any,
) -> Response:
    """Return a page made of a template."""
    text = environment().get_template(template).render(who=who, **shown)
    fields = dict(headers or {})
    return Response(text, status_code=status, headers=fields, media_type="text/html")


def encoded(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a value as JSON."""
    body = msgspec.json.encode(value)
    fields = dict(headers or {})
    return Response(body, status_code=status, headers=fields, media_type=JSON)


def refusal(refused: Refused) -> Response:
    """Return a refusal as JSON."""
    code = refused.code or _CODES.get(refused.status, "error")
    error = ErrorBody(code=code, what=refused.what, expected=refused.expected, do=refused.do)
    fields = dict(refused.headers)
    if refused.status == 401:
        fields["WWW-Authenticate"] = "Bearer"
    return encoded(ErrorAnswer(error=error), status=refused.status, headers=fields)


def told(refused: Refused, who: Who | None, *, as_page: bool) -> Response:
    """Return a refusal as a page for people, or as JSON for programs."""
    if not as_page:
        return refusal(refused)
    status, headers = refused.status, refused.headers
    return rendered("refused.html", who=who, status=status, headers=headers, refused=refused)


def media_of(headers: Mapping[str, str]) -> str:
    """Return the type of what a request says, without parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def asks_as_program(path: str, headers: Mapping[str, str]) -> bool:
    """Return whether a request is a program's, which hears of a refusal as JSON.

    >>> asks_as_program("/runs/last/log/fit.txt", {}), asks_as_program("/runs/last", {})
    (True, False)
    """
    is_said = media_of(headers) == JSON or path.endswith((".json", ".txt", "/live"))
    return is_said or wants_json(headers.get("accept", ""))


def wants_json(accept: str) -> bool:
    """Return whether JSON is accepted rather than a page (RFC 9110, 12.5.1).

    >>> wants_json("application/json"), wants_json("text/html, application/json;q=0.5")
    (True, False)
    >>> wants_json("*/*"), wants_json("application/json;q=x"), wants_json("application/*, */*;q=0")
    (False, False, True)
    """
    return _quality(accept, JSON) > _quality(accept, "text/html")


def _quality(accept: str, media: str) -> float:
    """Return how well a type of media is accepted: by the entry that names it most exactly."""
    ranges = {media: 3, media.partition("/")[0] + "/*": 2, "*/*": 1}
    best, quality = 0, 0.0
    for entry in accept.split(",")[:50]:
        name, *parameters = (part.strip().lower() for part in entry.split(";"))
        exactness = ranges.get(name, 0)
        if exactness > best:
            best, quality = exactness, _weight(parameters)
    return quality


def _weight(parameters: list[str]) -> float:
    said = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    digits = said.replace(".", "", 1)
    return min(float(said), 1.0) if digits.isascii() and digits.isdigit() else 0.0
