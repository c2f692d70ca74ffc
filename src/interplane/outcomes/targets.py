"""What counts of what was said, target by target, in the types that the prediction log has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interplane.data.engine import connect, identifier
from interplane.data.types import arrow_type
from interplane.errors import UnknownName
from interplane.outcomes.pieces import ID, NULL, NUMBER, Piece, merged
from interplane.outcomes.typed_targets import register_targets
from interplane.predictions.columns import ROW

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import pyarrow as pa

    from interplane.data.table import Table
    from interplane.record import Type

__all__ = ["KNOWN_AT", "OUTCOME", "Targets", "said_at", "targets_of", "what_counts"]

OUTCOME: Final = "outcome"
KNOWN_AT: Final = "outcome_known_at"


class Targets(NamedTuple):
    """Some targets, each once, and perhaps what counts of each.

    Attributes:
        columns: the columns of the prediction log that name a target.
        rows: these columns, in the log's types; and ``outcome`` and ``outcome_known_at``.
    """

    columns: tuple[str, ...]
    rows: pa.Table

    @property
    def is_number(self) -> bool:
        """Whether what counts is a number; else it is true or false."""
        import pyarrow as pa

        return bool(pa.types.is_floating(self.rows.schema.field(OUTCOME).type))

    def joined(self, left: str, right: str) -> str:
        """Return the condition under which a prediction belongs to a target."""
        return " AND ".join(
            f"{left}.{identifier(column)} = {right}.{identifier(column)}" for column in self.columns
        )


def what_counts(
    pieces: Sequence[Piece], predictions: Table, key: Sequence[str]
) -> tuple[Targets, Targets]:
    """Return what counts by prediction id, and by key.

    Args:
        pieces: the outcomes of one name.
        predictions: has the types of the columns.
        key: the columns of the request's key; outcomes by other columns belong to nothing here.
    """
    is_number = any(_has_number(piece) for piece in pieces)
    return (
        _latest(said_at(pieces, ()), (ID,), predictions, is_number=is_number),
        _latest(
            said_at(pieces, key) if key else [], _columns(key), predictions, is_number=is_number
        ),
    )


def targets_of(
    pieces: Sequence[Piece], predictions: Table, key: Sequence[str]
) -> tuple[Targets, Targets]:
    """Return the targets of outcomes of any names, by prediction id and by key."""
    by_id = _distinct(said_at(pieces, ()), (ID,), predictions)
    by_key = _distinct(said_at(pieces, key) if key else [], _columns(key), predictions)
    return by_id, by_key


def said_at(pieces: Iterable[Piece], key: Sequence[str]) -> list[Piece]:
    """Return the pieces whose targets are keys of these columns; by id where there is none."""
    return merged(piece for piece in pieces if set(piece.kinds) == set(key))


def check_columns(predictions: Table, key: Sequence[str]) -> None:
    """Refuse predictions without a column that names targets.

    Raises:
        UnknownName: names the column. An empty table may lack those of the key.
    """
    for column in (ID, *_columns(key)):
        if column not in predictions.types and (column == ID or predictions.rows):
            raise UnknownName.of("column", column, predictions.names, where="the predictions")


def _columns(key: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{ROW}{name}" for name in key)


def _has_number(piece: Piece) -> bool:
    import numpy as np

    return bool(np.any(piece.rows["kind"].to_numpy() == NUMBER))


def _latest(
    pieces: Sequence[Piece], columns: tuple[str, ...], predictions: Table, *, is_number: bool
) -> Targets:
    """Return for each target what was known last, and of those what came last."""
    import numpy as np

    if not pieces:
        return _nothing(columns, predictions, is_number=is_number)
    known_at = _numbers(pieces, "known_at")
    order = _in_order(_numbers(pieces, "sequence"), known_at)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    with connect() as connection:
        source = register_targets(connection, pieces, columns, predictions, rank)
        names = ", ".join(map(identifier, columns))
        found = connection.sql(
            f"SELECT {names}, max(rank) AS rank FROM ({source}) GROUP BY ALL"
        ).to_arrow_table()
    chosen = order[found["rank"].to_numpy()]
    rows = found.drop_columns(["rank"])
    kinds = _numbers(pieces, "kind")[chosen]
    values = _numbers(pieces, "value")[chosen]
    rows = rows.append_column(OUTCOME, _values(kinds, values, is_number=is_number))
    return Targets(columns, rows.append_column(KNOWN_AT, _moments(known_at[chosen])))


def _in_order(sequence: np.ndarray[Any, Any], known_at: np.ndarray[Any, Any]) -> Any:
    """Return the places of outcomes by when they were known, and of equal ones by when they came."""
    import numpy as np

    if np.all(sequence[1:] > sequence[:-1]):
        return np.argsort(known_at, kind="stable")
    return np.lexsort((sequence, known_at))


def _nothing(columns: tuple[str, ...], predictions: Table, *, is_number: bool) -> Targets:
    """Return no target at all."""
    import pyarrow as pa

    types: dict[str, Type] = {column: predictions.types.get(column, "str") for column in columns}
    types |= {OUTCOME: "float" if is_number else "bool", KNOWN_AT: "timestamp"}
    schema = pa.schema([(name, arrow_type(kind)) for name, kind in types.items()])
    return Targets(columns, schema.empty_table())


def _distinct(pieces: Sequence[Piece], columns: tuple[str, ...], predictions: Table) -> Targets:
    import numpy as np

    if not pieces:
        return _nothing(columns, predictions, is_number=False)
    with connect() as connection:
        rank = np.zeros(sum(piece.rows.num_rows for piece in pieces), np.int64)
        source = register_targets(connection, pieces, columns, predictions, rank)
        names = ", ".join(map(identifier, columns))
        return Targets(
            columns, connection.sql(f"SELECT DISTINCT {names} FROM ({source})").to_arrow_table()
        )


def _numbers(pieces: Sequence[Piece], column: str) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.concatenate([piece.rows[column].to_numpy() for piece in pieces])


def _values(
    kinds: np.ndarray[Any, Any], values: np.ndarray[Any, Any], *, is_number: bool
) -> pa.Array:
    """Return what was said: true and false, or 1 and 0 where a number is among what was ever said."""
    import numpy as np
    import pyarrow as pa

    held = values.astype(np.float64 if is_number else np.bool_)
    return pa.array(held, mask=kinds == NULL)


def _moments(known_at: np.ndarray[Any, Any]) -> pa.Array:
    import pyarrow as pa

    return pa.array(known_at.astype("datetime64[us]"), pa.timestamp("us"))
