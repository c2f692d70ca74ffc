"""The port through which a fit gets its statistics: whoever holds the training rows implements it.

`Passes` (statistics.py) takes the statistics of a stage apart into plain ones over groups of rows, and puts
together what comes back: smoothing, pooling, vocabularies and target encodings are made there, in
one way for every engine. An engine only has to aggregate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from interplane.expressions.nodes import Node, Reduce
    from interplane.features.lookups import LookupTable

__all__ = ["Aggregates", "Grouping"]


@dataclass(frozen=True)
class Grouping:
    """Statistics of the rows of each group; without keys, of all rows.

    Attributes:
        by: the keys: expressions of a row, none of type float. They may look values up.
        statistics: each one of the table `REDUCTIONS`, different ones, without groups and without
            the options of groups. Argument and ``where`` are expressions of a row.
    """

    by: tuple[Node, ...]
    statistics: tuple[Reduce, ...]


class Aggregates(Protocol):
    """The training rows of one fit, on some engine."""

    def use(self, lookups: Mapping[str, LookupTable]) -> None:
        """Make the tables of earlier stages readable; expressions look values up in them by name."""

    def aggregate(self, groupings: Sequence[Grouping]) -> list[pa.Table]:
        """Compute all statistics of a stage, in as few scans as the engine can.

        Returns:
            A table for each grouping, in order: the keys as k0, k1 …, then the statistics as a0,
            a1 …, of the types of their nodes, NaN as null. Without keys it has one row. With keys
            it has a row for each group that exists and has no null in its key, in rising order
            of the keys (text by its UTF-8 bytes, False before True).
        """
        ...
