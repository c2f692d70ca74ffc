"""The gate: what a request's header has to say before any of its body is read.

A pure function of the header, so every rule here can be tested without a socket, and holds for every
route: host, route and method, token, media type, length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.serving.http_errors import (
    Refusal,
    broken,
    forbidden,
    long_body,
    media_type,
    no_length,
    no_token,
    unexpected,
    unknown_host,
)
from interplane.serving.routes import PUBLIC, Call

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.serving.hosts import Hosts
    from interplane.serving.routes import Routes
    from interplane.serving.tokens import TokenWatch

__all__ = ["Gate"]

_READ: Final = frozenset(
    {
        b"host",
        b"content-type",
        b"content-length",
        b"content-encoding",
        b"transfer-encoding",
        b"authorization",
        b"expect",
    }
)
"""The header fields that say something here. Twice the same is a request with two meanings."""

_SPELLED: Final = {
    spelling: name for name in _READ for spelling in (name, name.title(), name.upper())
}
_JSON: Final = b"application/json"
_VERSIONS: Final = frozenset({"1.1", "1.0"})
_LONGEST_NUMBER: Final = 18


class Gate:
    """Lets requests in, or says why not.

    Args:
        routes: the table of routes.
        hosts: the names that the server answers for.
        tokens: what tokens permit; None lets everybody in who reaches the address.
        most_body: the longest body, in bytes.
        quick: tells the call of a target that is asked for again and again, or None.
    """

    def __init__(
        self,
        routes: Routes,
        hosts: Hosts,
        *,
        tokens: TokenWatch | None,
        most_body: int,
        quick: Callable[[bytes], Call | None] = lambda _target: None,
    ) -> None:
        self._routes = routes
        self._hosts = hosts
        self._tokens = tokens
        self._most_body = most_body
        self._quick = quick

    def admit(
        self, method: bytes, target: bytes, version: str, fields: Sequence[tuple[bytes, bytes]]
    ) -> Call | Refusal:
        """Return what a request calls, or its refusal.

        Args:
            method: in capitals.
            target: as the request's first line says it.
            version: of HTTP.
            fields: names and values as they came.
        """
        read: dict[bytes, bytes] = {}
        count = 0
        for field, value in fields:
            name = _SPELLED.get(field) or field.lower()
            if name in _READ:
                read[name] = value
                count += 1
        if count != len(read) or version not in _VERSIONS:
            return broken("it says a field twice, or its version of HTTP is not 1.1 or 1.0")
        host = read.get(b"host")
        if host not in self._hosts.quick and (refusal := self._check_host(host)):
            return refusal
        call = (self._quick(target) if method == b"POST" else None) or self._find(method, target)
        if isinstance(call, Refusal):
            return call
        if self._tokens is not None and (refusal := self._check_token(call, read)):
            return refusal
        if refusal := self._check_body(call, read):
            return refusal
        return call if b"expect" not in read else _expecting(call, read[b"expect"])

    def _check_host(self, host: bytes | None) -> Refusal | None:
        if host is None:
            return broken("it does not say its host")
        return None if self._hosts.allows(host) else unknown_host(host)

    def _find(self, method: bytes, target: bytes) -> Call | Refusal:
        """Find the route; a target with an address in it says its host a second time."""
        if target.startswith((b"http://", b"https://")):
            authority, slash, path = target.partition(b"://")[2].partition(b"/")
            if not self._hosts.allows(authority.partition(b"?")[0]):
                return unknown_host(authority)
            target = slash + path or b"/"
        return self._routes.find(method, target)

    def _check_token(self, call: Call, read: dict[bytes, bytes]) -> Refusal | None:
        permission = call.route.permission
        if permission == PUBLIC or self._tokens is None:
            return None
        permits = self._tokens.permits(read.get(b"authorization"), permission)
        if permits is None:
            return no_token(route=call.route.label)
        return None if permits else forbidden(permission, route=call.route.label)

    def _check_body(self, call: Call, read: dict[bytes, bytes]) -> Refusal | None:
        """Hold what the header says of the body against the rules."""
        length = read.get(b"content-length")
        if call.route.method != "POST":
            has_body = b"transfer-encoding" in read or length not in {None, b"0"}
            return broken(f"a {call.route.method} has no body here") if has_body else None
        kind = read.get(b"content-type")
        if kind != _JSON and not _is_json(kind):
            return media_type(kind, route=call.route.label)
        if b"content-encoding" in read:
            return media_type(read[b"content-encoding"], route=call.route.label)
        if length is None:
            return _check_chunks(call, read.get(b"transfer-encoding"))
        if len(length) > _LONGEST_NUMBER or int(length) > self._most_body:
            return long_body(self._most_body, route=call.route.label)
        return None


def _check_chunks(call: Call, encoding: bytes | None) -> Refusal | None:
    if encoding is None:
        return no_length(route=call.route.label)
    if encoding.strip().lower() != b"chunked":
        return broken("its Transfer-Encoding is not chunked alone")
    return None


def _expecting(call: Call, expectation: bytes) -> Call | Refusal:
    if expectation.lower() == b"100-continue":
        return call._replace(is_waiting=True)
    return unexpected(expectation, route=call.route.label)


def _is_json(kind: bytes | None) -> bool:
    """Return whether a media type is JSON in UTF-8.

    >>> [_is_json(kind) for kind in (b"application/json; charset=UTF-8", b"text/json", None)]
    [True, False, False]
    """
    if kind is None:
        return False
    name, *parameters = (part.strip().lower() for part in kind.split(b";"))
    charsets = (part[8:].strip(b'" ') for part in parameters if part.startswith(b"charset="))
    return name == _JSON and all(charset in {b"utf-8", b"utf8"} for charset in charsets)
