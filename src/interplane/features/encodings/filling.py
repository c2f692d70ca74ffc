"""Values in place of nulls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from interplane.expressions.uncounted import Several
from interplane.features.encodings.arguments import check_choice, check_flag, expression, number

if TYPE_CHECKING:
    from interplane.expressions.expr import Expr

__all__ = ["impute"]

Strategy = Literal["mean", "median", "mode"]
_STRATEGIES = ("mean", "median", "mode")


@overload
def impute(
    x: Expr, strategy: Strategy = "mean", *, constant: Any = None, indicator: Literal[False] = False
) -> Expr: ...


@overload
def impute(
    x: Expr, strategy: Strategy = "mean", *, constant: Any = None, indicator: Literal[True]
) -> dict[str, Expr]: ...


def impute(
    x: Expr, strategy: Strategy = "mean", *, constant: Any = None, indicator: bool = False
) -> Expr | dict[str, Expr]:
    """Return x with a value of the training rows, or a constant, in place of nulls.

    Args:
        x: any value; a number for the mean and the median, which make a float of it.
        strategy: ``mean``, ``median``, or ``mode`` (the most frequent value; of several the smallest).
        constant: what stands for null instead.
        indicator: whether to give a second feature, with the suffix ``missing``: whether x is null.

    >>> from interplane.expressions.expr import Row
    >>> impute(Row({"wind": "float"}).wind, "median", indicator=True)
    {'': coalesce(wind, median(wind)), 'missing': wind.is_null()}
    """
    check_choice(
        *(strategy, "strategy", _STRATEGIES),
        of="impute",
        do="Write impute(x, constant=…) for a value of your own",
    )
    expression(x, "impute")
    check_flag(indicator, "indicator", of="impute")
    filled = _filled(x, strategy) if constant is None else x.fill_null(constant)
    return Several({"": filled, "missing": x.is_null()}) if indicator else filled


def _filled(x: Expr, strategy: Strategy) -> Expr:
    if strategy == "mode":
        return x.fill_null(x.mode())
    number(x, "impute")
    return x.cast("float").fill_null(x.mean() if strategy == "mean" else x.median())
