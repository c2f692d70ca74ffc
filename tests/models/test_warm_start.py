"""A warm start: the champion's trees go on, in the champion's features, and in no others."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest

from interplane.data.table import Table
from interplane.errors import UsageError
from interplane.features.definition import features
from interplane.features.encodings import standardize
from interplane.models.feature_flavor import FeatureScore
from interplane.models.lightgbm_flavor import lightgbm_params
from interplane.models.lightgbm_text import read_model_text
from interplane.models.model import Model


@features(label="late")
def two(row):
    """Two features with statistics of the training rows in them."""
    return {"wind": standardize(row.wind), "hour": standardize(row.hour)}


def table_of(seed, shift=0.0, rows=600):
    rng = np.random.default_rng(seed)
    wind, hour = rng.normal(size=rows) * 5 + shift, rng.integers(0, 24, rows) * 1.0
    wind[::37] = np.nan
    late = np.nan_to_num(wind) + hour / 5 + rng.normal(size=rows) > 3
    columns = {"wind": [None if np.isnan(x) else x for x in wind], "hour": hour, "late": late}
    return Table.from_columns(columns)


def train(table, frozen, *, start=None, trees=10, **settings):
    parameters = lightgbm_params(objective="binary", num_leaves=7, **settings)
    label = np.array(table.column("late").to_pylist(), dtype=float)
    data = lightgbm.Dataset(frozen.matrix(table), label, feature_name=list(frozen.names))
    return lightgbm.train(parameters, data, num_boost_round=trees, init_model=start)


@pytest.fixture
def champion():
    frozen = two.fit(table_of(0))
    return Model(train(table_of(0), frozen), features=frozen)


@pytest.mark.parametrize(
    "settings", [{}, {"boosting": "dart"}, {"linear_tree": True}, {"learning_rate": 0.3}]
)
def test_the_trees_go_on(settings):
    """The old ones are the first of the new ones, and it loads, scores and repeats as any model."""
    frozen = two.fit(table_of(0))
    champion = Model(train(table_of(0), frozen, **settings), features=frozen)
    newer = table_of(1, shift=2.0)
    grown = [
        Model(
            train(newer, champion.features, start=champion.warm_start(), trees=5, **settings),
            features=champion.features,
        )
        for _ in range(2)
    ]
    assert grown[0].digest == grown[1].digest != champion.digest
    text = read_model_text(grown[0].files["model.txt"])
    assert (15, ("wind", "hour")) == (text.trees, text.feature_names)
    again = Model.load(*grown[0].save(), features=frozen)
    alone = [again.predict_row({"wind": r["wind"], "hour": r["hour"]}) for r in newer.to_rows()]
    assert np.array(alone).tobytes() == again.predict(newer).tobytes()
    theirs = lightgbm.Booster(model_str=grown[0].files["model.txt"].decode())
    assert theirs.predict(frozen.matrix(newer)).tobytes() == again.predict(newer).tobytes()


def test_it_learns_what_is_new(champion):
    """On rows that moved it is better than the champion, and begins where that was."""
    newer = table_of(1, shift=4.0)
    frozen = champion.features
    grown = Model(train(newer, frozen, start=champion.warm_start(), trees=20), features=frozen)
    label = np.array(newer.column("late").to_pylist(), dtype=float)
    before, after = (np.mean((m.predict(newer) - label) ** 2) for m in (champion, grown))
    assert after < before


@pytest.mark.parametrize("settings", [{}, {"boosting": "dart"}])
def test_features_of_another_fit_are_refused(settings):
    """Same names, another mean: the old thresholds would mean something else."""
    frozen = two.fit(table_of(0))
    champion = Model(train(table_of(0), frozen, **settings), features=frozen)
    newer = table_of(1, shift=2.0)
    anew = two.fit(newer)
    grown = train(newer, anew, start=champion.warm_start(), trees=5, **settings)
    with pytest.raises(UsageError, match=r"goes on with 10 trees that were grown in the features"):
        Model(grown, features=anew)
    fresh = Model(train(newer, anew, **settings), features=anew)
    assert fresh.description.frozen == anew.digest


def test_a_warm_start_of_a_warm_start(champion):
    """Each remembers its own features."""
    frozen = champion.features
    second = Model(
        train(table_of(1), frozen, start=champion.warm_start(), trees=3), features=frozen
    )
    third = Model(train(table_of(2), frozen, start=second.warm_start(), trees=3), features=frozen)
    assert 16 == read_model_text(third.files["model.txt"]).trees


def test_other_models_have_no_trees(champion):
    """They say how they go on."""
    baseline = Model(FeatureScore("wind"), features=champion.features)
    with pytest.raises(UsageError, match=r"flavor 'feature' has no trees to go on with"):
        baseline.warm_start()
