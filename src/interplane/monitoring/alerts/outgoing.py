"""The only place that opens a connection to somewhere else.

Whoever can name a host could make us call what is near us and trusts us: a metadata service, a
database without a password. So: a host has to be on the project's list; it is resolved once, and
the connection goes to the very address that was looked at, so a name cannot turn into another
address in between; an address that is not public is refused unless the project says otherwise;
nothing is followed (a redirect is an answer that is no success); time and size are bounded.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import smtplib
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from interplane.errors import ConfigError, InterplaneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from interplane.monitoring.alerts.owners import DeliveryConfig

__all__ = ["Outgoing", "OutgoingFailed", "OutgoingRefused", "check_url"]

_PORTS: Final = {"https": 443, "http": 80}
_LONGEST_ANSWER: Final = 64 * 1024
_LONGEST_BODY: Final = 256 * 1024
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

_DO: Final = "Nothing was sent. Change [delivery] in the project file if it is meant"


class OutgoingRefused(ConfigError):
    """A connection that the project does not allow; nothing was opened."""

    code = "outgoing-refused"


class OutgoingFailed(InterplaneError):
    """A connection that did not come about, broke off, took too long, or whose answer was no."""

    code = "outgoing-failed"
    exit_code = 6


class _Address(NamedTuple):
    family: int
    place: tuple[Any, ...]


class _Target(NamedTuple):
    scheme: str
    host: str
    port: int
    path: str


def check_url(url: str, config: DeliveryConfig, *, place: str) -> None:
    """Refuse an address that is none, or whose host is not on the list. Opens nothing.

    Raises:
        OutgoingRefused: says what is wrong. The address itself is not in the message, as it may be
            a secret; its host is.
    """
    _target(url, config, place=place)


class Outgoing:
    """Opens connections as far as a project allows them.

    Args:
        config: what the project allows.
        resolve: finds the addresses of a host, as `socket.getaddrinfo` does.
        context: what certificates are trusted; the system's if not given.
    """

    def __init__(
        self,
        config: DeliveryConfig,
        *,
        resolve: Callable[..., Sequence[tuple[Any, ...]]] = socket.getaddrinfo,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._config = config
        self._resolve = resolve
        self._context = context

    @property
    def context(self) -> ssl.SSLContext:
        """What certificates are trusted."""
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Post a body, and return the status of the answer, which is one of success.

        Raises:
            OutgoingRefused: if the project does not allow it.
            OutgoingFailed: if it did not arrive, or the answer is not 2xx. A redirect is not followed.
        """
        target = _target(url, self._config, place="a webhook")
        if len(body) > _LONGEST_BODY:
            raise OutgoingRefused(
                f"a message of {len(body):,} bytes",
                expected=f"up to {_LONGEST_BODY:,}",
                do="Nothing was sent",
            )
        with self.connected(target.host, target.port) as opened:
            sock = opened
            if target.scheme == "https":
                sock = self.context.wrap_socket(opened, server_hostname=target.host)
            status = _exchange(sock, target, body, headers)
        if not 200 <= status < 300:
            raise OutgoingFailed(
                f"{target.host} answered {status}",
                expected="a status of success (redirects are not followed)",
                do="See what its log says",
                status=status,
            )
        return status

    @contextlib.contextmanager
    def connected(self, host: str, port: int) -> Iterator[socket.socket]:
        """Hold a connection to a host that is allowed, for as long as one attempt may take.

        Raises:
            OutgoingRefused: if its address is not public, and the project does not allow that.
            OutgoingFailed: if it cannot be reached, or what is done with it takes too long.
        """
        timeout_s = self._config.timeout_s
        addresses = self._addresses(host, port)
        with contextlib.ExitStack() as stack:
            overdue = threading.Event()
            try:
                sock = stack.enter_context(_connect(addresses, timeout_s))
                # Its own handle: wrapping the connection in TLS takes the other one away. A peer
                # that sends a byte now and then would never run into the timeout of one read.
                guard = stack.enter_context(sock.dup())
                stack.callback(_watch(guard, overdue, timeout_s).cancel)
                yield sock
                if overdue.is_set():
                    raise TimeoutError
            except (OSError, http.client.HTTPException, smtplib.SMTPException) as error:
                if isinstance(error, InterplaneError):
                    raise
                late = overdue.is_set() or isinstance(error, TimeoutError)
                what = f"no answer within {timeout_s:g} s" if late else _words(error)
                raise OutgoingFailed(
                    f"{host}:{port}: {what}",
                    expected="an answer",
                    do="See whether it runs and can be reached from here",
                ) from error

    def _addresses(self, host: str, port: int) -> list[_Address]:
        """Resolve a host once, and return the addresses that may be connected to."""
        do = "See whether its name is right"
        try:
            found = self._resolve(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise OutgoingFailed(f"{host} has no address: {_words(error)}", do=do) from error
        if not found:
            raise OutgoingFailed(f"{host} has no address", do=do)
        addresses = [_Address(item[0], item[4]) for item in found]
        for item in addresses:
            at = str(item.place[0])
            if not self._config.allow_private and not _is_public(at):
                raise OutgoingRefused(
                    f"{host} is at {at}, which is not a public address",
                    expected="a public address, or allow_private = true",
                    do=_DO,
                )
        return addresses


def _connect(addresses: Sequence[_Address], timeout_s: float) -> socket.socket:
    """Connect to the first address that takes it."""
    until = time.monotonic() + timeout_s
    for number, address in enumerate(addresses, start=1):
        sock = socket.socket(address.family, socket.SOCK_STREAM)
        try:
            sock.settimeout(max(until - time.monotonic(), 0.001))
            sock.connect(address.place)
        except OSError:
            sock.close()
            if number == len(addresses):
                raise
        else:
            sock.settimeout(timeout_s)
            return sock
    raise ValueError(addresses)


def _watch(guard: socket.socket, overdue: threading.Event, timeout_s: float) -> threading.Timer:
    """Break a connection off when its time is over."""

    def stop() -> None:
        overdue.set()
        with contextlib.suppress(OSError):  # it was closed in the meantime
            guard.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(timeout_s, stop)
    timer.daemon = True
    timer.start()
    return timer


def _target(url: str, config: DeliveryConfig, *, place: str) -> _Target:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("ascii").decode().lower(), parts.port
    except ValueError as error:
        raise _refused(place, "is no web address", "https://HOST/PATH in ASCII") from error
    if not url.isascii() or any(ord(sign) <= 32 or ord(sign) == 127 for sign in url):
        raise _refused(place, "has signs that are in no web address", "https://HOST/PATH in ASCII")
    if parts.scheme not in _PORTS or not host or parts.fragment:
        raise _refused(place, "is no web address", "https://HOST/PATH")
    if "@" in parts.netloc:
        raise _refused(place, "has a name or password in it", "token_env for a token")
    if parts.scheme == "http" and not config.allow_http:
        raise _refused(place, f"would send to {host} in the clear", "https:, or allow_http = true")
    port = port or _PORTS[parts.scheme]
    names = {host, f"{host}:{port}"} if port == _PORTS[parts.scheme] else {f"{host}:{port}"}
    if not names & {item.lower() for item in config.allow_hosts}:
        shown = host if port == _PORTS[parts.scheme] else f"{host}:{port}"
        raise _refused(
            place, f"is at {shown}, which is not on the list", f'allow_hosts = ["{shown}"]'
        )
    return _Target(parts.scheme, host, port, _path(parts))


def _path(parts: SplitResult) -> str:
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


def _refused(place: str, what: str, expected: str) -> OutgoingRefused:
    return OutgoingRefused(f"{place} {what}", expected=expected, do=_DO)


def _is_public(text: str) -> bool:
    """Return whether an address is a public one, whichever way it is written.

    >>> [_is_public(at) for at in ("93.184.216.34", "127.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0")]
    [True, False, False, False]
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(str(inner))
    return address.is_global and not address.is_multicast


def _exchange(sock: socket.socket, target: _Target, body: bytes, headers: Mapping[str, str]) -> int:
    """Send one request, and return the status; what the answer says is read and let go."""
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = sock  # connected, to the address that was looked at
    try:
        connection.request("POST", target.path, body, {"Connection": "close", **headers})
        answer = connection.getresponse()
        if len(answer.read(_LONGEST_ANSWER + 1)) > _LONGEST_ANSWER:
            raise OutgoingFailed(
                f"{target.host} answered more than {_LONGEST_ANSWER:,} bytes",
                expected="a short answer",
                do="See whether it is the right address",
            )
        return answer.status
    finally:
        connection.close()


def _words(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{type(error).__name__}: {text}"[:200]
