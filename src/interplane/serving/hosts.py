"""Whom a server answers for: the allow-list of ``Host``.

A page of another site can make a browser send requests to this machine under a name of its own
(DNS rebinding). Such a request says the other site's name as its host, so a server that answers for
its own names only is not reached. An address in digits cannot be rebound.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Hosts", "is_loopback"]

_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")


def is_loopback(address: str) -> bool:
    """Return whether an address in digits is this machine's own.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


class Hosts:
    """The names that a server answers for.

    Args:
        address: the address that it listens at, in digits. At one that means *any address*, every
            address in digits is a name of it.
        port: its port.
        names: further names.

    >>> hosts = Hosts("127.0.0.1", 8000, ["models.example"])
    >>> [hosts.allows(host) for host in (b"localhost:8000", b"Models.Example", b"evil.example")]
    [True, True, False]
    """

    def __init__(self, address: str, port: int, names: Iterable[str] = ()) -> None:
        own = ipaddress.ip_address(address.partition("%")[0])
        self._any = own.is_unspecified
        literal = f"[{own}]" if own.version == 6 else str(own)
        self._names = {name.lower().rstrip(".") for name in (*_LOOPBACK, literal, *names)}
        spelled = {name.encode() for name in self._names if name.isascii()}
        self.quick = frozenset(spelled | {name + b":%d" % port for name in spelled})
        """Values of the header that are allowed as they stand: most are among them."""

    def allows(self, host: bytes) -> bool:
        """Return whether a ``Host`` is one of ours, whatever its port and the case of its letters."""
        if host in self.quick:
            return True
        name, _, port = _split(host.lower())
        if port and not port.isdigit():
            return False
        text = name.decode("latin-1").rstrip(".")
        return text in self._names or (self._any and _is_address(text))


def _split(host: bytes) -> tuple[bytes, bytes, bytes]:
    """Return name, colon and port; an IPv6 address stands in brackets."""
    if host.startswith(b"["):
        name, bracket, rest = host.partition(b"]")
        return name + bracket, rest[:1], rest[1:] if rest[:1] in {b"", b":"} else b"?"
    return host.partition(b":")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text[1:-1] if text.startswith("[") else text)
    except ValueError:
        return False
    return True
