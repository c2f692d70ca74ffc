"""Statistics of two columns, made of plain ones; like those they may stand inside expressions.

Covariance and correlation take the rows twice: the means first, then the products of what is left
without them. That is exact to the rounding of the sums; the formula of one pass is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.features.encodings.arguments import number

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
    there = number(x, "weighted_mean").not_null()
    total = (x * number(weight, "weighted_mean")).sum(by=by)
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
    both = number(x, "correlation").not_null() & number(y, "correlation").not_null()
    dx, dy = x - x.mean(where=both, by=by), y - y.mean(where=both, by=by)
    spread = (dx * dx).sum(where=both, by=by) * (dy * dy).sum(where=both, by=by)
    return (dx * dy).sum(by=by) / spread.sqrt()


def _products(x: Expr, y: Expr, *, by: Any) -> tuple[Expr, Expr]:
    both = number(x, "covariance").not_null() & number(y, "covariance").not_null()
    dx, dy = x - x.mean(where=both, by=by), y - y.mean(where=both, by=by)
    return dx * dy, both.sum(by=by)
