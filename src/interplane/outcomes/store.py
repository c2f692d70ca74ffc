"""Outcomes in one SQLite file, shared by any number of processes and threads."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Final

from interplane.outcomes.chunks import drop_known_before, pack, read_chunks, read_rows
from interplane.outcomes.pieces import Piece, merged, pieces_of, selected
from interplane.outcomes.tables import FORM
from interplane.outcomes.writes import write_outcomes

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from interplane.outcomes.outcome import Outcome
    from interplane.outcomes.ports import Kept

__all__ = ["SqliteOutcomes"]

_PACKED_AT: Final = 5_000
_PACKED_AT_ONCE: Final = 50_000
_RANGES: Final = 16


class SqliteOutcomes:
    """Every version of every outcome; see `outcomes.tables` for how they are kept.

    Args:
        path: the file; it is made if there is none.
        funnel: whether writes go through a lock file; by default where SQLite needs it.
        patience_s: how long a write waits for others.

    Raises:
        StorageError: if it cannot be made or opened, or is something else.
        NewerFormat: if a newer Interplane made it.
    """

    def __init__(self, path: Path, *, funnel: bool | None = None, patience_s: float = 60.0) -> None:
        self.path = path
        self._connections = FORM.open(path, funnel=funnel, patience_s=patience_s)
        self._closing = weakref.finalize(self, self._connections.close)

    # writing -----------------------------------------------------------------------------------

    def add(self, outcomes: Sequence[Outcome], *, bulk: bool = False) -> list[bool]:
        """Take outcomes, all or none; durable when this returns.

        Args:
            outcomes: the outcomes, in the order in which they came.
            bulk: keep them in columns at once: for thousands, where Arrow may be imported.

        Returns:
            For each whether it is new.

        Raises:
            StorageError: whether they are there is unknown; the same call may be made again.
        """
        if not outcomes:
            return []
        return self._connections.write(
            lambda connection: write_outcomes(connection, outcomes, bulk=bulk)
        )

    def pack(self, *, at_least: int = _PACKED_AT) -> int:
        """Bring rows into columns where a model has many of them; return how many rows.

        Reading gets quicker, and nothing else changes. Who reads a lot calls it before. No transaction
        packs more than some ten thousand rows: others write in between.
        """
        packed = 0
        while self._connections.read(lambda connection: _has_rows(connection, at_least)):
            packed += self._connections.write(
                lambda connection: pack(connection, at_least=at_least, at_most=_PACKED_AT_ONCE)
            )
        return packed

    def drop_before(self, known_at_us: int) -> int:
        """Let go of every outcome of every model that was known before a time; return how many.

        One that is sent again afterwards is new.
        """
        gone = self._connections.write(
            lambda connection: drop_known_before(connection, known_at_us)
        )
        for low in range(0, 256, 256 // _RANGES):
            self._connections.write(_forgets(low, known_at_us))
        return gone

    # reading -----------------------------------------------------------------------------------

    def models(self) -> list[str]:
        """Return the models that have outcomes, in order."""
        rows = self._connections.read(
            lambda connection: connection.execute("SELECT name FROM model ORDER BY name").fetchall()
        )
        return [name for (name,) in rows]

    def newest(self, model: str) -> int:
        """Return the greatest sequence of a model, 0 if there is none."""
        row = self._connections.read(
            lambda connection: connection.execute(
                "SELECT newest FROM model WHERE name = ?", (model,)
            ).fetchone()
        )
        return 0 if row is None else int(row[0])

    def read(
        self,
        model: str,
        *,
        name: str | None = None,
        after: int = 0,
        as_of_us: int | None = None,
    ) -> list[Piece]:
        """Return the outcomes of a model in columns, all from one state of the store.

        Args:
            model: the model's name.
            name: those of this name; all if not given.
            after: those with a greater sequence.
            as_of_us: those that were known by then, microseconds since 1970 UTC.
        """

        def work(connection: sqlite3.Connection) -> tuple[list[Piece], list[Kept]]:
            connection.execute("BEGIN")
            try:
                number = _number(connection, model)
                if number is None:
                    return [], []
                chunks = read_chunks(connection, number, name=name, after=after, as_of_us=as_of_us)
                rows = read_rows(
                    connection, number, model, name=name, after=after, as_of_us=as_of_us
                )
                return chunks, rows
            finally:
                connection.execute("ROLLBACK")

        chunks, rows = self._connections.read(work)
        return merged(
            [
                *(selected(piece, after=after, as_of_us=as_of_us) for piece in chunks),
                *pieces_of(rows),
            ]
        )

    def repeated(self, model: str) -> dict[str, int]:
        """Return how many came that were there already, by name."""
        rows = self._connections.read(
            lambda connection: connection.execute(
                "SELECT r.name, count FROM repeated r JOIN model m ON m.number = r.model "
                "WHERE m.name = ? ORDER BY r.name",
                (model,),
            ).fetchall()
        )
        return dict(rows)

    def close(self) -> None:
        """Close the file."""
        self._closing()


def _number(connection: sqlite3.Connection, model: str) -> int | None:
    row = connection.execute("SELECT number FROM model WHERE name = ?", (model,)).fetchone()
    return None if row is None else int(row[0])


def _has_rows(connection: sqlite3.Connection, at_least: int) -> bool:
    found = connection.execute(
        "SELECT 1 FROM outcome GROUP BY model HAVING count(*) >= ? LIMIT 1", (at_least,)
    )
    return found.fetchone() is not None


def _forgets(low: int, known_at_us: int) -> Callable[[sqlite3.Connection], None]:
    """Return work that forgets versions of a sixteenth of the targets: no write waits for all."""
    high = low + 256 // _RANGES
    where, limits = "target >= ?", [bytes([low])]
    if high <= 255:
        where, limits = f"{where} AND target < ?", [*limits, bytes([high])]

    def work(connection: sqlite3.Connection) -> None:
        connection.execute(
            f"DELETE FROM version WHERE {where} AND known_at < ?", (*limits, known_at_us)
        )

    return work
