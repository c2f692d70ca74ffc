"""How counts and statements are read from the file of windows."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from interplane.monitoring.counting.grid import Grid
from interplane.monitoring.counting.packing import unpack
from interplane.monitoring.counting.ports import Statement
from interplane.monitoring.layout import Layout

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from interplane.monitoring.counting.grid import Arrays

__all__ = ["find_slicing", "read_counted", "read_grid", "read_statements", "slicing_text"]

_COUNTS: Final = """
SELECT layout.number, layout.body, tally.body FROM tally
JOIN model ON model.number = tally.model JOIN layout ON layout.number = tally.layout
WHERE model.name = ? AND slicing = ? AND hour >= ? AND hour < ?
"""
_NOWHERE: Final = -1
_ORDER: Final = "ORDER BY begin, length DESC, statement.number"


def slicing_text(slicing: tuple[str, ...]) -> str:
    """Return the columns of a slicing as JSON."""
    return msgspec.json.encode(slicing).decode()


def find_slicing(connection: sqlite3.Connection, slicing: tuple[str, ...]) -> int:
    """Return the number of a slicing, or one that nothing has."""
    row = connection.execute(
        "SELECT number FROM slicing WHERE columns = ?", (slicing_text(slicing),)
    ).fetchone()
    return int(row[0]) if row else _NOWHERE


def read_counted(
    connection: sqlite3.Connection,
    model: str,
    slicing: tuple[str, ...],
    hours: range,
    crossing: str | None,
) -> list[tuple[Layout, Grid]]:
    """Return the counts of some hours, summed for each layout that they were counted by."""
    number = find_slicing(connection, slicing)
    values: list[str | int] = [model, number, hours.start, hours.stop]
    of_crossing = ""
    if crossing is not None:
        of_crossing = " AND crossing = ?"
        values.append(crossing)
    bodies: dict[int, list[bytes]] = {}
    layouts: dict[int, bytes] = {}
    query = f"{_COUNTS}{of_crossing} ORDER BY layout.number, hour"
    for layout, text, body in connection.execute(query, values):
        layouts[layout] = text
        bodies.setdefault(layout, []).append(body)
    return [
        (msgspec.json.decode(layouts[layout], type=Layout), read_grid(connection, number, each))
        for layout, each in bodies.items()
    ]


def read_grid(connection: sqlite3.Connection, slicing: int, bodies: Iterable[bytes]) -> Grid:
    """Return the sum of packed counts of one layout."""
    packed = [unpack(body) for body in bodies]
    if not packed:
        return Grid((), {})
    slices = np.unique(np.concatenate([numbers for numbers, _ in packed]))
    arrays: Arrays = {}
    for numbers, counts in packed:
        own = np.searchsorted(slices, numbers)
        for name, array in counts.items():
            if name not in arrays:
                kind = np.float64 if array.dtype.kind == "f" else np.int64
                arrays[name] = np.zeros((len(slices), *array.shape[1:]), kind)
            arrays[name][own] += array
    rows = connection.execute("SELECT number, value FROM slice WHERE slicing = ?", (slicing,))
    texts: dict[int, str] = dict(rows.fetchall())
    values = (tuple(msgspec.json.decode(texts[number])) for number in slices.tolist())
    return Grid(tuple(values), arrays)


def read_statements(
    connection: sqlite3.Connection,
    model: str,
    slicing: tuple[str, ...] | None,
    bounds: Mapping[str, str | int | None],
) -> list[Statement]:
    """Return statements in the order of their windows and of their being stated.

    Args:
        connection: a connection.
        model: the model.
        slicing: the slicing, if only its statements are asked for.
        bounds: values by what they are compared with, for example ``begin >=``.
    """
    asked = {text: value for text, value in bounds.items() if value is not None}
    values: list[str | int] = [model, *asked.values()]
    where = "".join(f" AND {text}?" for text in asked)
    if slicing is not None:
        where += " AND slicing = ?"
        values.append(find_slicing(connection, slicing))
    rows = connection.execute(
        "SELECT body FROM statement JOIN model ON model.number = statement.model "
        f"WHERE model.name = ?{where} {_ORDER}",
        values,
    ).fetchall()
    return [
        each
        for (body,) in rows
        for each in msgspec.msgpack.decode(zlib.decompress(body), type=list[Statement])
    ]
