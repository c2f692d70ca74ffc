"""Target encodings: the smoothed mean label of a group, for serving and out of fold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interplane.expressions.expr import Expr, if_else
from interplane.features.batch import table_from_arrow
from interplane.features.freezing import Grouped

if TYPE_CHECKING:
    import pyarrow as pa

    from interplane.expressions.nodes import Column, Node, Reduce
    from interplane.features.training_rows import TrainingRows

__all__ = ["folds_of", "out_of_fold", "smoothed"]


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


def folds_of(statistic: Reduce) -> int:
    """Return the number of folds of a target encoding."""
    return int(dict(statistic.options)["folds"])  # type: ignore[arg-type]


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


def out_of_fold(rows: TrainingRows, statistic: Reduce, label: Column) -> pa.Table:
    """Return the mean target of the *other* folds per group and fold: k0, k1 … (the fold), v.

    A group without a row in other folds has the overall mean, as an unseen group has.
    """
    target = _Target.of(statistic, label)
    overall = _overall(rows, target)
    keys = ", ".join(target.keys)
    source = rows.values({**target.keys, "y": target.y}, folds=target.folds)
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
