"""Outcomes in columns: a piece holds those of one model and name that say their target in one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interplane.outcomes.outcome import Outcome
from interplane.outcomes.ports import Kept
from interplane.predictions.kinds import TYPES, Kind, kind_of, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from interplane.outcomes.outcome import Said

__all__ = ["ID", "KEY", "Piece", "from_ipc", "kept_of", "merged", "pieces_of", "selected", "to_ipc"]

ID: Final = "prediction_id"
KEY: Final = "key."
"""What the columns of a key begin with."""

NULL, BOOL, NUMBER = 0, 1, 2
"""The kinds of values in the column ``kind``: ``value`` is 0 where there is none, 0 or 1 for bool."""


_Shape = tuple[tuple[str, type], ...]
"""The columns of a key, in order, and the types of their values."""


class Piece(NamedTuple):
    """Some outcomes in columns.

    Attributes:
        name: their name: ``label`` or a proxy's.
        kinds: the kinds of the key's columns; empty where the target is a prediction's id.
        rows: the columns ``sequence``, ``known_at`` and ``received_at`` (microseconds since 1970),
            ``kind``, ``value``, ``actor``, and ``prediction_id`` or ``key.COLUMN`` for each.
    """

    name: str
    kinds: Mapping[str, Kind]
    rows: pa.Table


def pieces_of(kept: Iterable[Kept]) -> list[Piece]:
    """Return outcomes of one model in columns, in the order given.

    Values of different types never share a column: whoever changes the type of a key goes on matching
    what was said before.
    """
    groups: dict[tuple[str, _Shape], list[Kept]] = {}
    for each in kept:
        outcome = each.outcome
        key = outcome.key or {}
        shape = tuple((column, type(key[column])) for column in sorted(key))
        groups.setdefault((outcome.name, shape), []).append(each)
    return [_piece(name, [column for column, _ in shape], g) for (name, shape), g in groups.items()]


def _piece(name: str, columns: Sequence[str], kept: Sequence[Kept]) -> Piece:
    import pyarrow as pa

    outcomes = [each.outcome for each in kept]
    values = [outcome.value for outcome in outcomes]
    kinds: dict[str, Kind] = {}
    arrays = {
        "sequence": pa.array([each.sequence for each in kept], pa.int64()),
        "known_at": pa.array([outcome.known_at_us for outcome in outcomes], pa.int64()),
        "received_at": pa.array([outcome.received_at_us for outcome in outcomes], pa.int64()),
        "kind": pa.array([_KINDS[type(value)] for value in values], pa.int8()),
        "value": pa.array([float(value or 0) for value in values], pa.float64()),
        "actor": pa.array([outcome.actor for outcome in outcomes], pa.string()),
    }
    if not columns:
        arrays[ID] = pa.array([outcome.prediction_id for outcome in outcomes], pa.string())
    for column in columns:
        found = [(outcome.key or {})[column] for outcome in outcomes]
        kind = kinds[column] = kind_of(found)
        held = list(map(to_json, found)) if kind == "json" else found
        arrays[KEY + column] = pa.array(held, _arrow(kind))
    return Piece(name, kinds, pa.table(arrays))


_KINDS: Final[Mapping[type, int]] = {type(None): NULL, bool: BOOL, int: NUMBER, float: NUMBER}


def _arrow(kind: Kind) -> pa.DataType:
    from interplane.data.types import arrow_type

    return arrow_type(TYPES[kind])


def selected(piece: Piece, *, after: int = 0, as_of_us: int | None = None) -> Piece:
    """Return the rows of a piece behind a sequence that were known by a time."""
    import pyarrow.compute as pc

    rows = piece.rows
    if after:
        rows = rows.filter(pc.greater(rows["sequence"], after))
    if as_of_us is not None:
        rows = rows.filter(pc.less_equal(rows["known_at"], as_of_us))
    return piece._replace(rows=rows)


def merged(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the same rows in as few pieces as there are names and kinds of keys; none is empty."""
    import pyarrow as pa

    groups: dict[tuple[str, tuple[tuple[str, Kind], ...]], list[pa.Table]] = {}
    for piece in pieces:
        if piece.rows.num_rows:
            groups.setdefault((piece.name, tuple(piece.kinds.items())), []).append(piece.rows)
    return [
        Piece(name, dict(kinds), pa.concat_tables(tables))
        for (name, kinds), tables in groups.items()
    ]


def kept_of(model: str, pieces: Iterable[Piece]) -> list[Kept]:
    """Return the outcomes of pieces as values, in the order in which they came."""
    found = [each for piece in pieces for each in _values(model, piece)]
    return sorted(found, key=lambda each: each.sequence)


def _values(model: str, piece: Piece) -> Iterator[Kept]:
    for row in piece.rows.to_pylist():
        yield Kept(
            row["sequence"],
            Outcome(
                model=model,
                prediction_id=row.get(ID),
                key={c: _plain(row[KEY + c], kind) for c, kind in piece.kinds.items()} or None,
                name=piece.name,
                value=_said(row["kind"], row["value"]),
                known_at_us=row["known_at"],
                received_at_us=row["received_at"],
                actor=row["actor"],
            ),
        )


def _said(kind: int, value: float) -> Said:
    if kind == NULL:
        return None
    return value == 1 if kind == BOOL else value


def _plain(value: Any, kind: Kind) -> Any:
    if kind != "json":
        return value
    import msgspec

    return msgspec.json.decode(value)


def to_ipc(rows: pa.Table) -> bytes:
    """Return rows as an Arrow stream, compressed."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
        writer.write_table(rows.combine_chunks())
    return bytes(sink.getvalue())


def from_ipc(body: bytes) -> pa.Table:
    """Return the rows of an Arrow stream."""
    import pyarrow as pa

    with pa.ipc.open_stream(pa.py_buffer(body)) as reader:
        return reader.read_all()
