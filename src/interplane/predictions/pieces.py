"""Pieces of the log: Parquet files or memory, whose rows have the same columns; and their SQL."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from interplane.data.engine import identifier, string, string_list
from interplane.data.types import DUCKDB_TYPES
from interplane.predictions.kinds import TYPES, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from interplane.predictions.manifest import LoggedFile

__all__ = ["Piece", "Window", "json_sql", "pieces_of", "value_sql"]


class Window(NamedTuple):
    """Prediction times in microseconds since 1970: from ``since`` on, before ``until``."""

    since_us: int | None = None
    until_us: int | None = None

    def excludes(self, first_us: int, last_us: int) -> bool:
        """Return whether no time from first to last is in it."""
        return (self.since_us is not None and last_us < self.since_us) or (
            self.until_us is not None and first_us >= self.until_us
        )

    def includes(self, first_us: int, last_us: int) -> bool:
        """Return whether all times from first to last are in it."""
        return (self.since_us is None or first_us >= self.since_us) and (
            self.until_us is None or last_us < self.until_us
        )

    def to_sql(self) -> Iterator[str]:
        """Yield the conditions on a row."""
        if self.since_us is not None:
            yield f'"time" >= make_timestamp({self.since_us})'
        if self.until_us is not None:
            yield f'"time" < make_timestamp({self.until_us})'


@dataclass(frozen=True)
class Piece:
    """Rows with the same columns.

    Attributes:
        kinds: the kinds of their requests' columns.
        rows: how many there are, dropped ones included.
        paths: the Parquet files that hold them.
        memory: or the Arrow table that does.
        dropped: the ids of rows that count no more.
        window: which prediction times are asked for; all if there is none.
    """

    kinds: Mapping[str, Kind]
    rows: int
    paths: tuple[Path, ...] = ()
    memory: pa.Table | None = None
    dropped: frozenset[str] = frozenset()
    window: Window | None = None

    def source(self, connection: DuckDBPyConnection, *, alias: str) -> str:
        """Make the rows readable on a connection; return the text that follows FROM."""
        if self.memory is not None:
            connection.register(alias, self.memory)
            found = identifier(alias)
        else:
            found = f"read_parquet({string_list(map(str, self.paths))})"
        conditions = list(self.window.to_sql()) if self.window is not None else []
        if self.dropped:
            ids = ", ".join(map(string, sorted(self.dropped)))
            conditions.append(f'"prediction_id" NOT IN ({ids})')
        return f"{found} WHERE {' AND '.join(conditions)}" if conditions else found


def pieces_of(files: Iterable[tuple[LoggedFile, Path]], window: Window) -> Iterator[Piece]:
    """Yield files as pieces, in their order; neighbours with the same columns are one piece."""

    def alike(item: tuple[LoggedFile, Path]) -> tuple[object, ...]:
        file, _ = item
        is_whole = window.includes(file.first_time_us, file.last_time_us)
        return (tuple(file.kinds.items()), is_whole, file.number if file.dropped else None)

    wanted = (
        item for item in files if not window.excludes(item[0].first_time_us, item[0].last_time_us)
    )
    for (_, is_whole, _), group in groupby(wanted, key=alike):
        members = list(group)
        first = members[0][0]
        yield Piece(
            kinds=first.kinds,
            rows=sum(file.rows for file, _ in members),
            paths=tuple(path for _, path in members),
            dropped=first.dropped,
            window=None if is_whole else window,
        )


def value_sql(name: str, have: Kind, want: Kind) -> str:
    """Return SQL for a column of one kind as a wider one.

    >>> print(value_sql("row.wind", "int", "float"))
    CAST("row.wind" AS DOUBLE)
    >>> print(value_sql("row.wind", "null", "float"))
    CAST(NULL AS DOUBLE)
    """
    column = identifier(name)
    if have == "null":
        return f"CAST(NULL AS {DUCKDB_TYPES[TYPES[want]]})"
    if want in {have, "wide"}:
        return column
    if want == "float":
        return f"CAST({column} AS DOUBLE)"
    if have == "float":
        text = (
            f"CASE WHEN isfinite({column}) THEN CAST(to_json({column}) AS VARCHAR) ELSE 'null' END"
        )
        return f"CASE WHEN {column} IS NOT NULL THEN {text} END"
    return f"CAST(to_json({column}) AS VARCHAR)"


def json_sql(kinds: Mapping[str, Kind], prefix: str) -> str:
    """Return SQL for the columns of a prefix as one JSON text, null where there are none.

    >>> print(json_sql({"row.wind": "int"}, "row."))
    CAST(json_object('wind', "row.wind") AS VARCHAR)
    """
    fields = [
        f"{string(name.removeprefix(prefix))}, {_plain_sql(name, kind)}"
        for name, kind in kinds.items()
        if name.startswith(prefix)
    ]
    value = f"json_object({', '.join(fields)})" if fields else "NULL"
    return f"CAST({value} AS VARCHAR)"


def _plain_sql(name: str, kind: Kind) -> str:
    column = identifier(name)
    if kind == "null":
        return "NULL"
    if kind == "json":
        return f"CAST({column} AS JSON)"
    # JSON has no form for what is not finite.
    return f"CASE WHEN isfinite({column}) THEN {column} END" if kind == "float" else column
