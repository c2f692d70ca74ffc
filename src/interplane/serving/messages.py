"""The beginnings of responses, made once a second and not for every request."""

from __future__ import annotations

from email.utils import formatdate
from http import HTTPStatus
from typing import Final

__all__ = ["JSON", "PROMETHEUS", "Heads"]

JSON: Final = b"application/json"
PROMETHEUS: Final = b"text/plain; version=0.0.4; charset=utf-8"

_RETRY_AFTER: Final = {429: b"retry-after: 1\r\n", 503: b"retry-after: 1\r\n"}


class Heads:
    r"""Status line and common header fields of each status, up to the length of the body.

    ``keep`` is for a connection that goes on, ``close`` for one that ends with the response. They
    are remembered by (status, media type), until `refresh` changes the date.

    >>> heads = Heads()
    >>> heads.refresh(0.0)
    >>> heads.keep(200).split(b"\r\n")[:2]
    [b'HTTP/1.1 200 OK', b'date: Thu, 01 Jan 1970 00:00:00 GMT']
    """

    def __init__(self) -> None:
        self._date = b""
        self.kept: dict[int, bytes] = {}
        self._others: dict[tuple[int, bytes, bool], bytes] = {}

    def refresh(self, now: float) -> None:
        """Say the time (seconds since 1970) in all heads that follow."""
        date = formatdate(now, usegmt=True).encode()
        if date != self._date:
            self._date = date
            self.kept.clear()
            self._others.clear()

    def keep(self, status: int) -> bytes:
        """Return the head of a JSON response after which the connection goes on."""
        head = self.kept.get(status)
        if head is None:
            head = self.kept[status] = self._make(status, JSON, closes=False)
        return head

    def of(self, status: int, media: bytes, *, closes: bool) -> bytes:
        """Return any head."""
        key = (status, media, closes)
        head = self._others.get(key)
        if head is None:
            head = self._others[key] = self._make(status, media, closes=closes)
        return head

    def _make(self, status: int, media: bytes, *, closes: bool) -> bytes:
        lines = [
            b"HTTP/1.1 %d %b\r\n" % (status, _phrase(status)),
            b"date: " + self._date + b"\r\n",
            b"content-type: " + media + b"\r\n",
            b"x-content-type-options: nosniff\r\n",
            _RETRY_AFTER.get(status, b""),
            b"connection: close\r\n" if closes else b"",
            b"content-length: ",
        ]
        return b"".join(lines)


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
