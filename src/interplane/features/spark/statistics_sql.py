"""The plain statistics of a grouping as Spark SQL, from the one table of statistics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from interplane.expressions.reductions import REDUCTIONS
from interplane.features.spark.rows import spark_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.expressions.nodes import Node, Reduce

__all__ = ["statistics_sql"]

_QUANTILES = ("quantile", "median")


def statistics_sql(
    statistics: Sequence[Reduce], columns: Mapping[Node, str]
) -> tuple[list[str], list[str]]:
    """Return aggregates of the rows, and the statistics a0, a1 … as expressions of those.

    Quantiles of the same rows are elements of one aggregate, so that their values are gathered once.

    Args:
        statistics: what is asked for.
        columns: the column that holds each argument and each condition.
    """
    shares: dict[Reduce, list[float]] = {}
    for each in statistics:
        if each.function in _QUANTILES:
            asked = (
                shares.setdefault(_without_share(each), []) if each.function in _QUANTILES else []
            )
            asked += [] if _share(each) in asked else [_share(each)]
    inner: dict[str, str] = {}
    outer = []
    for place, each in enumerate(statistics):
        asked = shares.get(_without_share(each), []) if each.function in _QUANTILES else []
        text = _aggregate(each, columns, asked)
        name = inner.setdefault(text, f"s{len(inner)}")
        value = f"{name}[{asked.index(_share(each))}]" if asked else name
        outer.append(f"{_result(each, value)} AS a{place}")
    return [f"{text} AS {name}" for text, name in inner.items()], outer


def _share(quantile: Reduce) -> float:
    return float(dict(quantile.options).get("q", 0.5))  # type: ignore[arg-type]


def _without_share(statistic: Reduce) -> Reduce:
    """Return what quantiles of the same rows have in common."""
    return replace(statistic, function=_QUANTILES[0], options=())


def _aggregate(statistic: Reduce, columns: Mapping[Node, str], shares: Sequence[float]) -> str:
    where = "" if statistic.where is None else f" FILTER (WHERE {columns[statistic.where]})"
    argument = _argument(statistic, columns[statistic.args[0]])
    listed = ", ".join(f"{share!r}D" for share in shares)
    template = REDUCTIONS[statistic.function].spark
    return template.format(argument, where=where, q=f"array({listed})")


def _argument(statistic: Reduce, column: str) -> str:
    """Return a column as what the aggregate takes."""
    reduction, source = REDUCTIONS[statistic.function], statistic.args[0].type
    if reduction.as_float and source != "float":
        return f"CAST({column} AS DOUBLE)"
    if statistic.function == "sum" and source != "float":
        # Wide enough for any sum of 64 bits; one that does not fit into 64 is null in the end.
        return f"CAST(CAST({column} AS BIGINT) AS DECIMAL(20, 0))"
    return column


def _result(statistic: Reduce, value: str) -> str:
    """Return an aggregate as the statistic's type; NaN and what does not fit as null."""
    if statistic.type in {"date", "timestamp"}:
        return value  # a cast between Spark's kinds of time would go by the session's time zone
    text = f"TRY_CAST({value} AS {spark_type(statistic.type)})"
    return f"CASE WHEN NOT isnan({text}) THEN {text} END" if statistic.type == "float" else text
