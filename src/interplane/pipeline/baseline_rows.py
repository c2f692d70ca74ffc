"""The rows that a crossing's windows are compared with, kept as they would have been logged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interplane.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from interplane.data.table import Table
    from interplane.features.frozen import Frozen
    from interplane.models.model import Model
    from interplane.models.request_schema import RequestSchema

__all__ = ["BASELINE_ROWS", "MOST_BASELINE_ROWS", "make_baseline_rows"]

BASELINE_ROWS: Final = "rows"
"""What the blob is called among a crossing's baselines."""

MOST_BASELINE_ROWS: Final = 200_000
"""How many rows are kept: of more, some from all over."""

_GROUP_ROWS: Final = 65_536


def make_baseline_rows(
    model: Model,
    frozen: Frozen,
    schema: RequestSchema,
    rows: Table,
    *,
    sources: Mapping[str, Table] | None = None,
    most: int = MOST_BASELINE_ROWS,
) -> bytes:
    """Score rows in batch and return them as Parquet, in the form of the prediction log.

    The columns are ``time`` (where the features declare one), ``score``, ``row.NAME`` for each column
    of a request, ``looked_up.PARAMETER.FEATURE`` for what feature views knew, and, where the rows have
    the label, ``outcome`` and ``has_outcome``. The same rows give the same bytes.

    Args:
        model: the model.
        frozen: its features.
        schema: what a request must look like.
        rows: rows of raw columns.
        sources: the table of each source that feature views read, by its name.
        most: how many rows to keep.

    Raises:
        UnknownName: if the rows lack a column that requests have.
        UsageError: if there is no row.
    """
    from interplane.features.batch import matrix_of
    from interplane.models.golden import spread_rows

    if not rows.rows:
        raise UsageError(
            "there are no baseline rows",
            expected="rows that windows can be compared with",
            do="Name an output that has rows in publish(…, baseline=…)",
        )
    wide = frozen.widen(spread_rows(rows, most), sources=sources)
    scores = model.predictor.predict_many(matrix_of(frozen, wide))
    return _to_parquet(_logged(frozen, schema, wide, scores))


def _logged(frozen: Frozen, schema: RequestSchema, wide: Table, scores: Any) -> pa.Table:
    """Return rows with the columns of the log."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from interplane.predictions.columns import LOOKED_UP, ROW, spelled

    there = wide.to_arrow()
    columns: dict[str, Any] = {}
    if frozen.time is not None:
        columns["time"] = there.column(frozen.time).cast(pa.timestamp("us"))
    columns["score"] = pa.array(scores, mask=np.isnan(scores))
    asked = [field.name for field in schema.fields]
    for name, spelling in spelled(asked).items():
        if name not in wide.types:
            raise UnknownName.of(
                "column",
                name,
                wide.types,
                where="the baseline rows",
                do="Requests have it: name an output in publish(…, baseline=…) that has it too",
            )
        columns[ROW + spelling] = _asked(there.column(name))
    for name, spelling in spelled(frozen.looked_up).items():
        columns[LOOKED_UP + spelling] = there.column(name)
    if frozen.label is not None and frozen.label in wide.types:
        outcome = _asked(there.column(frozen.label))
        columns["outcome"], columns["has_outcome"] = outcome, pc.is_valid(outcome)
    return pa.table(columns)


def _asked(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return values as a request has them: JSON has no NaN, null is what it says instead."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(values.type):
        return values
    return pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)


def _to_parquet(rows: pa.Table) -> bytes:
    """Return the bytes; every option that changes them is fixed here."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(
        rows.combine_chunks(),
        sink,
        row_group_size=_GROUP_ROWS,
        version="2.6",
        data_page_version="1.0",
        data_page_size=1 << 20,
        compression="zstd",
        compression_level=1,
        use_dictionary=True,
        write_statistics=True,
        store_schema=False,
    )
    data: bytes = sink.getvalue().to_pybytes()
    return data
