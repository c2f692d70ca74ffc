"""How a SQLite file of ours is reached: who may write when, and what its errors mean.

Reading connections are read-only, so they never write, lock or checkpoint. There is one writing
connection; a writing transaction is IMMEDIATE, in WAL mode with ``synchronous=FULL`` (NORMAL for a
file whose commits need not outlive a power cut; it is whole after one all the same), and its errors
are sorted into what may be tried again (somebody else writes) and what may not (the disk).

SQLite 3.7.0 to 3.51.2 can corrupt a file when two connections reset its log at the same moment.
Where that version runs, all writes and checkpoints of all processes go through one lock file. The
operating system gives the lock back when its holder dies.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from interplane.errors import Busy, Corrupt, StorageError, StorageFull
from interplane.storage.file_lock import FileLock
from interplane.storage.sqlite_schema import check_format, not_a_catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["Connections", "translate", "translated"]

T = TypeVar("T")

_SAFE_VERSION = (3, 51, 3)
_PATIENCE_S = 60.0
_BUSY_TIMEOUT_S = 10.0
_LONGEST_PAUSE_S = 0.01
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_UNSURE = {sqlite3.SQLITE_IOERR}


class Connections:
    """The connections of one process to one file: the catalog, or another of ours.

    Args:
        path: the file; it must exist.
        what: what the file is, for messages.
        check: raises unless the file is one that we can read.
        durable: whether a commit outlives a power cut; one that need not outlives the process.
        funnel: whether writes go through the lock file; by default where SQLite needs it.
        patience_s: how long a write waits for others.
    """

    def __init__(
        self,
        path: Path,
        *,
        what: str = "catalog",
        check: Callable[[sqlite3.Connection, Path], None] = check_format,
        durable: bool = True,
        funnel: bool | None = None,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self.path = path
        self._what = what
        self._durable = durable
        self._patience_s = patience_s
        self._pid = os.getpid()
        self._idle: deque[sqlite3.Connection] = deque()
        self._writing: sqlite3.Connection | None = None
        self._turn = threading.RLock()
        self._stopped: str | None = None
        self._closed = False
        needed = sqlite3.sqlite_version_info < _SAFE_VERSION
        self._funnel = needed if funnel is None else funnel
        self._lock: FileLock | None = None
        self.read(lambda connection: check(connection, path))

    # reading -----------------------------------------------------------------------------------

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what ``work`` reads; one statement sees one state."""
        until = time.monotonic() + self._patience_s
        while True:
            with self._translated("reading"), self._lent() as connection:
                try:
                    return work(connection)
                except sqlite3.OperationalError as error:
                    if not _is_busy(error) or time.monotonic() > until:
                        raise
            time.sleep(_LONGEST_PAUSE_S)

    def open_reader(self) -> sqlite3.Connection:
        """Return a reading connection of the caller's own, who closes it."""
        self._refuse_strangers()
        with self._translated("reading"):
            return self._connect("ro")

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        self._refuse_strangers()
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect("ro")
        try:
            yield connection
        finally:
            self._idle.append(connection)

    # writing -----------------------------------------------------------------------------------

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` in one transaction and return what it returned once that is durable.

        ``work`` may run more than once. If it raises, nothing is written.
        """
        until = time.monotonic() + self._patience_s
        while True:
            with self._turn, self._translated("writing"), self._locked(until):
                self._refuse_stopped()
                try:
                    return self._transact(work)
                except sqlite3.OperationalError as error:
                    self._judge(error)
                    if not _is_busy(error) or time.monotonic() > until:
                        raise
            time.sleep(_LONGEST_PAUSE_S)

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._writer()
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        return result

    def _writer(self) -> sqlite3.Connection:
        if self._writing is None:
            connection = self._connect("rw")
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
            self._writing = connection
        return self._writing

    def _judge(self, error: sqlite3.OperationalError) -> None:
        """Stop for good after an error of the disk: nobody knows what is on it."""
        if _code(error) in _UNSURE:
            self._stopped = f"{error} ({error.sqlite_errorname})"

    @contextmanager
    def _locked(self, until: float) -> Iterator[None]:
        self._refuse_strangers()
        if not self._funnel:
            yield
            return
        if self._lock is None:
            self._lock = FileLock.of(self.path.with_name(f"{self.path.name}-lock"))
        with self._lock.held(until=until) as got:
            if not got:
                raise _busy(self.path)
            yield

    # both --------------------------------------------------------------------------------------

    def _connect(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=min(_BUSY_TIMEOUT_S, self._patience_s),
        )
        connection.execute("PRAGMA cache_size = -8000")
        return connection

    def _translated(self, doing: str) -> AbstractContextManager[None]:
        return translated(doing, self.path, what=self._what)

    def _refuse_strangers(self) -> None:
        if self._closed or os.getpid() != self._pid:
            state = "closed" if self._closed else f"opened by process {self._pid}, before a fork"
            raise StorageError(
                f"this {self._what} was {state}",
                expected=f"an open {self._what} of this process",
                do="Open the workspace again",
            )

    def _refuse_stopped(self) -> None:
        if self._stopped is not None:
            raise StorageError(
                f"the {self._what} {self.path} takes no more writes after an error of the disk: "
                f"{self._stopped}",
                do="Mend the disk and start again; what was acknowledged is recorded",
            )

    def close(self) -> None:
        """Close all connections; the last writer's checkpoint takes its turn like a write."""
        if self._closed or os.getpid() != self._pid:
            return
        with self._turn:
            if self._writing is not None:
                with self._locked(time.monotonic() + self._patience_s):
                    self._writing.close()
            self._closed = True
            while self._idle:
                self._idle.pop().close()
            self._lock = None


@contextmanager
def translated(doing: str, path: Path, *, what: str = "catalog") -> Iterator[None]:
    """Turn the errors of SQLite and of the operating system into ours."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise translate(error, doing, path, what=what) from error
    except StorageError:
        raise
    except OSError as error:
        raise StorageError.from_os(error, doing=f"{doing} {path}") from error


def translate(
    error: sqlite3.DatabaseError, doing: str, path: Path, *, what: str = "catalog"
) -> StorageError:
    """Return our error for one of SQLite."""
    code = _code(error)
    if code in _BUSY:
        return _busy(path)
    if code == sqlite3.SQLITE_NOTADB:
        return not_a_catalog(path, what=what)
    if code == sqlite3.SQLITE_FULL:
        return StorageFull(
            f"no space left on the disk while {doing} {path}",
            do="Nothing was half-written. Free some space and run the same command again",
        )
    if code == sqlite3.SQLITE_CORRUPT:
        return Corrupt(
            f"{path} is damaged: {error}",
            do="Keep the file as it is and put the workspace back from a copy. "
            '"interplane verify" lists what is damaged',
        )
    outcome = "; whether the last write is there is unknown" if code in _UNSURE else ""
    return StorageError(
        f"{error} while {doing} {path}{outcome}",
        do="Mend the cause (does the file exist, may you read and write it?) and run the same "
        "command again: writing what is there changes nothing",
    )


def _busy(path: Path) -> Busy:
    return Busy(
        f"another process keeps writing to {path}",
        expected="its turn to end within milliseconds",
        do="Nothing was written. See which process hangs or was stopped, end it, and run the same "
        "command again",
    )


def _code(error: sqlite3.DatabaseError) -> int:
    """Return the primary code of an error of SQLite, 0 if it has none."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _is_busy(error: sqlite3.DatabaseError) -> bool:
    return _code(error) in _BUSY
