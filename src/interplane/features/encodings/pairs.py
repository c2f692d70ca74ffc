"""Statistics of two columns, made of plain ones; like those they may stand inside expressions.

Covariance and correlation take the rows twice: the means first, then the products of what is left
without them. That is exact to the rounding of the sums; the formula of one pass is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.features.encodings.arguments import numeric

if TYPE_CHECKING:
    from interplane.expressions.expr import Expr

__all__ = ["correlation", "covariance", "weighted_mean"]


def weighted_mean(x: Expr, weight: Expr, *, by: Any = ()) -> Expr:
    """Return ``sum(x * weight) / sum(weight)`` over the training rows that have both.

    Null where the weights add up to 0.

    >>> from interplane.expressions.expr import Row
    >>> row = Row({"delay": "float", "seats": "float"})
    >>> weighted_mean(row.delay, row.seats)
    sum(delay * seats) / sum(seats, where=delay.not_null())
    """
    x, weight = numeric(x, "weighted_mean"), numeric(weight, "weighted_mean")
    there = x.not_null()
    total = (x * weight).sum(by=by)
    return total / weight.sum(where=there, by=by)


def covariance(x: Expr, y: Expr, *, by: Any = ()) -> Expr:
    """Return the covariance of a sample (n - 1), over the training rows that have both.

    Null for fewer than two such rows.
    """
    products, count = _products(x, y, by=by)
    return products.sum(by=by) / (count - 1)


def correlation(x: Expr, y: Expr, *, by: Any = ()) -> Expr:
    """Return Pearson's correlation, over the training rows that have both.

    Null where one of them does not vary.
    """
    x, y = numeric(x, "correlation"), numeric(y, "correlation")
    both = x.not_null() & y.not_null()
    dx, dy = x - x.mean(where=both, by=by), y - y.mean(where=both, by=by)
    spread = (dx * dx).sum(where=both, by=by) * (dy * dy).sum(where=both, by=by)
    return (dx * dy).sum(by=by) / spread.sqrt()


def _products(x: Expr, y: Expr, *, by: Any) -> tuple[Expr, Expr]:
    x, y = numeric(x, "covariance"), numeric(y, "covariance")
    both = x.not_null() & y.not_null()
    dx, dy = x - x.mean(where=both, by=by), y - y.mean(where=both, by=by)
    return dx * dy, both.sum(by=by)
