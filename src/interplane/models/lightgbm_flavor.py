"""LightGBM models: saved as LightGBM's own text, scored through its C API."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import DataError, UsageError
from interplane.models.lightgbm_capi import Booster

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LightGBMFlavor", "lightgbm_params"]

_FILE: Final = "model.txt"

_DETERMINISTIC: Final[Mapping[str, object]] = {
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 2,
    "seed": 0,
    "verbosity": -1,
}
_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "force_row_wise": ("force_col_wise",),
    "num_threads": ("num_thread", "nthread", "nthreads", "n_jobs"),
    "seed": ("random_seed", "random_state"),
    "verbosity": ("verbose",),
}


def lightgbm_params(**yours: Any) -> dict[str, Any]:
    """Return ``yours`` with what makes LightGBM give the same model from the same rows each time.

    These are ``deterministic``, ``force_row_wise``, a fixed ``num_threads`` (2) and ``seed`` (0),
    and no chatter. What you set, under any of LightGBM's names for it, stays as you set it.

    >>> lightgbm_params(objective="binary", random_state=7)["random_state"]
    7
    >>> sorted(lightgbm_params(objective="binary", random_state=7))
    ['deterministic', 'force_row_wise', 'num_threads', 'objective', 'random_state', 'verbosity']
    """
    missing = {
        name: value
        for name, value in _DETERMINISTIC.items()
        if not any(alias in yours for alias in (name, *_ALIASES.get(name, ())))
    }
    return missing | yours


class LightGBMFlavor:
    """``lightgbm.Booster`` (or a fitted scikit-learn wrapper of one) with one score a row."""

    name = "lightgbm"
    row_exact = True

    def saves(self, model: object) -> bool:
        """Return whether it is LightGBM's; LightGBM is not imported to find out."""
        lightgbm = sys.modules.get("lightgbm")
        if lightgbm is None:
            return False
        kinds = [getattr(lightgbm, name, None) for name in ("Booster", "LGBMModel")]
        return isinstance(model, tuple(kind for kind in kinds if isinstance(kind, type)))

    def save(self, model: Any, feature_names: Sequence[str]) -> dict[str, bytes]:  # noqa: ARG002
        """Return the model's text, up to its best iteration where training stopped early."""
        booster = model if hasattr(model, "model_to_string") else getattr(model, "booster_", None)
        if booster is None:
            raise UsageError(
                f"the {type(model).__name__} has not been fitted",
                expected="a trained model",
                do="Call its fit first",
            )
        return {_FILE: booster.model_to_string().encode()}

    def load(self, files: Mapping[str, bytes]) -> LightGBMPredictor:
        """Read the text.

        Raises:
            DataError: if it is no whole LightGBM model.
            UsageError: if the model gives several scores a row.
        """
        if set(files) != {_FILE}:
            raise DataError(
                f"a LightGBM model has the files {sorted(files)}",
                expected=f"only {_FILE}",
                do="Train or add the model again",
            )
        return LightGBMPredictor(Booster(files[_FILE]))


class LightGBMPredictor:
    """A loaded LightGBM model with one score a row."""

    def __init__(self, booster: Booster) -> None:
        if booster.outputs != 1:
            raise UsageError(
                f"the model gives {booster.outputs} scores a row ({booster.summary.objective})",
                expected="one score a row",
                do="Train it with a binary, regression or ranking objective",
            )
        self.feature_names = booster.feature_names
        # The booster's own methods: one call less for every row.
        self.predict_many: Callable[[NDArray[np.float64]], NDArray[np.float64]]
        self.predict_many = booster.predict_matrix
        self.predict_one: Callable[[Sequence[float]], float] = booster.predict_one
