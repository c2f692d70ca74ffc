"""One connection to Redis: scripts go in, values come out, and every failure has words."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import NewerFormat, StorageError, StorageFull
from interplane.storage.clock import system_token
from interplane.views.redis.packing import pack
from interplane.views.redis.scripts import FORMAT, SCRIPTS
from interplane.views.redis.settings import check_server, shown_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.views.redis.settings import RedisSettings

__all__ = ["RedisLink"]

_PAUSE_S: Final = 0.25
_CHECKED: Final = ("appendonly", "appendfsync", "maxmemory", "maxmemory-policy")


class RedisLink:
    """A connection that is made when it is first needed, and made again when it broke.

    For one thread at a time. A server that gave no answer in time is not asked again for a quarter
    of a second: who has many requests does not wait for each.

    Args:
        settings: where the server is, and what it has to promise.

    Attributes:
        epoch: a number of the server's life. Another life may have lost what was not on its disk.
    """

    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings
        self._where = shown_url(settings.url)
        self._prefix = settings.prefix.encode()
        self._connection = settings.connection()
        self._pid = os.getpid()
        self._is_open = False
        self._silent_until = 0.0
        self._closed = False
        self.epoch = 0
        packed = self._connection.pack_command("HGET", self._prefix + b"meta", "version")
        self._version = b"".join(packed)

    def version(self) -> int:
        """Return the number that any write changes, in this life of the server."""
        with self._told("reading"):
            return int(self._again(lambda: self._ask_packed(self._version)))

    def read(self, script: str, *arguments: Any) -> Any:
        """Run a script that may be run again if the connection was broken."""
        with self._told("reading"):
            return self._again(lambda: self._run(script, arguments))

    def write(self, script: str, *arguments: Any) -> Any:
        """Run a script once. With replicas, wait until they have what it wrote.

        Raises:
            StorageError: the outcome is unknown.
        """
        with self._told("writing"):
            self._open()
            found = self._run(script, arguments)
            self._wait()
            return found

    def change(self, script: str, *arguments: Any) -> Any:
        """Run a script that writes, and comes to the same when it is run twice."""
        with self._told("writing"):
            found = self._again(lambda: self._run(script, arguments))
            self._wait()
            return found

    def scan(self, key: bytes, cursor: bytes) -> tuple[bytes, list[bytes]]:
        """Return where to go on, ``0`` at the end, and some members of a set."""
        with self._told("reading"):
            found = self._again(
                lambda: self._ask("SSCAN", self._prefix + key, cursor, "COUNT", 500)
            )
            return found[0], found[1]

    def hash_values(self, key: bytes, fields: list[bytes]) -> list[bytes | None]:
        """Return some values of a hash."""
        with self._told("reading"):
            found: list[bytes | None] = self._again(
                lambda: self._ask("HMGET", self._prefix + key, *fields)
            )
            return found

    def close(self) -> None:
        """Close the connection for good."""
        self._closed = True
        self._drop()

    # ---- asking ---------------------------------------------------------------------------

    def _again(self, work: Any) -> Any:
        """Do something; once more where a connection turned out to be gone."""
        from redis.exceptions import ConnectionError as Gone

        was_open = self._is_open
        try:
            self._open()
            return work()
        except Gone:
            self._drop()
            if not was_open:
                raise
        self._open()
        return work()

    def _run(self, script: str, arguments: tuple[Any, ...]) -> Any:
        from redis.exceptions import NoScriptError

        found, packed = SCRIPTS[script], pack(arguments)
        try:
            return self._ask("EVALSHA", found.digest, 1, self._prefix, packed)
        except NoScriptError:
            return self._ask("EVAL", found.text, 1, self._prefix, packed)

    def _ask(self, *words: Any) -> Any:
        self._connection.send_command(*words, check_health=False)
        return self._connection.read_response()

    def _ask_packed(self, packed: bytes) -> Any:
        self._connection.send_packed_command([packed], check_health=False)
        return self._connection.read_response()

    def _wait(self) -> None:
        wanted = self._settings.replicas
        if not wanted:
            return
        patience_ms = max(int(self._settings.timeout_s * 500), 1)
        reached = self._ask("WAIT", wanted, patience_ms)
        if reached < wanted:
            raise StorageError(
                f"only {reached} of {wanted} replicas of the Redis at {self._where} have the write",
                expected=f"{wanted} within {patience_ms} ms, as [online] replicas says",
                do="The write may be there. Make the same call again when the replicas are",
            )

    # ---- opening --------------------------------------------------------------------------

    def _open(self) -> None:
        """Connect, if there is no connection, and look whether that server will do."""
        if os.getpid() != self._pid:
            raise StorageError(
                f"this connection to {self._where} was made by process {self._pid}, before a fork",
                expected="a connection of this process",
                do="Open the online store again",
            )
        if self._closed:
            raise StorageError(
                f"the online store at {self._where} was closed",
                expected="an open online store",
                do="Open it again",
            )
        if self._is_open:
            return
        left = self._silent_until - time.monotonic()
        if left > 0:
            raise StorageError(
                f"the Redis at {self._where} gave no answer a moment ago",
                expected="a server that answers",
                do=f"Try again in {left:.1f} s",
            )
        self._connection.connect()
        try:
            self._greet()
        except BaseException:
            self._drop()
            raise
        self._is_open = True

    def _greet(self) -> None:
        said = self._ask("INFO", "server").decode()
        life = next(line[7:47] for line in said.splitlines() if line.startswith("run_id:"))
        check_server(self._server_settings(), self._settings)
        start = int(system_token(), 16) % (1 << 40)
        found = self._run("open", (FORMAT, start))
        if found is None or int(found) > FORMAT:
            raise NewerFormat(
                f"the online store in the Redis at {self._where} has format {found!r}",
                expected=f"format {FORMAT}",
                do="A newer Interplane made it. Use that one",
            )
        self.epoch = int(life[:12], 16)

    def _server_settings(self) -> dict[str, str]:
        """Return what the server says of itself; nothing where it does not tell."""
        from redis.exceptions import NoPermissionError, ResponseError

        found: dict[str, str] = {}
        for name in _CHECKED:
            try:
                pair = self._ask("CONFIG", "GET", name)
            except (NoPermissionError, ResponseError):
                return {}
            found |= {pair[0].decode(): pair[1].decode()} if pair else {}
        return found

    def _drop(self) -> None:
        self._is_open = False
        self._connection.disconnect()

    # ---- failures -------------------------------------------------------------------------

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        from redis.exceptions import AuthenticationError, OutOfMemoryError, RedisError
        from redis.exceptions import TimeoutError as Late

        try:
            yield
        except Late as error:
            self._drop()
            self._silent_until = time.monotonic() + _PAUSE_S
            raise StorageError(
                f"{doing} the online store at {self._where}: no answer within "
                f"{self._settings.timeout_s:g} s",
                expected="a Redis that answers",
                do=_DO[doing],
            ) from error
        except OutOfMemoryError as error:
            raise StorageFull(
                f"{doing} the online store at {self._where}: its memory is full",
                expected="room for what is kept",
                do="Nothing was written. Give that server more memory",
            ) from error
        except AuthenticationError as error:
            self._drop()
            raise StorageError(
                f"{doing} the online store at {self._where}: {error}",
                expected="the password of that server",
                do="Nothing was done. Name the environment variable that has it under [online]: "
                "password_env",
            ) from error
        except RedisError as error:
            self._drop()
            raise StorageError(
                f"{doing} the online store at {self._where}: {error}",
                expected="a Redis that can be reached and used",
                do=_DO[doing],
            ) from error


_DO: Final = {
    "reading": "Start it, or mend [online] in the project file; then try again",
    "writing": "The outcome is unknown. Make the same call again when the server answers",
}
