"""The online store that a project's file asks for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from interplane.errors import ConfigError, StorageError
from interplane.storage.clock import system_token

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from interplane.project.config_online import OnlineConfig
    from interplane.views.ports import OnlineStore
    from interplane.views.redis.settings import RedisSettings

__all__ = ["open_online_store", "redis_settings"]

_FILE: Final = "online.sqlite"
_NAME: Final = "online-name"


def open_online_store(workspace: Path, config: OnlineConfig) -> OnlineStore:
    """Open the online store of a workspace, made where there is none yet.

    A Redis is not asked for anything before it is needed.

    Raises:
        StorageError: if a file of it cannot be made or opened.
        MissingExtra: if the client library of Redis is not installed.
        ConfigError: if the variable with its password is not set.
    """
    if config.store == "sqlite":
        from interplane.views.online import SqliteOnline

        return SqliteOnline(workspace / _FILE)
    from interplane.views.redis.store import RedisOnline

    return RedisOnline(redis_settings(workspace, config))


def redis_settings(
    workspace: Path, config: OnlineConfig, *, environment: Mapping[str, str] = os.environ
) -> RedisSettings:
    """Return how the Redis of a workspace is reached.

    Raises:
        ConfigError: if the variable with its password is not set.
        StorageError: if the name of the workspace's keys cannot be kept.
    """
    from interplane.views.redis.settings import RedisSettings

    password = None
    if config.password_env is not None:
        password = environment.get(config.password_env)
        if not password:
            raise ConfigError(
                f"the environment variable {config.password_env} is not set",
                expected="the password of the Redis in it, as [online] password_env says",
                do="Set it, or take that line out of the project file",
            )
    prefix = config.prefix
    return RedisSettings(
        url=config.url or "",
        prefix=f"interplane:{_own_name(workspace)}:" if prefix is None else prefix,
        password=password,
        durability=config.durability,
        replicas=config.replicas,
        timeout_s=config.timeout_s,
    )


def _own_name(workspace: Path) -> str:
    """Return what the keys of a workspace are called, which is made once and never changes."""
    path = workspace / _NAME
    building = path.with_name(f".{_NAME}.{system_token()}.new")
    try:
        if not path.exists():
            try:
                with building.open("w") as file:
                    file.write(system_token())
                    file.flush()
                    os.fsync(file.fileno())
                os.link(building, path)
            except FileExistsError:
                pass
            finally:
                building.unlink(missing_ok=True)
        name = path.read_text().strip()
    except OSError as error:
        raise StorageError.from_os(error, doing=f"keeping the name of {workspace}") from error
    if not name.isalnum():
        raise StorageError(
            f"{path} holds no name",
            expected="letters and digits",
            do="Take it from a copy, or say [online] prefix in the project file",
        )
    return name
