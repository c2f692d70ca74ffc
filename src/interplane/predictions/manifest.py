"""The manifest: which Parquet files count, which segments they hold, what was lost and what went.

One SQLite file, WAL with ``synchronous=FULL``. Only the compactor writes to it, one transaction for
each step that it takes; readers see the state before or after.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import msgspec

from interplane.predictions.damage import Damage, Loss
from interplane.predictions.kinds import Kind
from interplane.predictions.layout import MANIFEST
from interplane.predictions.manifest_schema import WHAT, check_format, create
from interplane.storage.sqlite_connections import Connections, translated

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from interplane.predictions.reader import SegmentContent
    from interplane.record.digests import Digest

__all__ = ["Change", "Gone", "LoggedFile", "Made", "Manifest", "Reading", "State", "Why"]

Why = Literal["merged", "age", "size"]
"""Why a file counts no more: its rows are in another one, it is too old, there was too much."""

_COLUMNS = (
    "name, digest, model, day, rows, size_bytes, "
    "first_at_us, last_at_us, first_time_us, last_time_us"
)
_KINDS = msgspec.json.Decoder(dict[str, Kind])


class Made(NamedTuple):
    """A Parquet file that was written.

    Attributes:
        name: its name.
        digest: the digest of its bytes.
        model: the model whose predictions it holds.
        day: the UTC day of them, counted from 1970.
        rows: how many.
        size_bytes: how large it is.
        first_at_us: the earliest ``at`` in it, in microseconds since 1970.
        last_at_us: the latest.
        first_time_us: the earliest prediction time in it.
        last_time_us: the latest.
        kinds: the kinds of its columns.
        repeatable: the beginnings of the ids that a client may bring again, see `repeats`.
    """

    name: str
    digest: Digest
    model: str
    day: int
    rows: int
    size_bytes: int
    first_at_us: int
    last_at_us: int
    first_time_us: int
    last_time_us: int
    kinds: Mapping[str, Kind]
    repeatable: bytes


class LoggedFile(NamedTuple):
    """A Parquet file that counts: what was `Made`, its number, and the ids that were dropped."""

    number: int
    name: str
    digest: Digest
    model: str
    day: int
    rows: int
    size_bytes: int
    first_at_us: int
    last_at_us: int
    first_time_us: int
    last_time_us: int
    kinds: Mapping[str, Kind]
    is_repeatable: bool
    dropped: frozenset[str]


class Gone(NamedTuple):
    """A file that counts no more."""

    name: str
    at_us: int
    why: Why
    model: str
    day: int
    rows: int
    size_bytes: int
    is_deleted: bool


class State(NamedTuple):
    """The manifest at one moment.

    Attributes:
        files: the files that count, by model and day, in the order of their numbers.
        segments: the names of the segments whose entries are in files.
        gone: the files that count no more.
        entries: how many entries were compacted, ever.
        repeated: how many of them were there already.
        loss: what was lost, ever.
    """

    files: tuple[LoggedFile, ...] = ()
    segments: frozenset[str] = frozenset()
    gone: tuple[Gone, ...] = ()
    entries: int = 0
    repeated: int = 0
    loss: Loss = Loss()


@dataclass
class Change:
    """What one transaction does.

    Attributes:
        at_us: when, in microseconds since 1970.
        made: files that count from now on.
        segments: segments whose entries are in them.
        dropped: rows of older files that count no more, by the number of the file.
        repeated: how many entries were left out or dropped, because they are there already.
        gone: files that count no more, and why.
        deleted: names of gone files that are not on the disk any more.
        forget_before_us: segments without damage that were moved before this are not on the disk
            any more, and their names are not needed.
    """

    at_us: int
    made: list[Made] = field(default_factory=list)
    segments: Sequence[SegmentContent] = ()
    dropped: Mapping[int, frozenset[str]] = field(default_factory=dict)
    repeated: int = 0
    gone: Sequence[tuple[LoggedFile, Why]] = ()
    deleted: Sequence[str] = ()
    forget_before_us: int | None = None


class Reading:
    """The manifest at one moment.

    Args:
        connection: a reading connection of its own.
        path: the file, for messages.

    Attributes:
        state: what the manifest says.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        with translated("reading", path, what=WHAT):
            connection.execute("BEGIN")
            self.state = _state(connection)

    def repeatable(self, number: int) -> bytes:
        """Return the beginnings of a file's repeatable ids."""
        with translated("reading", self._path, what=WHAT):
            (found,) = self._connection.execute(
                "SELECT repeatable FROM file WHERE number = ?", (number,)
            ).fetchone()
        return bytes(found)

    def sizes(self) -> dict[str, int]:
        """Return how large the segments were that were compacted lately, by name."""
        with translated("reading", self._path, what=WHAT):
            return dict(self._connection.execute("SELECT name, size_bytes FROM segment"))

    def damage(self) -> dict[str, tuple[Damage, ...]]:
        """Return the damage of segments that were compacted lately, by name."""
        with translated("reading", self._path, what=WHAT):
            rows = self._connection.execute(
                "SELECT name, damage FROM segment WHERE damage != ? ORDER BY name", (b"[]",)
            ).fetchall()
        return {name: msgspec.json.decode(body, type=tuple[Damage, ...]) for name, body in rows}


