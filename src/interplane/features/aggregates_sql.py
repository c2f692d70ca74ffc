"""The plain statistics of a grouping as DuckDB SQL, quantiles of one argument in one aggregate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.expressions.reductions import argument_sql, not_nan_sql, reduction_sql
from interplane.expressions.sql_text import sql_constant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.expressions.nodes import Node, Reduce

__all__ = ["aggregates_sql"]

_QUANTILES = ("quantile", "median")


def aggregates_sql(statistics: Sequence[Reduce]) -> tuple[dict[str, Node], list[str]]:
    """Return the columns that statistics need, and the aggregate of each over them.

    An argument or a condition that several share is one column. Quantiles of the same rows are
    elements of one list: the engine partly sorts the values once for all of them.
    """
    columns: dict[Node, str] = {}

    def named(node: Node) -> str:
        return columns.setdefault(node, f"x{len(columns)}")

    asked = [
        (each, named(each.args[0]), None if each.where is None else named(each.where))
        for each in statistics
    ]
    lists: dict[tuple[str, str | None], list[float]] = {}
    for each, x, where in asked:
        if each.function in _QUANTILES:
            shares = lists.setdefault((x, where), [])
            if _share(each) not in shares:
                shares.append(_share(each))
    aggregates = []
    for place, (each, x, where) in enumerate(asked):
        shares = lists.get((x, where), [])
        if each.function in _QUANTILES and len(shares) > 1:
            text = _from_list(each, x, where, shares)
        else:
            text = reduction_sql(each, x, where=where)
        aggregates.append(f"{text} AS a{place}")
    return {name: node for node, name in columns.items()}, aggregates


def _share(quantile: Reduce) -> float:
    return float(dict(quantile.options).get("q", 0.5))  # type: ignore[arg-type]


def _from_list(quantile: Reduce, x: str, where: str | None, shares: Sequence[float]) -> str:
    texts = ", ".join(sql_constant(share, "float") for share in shares)
    condition = f" FILTER (WHERE {where})" if where else ""
    whole = f"quantile_cont({argument_sql(quantile, x)}, [{texts}]){condition}"
    return not_nan_sql(f"({whole})[{shares.index(_share(quantile)) + 1}]")
