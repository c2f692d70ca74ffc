"""Where a server listens, and whether it may without a token."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interplane.errors import StorageError, UsageError
from interplane.serving.hosts import is_loopback
from interplane.serving.tokens import TokenFile

if TYPE_CHECKING:
    from interplane.serving.settings import ServerSettings

__all__ = ["Listening", "bind", "needs_token"]

_BACKLOG: Final = 2048
_LAST_PORT: Final = 65_535


class Listening(NamedTuple):
    """What a server says when it is there.

    Attributes:
        url: where it listens.
        host: the address, in digits.
        port: the port.
        workers: how many processes answer.
        needs_token: whether clients need a token.
        models: name and crossing of what is live, by model.
    """

    url: str
    host: str
    port: int
    workers: int
    needs_token: bool
    models: dict[str, dict[str, str]]

    @classmethod
    def of(
        cls,
        listening: socket.socket,
        *,
        workers: int,
        needs_token: bool,
        models: dict[str, dict[str, str]],
    ) -> Listening:
        """Return it for a socket."""
        host, port = listening.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        return cls(f"http://{shown}:{port}", host, port, workers, needs_token, models)


def bind(host: str, port: int) -> socket.socket:
    """Listen at an address, or at the first one of a name.

    Raises:
        UsageError: if there is no such address.
        StorageError: if it is taken, or not this process's to take.
    """
    try:
        found = _addresses(host, port)
    except (socket.gaierror, ValueError) as error:
        raise UsageError(
            f"{host!r} with port {port} is no address to listen at ({error})",
            expected="an address of this machine and a port from 0 to 65535",
            do='For example "--host 127.0.0.1 --port 8000"',
        ) from error
    family, address = found[0]
    try:
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise StorageError(
            f"cannot listen at {host} port {port} ({error.strerror or error})",
            expected="an address that no other server has",
            do='Say another one with "--port"; "--port 0" takes a free one',
        ) from error


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[Any, ...]]]:
    if not 0 <= port <= _LAST_PORT:
        raise ValueError("there is no such port")
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return [(family, address) for family, _, _, _, address in found]


def needs_token(address: str, settings: ServerSettings) -> bool:
    """Return whether clients of an address need a token.

    Raises:
        UsageError: if they do, and there is none.
    """
    if is_loopback(address) and not settings.require_token:
        return False
    tokens = TokenFile(Path(settings.tokens), now=str).list() if settings.tokens else ()
    if any(token.revoked is None for token in tokens):
        return True
    where = "with --require-token" if is_loopback(address) else f"at {address}"
    raise UsageError(
        f"a server {where} answers nobody without a token, and there is none yet",
        expected="at least one token",
        do='Make one with "interplane token add NAME", or listen at 127.0.0.1',
    )