class Manifest:
    """The manifest of a log.

    Args:
        path: the file; see `find` and `make`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connections = Connections(path, what=WHAT, check=check_format)

    @classmethod
    def find(cls, folder: Path) -> Self | None:
        """Open the manifest of a log, or return None where nothing was compacted yet."""
        path = folder / MANIFEST
        return cls(path) if path.exists() else None

    @classmethod
    def make(cls, folder: Path) -> Self:
        """Open the manifest of a log, made where there is none."""
        path = folder / MANIFEST
        if not path.exists():
            create(path)
        return cls(path)

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Lend the manifest as it is now, however it changes meanwhile."""
        with closing(self._connections.open_reader()) as connection:
            yield Reading(connection, self._path)

    def write(self, change: Change) -> None:
        """Make a change durable, all of it or nothing."""
        self._connections.write(lambda connection: _write(connection, change))

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _state(connection: sqlite3.Connection) -> State:
    dropped: dict[int, set[str]] = {}
    for number, name in connection.execute("SELECT file, id FROM dropped"):
        dropped.setdefault(number, set()).add(name)
    rows = connection.execute(
        f"SELECT number, {_COLUMNS}, kinds, length(repeatable) > 0 FROM file "
        "ORDER BY model, day, number"
    )
    files = tuple(
        LoggedFile._make(
            (*plain, _KINDS.decode(kinds), bool(repeatable), frozenset(dropped.get(plain[0], ())))
        )
        for *plain, kinds, repeatable in rows
    )
    segments = frozenset(name for (name,) in connection.execute("SELECT name FROM segment"))
    gone = tuple(
        Gone._make((*plain, bool(is_deleted)))
        for *plain, is_deleted in connection.execute(
            "SELECT name, at_us, why, model, day, rows, size_bytes, is_deleted FROM gone "
            "ORDER BY at_us, name"
        )
    )
    entries, repeated, *loss = connection.execute(
        "SELECT entries, repeated, bad_frames, trailing_bytes, missing_entries FROM total"
    ).fetchone()
    counted = Loss(bad_frames=loss[0], trailing_bytes=loss[1], missing_entries=loss[2])
    return State(files, segments, gone, entries, repeated, counted)


def _write(connection: sqlite3.Connection, change: Change) -> None:
    connection.executemany(
        f"INSERT INTO file ({_COLUMNS}, kinds, repeatable) VALUES ({', '.join('?' * 12)})",
        [(*made[:10], msgspec.json.encode(made.kinds), made.repeatable) for made in change.made],
    )
    _take(connection, change)
    connection.executemany(
        "INSERT INTO dropped VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(number, id_) for number, ids in change.dropped.items() for id_ in sorted(ids)],
    )
    for file, why in change.gone:
        row = (file.name, change.at_us, why, file.model, file.day, file.rows, file.size_bytes)
        connection.execute("INSERT INTO gone VALUES (?, ?, ?, ?, ?, ?, ?, 0)", row)
        connection.execute("DELETE FROM file WHERE number = ?", (file.number,))
        connection.execute("DELETE FROM dropped WHERE file = ?", (file.number,))
    _forget(connection, change)


def _take(connection: sqlite3.Connection, change: Change) -> None:
    """Note the segments whose entries are in files now, and count what they lost."""
    connection.executemany(
        "INSERT INTO segment VALUES (?, ?, ?, ?, ?)",
        [
            (
                str(content.name),
                change.at_us,
                content.entries,
                content.size_bytes,
                msgspec.json.encode(content.damage),
            )
            for content in change.segments
        ],
    )
    loss = sum((content.loss for content in change.segments), Loss())
    counts: tuple[Any, ...] = (
        sum(content.entries for content in change.segments),
        change.repeated,
        loss.bad_frames,
        loss.trailing_bytes,
        loss.missing_entries,
    )
    connection.execute(
        "UPDATE total SET entries = entries + ?, repeated = repeated + ?, "
        "bad_frames = bad_frames + ?, trailing_bytes = trailing_bytes + ?, "
        "missing_entries = missing_entries + ?",
        counts,
    )


def _forget(connection: sqlite3.Connection, change: Change) -> None:
    """Let go of names of what is not on the disk; what retention took stays on record."""
    connection.executemany(
        "DELETE FROM gone WHERE name = ? AND why = 'merged'",
        [(name,) for name in change.deleted],
    )
    connection.executemany(
        "UPDATE gone SET is_deleted = 1 WHERE name = ?", [(name,) for name in change.deleted]
    )
    if change.forget_before_us is not None:
        connection.execute(
            "DELETE FROM segment WHERE at_us < ? AND damage = ?", (change.forget_before_us, b"[]")
        )
