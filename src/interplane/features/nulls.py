"""Which features a fit left without a value in any training row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.expressions.reductions import reduce
from interplane.features.batch import transform
from interplane.features.found import Found, Need

if TYPE_CHECKING:
    from interplane.data.table import Table
    from interplane.features.aggregates import Aggregates
    from interplane.features.frozen import Frozen

__all__ = ["null_features"]


def null_features(frozen: Frozen, some: Table, rows: Aggregates) -> tuple[str, ...]:
    """Return the features that are null in every training row, in order.

    Args:
        frozen: the features.
        some: a few of the rows, widened by their views. Only what is null in these is looked for in
            all: a fit of features that have values takes no further pass.
        rows: all of the rows.
    """
    few = transform(frozen, some)
    maybe = [name for name in frozen.names if few.column(name).null_count == few.rows]
    if not maybe:
        return ()
    counts = {name: reduce("count", frozen.features[name]) for name in maybe}
    rows.use(frozen.lookups)
    found = Found.ask(rows, [Need((), each) for each in counts.values()])
    return tuple(name for name, count in counts.items() if not found.scalar(count))
