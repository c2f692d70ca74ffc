"""Ready-made encodings. Each is an ordinary function of expressions; write your own likewise.

Only two need more than that: `one_hot`, whose number of features is known after the fit, and
`target_encode`, which may read the label because the fit takes it out of fold.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError
from interplane.expressions.expr import Expr, if_else
from interplane.expressions.nodes import Reduce
from interplane.features.derived import TARGET_MEAN, VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.expressions.nodes import Constant, Node

__all__ = [
    "OneHot",
    "cyclic",
    "frequency_encode",
    "impute",
    "min_max",
    "one_hot",
    "standardize",
    "target_encode",
]

_GROUPABLE = ("bool", "int", "str", "date", "timestamp")
_UNFIT_FOR_NAMES = re.compile(r"[^\w.+-]")


def standardize(x: Expr) -> Expr:
    """Return ``(x - mean) / std`` with the training rows' mean and standard deviation.

    Null where x is null. A column whose training rows are all equal or all null gives null: there
    is no scale to divide by.
    """
    return (x - x.mean()) / x.std()


def min_max(x: Expr) -> Expr:
    """Return x scaled so that the training rows span 0 to 1; outside of them it goes beyond.

    Null where x is null, and everywhere if the training rows hold fewer than two values.
    """
    return (x - x.min()) / (x.max() - x.min())


def impute(x: Expr) -> Expr:
    """Return x with the training rows' mean in place of nulls."""
    return x.cast("float").fill_null(x.mean())


def frequency_encode(x: Expr) -> Expr:
    """Return the share of training rows that have this value of x; 0 for unseen values and null."""
    _groupable(x, "frequency_encode")
    return x.count(by=[x]) / x.count()


def cyclic(x: Expr, period: float = 24) -> dict[str, Expr]:
    """Return the two features ``sin`` and ``cos`` of x on a circle of ``period``."""
    _check_period(period)
    angle = x * (2.0 * math.pi / period)
    return {"sin": angle.sin(), "cos": angle.cos()}


@dataclass(frozen=True)
class OneHot:
    """A feature that becomes one per value of its vocabulary, once the fit has found that."""

    x: Expr
    top: int

    @property
    def vocabulary(self) -> Reduce:
        """The statistic it needs: the most frequent values."""
        node = self.x.node
        return Reduce(VOCABULARY, (node,), None, (), (("top", self.top),), node.type)

    def expand(self, x: Node, vocabulary: Sequence[Constant]) -> dict[str, Expr]:
        """Return the features by suffix, given the frozen form of x and the vocabulary."""
        suffixes = _suffixes(vocabulary)
        return {
            suffix: if_else(Expr(x) == value, 1.0, 0.0)
            for suffix, value in zip(suffixes, vocabulary, strict=True)
        }


def one_hot(x: Expr, top: int = 40) -> OneHot:
    """Return a feature per frequent value of x: 1 where x equals it, else 0.

    The vocabulary is the ``top`` most frequent values of the training rows (ties: the smaller
    value first). Null, unseen and rarer values are 0 in all of them.
    """
    _groupable(x, "one_hot")
    _check_top(top)
    return OneHot(x, top)


def target_encode(
    columns: Sequence[Expr] | Expr, label: Expr, *, smoothing: float = 20, folds: int = 5
) -> Expr:
    """Return the mean label of the training rows that share these columns' values, smoothed.

    The mean is ``(sum + smoothing * m) / (count + smoothing)``, where m is the mean label of all
    rows, which also stands for unseen groups and those with a null. `fit_transform` gives each
    training row the mean over the *other* folds: fold = MD5 of the row's key, modulo ``folds``.
    """
    keys = [columns] if isinstance(columns, Expr) else list(columns)
    if not keys:
        raise ExpressionError(
            "target_encode got no columns",
            expected="one or more",
            do="Write for example target_encode([flight.origin, flight.dest], flight.late)",
        )
    for key in keys:
        _groupable(key, "target_encode")
    _check_target(label, smoothing=smoothing, folds=folds)
    options = (("folds", folds), ("smoothing", float(smoothing)))
    by = tuple(key.node for key in keys)
    return Expr(Reduce(TARGET_MEAN, (label.node,), None, by, options, "float"))


def _check_period(period: Any) -> None:
    if not (isinstance(period, (int, float)) and math.isfinite(period) and period > 0):
        raise ExpressionError(
            f"cyclic got period={period!r}",
            expected="a number above 0",
            do="Give the length of the cycle, for example 24 for hours",
        )


def _check_top(top: Any) -> None:
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise ExpressionError(
            f"one_hot got top={top!r}",
            expected="a whole number of at least 1",
            do="Give the most values that shall have a feature of their own",
        )


def _check_target(label: Any, *, smoothing: Any, folds: Any) -> None:
    if not isinstance(label, Expr) or label.node.type not in {"bool", "int", "float"}:
        raise ExpressionError(
            f"target_encode got the label {label!r}",
            expected="a number or a bool from the row",
            do="Give the label's column, for example flight.late",
        )
    if not (isinstance(smoothing, (int, float)) and 0 <= smoothing < math.inf):
        raise ExpressionError(
            f"target_encode got smoothing={smoothing!r}",
            expected="a finite number of at least 0",
            do="Give the number of rows' weight that the overall mean shall have",
        )
    if isinstance(folds, bool) or not isinstance(folds, int) or not 2 <= folds <= 100:
        raise ExpressionError(
            f"target_encode got folds={folds!r}",
            expected="a whole number from 2 to 100",
            do="Leave it out for 5",
        )


def _groupable(x: Any, encoding: str) -> None:
    if not isinstance(x, Expr):
        raise ExpressionError(
            f"{encoding} got {x!r:.60}, of type {type(x).__name__}",
            expected="an expression of the row's columns",
            do="Give for example flight.carrier",
        )
    if x.node.type not in _GROUPABLE:
        raise ExpressionError(
            f"{encoding} got {x!r}, which is {x.node.type}",
            expected=f"values to group by: {', '.join(_GROUPABLE)}",
            do='Make groups of it first, for example with .floor().cast("int") or .bucket([...])',
        )


def _suffixes(vocabulary: Sequence[Constant]) -> list[str]:
    """Return a suffix per value, distinct also in lower case, of letters, digits and ``_.+-``."""
    suffixes: dict[str, str] = {}
    for value in vocabulary:
        plain = _UNFIT_FOR_NAMES.sub("_", str(value)) or "empty"
        suffix, number = plain, 2
        while suffix.lower() in suffixes:
            suffix, number = f"{plain}_{number}", number + 1
        suffixes[suffix.lower()] = suffix
    return list(suffixes.values())
