"""Target encodings: the smoothed mean label of a group, for serving and out of fold."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self, TypeGuard

import numpy as np
import pyarrow as pa

from interplane.data.engine import connect
from interplane.errors import UsageError
from interplane.expressions.expr import Expr, if_else
from interplane.expressions.nodes import Column, Lookup, Reduce
from interplane.expressions.reductions import reduce
from interplane.expressions.trees import rebuild
from interplane.features.batch import tables_to_arrow
from interplane.features.derived import TARGET_MEAN
from interplane.features.found import Found, Need, entries
from interplane.features.freezing import FrozenParts, Grouped
from interplane.features.training_rows import fold_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from interplane.expressions.nodes import Node
    from interplane.features.aggregates import Aggregates

__all__ = ["Target", "folds_of", "folds_wanted", "is_target", "training_form"]

_ALL_FOLDS = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"


@dataclass(frozen=True)
class Target:
    """A target encoding taken apart: y is null for rows without a label."""

    by: tuple[Node, ...]
    y: Node
    smoothing: float
    folds: int

    @classmethod
    def of(cls, statistic: Reduce, label: Column) -> Self:
        """Take the node of a target encoding apart."""
        options = dict(statistic.options)
        y = if_else(Expr(label).not_null(), Expr(statistic.args[0]).cast("float"), None)
        smoothing = float(options["smoothing"])  # type: ignore[arg-type]
        return cls(statistic.by, y.node, smoothing, folds_of(statistic))

    @cached_property
    def mean(self) -> Reduce:
        """The mean of all rows."""
        return reduce("mean", self.y)

    @cached_property
    def sums(self) -> tuple[Reduce, Reduce]:
        """How many rows of a group have a label, and its sum."""
        return reduce("count", self.y), reduce("sum", self.y)

    @property
    def needs(self) -> Sequence[Need]:
        """The mean of all rows, and sums by group."""
        return [Need((), self.mean), *(Need(self.by, each) for each in self.sums)]

    def answer(self, found: Found) -> Grouped:
        """Return the mean target per group for serving, drawn to the mean of all rows."""
        overall = self.overall(found)
        counts, totals = (found.column(self.by, each).to_numpy() for each in self.sums)
        if overall is None:
            values = pa.chunked_array([pa.nulls(len(counts), pa.float64())])
        else:
            with np.errstate(invalid="ignore", divide="ignore"):
                means = (totals + self.smoothing * overall) / (counts + self.smoothing)
            values = pa.chunked_array([pa.array(means, mask=np.isnan(means))])
        table = entries(found.keys(self.by), values, by=self.by, kind="float")
        return Grouped(table, overall)

    def overall(self, found: Found) -> float | None:
        """Return the mean of y over all rows that have one; None if none has, or it is no number."""
        mean = found.scalar(self.mean)
        return None if mean is None or math.isnan(mean) else float(mean)  # type: ignore[arg-type]

    def mean_sql(self, total: str, count: str, overall: float | None) -> str:
        """Return the SQL of the mean drawn to ``overall``; null if there is nothing to go by."""
        weight = f"CAST('{self.smoothing!r}' AS DOUBLE)"
        middle = "CAST(NULL AS DOUBLE)" if overall is None else f"CAST('{overall!r}' AS DOUBLE)"
        mean = f"(({total}) + {weight} * {middle}) / nullif(({count}) + {weight}, 0.0::DOUBLE)"
        return f"CASE WHEN isnan({mean}) THEN NULL ELSE {mean} END"


def is_target(node: Node) -> TypeGuard[Reduce]:
    """Return whether a node is a target encoding that has not been frozen yet."""
    return isinstance(node, Reduce) and node.function == TARGET_MEAN


def folds_of(statistic: Reduce) -> int:
    """Return the number of folds of a target encoding."""
    return int(dict(statistic.options)["folds"])  # type: ignore[arg-type]


def folds_wanted(nodes: Iterable[Node], *, key: Sequence[str], of: str) -> set[int]:
    """Return the numbers of folds that the target encodings among some nodes ask for.

    Args:
        nodes: the parts of all features.
        key: the columns that name a row, which folds are drawn by.
        of: the name of the features, for messages.

    Raises:
        UsageError: if there are some, and no key.
    """
    counts = {folds_of(node) for node in nodes if is_target(node)}
    if counts and not key:
        raise UsageError(
            f"{of} encodes a target and has no key",
            expected="the columns that name a row, to draw folds by",
            do='Declare them, for example key=["flight_id"]',
        )
    return counts


def training_form(
    parts: FrozenParts, rows: Aggregates, label: Column | None
) -> tuple[dict[str, Node], dict[str, pa.Table]]:
    """Return the features as training rows have them, by fold, and the tables they look up.

    Args:
        parts: the frozen features.
        rows: the training rows, with a column for each number of folds (`with_folds`).
        label: the column of the label.
    """
    tables = tables_to_arrow(parts.lookups)
    if label is not None and parts.targets:
        rows.use(parts.lookups)
        targets = {name: Target.of(each, label) for name, each in parts.targets.items()}
        found = Found.ask(rows, [need for each in targets.values() for need in _fold_needs(each)])
        tables |= {name: _out_of_fold(each, found) for name, each in targets.items()}

    def with_fold(node: Node) -> Node | None:
        if not isinstance(node, Lookup) or node.table not in parts.targets:
            return None
        return replace(node, keys=(*node.keys, _fold(folds_of(parts.targets[node.table]))))

    return {name: rebuild(node, with_fold) for name, node in parts.features.items()}, tables


def _fold(folds: int) -> Column:
    return Column(fold_column(folds), "int")


def _fold_needs(target: Target) -> list[Need]:
    by = (*target.by, _fold(target.folds))
    return [Need((), target.mean), *(Need(by, each) for each in target.sums)]


def _out_of_fold(target: Target, found: Found) -> pa.Table:
    """Return the mean target of the *other* folds per group and fold: k0, k1 … (the fold), v.

    A group without a row in other folds has the overall mean, as an unseen group has.
    """
    by = (*target.by, _fold(target.folds))
    keys = found.keys(by)
    counts, totals = (found.column(by, each) for each in target.sums)
    sums = keys.append_column("n", counts).append_column("s", totals)
    *names, fold = keys.column_names
    frame = f"(PARTITION BY {', '.join(names)} ORDER BY {fold} {_ALL_FOLDS})"
    mean = target.mean_sql(
        f"sum(s) OVER {frame} - s", f"sum(n) OVER {frame} - n", target.overall(found)
    )
    means = f"SELECT {', '.join(keys.column_names)}, {mean} AS v FROM sums"
    with connect(threads=1) as connection:
        connection.register("sums", sums)
        return connection.sql(f"SELECT * FROM ({means}) WHERE v IS NOT NULL").to_arrow_table()
