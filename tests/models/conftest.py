"""Small models of every kind, trained once per process."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from learner_cases import KINDS, linear_case

from interplane.models.feature_flavor import FeatureFlavor, FeatureScore
from interplane.models.lightgbm_flavor import LightGBMFlavor, lightgbm_params
from interplane.testing.flavor_laws import FlavorCase

NAMES = ("distance", "hour", "wind", "month")
SETTINGS: dict[str, dict[str, Any]] = {
    "binary": {"objective": "binary"},
    "regression": {"objective": "regression"},
    "poisson": {"objective": "poisson"},
    "forest": {
        "objective": "binary",
        "boosting": "rf",
        "bagging_fraction": 0.5,
        "bagging_freq": 1,
    },
    "dart": {"objective": "binary", "boosting": "dart"},
    "linear": {"objective": "regression", "linear_tree": True},
    "categories": {"objective": "binary", "max_cat_to_onehot": 1, "min_data_per_group": 5},
    "stump": {"objective": "binary", "min_data_in_leaf": 1999},
    "monotone": {"objective": "binary", "monotone_constraints": [1, 0, 0, -1]},
    "classes": {"objective": "multiclass", "num_class": 3},
}


@cache
def make_rows(seed: int = 0, count: int = 2000) -> np.ndarray:
    """Rows with nulls and infinities; the last column is a small whole number."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, len(NAMES))) * 3
    matrix[:, 3] = rng.integers(0, 8, count)
    matrix[rng.random(matrix.shape) < 0.1] = np.nan
    matrix[rng.random(matrix.shape) < 0.01] = np.inf
    matrix[rng.random(matrix.shape) < 0.01] = -np.inf
    matrix[rng.random(matrix.shape) < 0.01] = -0.0
    return matrix


@cache
def train(kind: str) -> lightgbm.Booster:
    """A trained model of one of SETTINGS."""
    matrix = make_rows()
    finite = np.where(np.isinf(matrix), 0.0, matrix)
    signal = np.nan_to_num(finite[:, 0]) + (finite[:, 3] % 3 == 0)
    label = (signal + np.random.default_rng(1).normal(size=len(matrix)) > 0).astype(float)
    if kind == "classes":
        label += finite[:, 3] > 4
    data = lightgbm.Dataset(
        finite,
        label,
        feature_name=list(NAMES),
        categorical_feature=[3] if kind == "categories" else "auto",
    )
    parameters = lightgbm_params(num_leaves=15, **SETTINGS[kind])
    return lightgbm.train(parameters, data, num_boost_round=12)


@cache
def make_case(kind: str) -> FlavorCase:
    """A case for the laws."""
    if kind in KINDS:
        return linear_case(kind, make_rows)
    if kind == "feature":
        expected = np.where(np.isnan(make_rows()[:, 1]), 0.25, make_rows()[:, 1])
        return FlavorCase(FeatureFlavor(), FeatureScore("hour", 0.25), NAMES, make_rows(), expected)
    model = train(kind)
    return FlavorCase(LightGBMFlavor(), model, NAMES, make_rows(), model.predict(make_rows()))


@pytest.fixture(scope="session")
def rows():
    """Make rows by seed and count."""
    return make_rows


@pytest.fixture(scope="session")
def booster():
    """Train a model by kind, once."""
    return train


@pytest.fixture(scope="session")
def flavor_case():
    """Make a case for the laws by kind, once."""
    return make_case
