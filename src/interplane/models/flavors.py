"""Flavors: how a kind of model is saved as data, read back and asked for scores.

A flavor stores a model in its own format. Nothing is unpickled, and no flavor falls back on another
when a file cannot be read: the flavor's name is part of the model's record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from interplane.errors import UnknownArtifact, UnknownName
from interplane.models.feature_flavor import FeatureFlavor
from interplane.models.lightgbm_flavor import LightGBMFlavor
from interplane.models.linear_flavor import LinearFlavor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FLAVORS", "Flavor", "Predictor", "flavor_of", "get_flavor"]


class Predictor(Protocol):
    """A loaded model: numbers in, one score a row out. Null is NaN in both."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features it reads, in the order of a row."""
        ...

    def predict_many(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the score of each row of a float64 matrix, shape (n,)."""
        ...

    def predict_one(self, values: Sequence[float]) -> float:
        """Return the score of one row."""
        ...


class Flavor(Protocol):
    """One kind of model."""

    @property
    def name(self) -> str:
        """The flavor's name, as records have it."""
        ...

    @property
    def row_exact(self) -> bool:
        """Whether one row alone has the same score as in a matrix, bit for bit."""
        ...

    def saves(self, model: object) -> bool:
        """Return whether this flavor saves such an object."""
        ...

    def save(self, model: Any, feature_names: Sequence[str]) -> dict[str, bytes]:
        """Return the files of a model, by name.

        Args:
            model: an object that it ``saves``.
            feature_names: the features of a row, in order, for models that do not know them.
        """
        ...

    def load(self, files: Mapping[str, bytes]) -> Predictor:
        """Read a model from its files.

        Raises:
            DataError: if they are not whole; nothing in them is run.
        """
        ...


FLAVORS: Final[Mapping[str, Flavor]] = {
    flavor.name: flavor for flavor in (LightGBMFlavor(), LinearFlavor(), FeatureFlavor())
}
"""Every flavor, by name."""


def flavor_of(model: object) -> Flavor:
    """Return the flavor that saves ``model``.

    Raises:
        UnknownArtifact: if none does.

    >>> flavor_of(object())
    Traceback (most recent call last):
    ...
    interplane.errors.UnknownArtifact: no flavor saves a model of type builtins.object. Expected one of: a LightGBM model (lightgbm.Booster), a learner (scikit-learn's SGD, River's linear models), interplane.FeatureScore. Train such a model, or make the score a feature.
    """
    for flavor in FLAVORS.values():
        if flavor.saves(model):
            return flavor
    kind = type(model)
    raise UnknownArtifact(
        f"no flavor saves a model of type {kind.__module__}.{kind.__qualname__}",
        expected="one of: a LightGBM model (lightgbm.Booster), a learner (scikit-learn's SGD, River's "
        "linear models), interplane.FeatureScore",
        do="Train such a model, or make the score a feature",
        type=f"{kind.__module__}.{kind.__qualname__}",
        known=sorted(FLAVORS),
    )


def get_flavor(name: str) -> Flavor:
    """Return the flavor called ``name``.

    Raises:
        UnknownName: if there is none: the model was made by a newer Interplane.
    """
    if name not in FLAVORS:
        raise UnknownName.of(
            "model flavor", name, FLAVORS, do="A newer Interplane may know it: upgrade"
        )
    return FLAVORS[name]
