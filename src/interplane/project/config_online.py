"""The section of the project file that says where what feature views know is kept: ``[online]``."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from interplane.errors import ConfigError
from interplane.record.base import Value
from interplane.record.sections import read_section

__all__ = ["OnlineConfig", "read_online"]

_SCHEMES = ("redis", "rediss", "unix")
_DO = "Mend [online] in the project file"


class OnlineConfig(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the events of feature views are kept for servers.

    Attributes:
        store: ``sqlite`` for a file in the workspace, ``redis`` for a Redis that servers on several
            machines share.
        url: where the Redis is: ``redis://HOST:PORT/DATABASE``, ``rediss://…`` or ``unix://PATH``.
        password_env: the environment variable with its password; the file never holds one.
        durability: what an acknowledged event outlives in the Redis: a power cut (``disk``: the
            server has to have ``appendonly yes`` and ``appendfsync always``), a power cut but for
            about the last second (``second``: ``everysec`` will do), or nothing but what the
            server does by itself (``memory``). A server that promises less is refused.
        replicas: how many replicas of the Redis have to have an event before it is acknowledged.
        prefix: what the keys in the Redis begin with; unless said, a name that is made once for the
            workspace. Workspaces on several machines that share their events say the same.
        timeout_s: how long one answer of the Redis may take.
    """

    store: Literal["sqlite", "redis"] = "sqlite"
    url: str | None = None
    password_env: str | None = None
    durability: Literal["disk", "second", "memory"] = "disk"
    replicas: int = 0
    prefix: str | None = None
    timeout_s: float = 1.0


def read_online(plain: Any, *, place: str) -> OnlineConfig:
    """Read the section.

    Raises:
        ConfigError: if it says something that Interplane does not know, or that makes no sense.

    >>> read_online({"store": "redis", "url": "redis://cache:6379/0"}, place="here").durability
    'disk'
    """
    if isinstance(plain, dict) and isinstance(plain.get("url"), str):
        _check_url(plain["url"], place)
    config = read_section(
        plain,
        OnlineConfig,
        place=place,
        name="online",
        example='for example store = "redis" and url = "redis://cache:6379/0"',
        do=_DO,
    )
    _check(config, place)
    return config


def _check(config: OnlineConfig, place: str) -> None:
    if config.store == "redis" and config.url is None:
        raise ConfigError(
            f"{place}: online.store is redis, and nothing says where it is",
            expected='url = "redis://HOST:PORT/DATABASE"',
            do=_DO,
        )
    if config.store != "redis" and config != OnlineConfig(store=config.store):
        raise ConfigError(
            f'{place}: [online] says how a Redis is reached, and store is "{config.store}"',
            expected='store = "redis", or nothing else in [online]',
            do=_DO,
        )
    if config.replicas < 0 or not 0 < config.timeout_s <= 60:
        raise ConfigError(
            f"{place}: online.replicas is {config.replicas}, online.timeout_s {config.timeout_s}",
            expected="replicas of 0 or more, and a timeout of up to 60 seconds",
            do=_DO,
        )
    prefix = config.prefix
    if prefix is not None and not (prefix.isascii() and prefix.isprintable() and prefix):
        raise ConfigError(
            f"{place}: online.prefix is {prefix!r}",
            expected="printable ASCII characters, for example flights-production:",
            do=_DO,
        )


def _check_url(url: str, place: str) -> None:
    """Refuse an address that is none, or holds a password; which is never shown."""
    try:
        parts = urlsplit(url)
        secret = bool(parts.password) or "password" in dict(parse_qsl(parts.query))
    except ValueError:
        parts, secret = urlsplit(""), False
    if secret:
        raise ConfigError(
            f"{place}: online.url holds a password",
            expected="an address without one",
            do='Take it out, and name the environment variable that has it: password_env = "…"',
        )
    if parts.scheme not in _SCHEMES:
        raise ConfigError(
            f"{place}: online.url is {url!r}",
            expected="redis://HOST:PORT/DATABASE, rediss://… or unix://PATH",
            do=_DO,
        )
