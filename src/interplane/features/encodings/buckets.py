"""Numbers in buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.expressions.expr import Expr
from interplane.expressions.nodes import Reduce
from interplane.features.derived import EDGES
from interplane.features.encodings.arguments import check_whole, exactly_one, expression, number

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["bucketize"]

_MOST_BUCKETS = 1000


def bucketize(x: Expr, *, quantiles: int | None = None, edges: Sequence[Any] | None = None) -> Expr:
    """Return the number of the bucket that x is in, from 0; null where x is null.

    A value on an edge is in the bucket above it. One-hot it with ``one_hot(bucketize(…))``.

    Args:
        x: a number, or with ``edges`` any value that has an order.
        quantiles: into how many buckets of equally many training rows; fewer where the edges
            between them are equal.
        edges: the rising edges themselves.

    >>> from interplane.expressions.expr import Row
    >>> fare = Row({"fare": "float"}).fare
    >>> bucketize(fare, edges=[100, 200]), bucketize(fare, quantiles=10).type
    (fare.bucket(edges=[100.0, 200.0]), 'int')
    """
    exactly_one(
        {"quantiles": quantiles, "edges": edges},
        of="bucketize",
        do="Write bucketize(x, quantiles=10), or bucketize(x, edges=[…])",
    )
    if edges is not None:
        return expression(x, "bucketize").bucket(edges)
    check_whole(quantiles, "quantiles", least=2, most=_MOST_BUCKETS, of="bucketize")
    node = number(x, "bucketize").cast("float").node
    return Expr(Reduce(EDGES, (node,), None, (), (("buckets", quantiles),), "int"))
