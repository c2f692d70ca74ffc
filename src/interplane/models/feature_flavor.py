"""A model that is one of its features: a stated baseline, held to the same rules as a real model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import msgspec

from interplane.errors import DataError, UnknownName, UsageError
from interplane.record import canonical
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FeatureFlavor", "FeatureScore"]

_FILE: Final = "score.json"


class FeatureScore(Value, frozen=True, kw_only=False):
    """The score is the feature ``name``; where that is null, it is ``otherwise``, or null.

    >>> FeatureScore("carrier_hour_late", otherwise=0.22).name
    'carrier_hour_late'
    """

    name: str
    otherwise: float | None = None


class _Stored(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    feature_names: tuple[str, ...]
    name: str
    otherwise: float | None


class FeatureFlavor:
    """``FeatureScore``: its file is a line of JSON."""

    name = "feature"
    row_exact = True

    def saves(self, model: object) -> bool:
        """Return whether it is a FeatureScore."""
        return isinstance(model, FeatureScore)

    def save(self, model: FeatureScore, feature_names: Sequence[str]) -> dict[str, bytes]:
        """Return the JSON.

        Raises:
            UnknownName: if there is no such feature.
            UsageError: if ``otherwise`` is not finite.
        """
        if model.name not in feature_names:
            raise UnknownName.of("feature", model.name, feature_names, where="the features")
        if model.otherwise is not None and not math.isfinite(model.otherwise):
            raise UsageError(
                f"the score where {model.name!r} is null is {model.otherwise}",
                expected="a finite number, or None",
                do="Give the score of a row of which nothing is known, for example the mean label",
            )
        stored = _Stored(
            feature_names=tuple(feature_names), name=model.name, otherwise=model.otherwise
        )
        return {_FILE: canonical(stored)}

    def load(self, files: Mapping[str, bytes]) -> FeaturePredictor:
        """Read the JSON.

        Raises:
            DataError: if it is not what ``save`` writes.
        """
        try:
            stored = msgspec.json.decode(files[_FILE], type=_Stored)
            index = stored.feature_names.index(stored.name)
        except (KeyError, ValueError) as error:
            raise DataError(
                f"the feature model's {_FILE} cannot be read ({error})",
                expected="feature_names, the name of one of them, and otherwise",
                do="Make the model again",
            ) from error
        otherwise = math.nan if stored.otherwise is None else stored.otherwise
        return FeaturePredictor(stored.feature_names, index, otherwise)


class FeaturePredictor:
    """One column of the row."""

    def __init__(self, feature_names: tuple[str, ...], index: int, otherwise: float) -> None:
        self.feature_names = feature_names
        self._index = index
        self._otherwise = otherwise

    def predict_many(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the column, its nulls filled."""
        import numpy as np

        self._check(matrix.shape[1])
        column = matrix[:, self._index]
        return np.where(np.isnan(column), self._otherwise, column)

    def predict_one(self, values: Sequence[float]) -> float:
        """Return the value, or what stands in for null."""
        self._check(len(values))
        value = values[self._index]
        return self._otherwise if math.isnan(value) else float(value)

    def _check(self, width: int) -> None:
        if width != len(self.feature_names):
            raise UsageError(
                f"a row of {width} values does not fit the model",
                expected=f"{len(self.feature_names)} numbers a row",
                do="Give the features that the model was made with, in its order",
            )
