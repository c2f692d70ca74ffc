"""Statistics that are made of how often values occur: the most frequent ones, and their places."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from interplane.expressions.nodes import Literal, Reduce
from interplane.expressions.reductions import reduce
from interplane.features.found import Need, entries, sayable
from interplane.features.freezing import Grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.expressions.nodes import Node
    from interplane.features.found import Found

__all__ = ["Index", "Vocabulary"]

_EACH = reduce("count", Literal(True, "bool"))


def _most_frequent(counts: np.ndarray[Any, Any], options: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Return the places of the most frequent values, by count and then by value.

    The counts are in the order of the values, which a stable sort keeps among equal counts.
    """
    order = np.argsort(-counts, kind="stable")
    enough = counts[order] >= options.get("min_share", 0.0) * counts.sum()
    chosen: np.ndarray[Any, Any] = order[enough][: options.get("top")]
    return chosen


@dataclass(frozen=True)
class Vocabulary:
    """The most frequent values."""

    statistic: Reduce

    @property
    def needs(self) -> Sequence[Need]:
        """How often each value occurs."""
        return [Need(self.statistic.args, _EACH)]

    def answer(self, found: Found) -> tuple[Any, ...]:
        """Return the values, the most frequent first; of equally frequent ones the smaller."""
        by = self.statistic.args
        known = sayable(found.keys(by).append_column("n", found.column(by, _EACH)))
        chosen = _most_frequent(known.column("n").to_numpy(), dict(self.statistic.options))
        return tuple(known.column(0).take(pa.array(chosen)).to_pylist())


@dataclass(frozen=True)
class Index:
    """The place of each key in the order of frequency or of value, from 0."""

    statistic: Reduce

    @cached_property
    def _by(self) -> tuple[Node, ...]:
        return self.statistic.by

    @property
    def needs(self) -> Sequence[Need]:
        """How often each key occurs."""
        return [Need(self._by, _EACH)]

    def answer(self, found: Found) -> Grouped:
        """Return the places, and what stands for keys without one."""
        options: dict[str, Any] = dict(self.statistic.options)
        chosen = _most_frequent(found.column(self._by, _EACH).to_numpy(), options)
        if options["order"] == "value":
            chosen = np.sort(chosen)
        places = np.full(found.keys(self._by).num_rows, -1)
        places[chosen] = np.arange(len(chosen))
        values = pa.chunked_array([pa.array(places, pa.int64(), mask=places < 0)])
        table = entries(found.keys(self._by), values, by=self._by, kind="int")
        return Grouped(table, options.get("unseen"))
