"""How counts and statements are read from the file of windows."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from interplane.monitoring.counting.grid import Grid
from interplane.monitoring.counting.packing import unpack
from interplane.monitoring.counting.ports import Statement
from interplane.monitoring.layout import Layout

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping

    from interplane.monitoring.counting.grid import Arrays

__all__ = ["Packed", "find_slicing", "read_grid", "read_packed", "read_statements", "slicing_text"]

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


class Packed(NamedTuple):
    """Counts as they stand in the file.

    Attributes:
        bodies: the JSON of each layout, and the hours that were counted by it.
        texts: the JSON of each slice's values, by its number.
    """

    bodies: list[tuple[bytes, list[bytes]]]
    texts: dict[int, str]

    @property
    def parts(self) -> Iterator[bytes]:
        """All that the counts depend on."""
        for layout, bodies in self.bodies:
            yield layout
            yield len(bodies).to_bytes(8, "big")
            yield from bodies
        yield msgspec.msgpack.encode(self.texts)

    def counted(self) -> list[tuple[Layout, Grid]]:
        """Return the counts, summed for each layout."""
        return [
            (msgspec.json.decode(layout, type=Layout), _grid(bodies, self.texts))
            for layout, bodies in self.bodies
        ]


def read_packed(
    connection: sqlite3.Connection,
    model: str,
    slicing: tuple[str, ...],
    hours: range,
    crossing: str | None,
) -> Packed:
    """Return the counts of some hours, by the layouts that they were counted by."""
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
    texts = _texts(connection, number) if bodies else {}
    return Packed([(layouts[layout], each) for layout, each in bodies.items()], texts)


def read_grid(connection: sqlite3.Connection, slicing: int, bodies: Iterable[bytes]) -> Grid:
    """Return the sum of packed counts of one layout."""
    return _grid(bodies, _texts(connection, slicing))


def _texts(connection: sqlite3.Connection, slicing: int) -> dict[int, str]:
    rows = connection.execute("SELECT number, value FROM slice WHERE slicing = ?", (slicing,))
    return dict(rows.fetchall())


def _grid(bodies: Iterable[bytes], texts: Mapping[int, str]) -> Grid:
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
