"""What a request says in its body: bounded, of a kind that is understood, of a declared type."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import msgspec

from interplane.web.answers import JSON, Refused, media_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

__all__ = ["FORM", "Unreadable", "read_body", "read_value"]

FORM: Final = "application/x-www-form-urlencoded"
_LONGEST: Final = 1 << 16
_MOST_DROPPED: Final = 1 << 20
_DROPPED_S: Final = 1.0
_MOST_FIELDS: Final = 100
_PATTERN: Final = re.compile(r"`str` matching regex '.*'(?= - at |$)", re.DOTALL)


class Unreadable(Exception):
    """What a request said cannot be read.

    Args:
        refused: how it is refused.
    """

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.what)
        self.refused = refused


async def read_body(request: Request) -> bytes:
    """Return the body of a request.

    Raises:
        Unreadable: if it is too long; it is let go of as soon as that is known.
    """
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and int(said[:18]) > _MOST_DROPPED:
        raise _too_long()
    body, stream = b"", request.stream()
    async for piece in stream:
        body += piece
        if len(body) > _LONGEST:
            await _drop(stream)
            raise _too_long()
    return body


async def _drop(stream: AsyncIterator[bytes]) -> None:
    """Let go of the rest for a moment: a client that still sends then would miss the answer."""
    dropped = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_DROPPED_S):
            async for piece in stream:
                dropped += len(piece)
                if dropped > _MOST_DROPPED:
                    return


async def read_value(request: Request, takes: type[Any]) -> Any:
    """Return what is said in a body, JSON or a form, as a value of a type.

    Raises:
        Unreadable: if it is neither, too long, or no such value.
    """
    media = media_of(request.headers)
    if media not in {JSON, FORM}:
        raise Unreadable(Refused(415, f"{media[:60]!r} is not understood", "Send JSON"))
    body = await read_body(request)
    try:
        if media == JSON:
            return msgspec.json.decode(body, type=takes)
        told = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        fields = {name: each[-1] for name, each in told.items()}
        return msgspec.convert(fields, type=takes, strict=False)
    except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError) as error:
        # A pattern says nothing to a person; each of ours asks for words that can be shown.
        wrong = _PATTERN.sub("`str` with something to read in it", str(error))
        do = "See /openapi.json" if media == JSON else "Go back, and say it anew"
        what = f"what was said cannot be read: {wrong[:300]}"
        raise Unreadable(Refused(422, what, do)) from error


def _too_long() -> Unreadable:
    return Unreadable(Refused(413, "too much was said", "Say less", f"at most {_LONGEST:,} bytes"))
