"""Scores of a linear model, by our own code: one fixed order of additions, one row or many.

A row of ``n`` features scores ``link(((w1*x1 + w2*x2) + …) + intercept)``, from the first feature to
the last, where ``x`` is ``(value - mean) / spread`` if the model scales. Many rows are computed column
by column in that same order, so that a row has the same bits alone and among others; a product of
matrices (BLAS) would not give that. Where a value is null or not finite, so is the score.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

from interplane.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LINKS", "LinearScore", "Link"]

Link = Literal["identity", "logistic", "modified-huber"]

_NAN: Final = math.nan
_exp: Final = math.exp
_is_finite: Final = math.isfinite


def _identity(total: float) -> float:
    return total


def _logistic(total: float) -> float:
    """1 / (1 + e^-t), without overflow on either side."""
    if total >= 0.0:
        return 1.0 / (1.0 + _exp(-total))
    grown = _exp(total)
    return grown / (1.0 + grown)


def _modified_huber(total: float) -> float:
    """(clip(t, -1, 1) + 1) / 2: Zhang (2004), as scikit-learn gives it."""
    return (min(1.0, max(-1.0, total)) + 1.0) / 2.0


LINKS: Final[Mapping[Link, Callable[[float], float]]] = {
    "identity": _identity,
    "logistic": _logistic,
    "modified-huber": _modified_huber,
}
"""From the sum to the score."""


class LinearScore:
    """A linear model that is only asked. Standard library for one row; NumPy for many.

    Args:
        feature_names: the features, in the order of a row.
        weights: a weight for each.
        intercept: what is added last.
        link: from the sum to the score.
        means: what is taken from each value first; with ``spreads``.
        spreads: what it is then divided by; where that is 0 the feature counts as 0.

    >>> score = LinearScore(("a", "b"), (2.0, -1.0), 0.5)
    >>> score.predict_one((1.0, 3.0))
    -0.5
    >>> score.predict_one((1.0, math.nan))
    nan
    """

    def __init__(
        self,
        feature_names: tuple[str, ...],
        weights: Sequence[float],
        intercept: float,
        link: Link = "identity",
        *,
        means: Sequence[float] | None = None,
        spreads: Sequence[float] | None = None,
    ) -> None:
        self.feature_names = feature_names
        self.link = link
        self._width = len(feature_names)
        self._weights = tuple(weights)
        self._intercept = intercept
        self._score = LINKS[link]
        self._scales = means is not None and spreads is not None
        self._terms = tuple(
            zip(
                self._weights,
                means or (0.0,) * self._width,
                spreads or (1.0,) * self._width,
                strict=True,
            )
        )

    def predict_one(self, values: Sequence[float]) -> float:
        """Return the score of one row.

        Raises:
            UsageError: if the row has not a value for each feature.
        """
        if len(values) != self._width:
            raise _misfit(len(values), self._width)
        total = 0.0
        if self._scales:
            for (weight, mean, spread), value in zip(self._terms, values, strict=True):
                centred = value - mean
                total += weight * (centred / spread if spread else centred * 0.0)
        else:
            for weight, value in zip(self._weights, values, strict=True):
                total += weight * value
        total += self._intercept
        return self._score(total) if _is_finite(total) else _NAN

    def predict_many(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the score of each row of a float64 matrix, shape (n,).

        Raises:
            UsageError: if the matrix has not a column for each feature.
        """
        import numpy as np

        if matrix.shape[1] != self._width:
            raise _misfit(matrix.shape[1], self._width)
        total = np.zeros(len(matrix))
        with np.errstate(invalid="ignore", over="ignore"):
            for place, (weight, mean, spread) in enumerate(self._terms):
                column = np.asarray(matrix[:, place], dtype=np.float64)
                if self._scales:
                    centred = column - mean
                    column = centred / spread if spread else centred * 0.0
                total += weight * column
            total += self._intercept
        score = self._score
        found = [score(each) if _is_finite(each) else _NAN for each in total.tolist()]
        return np.array(found, dtype=np.float64)


def _misfit(width: int, expected: int) -> UsageError:
    return UsageError(
        f"a row of {width} values does not fit the model",
        expected=f"{expected} numbers a row",
        do="Give the features that the model was made with, in its order",
    )
