"""A test table with known structure, and models that score it."""

from __future__ import annotations

import numpy as np
import pytest

from interplane.data.table import Table
from interplane.expressions.nodes import Column
from interplane.features.frozen import Frozen
from interplane.models.feature_flavor import FeatureScore
from interplane.models.model import Model

ROWS = 3000


def make_model(score: str, label: str = "late") -> Model:
    """A model whose score is a column."""
    return Model(FeatureScore(score), features=Frozen({score: Column(score, "float")}, label=label))


@pytest.fixture(scope="session")
def scored():
    """Make a model whose score is a column of the test table."""
    return make_model


@pytest.fixture(scope="session")
def flights():
    """Rows with three scores: good, a little worse, and noise; B's good scores are noise too."""
    rng = np.random.default_rng(0)
    late = rng.random(ROWS) < 0.25
    carrier = rng.choice(["A", "B", "C"], ROWS, p=[0.5, 0.3, 0.2]).astype(object)
    carrier[:40] = "tiny"
    late[40:190], carrier[40:190] = False, "never"
    signal = late * 1.2 * (carrier != "B") + rng.normal(size=ROWS)

    def squash(x):
        return 1 / (1 + np.exp(1.4 - x))

    return Table.from_columns(
        {
            "late": [None if row % 50 == 0 else bool(value) for row, value in enumerate(late)],
            "delay": (signal * 20 + rng.normal(size=ROWS)).tolist(),
            "minutes": (signal * 20).tolist(),
            "carrier": carrier.tolist(),
            "hour": rng.integers(0, 3, ROWS).tolist(),
            "good": squash(signal).tolist(),
            "fair": squash(signal + rng.normal(size=ROWS) * 0.7).tolist(),
            "noise": squash(rng.normal(size=ROWS)).tolist(),
            "endless": [float("inf"), *signal[1:].tolist()],
            "holes": [None if row % 10 == 1 else 0.5 for row in range(ROWS)],
        }
    )
