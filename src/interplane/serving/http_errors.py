"""What the shell refuses, each in the one JSON shape that errors have at every status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from interplane.errors import did_you_mean
from interplane.serving.ports import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interplane.errors import InterplaneError

__all__ = [
    "FAULT",
    "Refusal",
    "broken",
    "error_answer",
    "error_body",
    "forbidden",
    "long_body",
    "long_header",
    "media_type",
    "no_length",
    "no_token",
    "not_ready",
    "saturated",
    "slow",
    "unexpected",
    "unknown_host",
    "unknown_model",
    "unknown_route",
    "wrong_method",
]

_SHOWN: Final = 100
_JSON: Final = "application/json"


class Refusal(NamedTuple):
    """A request that is not let in.

    Attributes:
        status: the HTTP status.
        body: the JSON of the error.
        fields: further header lines, each with its line end.
        route: the label of the route in the metrics, where one was found.
    """

    status: int
    body: bytes
    fields: bytes = b""
    route: str = "none"


def error_body(code: str, what: str, *, expected: str = "", do: str = "", **details: Any) -> bytes:
    """Return the JSON of an error.

    >>> error_body("busy", "too much at once", do="Try again")
    b'{"error":{"code":"busy","what":"too much at once","expected":"","do":"Try again","details":{}}}'
    """
    shape = {"code": code, "what": what, "expected": expected, "do": do, "details": details}
    return msgspec.json.encode({"error": shape}, enc_hook=str)


def error_answer(status: int, error: InterplaneError) -> Answer:
    """Return the answer that says an error of the tree."""
    return Answer(status, msgspec.json.encode({"error": error.to_dict()}, enc_hook=str))


def shown(raw: bytes) -> str:
    r"""Return bytes of a client as text for a message: short, and nothing but plain characters.

    >>> shown(b"/x" + bytes([255, 0]))
    '/x\\xff\\x00'
    """
    text = raw[:_SHOWN].decode("ascii", "backslashreplace")
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    return text + ("…" if len(raw) > _SHOWN else "")


FAULT: Final = Answer(
    500,
    error_body(
        "fault",
        "the server made a mistake while answering",
        do="This is a fault of Interplane, not of yours; the server's log says where. Report it",
    ),
)


def broken(why: str) -> Refusal:
    """Refuse bytes that are no HTTP/1.1 request, or one that may be read in two ways."""
    return Refusal(
        400,
        error_body(
            "bad-request",
            f"this is no request that can be answered ({why})",
            expected="a well-formed HTTP/1.1 request",
            do="Send it with an HTTP client",
        ),
    )


def unknown_host(host: bytes) -> Refusal:
    """Refuse a ``Host`` that is not one of ours: another site's page may be behind it."""
    return Refusal(
        421,
        error_body(
            "unknown-host",
            f"this server does not answer for the host {shown(host)!r}",
            expected="a name of the server",
            do='Let it answer for that name with "interplane serve --allow-host NAME"',
        ),
    )


def unknown_route(path: bytes, known: Iterable[str]) -> Refusal:
    """Refuse a path that is no route."""
    return Refusal(
        404,
        error_body(
            "unknown-route",
            f"there is nothing at {shown(path)!r}",
            expected="one of " + ", ".join(known),
            do="See /openapi.json for what this server answers",
        ),
    )


def wrong_method(method: bytes, allowed: Sequence[str], *, route: str) -> Refusal:
    """Refuse a method that a route does not have."""
    words = ", ".join(allowed)
    return Refusal(
        405,
        error_body(
            "wrong-method",
            f"the method {shown(method)!r} does nothing here",
            expected=words,
            do=f"Send it as {allowed[0]}",
        ),
        b"allow: " + words.encode() + b"\r\n",
        route,
    )


def no_token(*, route: str) -> Refusal:
    """Refuse a request without a token, or with one that is not known or was revoked."""
    return Refusal(
        401,
        error_body(
            "token",
            "this server needs a token, and the request has none that it knows",
            expected="the header Authorization: Bearer TOKEN",
            do='Make one with "interplane token add NAME"',
        ),
        b"www-authenticate: Bearer\r\n",
        route,
    )


def forbidden(permission: str, *, route: str) -> Refusal:
    """Refuse a token that may not do this."""
    return Refusal(
        403,
        error_body(
            "forbidden",
            f"this token is not for {permission}",
            expected=f"a token with the permission {permission}",
            do=f'Make one with "interplane token add NAME --may {permission}"',
        ),
        route=route,
    )


def media_type(given: bytes | None, *, route: str) -> Refusal:
    """Refuse a body that does not say that it is JSON."""
    what = "the request does not say what its body is"
    return Refusal(
        415,
        error_body(
            "media-type",
            what if given is None else f"the body is {shown(given)!r}",
            expected=_JSON,
            do=f"Send JSON with the header Content-Type: {_JSON}, and without Content-Encoding",
        ),
        route=route,
    )


def no_length(*, route: str) -> Refusal:
    """Refuse a POST that says neither how long its body is nor that it comes in chunks."""
    return Refusal(
        411,
        error_body(
            "no-length",
            "the request does not say how long its body is",
            expected="the header Content-Length, or Transfer-Encoding: chunked",
            do="Send a body with its length",
        ),
        route=route,
    )


def long_body(limit: int, *, route: str) -> Refusal:
    """Refuse a body over the limit."""
    return Refusal(
        413,
        error_body(
            "long-body",
            f"the body is longer than {limit:,} bytes",
            expected=f"at most {limit:,} bytes",
            do='Send the rows in several requests, or raise the limit with "--body-limit"',
            limit=limit,
        ),
        route=route,
    )


def long_header(what: str, *, expected: str) -> Refusal:
    """Refuse a header that is too long."""
    return Refusal(
        431,
        error_body("long-header", what, expected=expected, do="Send fewer and shorter fields"),
    )


def unexpected(value: bytes, *, route: str) -> Refusal:
    """Refuse an ``Expect`` that means nothing here."""
    return Refusal(
        417,
        error_body(
            "expectation",
            f"the request expects {shown(value)!r}",
            expected="100-continue, or nothing",
            do="Send it without the header Expect",
        ),
        route=route,
    )


def slow(part: str, limit_s: float) -> Refusal:
    """Refuse a request that was not complete in time; ``part`` is header or body."""
    return Refusal(
        408,
        error_body(
            "slow-request",
            f"the {part} of the request was not complete in time",
            expected=f"the whole {part} within {limit_s:g} s",
            do="Send a request without a pause",
        ),
    )


def saturated(why: str, *, status: int = 503) -> Refusal:
    """Refuse what would wait too long: the client may come back, or ask another server."""
    return Refusal(
        status,
        error_body(
            "saturated",
            f"the server has too much to do ({why})",
            expected="less at once",
            do="Try again after the seconds that Retry-After says",
        ),
    )


def not_ready(why: str) -> Answer:
    """Say that no traffic should come now."""
    return Answer(
        503,
        error_body(
            "not-ready",
            f"the server is not ready: {why}",
            expected="every model that was asked for, and a server that is not leaving",
            do="See the server's log and /v1/models",
        ),
    )


def unknown_model(name: str, known: Sequence[str]) -> Answer:
    """Say that no model of this name is served, and which ones are."""
    names = sorted(known)
    listed = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    return Answer(
        404,
        error_body(
            "unknown-model",
            f"no model {name[:_SHOWN]!r} is served here",
            expected=f"one of {listed}" if names else "a model that is live",
            do=f"{did_you_mean(name[:_SHOWN], names)}See /v1/models",
            known=names[:100],
        ),
    )
