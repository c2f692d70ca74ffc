"""Rows that a model may have learned from, told by their time: figures on them are no test."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interplane.data.table import Table
    from interplane.models.model import Model

__all__ = ["maybe_seen"]


def maybe_seen(model: Model, rows: Table) -> NDArray[np.bool_]:
    """Return which rows are not after the last training row of the model.

    None are, as far as this can tell, where the features declare no time or the rows have none.
    """
    time = getattr(model.features, "time", None)
    last = getattr(getattr(model.features, "training", None), "last", None)
    if time is None or last is None or rows.types.get(time) not in {"date", "timestamp"}:
        return np.zeros(rows.rows, dtype=bool)
    read = date.fromisoformat if rows.types[time] == "date" else datetime.fromisoformat
    before = pc.less_equal(rows.column(time), read(last))
    return np.asarray(pc.fill_null(before, False), dtype=bool)
