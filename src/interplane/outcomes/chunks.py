"""Chunks: outcomes in columns inside the file, and the packing of rows into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from blake3 import blake3

from interplane.errors import Corrupt
from interplane.outcomes.outcome import Outcome
from interplane.outcomes.pieces import (
    BOOL,
    NULL,
    Piece,
    from_ipc,
    pieces_of,
    to_ipc,
)
from interplane.outcomes.ports import Kept
from interplane.predictions.kinds import Kind

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    import pyarrow as pa

__all__ = ["drop_known_before", "pack", "read_chunks", "read_rows", "write_chunks"]

_CHUNK: Final = (
    "INSERT INTO chunk (model, name, kinds, rows, last, first_known, last_known, digest, body) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_CHUNKS: Final = (
    "SELECT name, kinds, digest, body FROM chunk WHERE model = ? AND last > ? "
    "AND (?3 IS NULL OR name = ?3) AND (?4 IS NULL OR first_known <= ?4) ORDER BY number"
)
_ROWS: Final = (
    "SELECT sequence, name, prediction_id, key, kind, value, known_at, received_at, actor "
    "FROM outcome WHERE model = ?1 AND sequence > ?2 "
    "AND (?3 IS NULL OR name = ?3) AND (?4 IS NULL OR known_at <= ?4) ORDER BY sequence LIMIT ?5"
)
_ALL: Final = -1
_KINDS: Final = msgspec.json.Decoder(dict[str, Kind])


def write_chunks(connection: sqlite3.Connection, model: int, pieces: Iterable[Piece]) -> None:
    """Write pieces of a model, inside a transaction."""
    import pyarrow.compute as pc

    for name, kinds, rows in pieces:
        known = pc.min_max(rows["known_at"]).as_py()
        last = rows["sequence"][-1].as_py()
        figures = (rows.num_rows, last, known["min"], known["max"])
        text = msgspec.json.encode(kinds).decode()
        body = to_ipc(rows)
        connection.execute(_CHUNK, (model, name, text, *figures, blake3(body).digest(), body))


def read_chunks(
    connection: sqlite3.Connection,
    model: int,
    *,
    name: str | None,
    after: int,
    as_of_us: int | None,
) -> list[Piece]:
    """Return the chunks that may have such outcomes; others are in them as well.

    Raises:
        Corrupt: if the bytes of one are not those that were written.
    """
    rows = connection.execute(_CHUNKS, (model, after, name, as_of_us))
    return [
        Piece(of, _KINDS.decode(kinds), _opened(digest, body)) for of, kinds, digest, body in rows
    ]


def _opened(digest: bytes, body: bytes) -> pa.Table:
    if blake3(body).digest() != digest:
        raise Corrupt(
            "outcomes that are kept are damaged: their bytes are not those that were written",
            expected="the bytes that their digest names",
            do="Keep outcomes.sqlite as it is and put the workspace back from a copy",
        )
    return from_ipc(body)


def read_rows(
    connection: sqlite3.Connection,
    model: int,
    model_name: str,
    *,
    name: str | None = None,
    after: int = 0,
    as_of_us: int | None = None,
    at_most: int = _ALL,
) -> list[Kept]:
    """Return the outcomes that are not packed yet, in the order in which they came."""
    found = []
    for row in connection.execute(_ROWS, (model, after, name, as_of_us, at_most)):
        sequence, of, prediction_id, key, kind, value, known_at, received_at, actor = row
        outcome = Outcome(
            model=model_name,
            prediction_id=prediction_id,
            key=None if key is None else msgspec.json.decode(key),
            name=of,
            value=None if kind == NULL else bool(value) if kind == BOOL else value,
            known_at_us=known_at,
            received_at_us=received_at,
            actor=actor,
        )
        found.append(Kept(sequence, outcome))
    return found


def pack(connection: sqlite3.Connection, *, at_least: int, at_most: int) -> int:
    """Pack rows of a model that has so many, inside a transaction; return how many, 0 if none has."""
    found = connection.execute(
        "SELECT number, name FROM model JOIN "
        "(SELECT model FROM outcome GROUP BY model HAVING count(*) >= ? LIMIT 1) ON model = number",
        (at_least,),
    ).fetchone()
    if found is None:
        return 0
    number, name = found
    rows = read_rows(connection, number, name, at_most=at_most)
    write_chunks(connection, number, pieces_of(rows))
    connection.execute(
        "DELETE FROM outcome WHERE model = ? AND sequence <= ?", (number, rows[-1].sequence)
    )
    return len(rows)


def drop_known_before(connection: sqlite3.Connection, known_at_us: int) -> int:
    """Drop rows and chunks known before a time, inside a transaction; return how many outcomes."""
    import pyarrow.compute as pc

    gone = connection.execute("DELETE FROM outcome WHERE known_at < ?", (known_at_us,)).rowcount
    chunks = connection.execute(
        "SELECT number, model, name, kinds, rows FROM chunk WHERE first_known < ?", (known_at_us,)
    ).fetchall()
    for number, model, name, kinds, before in chunks:
        rows = _opened(
            *connection.execute(
                "SELECT digest, body FROM chunk WHERE number = ?", (number,)
            ).fetchone()
        )
        left = rows.filter(pc.greater_equal(rows["known_at"], known_at_us))
        connection.execute("DELETE FROM chunk WHERE number = ?", (number,))
        if left.num_rows:
            write_chunks(connection, model, [Piece(name, _KINDS.decode(kinds), left)])
        gone += before - left.num_rows
    return gone
