"""Rows that a model has learned from, or may have: figures on them are no test."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow.compute as pc

from interplane.features.frozen import Frozen
from interplane.features.leaks import (
    crossed_rows,
    refuse_crossed,
    refuse_seen,
    seen_rows,
    untold,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interplane.data.table import Table
    from interplane.models.model import Model

__all__ = ["Met", "count_seen", "maybe_seen"]


class Met(NamedTuple):
    """How many rows of a test are none.

    Attributes:
        seen: how many were fitted on; None where nobody can tell.
        crossed: how many break the promise that the training rows came with; None without one, or where
            nobody can tell.
        untold: what nobody can tell though the features know their training rows, and why.
    """

    seen: int | None = None
    crossed: int | None = None
    untold: tuple[str, ...] = ()


def count_seen(model: Model, rows: Table, tested: NDArray[np.bool_], *, allow: bool) -> Met:
    """Count the rows that are no test of a model.

    Args:
        model: the model.
        rows: the rows.
        tested: which of them are tested on.
        allow: let them be.

    Raises:
        Leak: if there is one, and they are not allowed.
    """
    frozen = model.features
    if not isinstance(frozen, Frozen):
        return Met()
    of = int(tested.sum())
    seen = seen_rows(frozen, rows)
    if seen is not None and not allow:
        refuse_seen(frozen, rows, seen & tested, of=of)
    crossed = crossed_rows(frozen, rows)
    if crossed is not None and not allow:
        refuse_crossed(rows, crossed, crossed.rows & tested, of=of)
    return Met(
        None if seen is None else int((seen & tested).sum()),
        None if crossed is None else int((crossed.rows & tested).sum()),
        untold(frozen, rows),
    )


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
