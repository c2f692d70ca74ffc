"""The baseline of a crossing: the rows that its windows are compared with, and the bins they decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.models.request_schema import RequestSchema
from interplane.pipeline.baseline_rows import BASELINE_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.data.table import Table
    from interplane.monitoring.layout import Layout
    from interplane.record import Crossing
    from interplane.storage.store import Store

__all__ = ["baseline_layout", "baseline_rows"]


def baseline_rows(store: Store, crossing: Crossing) -> Table | None:
    """Return the baseline rows of a crossing in the form of the prediction log, read and verified.

    Beside the log's columns there are ``outcome`` and ``has_outcome`` where the rows had a label.
    None for a crossing that was published without any.

    Raises:
        StorageError: if they cannot be read, or are damaged.
    """
    digest = crossing.baselines.get(BASELINE_ROWS)
    if digest is None:
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    from interplane.data.table import Table

    rows = pq.read_table(pa.BufferReader(store.read(digest)))
    return Table.from_arrow(rows, name="the baseline rows")


def baseline_layout(
    store: Store,
    crossing: Crossing,
    *,
    threshold: float = 0.5,
    prepare: Callable[[Table], Table] | None = None,
) -> Layout:
    """Return the bins that a crossing's predictions are counted by.

    What names a row and its prediction time change by themselves, and are not watched. A crossing
    without baseline rows is watched by its traffic, latency, scores and outcomes alone; that its
    outcomes are true or false is assumed then.

    Args:
        store: the workspace.
        crossing: the crossing.
        threshold: the score from which an answer counts as positive.
        prepare: adds columns to the baseline rows, such as the model's features of them.
    """
    from interplane.monitoring.counting.layouts import bare_layout, make_layout
    from interplane.predictions.columns import ROW, spelled

    rows = baseline_rows(store, crossing)
    if rows is None:
        return bare_layout(threshold=threshold)
    if prepare is not None:
        rows = prepare(rows)
    schema = RequestSchema.from_dict(crossing.request_schema or {})
    spellings = spelled(field.name for field in schema.fields)
    named = [*schema.key, *([schema.time] if schema.time else [])]
    without = [ROW + spellings[name] for name in named if name in spellings]
    return make_layout(rows, threshold=threshold, without=without)
