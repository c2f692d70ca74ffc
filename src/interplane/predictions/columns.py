"""Entries as columns: those of the log itself, and one for each column of the requests.

A request's column is called ``row.NAME``, what feature views knew ``looked_up.PARAMETER.FEATURE``:
so none can be mistaken for one of the log's own.
"""

from __future__ import annotations

from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from interplane.predictions.kinds import TYPES, Kind, kind_of, to_json
from interplane.record.tables import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from interplane.predictions.entry import Entry
    from interplane.record.tables import Type

__all__ = [
    "LATER",
    "LOOKED_UP",
    "OWN",
    "ROW",
    "own_columns",
    "schema_of",
    "spelled",
    "to_arrow",
]

ROW: Final = "row."
LOOKED_UP: Final = "looked_up."

OWN: Final[Mapping[str, tuple[Type, str]]] = {
    "prediction_id": ("str", "id"),
    "model": ("str", "model"),
    "crossing": ("str", "crossing"),
    "time": ("timestamp", "time_us"),
    "at": ("timestamp", "at_us"),
    "score": ("float", "score"),
    "client_id": ("str", "client_id"),
    "took_us": ("int", "took_us"),
    "replay": ("bool", "replay"),
}
"""The log's own columns that every file has: the type of each, and the field that it holds."""

LATER: Final[Mapping[str, Kind]] = {"instead_of": "str", "because": "str"}
"""Own columns that came later, each a field of an entry that almost none has.

A file has one where a row of it has a value, and says so among the kinds of its columns: older files
have none.
"""


def own_columns() -> tuple[Column, ...]:
    """Return the log's own columns."""
    later = (Column(name=name, type=TYPES[kind]) for name, kind in LATER.items())
    return (*(Column(name=name, type=kind) for name, (kind, _) in OWN.items()), *later)


def spelled(names: Iterable[str]) -> dict[str, str]:
    r"""Return how the columns of these names are called, so that a table can tell them apart.

    Names that differ in case only get a number; a NUL is written out.

    >>> spelled(["wind", "Wind", "a\0b"])
    {'wind': 'wind', 'Wind': 'Wind_2', 'a\x00b': 'a\\0b'}
    """
    taken: set[str] = set()
    found = {}
    for name in names:
        plain = name.replace("\0", "\\0")
        spelling, number = plain, 1
        while spelling.lower() in taken:
            number += 1
            spelling = f"{plain}_{number}"
        taken.add(spelling.lower())
        found[name] = spelling
    return found


def to_arrow(entries: Sequence[Entry]) -> tuple[pa.Table, dict[str, Kind]]:
    """Return entries as an Arrow table, and the kinds of its columns beside those of `OWN`.

    A column without any value has a kind and no place in the table.
    """
    import pyarrow as pa

    from interplane.data.types import arrow_type

    arrays: dict[str, pa.Array] = {}
    for name, (type_, field) in OWN.items():
        arrays[name] = pa.array(map(attrgetter(field), entries), arrow_type(type_))
    kinds: dict[str, Kind] = {}
    for name, kind in LATER.items():
        values = list(map(attrgetter(name), entries))
        if any(values):
            kinds[name] = kind
            arrays[name] = pa.array(values, _arrow(kind))
    for prefix, rows in (
        (ROW, [entry.row for entry in entries]),
        (LOOKED_UP, [entry.looked_up for entry in entries]),
    ):
        for name, held in _columns(rows).items():
            kind = kind_of(held)
            kinds[prefix + name] = kind
            if kind != "null":
                values = list(map(to_json, held)) if kind == "json" else held
                arrays[prefix + name] = pa.array(values, _arrow(kind))
    return pa.table(arrays), kinds


def schema_of(kinds: Mapping[str, Kind]) -> pa.Schema:
    """Return the Arrow schema of a table with such columns."""
    import pyarrow as pa

    from interplane.data.types import arrow_type

    own = [(name, arrow_type(type_)) for name, (type_, _) in OWN.items()]
    return pa.schema(own + [(name, _arrow(kind)) for name, kind in kinds.items() if kind != "null"])


def _arrow(kind: Kind) -> pa.DataType:
    from interplane.data.types import arrow_type

    return arrow_type(TYPES[kind])


def _columns(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the values of each column; null where a row has none."""
    found = [row if isinstance(row, dict) else {} for row in rows]
    first = found[0]
    if all(row.keys() == first.keys() for row in found):
        names = list(first)
        by_name = {name: [row[name] for row in found] for name in names}
    else:
        names = list(dict.fromkeys(chain.from_iterable(found)))
        by_name = {name: [row.get(name) for row in found] for name in names}
    return {spelling: by_name[name] for name, spelling in spelled(names).items()}
