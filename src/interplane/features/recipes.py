"""How the plain kinds of statistics are put together: a value, a value per group, edges of buckets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from interplane.expressions.expr import Expr
from interplane.expressions.nodes import Literal, Lookup, Reduce
from interplane.expressions.reductions import GROUP_OPTIONS, reduce
from interplane.features.found import Need, entries
from interplane.features.freezing import Cuts, Grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.expressions.nodes import Constant
    from interplane.features.found import Found
    from interplane.features.lookups import LookupTable

__all__ = ["Edges", "Groups", "Scalar"]

_COUNTS = ("count", "count_distinct")


@dataclass(frozen=True)
class Scalar:
    """A statistic of all rows."""

    statistic: Reduce

    @property
    def needs(self) -> Sequence[Need]:
        """Itself."""
        return [Need((), self.statistic)]

    def answer(self, found: Found) -> Constant:
        """Return its value."""
        return found.scalar(self.statistic)


@dataclass(frozen=True)
class Edges:
    """The edges between buckets that hold equally many training rows."""

    statistic: Reduce

    @cached_property
    def _quantiles(self) -> list[Reduce]:
        (x,) = self.statistic.args
        buckets = int(dict(self.statistic.options)["buckets"])  # type: ignore[arg-type]
        return [reduce("quantile", x, q=place / buckets) for place in range(1, buckets)]

    @property
    def needs(self) -> Sequence[Need]:
        """Quantiles, which an engine computes together."""
        return [Need((), each) for each in self._quantiles]

    def answer(self, found: Found) -> Cuts:
        """Return the edges, each once; none if no row has a value."""
        values = {found.scalar(each) for each in self._quantiles} - {None}
        return Cuts(tuple(sorted(values)))  # type: ignore[type-var]


@dataclass(frozen=True)
class Groups:
    """A statistic by group, with a default, smoothing towards all rows, and a pool of rare groups.

    Attributes:
        statistic: it, with its keys and options.
        pool: the table that holds the keys of groups that are not rare, once it is known.
    """

    statistic: Reduce
    pool: str | None = None

    @cached_property
    def _options(self) -> dict[str, Any]:
        return dict(self.statistic.options)

    def with_pool(self, name: str) -> Self:
        """Return it with the table of that name as the keys of groups that are not rare."""
        return replace(self, pool=name)

    @property
    def min_rows(self) -> int:
        """How many rows a group needs to stand for itself."""
        return int(self._options.get("min_rows", 1))

    @property
    def _smoothing(self) -> float:
        return float(self._options.get("smoothing", 0.0))

    @cached_property
    def _plain(self) -> Reduce:
        own = tuple(each for each in self.statistic.options if each[0] not in GROUP_OPTIONS)
        return replace(self.statistic, by=(), options=own)

    @cached_property
    def _count(self) -> Reduce:
        return reduce("count", self.statistic.args[0], where=self.statistic.where)

    def _pooled(self, statistic: Reduce) -> Reduce:
        """Return a statistic over the rows in rare groups."""
        by = self.statistic.by
        rare = Expr(Lookup(str(self.pool), by, Literal(True, "bool"), "bool"))
        for key in by:
            rare = rare & Expr(key).not_null()
        where = statistic.where
        return replace(statistic, where=(rare if where is None else rare & Expr(where)).node)

    @property
    def needs(self) -> Sequence[Need]:
        """The statistic by group; for smoothing and pooling also counts and the value of all rows."""
        by = self.statistic.by
        needs = [Need(by, self._plain)]
        if self._smoothing or self.min_rows > 1:
            needs.append(Need(by, self._count))
        if self._smoothing:
            needs.append(Need((), self._plain))
        if self.pool is not None:
            needs += [Need((), self._pooled(each)) for each in (self._plain, self._count)]
        return needs

    def common(self, found: Found) -> LookupTable:
        """Return the keys of the groups that are not rare, with False for each."""
        by = self.statistic.by
        enough = pc.greater_equal(found.column(by, self._count), self.min_rows)
        keys = found.keys(by).filter(enough)
        return entries(keys, pa.repeat(False, keys.num_rows), by=by, kind="bool")

    def answer(self, found: Found) -> Grouped:
        """Return a table of the groups that have a value, and what stands for all others."""
        by, kind = self.statistic.by, self.statistic.type
        keys, values = found.keys(by), found.column(by, self._plain)
        default: Constant = 0 if self.statistic.function in _COUNTS else None
        if self._smoothing:
            default = found.scalar(self._plain)
            values = self._smoothed(values, found.column(by, self._count), default)
        if self.pool is not None:
            default = self._pool_value(found)
        default = self._options.get("default", default)
        if self.pool is not None:
            rare = pc.less(found.column(by, self._count), self.min_rows)
            value = pa.scalar(self._pool_value(found), values.type)
            values = pc.if_else(rare, value, values)
            if "default" not in self._options:  # the pool's value stands for them by itself
                keys, values = (each.filter(pc.invert(rare)) for each in (keys, values))
        return Grouped(entries(keys, values, by=by, kind=kind), default)

    def _pool_value(self, found: Found) -> Constant:
        value = found.scalar(self._pooled(self._plain))
        if not self._smoothing:
            return value
        count = found.scalar(self._pooled(self._count))
        values = pa.chunked_array([pa.array([value], pa.float64())])
        counts = pa.chunked_array([pa.array([count], pa.int64())])
        drawn = self._smoothed(values, counts, found.scalar(self._plain))
        return drawn[0].as_py()  # type: ignore[no-any-return]

    def _smoothed(
        self, values: pa.ChunkedArray, counts: pa.ChunkedArray, overall: Constant
    ) -> pa.ChunkedArray:
        """Return ``(n v + s m) / (n + s)``; a group without a value is drawn to m altogether."""
        if overall is None:
            return values
        v = np.array(values.to_numpy(), dtype=np.float64)
        n = np.where(np.isnan(v), 0.0, np.array(counts.to_numpy(), dtype=np.float64))
        v = np.where(np.isnan(v), 0.0, v)
        drawn = (n * v + self._smoothing * float(overall)) / (n + self._smoothing)  # type: ignore[arg-type]
        return pa.chunked_array([pa.array(drawn, mask=np.isnan(drawn))])
