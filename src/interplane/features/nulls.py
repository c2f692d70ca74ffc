"""Which features a fit left without a value in any training row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from interplane.expressions.reductions import reduce
from interplane.features.batch import transform
from interplane.features.found import Found, Need

if TYPE_CHECKING:
    from interplane.data.table import Table
    from interplane.features.aggregates import Aggregates
    from interplane.features.frozen import Frozen

__all__ = ["with_null_features"]


def with_null_features(frozen: Frozen, some: Table, rows: Aggregates) -> Frozen:
    """Return the same features, which tell those of them that are null in every training row.

    Args:
        frozen: the features.
        some: a few of the rows, widened by their views. Only what is null in these is looked for in
            all: a fit of features that have values takes no further pass.
        rows: all of the rows.
    """
    few = transform(frozen, some)
    maybe = [name for name in frozen.names if few.column(name).null_count == few.rows]
    if not maybe:
        return frozen
    counts = {name: reduce("count", frozen.features[name]) for name in maybe}
    rows.use(frozen.lookups)
    found = Found.ask(rows, [Need((), each) for each in counts.values()])
    names = tuple(name for name, count in counts.items() if not found.scalar(count))
    return replace(frozen, training=structs.replace(frozen.training, null_features=names))
