"""The label's mean by groups."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError
from interplane.expressions.expr import Expr
from interplane.expressions.nodes import Reduce
from interplane.features.derived import TARGET_MEAN
from interplane.features.encodings.arguments import groupables

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["target_encode"]


def target_encode(
    columns: Sequence[Expr] | Expr, label: Expr, *, smoothing: float = 20, folds: int = 5
) -> Expr:
    """Return the mean label of the training rows that share these columns' values, smoothed.

    The mean is ``(sum + smoothing * m) / (count + smoothing)``, where m is the mean label of all
    rows, which also stands for unseen groups and those with a null. `fit_transform` gives each
    training row the mean over the *other* folds: fold = MD5 of the row's key, modulo ``folds``.
    """
    keys = groupables(columns, "target_encode")
    _check_target(label, smoothing=smoothing, folds=folds)
    options = (("folds", folds), ("smoothing", float(smoothing)))
    by = tuple(key.node for key in keys)
    return Expr(Reduce(TARGET_MEAN, (label.node,), None, by, options, "float"))


def _check_target(label: Any, *, smoothing: Any, folds: Any) -> None:
    if not isinstance(label, Expr) or label.node.type not in {"bool", "int", "float"}:
        raise ExpressionError(
            f"target_encode got the label {label!r}",
            expected="a number or a bool from the row",
            do="Give the label's column, for example flight.late",
        )
    is_number = isinstance(smoothing, (int, float)) and not isinstance(smoothing, bool)
    if not (is_number and 0 <= smoothing < math.inf):
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
