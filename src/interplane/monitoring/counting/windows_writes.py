"""How counts and statements are written to the file of windows; each within a transaction."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

import msgspec

from interplane.monitoring.counting.packing import pack
from interplane.monitoring.counting.windows_reads import slicing_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from interplane.monitoring.counting.grid import Grid, Values
    from interplane.monitoring.counting.ports import Recount, Statement
    from interplane.monitoring.layout import Layout

__all__ = ["drop_old", "model_number", "write_baseline", "write_hours", "write_statements"]

_FOREVER: Final = 2**62


def model_number(connection: sqlite3.Connection, model: str) -> int:
    """Return the number of a model, which it gets if it has none."""
    connection.execute("INSERT INTO model (name) VALUES (?) ON CONFLICT DO NOTHING", (model,))
    (number,) = connection.execute("SELECT number FROM model WHERE name = ?", (model,)).fetchone()
    return int(number)


def write_hours(connection: sqlite3.Connection, model: int, recount: Recount) -> None:
    """Let hours take the place of what was kept of them."""
    connection.executemany(
        "DELETE FROM tally WHERE model = ? AND hour = ? AND slicing IN (SELECT number FROM slicing)",
        [(model, hour) for hour in recount.hours],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO hour VALUES (?, ?, ?, ?, ?)",
        [
            (model, hour, msgspec.json.encode(kept.crossings), kept.recipe, kept.too_late)
            for hour, (kept, _) in recount.hours.items()
        ],
    )
    layouts = {
        crossing: _layout_number(connection, crossing, layout)
        for crossing, layout in recount.layouts.items()
    }
    of_slicing: dict[tuple[str, ...], list[tuple[int, str, Grid]]] = {}
    for hour, counted in recount.hours.items():
        for (crossing, slicing), grid in counted.grids.items():
            of_slicing.setdefault(slicing, []).append((hour, crossing, grid))
    for slicing, grids in of_slicing.items():
        number = _slicing_number(connection, slicing)
        last = {
            values: hour for hour, _, grid in sorted(grids, key=_hour) for values in grid.values
        }
        slices = _slice_numbers(connection, number, last)
        connection.executemany(
            "INSERT INTO tally VALUES (?, ?, ?, ?, ?)",
            [
                (model, number, hour, layouts[crossing], _packed(grid, slices))
                for hour, crossing, grid in grids
            ],
        )


def write_baseline(
    connection: sqlite3.Connection, crossing: str, slicing: tuple[str, ...], grid: Grid, stamp: str
) -> None:
    """Let counts of baseline rows take the place of earlier ones."""
    number = _slicing_number(connection, slicing)
    slices = _slice_numbers(connection, number, dict.fromkeys(grid.values, _FOREVER))
    connection.execute(
        "INSERT OR REPLACE INTO baseline VALUES (?, ?, ?, ?)",
        (crossing, number, stamp, _packed(grid, slices)),
    )


def write_statements(
    connection: sqlite3.Connection, model: int, statements: Sequence[Statement]
) -> None:
    """Add statements: those of one window and slicing together."""
    together: dict[tuple[int, str, str, tuple[str, ...]], list[Statement]] = {}
    for each in statements:
        key = (each.begin_us, each.length, each.crossing, each.by)
        together.setdefault(key, []).append(each)
    connection.executemany(
        "INSERT INTO statement (model, begin, length, crossing, slicing, body) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                *(model, begin, length, crossing, _slicing_number(connection, by)),
                zlib.compress(msgspec.msgpack.encode(each), 1),
            )
            for (begin, length, crossing, by), each in together.items()
        ],
    )


def drop_old(connection: sqlite3.Connection, model: int, first_hour: int) -> None:
    """Let go of the hours of a model before one, of what was stated of them, and of what only they had."""
    gone = connection.execute(
        "DELETE FROM hour WHERE model = ? AND hour < ?", (model, first_hour)
    ).rowcount
    connection.execute(
        "DELETE FROM statement WHERE model = ? AND begin < ?", (model, first_hour * 3_600_000_000)
    )
    if not gone:
        return
    connection.execute(
        "DELETE FROM tally WHERE model = ? AND hour < ? AND slicing IN (SELECT number FROM slicing)",
        (model, first_hour),
    )
    connection.execute("DELETE FROM layout WHERE number NOT IN (SELECT layout FROM tally)")
    (earliest,) = connection.execute("SELECT min(hour) FROM hour").fetchone()
    connection.execute("DELETE FROM slice WHERE last < ?", (earliest or first_hour,))


def _layout_number(connection: sqlite3.Connection, crossing: str, layout: Layout) -> int:
    """Return the number of a crossing's layout, which is the one that was used last from now on."""
    body = msgspec.json.encode(layout)
    connection.execute(
        "INSERT INTO layout (crossing, body, used) VALUES "
        "(?1, ?2, (SELECT coalesce(max(used), 0) + 1 FROM layout)) "
        "ON CONFLICT DO UPDATE SET used = excluded.used",
        (crossing, body),
    )
    (number,) = connection.execute(
        "SELECT number FROM layout WHERE crossing = ? AND body = ?", (crossing, body)
    ).fetchone()
    return int(number)


def _slicing_number(connection: sqlite3.Connection, slicing: tuple[str, ...]) -> int:
    text = slicing_text(slicing)
    connection.execute("INSERT INTO slicing (columns) VALUES (?) ON CONFLICT DO NOTHING", (text,))
    (number,) = connection.execute(
        "SELECT number FROM slicing WHERE columns = ?", (text,)
    ).fetchone()
    return int(number)


def _slice_numbers(
    connection: sqlite3.Connection, slicing: int, last: Mapping[Values, int]
) -> dict[Values, int]:
    """Return the numbers of slices, which are kept at least as long as their last hour is."""
    texts = {values: msgspec.json.encode(values).decode() for values in last}
    connection.executemany(
        "INSERT INTO slice (slicing, value, last) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET last = excluded.last WHERE last < excluded.last",
        [(slicing, text, last[values]) for values, text in texts.items()],
    )
    rows = connection.execute("SELECT value, number FROM slice WHERE slicing = ?", (slicing,))
    numbers: dict[str, int] = dict(rows.fetchall())
    return {values: numbers[text] for values, text in texts.items()}


def _packed(grid: Grid, slices: Mapping[Values, int]) -> bytes:
    return pack([slices[values] for values in grid.values], grid.arrays)


def _hour(counted: tuple[int, str, Grid]) -> int:
    return counted[0]
