"""Counted windows in one SQLite file, shared by any number of processes and threads."""

from __future__ import annotations

import weakref
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from interplane.monitoring.counting.merging import merge_counted
from interplane.monitoring.counting.ports import Hour, Progress
from interplane.monitoring.counting.windows_reads import (
    find_slicing,
    read_grid,
    read_packed,
    read_statements,
)
from interplane.monitoring.counting.windows_schema import FORM
from interplane.monitoring.counting.windows_writes import (
    drop_old,
    model_number,
    write_baseline,
    write_hours,
    write_statements,
)
from interplane.monitoring.layout import Layout

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from interplane.monitoring.calendar import Length
    from interplane.monitoring.counting.grid import Grid, Values
    from interplane.monitoring.counting.ports import Recount, Statement
    from interplane.monitoring.counting.tally_memory import TallyMemory
    from interplane.monitoring.counting.windows_reads import Packed
    from interplane.monitoring.tally import Tally

__all__ = ["SqliteWindows"]

T = TypeVar("T")


class SqliteWindows:
    """Hourly counts and statements; see `ports.Windows`, and `windows_schema` for how they are kept.

    Args:
        path: the file; it is made if there is none.
        funnel: whether writes go through a lock file; by default where SQLite needs it.
        patience_s: how long a write waits for others.
        memory: tallies that were merged before; without it each is merged anew.

    Raises:
        StorageError: if it cannot be made or opened, or is something else.
        NewerFormat: if a newer Interplane made it.
    """

    def __init__(
        self,
        path: Path,
        *,
        funnel: bool | None = None,
        patience_s: float = 60.0,
        memory: TallyMemory | None = None,
    ) -> None:
        self.path = path
        self._memory = memory
        self._connections = FORM.open(path, funnel=funnel, patience_s=patience_s)
        self._closing = weakref.finalize(self, self._connections.close)

    # writing -----------------------------------------------------------------------------------

    def replace(self, model: str, recount: Recount) -> None:
        """Let hours take the place of what was kept of them, and add statements; all or none."""

        def work(connection: sqlite3.Connection) -> None:
            number = model_number(connection, model)
            write_hours(connection, number, recount)
            write_statements(connection, number, recount.statements)

        self._connections.write(work)

    def settle(
        self,
        model: str,
        *,
        watermark_us: int | None,
        sequence: int,
        too_late: Mapping[int, int],
        recipes: Mapping[int, str] = MappingProxyType({}),
        drop_before: int | None = None,
    ) -> None:
        """Say how far a model was counted, and let go of what is too old; all or none."""

        def work(connection: sqlite3.Connection) -> None:
            number = model_number(connection, model)
            connection.execute(
                "UPDATE model SET sequence = max(sequence, ?1), "
                "watermark = max(coalesce(watermark, ?2), coalesce(?2, watermark)) "
                "WHERE number = ?3",
                (sequence, watermark_us, number),
            )
            connection.executemany(
                "INSERT INTO hour VALUES (?, ?, ?, '', ?) "
                "ON CONFLICT DO UPDATE SET too_late = excluded.too_late",
                [(number, hour, b"{}", rows) for hour, rows in too_late.items()],
            )
            connection.executemany(
                "UPDATE hour SET recipe = ? WHERE model = ? AND hour = ?",
                [(recipe, number, hour) for hour, recipe in recipes.items()],
            )
            if drop_before is not None:
                drop_old(connection, number, drop_before)

        self._connections.write(work)

    def keep_baseline(
        self, crossing: str, slicing: tuple[str, ...], grid: Grid, *, stamp: str
    ) -> None:
        """Keep the counts of a crossing's baseline rows, in the place of earlier ones."""
        self._connections.write(
            lambda connection: write_baseline(connection, crossing, slicing, grid, stamp)
        )

    # reading -----------------------------------------------------------------------------------

    def models(self) -> list[str]:
        """Return the models that were counted, in order."""
        rows = self._rows("SELECT name FROM model ORDER BY name")
        return [name for (name,) in rows]

    def progress(self, model: str) -> Progress:
        """Return how far a model was counted."""

        def work(connection: sqlite3.Connection) -> Progress:
            row = connection.execute(
                "SELECT number, watermark, sequence FROM model WHERE name = ?", (model,)
            ).fetchone()
            if row is None:
                return Progress(None, 0, {})
            hours = connection.execute(
                "SELECT hour, crossings, recipe, too_late FROM hour WHERE model = ? ORDER BY hour",
                row[:1],
            )
            return Progress(
                row[1],
                row[2],
                {
                    hour: Hour(msgspec.json.decode(crossings, type=dict[str, int]), recipe, late)
                    for hour, crossings, recipe, late in hours
                },
            )

        return self._at_once(work)

    def watermark(self, model: str) -> int | None:
        """Return the watermark of a model, microseconds since 1970 UTC."""
        rows = self._rows("SELECT watermark FROM model WHERE name = ?", model)
        return rows[0][0] if rows else None

    def hours(self, model: str) -> dict[int, int]:
        """Return how many rows each hour has, in order."""
        return {hour: kept.rows for hour, kept in self.progress(model).hours.items() if kept.rows}

    def crossings(self, model: str, *, begin_hour: int, end_hour: int) -> dict[str, int]:
        """Return how many rows each crossing has from an hour to before another."""
        found: dict[str, int] = {}
        for (text,) in self._rows(
            "SELECT crossings FROM hour JOIN model ON model.number = hour.model "
            "WHERE name = ? AND hour >= ? AND hour < ? ORDER BY hour",
            *(model, begin_hour, end_hour),
        ):
            for crossing, rows in msgspec.json.decode(text, type=dict[str, int]).items():
                found[crossing] = found.get(crossing, 0) + rows
        return found

    def slicings(self, model: str, *, begin_hour: int, end_hour: int) -> list[tuple[str, ...]]:
        """Return the slicings that were counted from an hour to before another, in order."""
        rows = self._rows(
            "SELECT columns FROM slicing WHERE EXISTS (SELECT 1 FROM tally "
            "JOIN model ON model.number = tally.model "
            "WHERE slicing = slicing.number AND name = ? AND hour >= ? AND hour < ?)",
            *(model, begin_hour, end_hour),
        )
        return sorted(msgspec.json.decode(text, type=tuple[str, ...]) for (text,) in rows)

    def layout(self, model: str, crossing: str) -> Layout | None:  # noqa: ARG002 - as the port has it
        """Return the bins that a crossing was last counted by."""
        rows = self._rows(
            "SELECT body FROM layout WHERE crossing = ? ORDER BY used DESC LIMIT 1", crossing
        )
        return msgspec.json.decode(rows[0][0], type=Layout) if rows else None

    def counted(
        self,
        model: str,
        *,
        slicing: tuple[str, ...] = (),
        begin_hour: int,
        end_hour: int,
        crossing: str | None = None,
    ) -> list[tuple[Layout, Grid]]:
        """Return the counts from an hour to before another, summed for each layout."""
        return self._packed(model, slicing, range(begin_hour, end_hour), crossing).counted()

    def tallies(
        self,
        model: str,
        *,
        slicing: tuple[str, ...] = (),
        begin_hour: int,
        end_hour: int,
        crossing: str | None = None,
    ) -> dict[Values, Tally]:
        """Return the tally of each slice from an hour to before another; see `ports.Windows`."""
        packed = self._packed(model, slicing, range(begin_hour, end_hour), crossing)

        def made() -> dict[Values, Tally]:
            return merge_counted(packed.counted()).tallies()

        return made() if self._memory is None else dict(self._memory.get(packed.parts, made))

    def baseline(
        self, crossing: str, slicing: tuple[str, ...] = (), *, stamp: str | None = None
    ) -> dict[Values, Tally] | None:
        """Return the tally of each slice of a crossing's baseline rows, if they are kept."""

        def work(connection: sqlite3.Connection) -> Grid | None:
            number = find_slicing(connection, slicing)
            row = connection.execute(
                "SELECT stamp, body FROM baseline WHERE crossing = ? AND slicing = ?",
                (crossing, number),
            ).fetchone()
            if row is None or stamp not in {None, row[0]}:
                return None
            return read_grid(connection, number, [row[1]])

        grid = self._at_once(work)
        return None if grid is None else grid.tallies()

    def statements(
        self,
        model: str,
        *,
        length: Length | None = None,
        begin_us: int | None = None,
        end_us: int | None = None,
        crossing: str | None = None,
        slicing: tuple[str, ...] | None = None,
        values: Values | None = None,
        metric: str | None = None,
    ) -> list[Statement]:
        """Return what was stated, the earliest window first, and each as it was stated one by one."""
        bounds = {
            "begin >= ": begin_us,
            "begin < ": end_us,
            "length = ": length,
            "crossing = ": crossing,
        }
        found = self._at_once(
            lambda connection: read_statements(connection, model, slicing, bounds)
        )
        return [
            each
            for each in found
            if values in (None, each.values) and metric in (None, each.metric)
        ]

    def close(self) -> None:
        """Close the store's connections."""
        self._closing()

    def _packed(
        self, model: str, slicing: tuple[str, ...], hours: range, crossing: str | None
    ) -> Packed:
        return self._at_once(
            lambda connection: read_packed(connection, model, slicing, hours, crossing)
        )

    def _rows(self, query: str, *values: str | int) -> list[Any]:
        return self._connections.read(lambda c: c.execute(query, values).fetchall())

    def _at_once(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what is read in one state of the file."""

        def reading(connection: sqlite3.Connection) -> T:
            connection.execute("BEGIN")
            try:
                return work(connection)
            finally:
                connection.execute("ROLLBACK")

        return self._connections.read(reading)
