"""Where a Redis is, what of it is ours, and what it has to promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit

from interplane.errors import ConfigError, MissingExtra, StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Durability", "RedisSettings", "check_server", "shown_url"]

Durability = Literal["disk", "second", "memory"]
"""What is on the disk when a write is acknowledged: all, all but about a second, or nothing."""

_NEEDED: Final[Mapping[Durability, tuple[str, ...]]] = {
    "disk": ("always",),
    "second": ("always", "everysec"),
}


class RedisSettings(NamedTuple):
    """How a store in Redis is reached.

    Attributes:
        url: ``redis://HOST:PORT/DATABASE``, ``rediss://…`` or ``unix://PATH``, without a password.
        prefix: what all keys of the store begin with.
        password: the password, if the server wants one.
        durability: what an acknowledged write has to outlive; see `Durability`.
        replicas: how many replicas have to have a write before it is acknowledged.
        timeout_s: how long one answer may take.
        feed: how many of the newest events are kept for readers that follow.
    """

    url: str
    prefix: str
    password: str | None = None
    durability: Durability = "disk"
    replicas: int = 0
    timeout_s: float = 1.0
    feed: int = 20_000

    def connection(self) -> Any:
        """Return a connection of the client library, not yet connected.

        Raises:
            MissingExtra: if the library is not installed.
            ConfigError: if the address is none.
        """
        try:
            from redis.connection import Connection, parse_url
        except ImportError as error:
            raise MissingExtra.of("redis", "Online stores in Redis") from error
        try:
            options: dict[str, Any] = dict(parse_url(self.url))  # type: ignore[no-untyped-call]
        except ValueError as error:
            raise ConfigError(
                f"the address {shown_url(self.url)!r} of a Redis cannot be read: {error}",
                expected="redis://HOST:PORT/DATABASE, rediss://… or unix://PATH",
                do="Mend [online] url in the project file",
            ) from error
        if self.password is not None:
            options["password"] = self.password
        kind = options.pop("connection_class", Connection)
        options |= {
            "protocol": 2,
            "socket_timeout": self.timeout_s,
            "decode_responses": False,
            "client_name": "interplane",
        }
        if "path" not in options:
            options |= {"socket_connect_timeout": self.timeout_s, "socket_keepalive": True}
        return kind(**options)


def shown_url(url: str) -> str:
    """Return an address as it may be shown: without what may be secret.

    >>> shown_url("redis://me:secret@cache:6379/0?password=x")
    'redis://cache:6379/0'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def check_server(found: Mapping[str, str], settings: RedisSettings) -> None:
    """Hold what a server says of itself against what is asked of it.

    Args:
        found: its settings: ``appendonly``, ``appendfsync``, ``maxmemory``, ``maxmemory-policy``.
            Empty if it does not tell them.
        settings: what is asked.

    Raises:
        StorageError: if it promises less, or lets go of keys when its memory is full.

    >>> check_server(
    ...     {"appendonly": "yes", "appendfsync": "always"}, RedisSettings("redis://h", "p")
    ... )
    """
    where, asked = shown_url(settings.url), settings.durability
    if found.get("maxmemory-policy", "noeviction").startswith("allkeys") and (
        found.get("maxmemory", "0") != "0"
    ):
        raise StorageError(
            f"the Redis at {where} lets go of any key when its memory is full "
            f"(maxmemory-policy {found['maxmemory-policy']})",
            expected="maxmemory-policy noeviction: a lost event is a wrong feature",
            do="Set it on that server, or give the online store a Redis of its own",
        )
    needed = _NEEDED.get(asked)
    if needed is None:
        return
    if not found:
        raise StorageError(
            f"the Redis at {where} does not say whether it keeps what it acknowledged",
            expected=f'an answer to CONFIG GET, as durability = "{asked}" has to be checked',
            do='Allow it, or say durability = "memory" under [online]: then a power cut may cost '
            "events that were acknowledged, and materializing and pushing again brings them back",
        )
    if found.get("appendonly") == "yes" and found.get("appendfsync") in needed:
        return
    cost = {"everysec": "about the last second of events", "no": "the last half minute or more"}
    lost = cost.get(found.get("appendfsync", ""), "more")
    if found.get("appendonly") != "yes":
        lost = "everything since the last snapshot"
    raise StorageError(
        f"the Redis at {where} has appendonly {found.get('appendonly')} and appendfsync "
        f"{found.get('appendfsync')}: a power cut may cost {lost}, though it was acknowledged",
        expected=f'appendonly yes and appendfsync {" or ".join(needed)}, as durability = "{asked}" '
        "asks for",
        do="Set them on that server, or say under [online] what may be lost: "
        'durability = "second" or "memory"',
    )
