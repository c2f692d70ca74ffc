"""Looks at canaries, kept: which part of alpha is spent, what was decided, and whether it was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from interplane.monitoring.canary import Decision
from interplane.record.base import Value
from interplane.storage.sqlite_files import FileForm

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from interplane.storage.sqlite_connections import Connections

__all__ = ["LOOKS", "Look", "Looks", "is_due"]

LOOKS: Final = "looks.sqlite"
"""The file in the workspace."""

_GROWTH: Final = 1.05
_FORM: Final = FileForm(
    what="file of looks at canaries",
    table="looks",
    format=1,
    tables="""
    CREATE TABLE looks (format INTEGER NOT NULL);
    INSERT INTO looks VALUES (1);
    CREATE TABLE look (
        model TEXT NOT NULL, canary TEXT NOT NULL, began TEXT NOT NULL, number INTEGER NOT NULL,
        body BLOB NOT NULL, PRIMARY KEY (model, canary, began, number)
    ) WITHOUT ROWID;
    """,
)


class Look(Value, frozen=True, kw_only=True):
    """One look at a canary.

    Attributes:
        model: the model.
        canary: the digest of the canary.
        began: when it began to answer; the same crossing may be a canary again.
        since: from when on rows count: when its share became what it is.
        at: when it was looked at, ISO 8601, UTC.
        labelled: the outcomes of both crossings that were there.
        outcomes: the place of the model's newest outcome.
        decision: what was decided; its number is the look's.
    """

    model: str
    canary: str
    began: str
    since: str
    at: str
    labelled: int
    outcomes: int = 0
    decision: Decision


def is_due(
    last: Look | None,
    *,
    since: str,
    attempts: int,
    labelled: int,
    elapsed_s: float,
    min_time_s: float,
    max_time_s: float,
) -> bool:
    """Return whether it is worth another look, which costs a part of alpha.

    It is when there is a twentieth more to look at, or when the least or the longest time is over.
    Nothing of what was answered plays a part, so that looks may be chosen like this.

    Args:
        last: the last look.
        since: from when on rows count.
        attempts: requests that the canary got.
        labelled: outcomes of both crossings.
        elapsed_s: how long it has been under way.
        min_time_s: its least time.
        max_time_s: its longest time.
    """
    if elapsed_s >= max_time_s:
        return True
    if last is None:
        return attempts > 0
    before = last.decision
    if last.since != since:
        return attempts > 0
    seen = before.rows + before.refused
    is_old_enough = before.elapsed_s < min_time_s <= elapsed_s
    return attempts > seen * _GROWTH or labelled > last.labelled * _GROWTH or is_old_enough


class Looks:
    """The looks of a workspace.

    Args:
        path: the file; made with the first look.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: Connections | None = None

    def put(self, look: Look) -> bool:
        """Keep a look, durably; False if there is one of its number: somebody else looked."""
        row = (look.model, look.canary, look.began, look.decision.look, msgspec.json.encode(look))

        def work(connection: sqlite3.Connection) -> bool:
            done = connection.execute("INSERT OR IGNORE INTO look VALUES (?, ?, ?, ?, ?)", row)
            return bool(done.rowcount)

        return self._connections().write(work)

    def list(self, model: str, canary: str, began: str) -> list[Look]:
        """Return the looks at a canary, the first one first."""
        if not self.path.exists():
            return []
        rows = self._connections().read(
            lambda connection: connection.execute(
                "SELECT body FROM look WHERE model = ? AND canary = ? AND began = ? ORDER BY number",
                (model, canary, began),
            ).fetchall()
        )
        return [msgspec.json.decode(body, type=Look) for (body,) in rows]

    def find_last(self, model: str, canary: str, began: str) -> Look | None:
        """Return the last look at a canary, or None."""
        found = self.list(model, canary, began)
        return found[-1] if found else None

    def close(self) -> None:
        """Close the file."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _connections(self) -> Connections:
        if self._opened is None:
            self._opened = _FORM.open(self.path)
        return self._opened
