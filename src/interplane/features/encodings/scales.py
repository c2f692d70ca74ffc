"""Numbers on a common scale, and without outliers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError
from interplane.features.encodings.arguments import (
    check_positive,
    check_share,
    exactly_one,
    number,
    numeric,
)

if TYPE_CHECKING:
    from interplane.expressions.expr import Expr

__all__ = ["clip_outliers", "min_max", "robust_scale", "standardize"]


def standardize(x: Expr) -> Expr:
    """Return ``(x - mean) / std`` with the training rows' mean and standard deviation.

    Null where x is null. A column whose training rows are all equal or all null gives null: there
    is no scale to divide by. So does a column with one infinity in it, which leaves no finite mean:
    the fit says so (``frozen.training.null_features``). Make infinities null first, with
    ``if_else(x.is_inf(), None, x)``, or take `robust_scale`, which they do not move.
    """
    x = numeric(x, "standardize")
    return (x - x.mean()) / x.std()


def min_max(x: Expr) -> Expr:
    """Return x scaled so that the training rows span 0 to 1; outside of them it goes beyond.

    Null where x is null, and everywhere if the training rows hold fewer than two values. An infinity
    among them leaves no scale to the others: make it null first.
    """
    x = numeric(x, "min_max")
    return (x - x.min()) / (x.max() - x.min())


def robust_scale(x: Expr) -> Expr:
    """Return ``(x - median) / (q75 - q25)``: a scale that outliers do not move.

    Null where x is null, and everywhere if half of the training rows have one value.

    >>> from interplane.expressions.expr import Row
    >>> robust_scale(Row({"fare": "float"}).fare)
    (fare - median(fare)) / (quantile(fare, q=0.75) - quantile(fare, q=0.25))
    """
    x = numeric(x, "robust_scale")
    low, high = x.quantile([0.25, 0.75])
    return (x - x.median()) / (high - low)


def clip_outliers(
    x: Expr,
    *,
    quantiles: tuple[float, float] | None = None,
    std: float | None = None,
    iqr: float | None = None,
) -> Expr:
    """Return x with what lies too far out moved to the edge of the usual range, as a float.

    Null where x is null. Where the training rows give no edge, x stays as it is.

    Args:
        x: a number.
        quantiles: two shares: the range between these quantiles. ``(0.01, 0.99)`` if nothing is given.
        std: the range of so many standard deviations around the mean.
        iqr: the range from ``q25 - iqr * (q75 - q25)`` to ``q75 + iqr * (q75 - q25)``; Tukey's is 1.5.

    >>> from interplane.expressions.expr import Row
    >>> clip_outliers(Row({"fare": "float"}).fare, quantiles=(0.0, 0.99))
    coalesce(fare.at_least(quantile(fare, q=0.0)).at_most(quantile(fare, q=0.99)), fare)
    """
    number(x, "clip_outliers")
    if quantiles is None and std is None and iqr is None:
        quantiles = (0.01, 0.99)
    given = exactly_one(
        {"quantiles": quantiles, "std": std, "iqr": iqr},
        of="clip_outliers",
        do="Write for example clip_outliers(flight.fare, std=3)",
    )
    low, high = _range(x, given, {"quantiles": quantiles, "std": std, "iqr": iqr}[given])
    value = x.cast("float")
    return value.clip(low, high).fill_null(value)


def _range(x: Expr, given: str, size: Any) -> tuple[Expr, Expr]:
    if given == "quantiles":
        return _between(x, size)
    check_positive(size, given, of="clip_outliers", do=f"Write for example {given}=3")
    if given == "std":
        return x.mean() - size * x.std(), x.mean() + size * x.std()
    low, high = x.quantile([0.25, 0.75])
    return low - size * (high - low), high + size * (high - low)


def _between(x: Expr, quantiles: Any) -> tuple[Expr, Expr]:
    pair = tuple(quantiles) if isinstance(quantiles, (list, tuple)) else ()
    for share in pair:
        check_share(share, "quantiles", of="clip_outliers")
    if len(pair) != 2 or not pair[0] < pair[1]:
        raise ExpressionError(
            f"clip_outliers got quantiles={quantiles!r}",
            expected="two shares, the lower one first",
            do="Write for example quantiles=(0.01, 0.99)",
        )
    low, high = x.quantile(pair)
    return low, high
