"""Batch prediction: a score per row, with the crossing and a prediction id that a rerun repeats."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from blake3 import blake3

from interplane.data.table import Table
from interplane.errors import UsageError
from interplane.record import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from interplane.models.model import Model

__all__ = ["OUTPUT_COLUMNS", "predict_table", "prediction_ids"]

OUTPUT_COLUMNS: Final = ("score", "crossing", "prediction_id")
"""What a prediction adds to the columns that name and describe its row."""

_ID_BYTES: Final = 16


def predict_table(
    model: Model,
    table: Table,
    *,
    crossing: str,
    keep: Iterable[str] = (),
    sources: Mapping[str, Table] | None = None,
) -> Table:
    """Return a row per row of ``table``, in its order: key, time, context, score and where from.

    Rows whose label is not known are scored like all others. The score is null where the model
    gives none.

    Args:
        model: the model.
        table: rows of raw columns.
        crossing: the digest of the crossing that the model belongs to.
        keep: further columns to carry along.
        sources: the table of each source that its feature views read, by its name.

    Raises:
        UnknownName: if the table lacks a column.
        UsageError: if a column to carry along has the name of one of ours.
    """
    named_by = _named_by(model.features)
    carried = list(dict.fromkeys((*named_by, *keep)))
    clashes = sorted(set(carried) & set(OUTPUT_COLUMNS))
    if clashes:
        raise UsageError(
            f"the column {clashes[0]!r} has the name of a column of predictions",
            expected=f"other names than {', '.join(OUTPUT_COLUMNS)}",
            do="Rename it in a data step",
        )
    named = table.select(*carried).to_arrow()
    scores = model.predict(table, sources=sources)
    identity = dict.fromkeys((*named_by, *sorted(model.features.inputs)))
    columns = {
        **{name: named.column(name) for name in carried},
        "score": pa.array(scores, mask=np.isnan(scores)),
        "crossing": pa.repeat(crossing, table.rows),
        "prediction_id": pa.array(prediction_ids(table.select(*identity), crossing=crossing)),
    }
    return Table.from_columns(columns, name="the predictions")


def prediction_ids(table: Table, *, crossing: str) -> list[str]:
    """Return an id per row, of 32 hexadecimal characters.

    It is made of the crossing and of every value of the row, so that the same rows scored again by
    the same crossing have the same ids. Of rows that are equal in all columns, the second and
    later ones have their number in it.
    """
    stem = blake3(canonical([crossing, [column.to_dict() for column in table.columns]]))
    seen: Counter[bytes] = Counter()
    ids = []
    for row in _row_bytes(table):
        hasher = stem.copy()
        hasher.update(row)
        if seen[row]:
            hasher.update(seen[row].to_bytes(8, "little"))
        seen[row] += 1
        ids.append(hasher.hexdigest(length=_ID_BYTES))
    return ids


def _named_by(features: Any) -> list[str]:
    """Return key, time and context, each once."""
    time = getattr(features, "time", None)
    named: Sequence[str] = (
        *getattr(features, "key", ()),
        *([time] if time else []),
        *getattr(features, "context", ()),
    )
    return list(dict.fromkeys(named))


def _row_bytes(table: Table) -> Iterator[bytes]:
    """Yield each row as bytes of equal length: a validity byte and 8 or 16 bytes per column."""
    if not table.rows or not table.names:
        yield from [b""] * table.rows
        return
    pieces: list[NDArray[np.uint8]] = []
    for name in table.names:
        values = table.column(name).combine_chunks()
        valid = np.asarray(values.is_valid().cast(pa.uint8()))
        octets = _text_bytes(values) if pa.types.is_string(values.type) else _number_bytes(values)
        pieces += [valid[:, None], octets]
    rows = np.hstack(pieces)
    size, whole = rows.shape[1], rows.tobytes()
    yield from (whole[start : start + size] for start in range(0, len(whole), size))


def _number_bytes(values: Any) -> NDArray[np.uint8]:
    if pa.types.is_floating(values.type):
        words = np.asarray(values.fill_null(0.0)).view(np.int64)
    else:
        narrow = pa.int32() if pa.types.is_date(values.type) else pa.int64()
        words = np.asarray(values.cast(narrow).fill_null(0)).astype(np.int64)
    octets: NDArray[np.uint8] = words.copy().view(np.uint8).reshape(len(words), 8)
    return octets


def _text_bytes(values: Any) -> NDArray[np.uint8]:
    encoded = values.dictionary_encode()
    digests = [blake3(text.encode()).digest(length=16) for text in encoded.dictionary.to_pylist()]
    table = np.frombuffer(b"".join([*digests, bytes(16)]), np.uint8).reshape(-1, 16)
    octets: NDArray[np.uint8] = table[np.asarray(encoded.indices.fill_null(len(digests)))]
    return octets
