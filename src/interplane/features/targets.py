"""Target encodings: the smoothed mean label of a group, for serving and out of fold."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeGuard

from interplane.expressions.expr import Expr, if_else
from interplane.expressions.nodes import Column, Lookup, Reduce
from interplane.expressions.trees import rebuild
from interplane.features.batch import table_from_arrow, tables_to_arrow
from interplane.features.encodings import TARGET_MEAN
from interplane.features.freezing import FrozenParts, Grouped
from interplane.features.training_rows import fold_column

if TYPE_CHECKING:
    import pyarrow as pa

    from interplane.expressions.nodes import Node
    from interplane.features.training_rows import TrainingRows

__all__ = ["folds_of", "is_target", "smoothed", "training_form"]


@dataclass(frozen=True)
class _Target:
    """A target encoding taken apart: y is null for rows without a label."""

    keys: dict[str, Node]
    y: Node
    smoothing: float
    folds: int

    @classmethod
    def of(cls, statistic: Reduce, label: Column) -> _Target:
        options = dict(statistic.options)
        y = if_else(Expr(label).not_null(), Expr(statistic.args[0]).cast("float"), None)
        return cls(
            keys={f"k{place}": key for place, key in enumerate(statistic.by)},
            y=y.node,
            smoothing=float(options["smoothing"]),  # type: ignore[arg-type]
            folds=folds_of(statistic),
        )

    def mean_sql(self, total: str, count: str, overall: float | None) -> str:
        """Return the SQL of the mean drawn to ``overall``; null if there is nothing to go by."""
        weight = f"CAST('{self.smoothing!r}' AS DOUBLE)"
        middle = "CAST(NULL AS DOUBLE)" if overall is None else f"CAST('{overall!r}' AS DOUBLE)"
        mean = f"(({total}) + {weight} * {middle}) / nullif(({count}) + {weight}, 0.0::DOUBLE)"
        return f"CASE WHEN isnan({mean}) THEN NULL ELSE {mean} END"


_SUMS = ("count(y) AS n", "sum(y) AS s")
_ALL_FOLDS = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"


def is_target(node: Node) -> TypeGuard[Reduce]:
    """Return whether a node is a target encoding that has not been frozen yet."""
    return isinstance(node, Reduce) and node.function == TARGET_MEAN


def folds_of(statistic: Reduce) -> int:
    """Return the number of folds of a target encoding."""
    return int(dict(statistic.options)["folds"])  # type: ignore[arg-type]


def training_form(
    parts: FrozenParts, rows: TrainingRows, label: Column | None
) -> tuple[dict[str, Node], dict[str, pa.Table]]:
    """Return the features as training rows have them, by fold, and the tables they look up."""
    tables = tables_to_arrow(parts.lookups)
    if label is not None:
        rows.use(parts.lookups)
        tables |= {name: _out_of_fold(rows, each, label) for name, each in parts.targets.items()}

    def with_fold(node: Node) -> Node | None:
        if not isinstance(node, Lookup) or node.table not in parts.targets:
            return None
        fold = Column(fold_column(folds_of(parts.targets[node.table])), "int")
        return replace(node, keys=(*node.keys, fold))

    return {name: rebuild(node, with_fold) for name, node in parts.features.items()}, tables


def smoothed(rows: TrainingRows, statistic: Reduce, label: Column) -> Grouped:
    """Return the mean target per group for serving, drawn to the mean of all rows."""
    target = _Target.of(statistic, label)
    overall = _overall(rows, target)
    sums = rows.groups(rows.values({**target.keys, "y": target.y}), list(target.keys), _SUMS)
    keys = ", ".join(target.keys)
    means = rows.query(
        f"SELECT {keys}, {target.mean_sql('s', 'n', overall)} AS v FROM sums", sums=sums
    )
    kinds = tuple(key.type for key in statistic.by)
    return Grouped(table_from_arrow(means, keys=kinds, value="float"), overall)


def _out_of_fold(rows: TrainingRows, statistic: Reduce, label: Column) -> pa.Table:
    """Return the mean target of the *other* folds per group and fold: k0, k1 … (the fold), v.

    A group without a row in other folds has the overall mean, as an unseen group has.
    """
    target = _Target.of(statistic, label)
    overall = _overall(rows, target)
    keys = ", ".join(target.keys)
    fold = Column(fold_column(target.folds), "int")
    source = rows.values({**target.keys, "fold": fold, "y": target.y})
    sums = rows.groups(source, [*target.keys, "fold"], _SUMS)
    frame = f"(PARTITION BY {keys} ORDER BY fold {_ALL_FOLDS})"
    mean = target.mean_sql(f"sum(s) OVER {frame} - s", f"sum(n) OVER {frame} - n", overall)
    means = f"SELECT {keys}, fold AS k{len(target.keys)}, {mean} AS v FROM sums"
    return rows.query(f"SELECT * FROM ({means}) WHERE v IS NOT NULL", sums=sums)


def _overall(rows: TrainingRows, target: _Target) -> float | None:
    """Return the mean of y over all rows that have one; None if none has, or it is no number."""
    source = rows.values({"y": target.y})
    mean = rows.query(f"SELECT avg(y) AS mean FROM {source}").column(0)[0].as_py()
    return None if mean is None or math.isnan(mean) else float(mean)
