"""A model with its features: saved as data, read back whole or not at all, scored by rows and tables."""

from __future__ import annotations

import json

import numpy as np
import pytest

from interplane.data.table import Table
from interplane.errors import Corrupt, DataError, UsageError
from interplane.expressions.nodes import Column
from interplane.features.frozen import Frozen
from interplane.models.feature_flavor import FeatureScore
from interplane.models.model import Model

NAMES = ("distance", "hour", "wind", "month")


def make_frozen(*names: str) -> Frozen:
    return Frozen(features={name: Column(name, "float") for name in names}, label="late")


@pytest.fixture
def model(booster):
    """A LightGBM model on four columns."""
    return Model(booster("binary"), features=make_frozen(*NAMES))


def reload(model, features=None):
    description, files = model.save()
    plain = json.loads(json.dumps(description))
    return Model.load(plain, files, features or model.features)


def test_a_model_scores_a_table_as_its_library(model, booster, rows):
    """Raw columns in, scores out."""
    finite = np.where(np.isinf(rows()), 0.0, rows())
    table = Table.from_columns({name: finite[:, i] for i, name in enumerate(NAMES)})
    assert model.predict(table).tobytes() == booster("binary").predict(finite).tobytes()


def test_a_row_has_the_score_it_has_in_a_table(model, rows):
    """Through the row program and the one-row call."""
    finite = np.where(np.isinf(rows()[:200]), 0.0, rows()[:200])
    table = Table.from_columns({name: finite[:, i] for i, name in enumerate(NAMES)})
    alone = [model.predict_row(row) for row in table.to_rows()]
    assert np.array(alone).tobytes() == model.predict(table).tobytes()


def test_a_model_comes_back_the_same(model, rows):
    """Description through JSON, files as bytes; the digest is the content's."""
    again = reload(model)
    matrix = rows()
    assert again.digest == model.digest
    assert again.description == model.description
    assert repr(again) == repr(model)
    before, after = (each.predictor.predict_many(matrix) for each in (model, again))
    assert before.tobytes() == after.tobytes()


def test_a_changed_file_is_refused(model):
    """One byte is enough."""
    description, files = model.save()
    files["model.txt"] = files["model.txt"].replace(b"leaf_value=", b"leaf_value=1", 1)
    with pytest.raises(Corrupt, match=r"files \['model.txt'\] differ from its record"):
        Model.load(description, files, model.features)


def test_other_features_are_refused(model):
    """A model never meets features of another fit."""
    other = make_frozen("distance", "hour", "wind", "day")
    with pytest.raises(Corrupt, match="are not those of the model"):
        reload(model, other)


@pytest.mark.parametrize("change", [{"format": 2}, {"flavor": 3}, {"extra": 1}, {"files": None}])
def test_an_unreadable_description_is_refused(model, change):
    """Also one of a newer format."""
    description, files = model.save()
    with pytest.raises(DataError, match="description"):
        Model.load({**description, **change}, files, model.features)


def test_a_model_trained_on_other_features_is_refused(booster):
    """By count, by name and by order."""
    with pytest.raises(UsageError, match="trained on 4 features, these are 2"):
        Model(booster("binary"), features=make_frozen("distance", "hour"))
    with pytest.raises(
        UsageError, match=r"'distance', of these 'distances'.*Did you mean 'distances'"
    ):
        Model(booster("binary"), features=make_frozen("distances", "hour", "wind", "month"))
    with pytest.raises(UsageError, match="feature 0 of the model is 'distance', of these 'hour'"):
        Model(booster("binary"), features=make_frozen("hour", "distance", "wind", "month"))


def test_a_model_trained_on_a_bare_matrix_takes_any_names():
    """LightGBM made the names up; only the count can be checked."""
    import lightgbm

    matrix = np.random.default_rng(0).normal(size=(200, 2))
    data = lightgbm.Dataset(matrix, matrix[:, 0] > 0)
    trained = lightgbm.train({"objective": "binary", "verbose": -1}, data, num_boost_round=2)
    assert Model(trained, features=make_frozen("a", "b")).predict_row({"a": 1.0, "b": 0.0}) > 0.5
    with pytest.raises(UsageError, match="these are 3"):
        Model(trained, features=make_frozen("a", "b", "c"))


def test_names_with_spaces_are_the_same_names():
    """LightGBM writes them with underscores."""
    import lightgbm

    matrix = np.random.default_rng(0).normal(size=(200, 2))
    names = ["dest_New York", "hour"]
    data = lightgbm.Dataset(matrix, matrix[:, 0] > 0, feature_name=names)
    trained = lightgbm.train({"objective": "binary", "verbose": -1}, data, num_boost_round=2)
    assert Model(trained, features=make_frozen(*names)).description.feature_names == tuple(names)


def test_a_stated_baseline_is_a_model():
    """The score is a feature."""
    baseline = Model(FeatureScore("rate", otherwise=0.2), features=make_frozen("other", "rate"))
    table = Table.from_columns({"other": [1.0, 2.0], "rate": [0.3, None]})
    assert reload(baseline).predict(table).tolist() == [0.3, 0.2]
    assert baseline.predict_row({"other": None, "rate": None}) == 0.2
