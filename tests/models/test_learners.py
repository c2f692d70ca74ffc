"""Learners keep every law, come back from plain JSON, and score without their library."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from learner_cases import KINDS, NAMES, examples, learner_case
from river import compose, linear_model, optim, preprocessing
from sklearn.linear_model import SGDClassifier

from interplane.data.table import Table
from interplane.errors import DataError, MissingExtra, UnknownArtifact, UsageError
from interplane.expressions.nodes import Column
from interplane.features.frozen import Frozen
from interplane.models.flavors import flavor_of, get_flavor
from interplane.models.learners.linear import LINKS, LinearScore
from interplane.models.learners.making import learner, learner_from_state
from interplane.models.learners.sgd import SgdLearner
from interplane.models.learners.states import read_state
from interplane.models.model import Model
from interplane.testing.learner_laws import LAWS

FROZEN = Frozen(features={name: Column(name, "float") for name in NAMES}, label="late")


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_learner_keeps_the_laws(kind, law):
    """Law by implementation."""
    LAWS[law](learner_case(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_a_learner_goes_on(kind):
    """Saved as a model and loaded again, what it learns next has the same bits."""
    case = learner_case(kind)
    whole, half = case.taught(), case.taught(80)
    description, files = Model(half, features=FROZEN).save()
    again = Model.load(json.loads(json.dumps(description)), files, FROZEN).learner()
    again.learn_many(case.rows[80:], case.labels[80:]) if again.joins_exactly else [
        again.learn_one(row, label)
        for row, label in zip(case.rows[80:].tolist(), case.labels[80:], strict=True)
    ]
    assert Model(whole, features=FROZEN).digest == Model(again, features=FROZEN).digest


def test_an_estimator_is_a_model_as_it_is():
    """Without a learner around it; the flavor is the same."""
    case = learner_case("sgd")
    estimator = case.make()
    case.teach(estimator, case.rows, case.labels)
    model = Model(estimator, features=FROZEN)
    assert ("linear", True) == (model.description.flavor, model.description.row_exact)
    assert model.digest == Model(case.taught(), features=FROZEN).digest
    row = dict(zip(NAMES, case.rows[0].tolist(), strict=True))
    table = Table.from_columns({name: [value] for name, value in row.items()})
    assert [model.predict_row(row)] == model.predict(table).tolist()


def test_a_null_feature_has_a_null_score_and_is_not_learned():
    """It is filled where features are made."""
    made = learner_case("sgd").taught()
    assert np.isnan(made.predict_one([1.0, float("nan"), 0.0, 0.0]))
    with pytest.raises(DataError, match=r"the feature 'hour' is null in an example.*ip\.impute"):
        made.learn_one([1.0, float("nan"), 0.0, 0.0], 1.0)


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        (SGDClassifier(), r"SGDClassifier\(shuffle=True\)"),
        (SGDClassifier(shuffle=False, average=True), r"SGDClassifier\(average=True\)"),
        (SGDClassifier(shuffle=False, penalty="l1"), r"penalty='l1'"),
        (SGDClassifier(shuffle=False, early_stopping=True), "early_stopping=True"),
        (SGDClassifier(shuffle=False, learning_rate="adaptive", eta0=1), "learning_rate="),
        (SGDClassifier(shuffle=False, class_weight="balanced"), "class_weight='balanced'"),
        (SGDClassifier(shuffle=False, loss="huber"), "loss='huber'"),
        (linear_model.LogisticRegression(l1=0.1), r"LogisticRegression\(l1=0.1\) has no form"),
        (linear_model.LogisticRegression(optim.Momentum()), "the optimizer Momentum has no form"),
        (linear_model.LinearRegression(loss=optim.losses.Poisson()), r"loss=Poisson"),
        (
            linear_model.LogisticRegression(initializer=optim.initializers.Normal(seed=1)),
            "initializer=Normal",
        ),
        (
            preprocessing.StandardScaler(window_size=9) | linear_model.LogisticRegression(),
            "window_size=9",
        ),
        (preprocessing.MinMaxScaler() | linear_model.LogisticRegression(), "is no learner"),
        (compose.Pipeline(preprocessing.StandardScaler()), "is no learner"),
        (object(), "builtins.object is no learner"),
    ],
)
def test_what_could_not_come_back_the_same_is_refused(estimator, said):
    """Naming the setting and what is taken."""
    with pytest.raises(UsageError, match=said):
        learner(estimator, features=FROZEN)


def test_an_estimator_of_other_features_or_classes_is_refused():
    """By count, by name, by label."""
    rows, classes, _ = examples()
    wide = SGDClassifier(loss="log_loss", shuffle=False).fit(rows[:, :2], classes)
    with pytest.raises(UsageError, match="trained on 2 features, these are 4"):
        learner(wide, features=FROZEN)
    named = SGDClassifier(loss="log_loss", shuffle=False).fit(rows, ["yes"] * 80 + ["no"] * 80)
    with pytest.raises(UsageError, match=r"the classes \['no', 'yes'\]"):
        learner(named, features=FROZEN)
    river = linear_model.LogisticRegression()
    river.learn_one({"speed": 1.0}, y=True)
    with pytest.raises(UsageError, match="has learned the feature 'speed'"):
        learner(river, features=FROZEN)
    other = Frozen(features={name: Column(name, "float") for name in reversed(NAMES)})
    with pytest.raises(UsageError, match="the learner learns from the features distance, hour"):
        Model(learner_case("sgd").taught(), features=other)


def test_a_learner_that_ran_away_is_not_saved():
    """Weights that are not finite have no form, and no meaning."""
    made = learner(
        linear_model.LinearRegression(optim.SGD(1e9), clip_gradient=1e300), features=FROZEN
    )
    for _ in range(40):
        made.learn_one([1e3, 1e3, 1e3, 1e3], 1.0)
    with pytest.raises(DataError, match="not finite after 40 examples: it diverged"):
        made.state()


def test_a_learner_that_ran_away_says_so_at_once():
    """Also where its library refuses the step itself."""
    estimator = SGDClassifier(
        loss="squared_hinge", shuffle=False, learning_rate="constant", eta0=1e200, penalty=None
    )
    made = learner(estimator, features=FROZEN)

    def run_away():
        for number in range(50):
            made.learn_one([1e150, -1e150, 1e150, 1.0], float(number % 2))
        made.state()

    with pytest.raises(DataError, match="it diverged"):
        run_away()


def test_other_models_have_no_learner(booster):
    """They say how they go on."""
    with pytest.raises(UsageError, match=r"'lightgbm' learns no further.*warm_start"):
        Model(booster("binary"), features=FROZEN).learner()
    with pytest.raises(UnknownArtifact, match="a learner"):
        flavor_of(preprocessing.StandardScaler())


def forms():
    """States of every kind, as JSON."""
    return {kind: json.dumps(learner_case(kind).taught().state()) for kind in KINDS}


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("sgd", '"version": 1', '"version": 2'),
        ("sgd", "SGDClassifier", "SGDOneClassSVM"),
        ("sgd", '"log_loss"', '"hinge; import os"'),
        ("sgd", '"weights": [', '"weights": [0.5, '),
        ("sgd", '"learned": 160', '"learned": -1'),
        ("sgd", '"library": "scikit-learn"', '"library": "os"'),
        ("adam", '"name": "Adam"', '"name": "Adamax"'),
        ("adam", '"name": "Adam"', '"name": "SGD"'),
        ("adam", '"distance"', '"Distance"'),
        ("adam", '"loss": "Log"', '"loss": "__class__"'),
        ("adam", '"beta_1"', '"beta_9"'),
        ("adam", '"counts"', '"counters"'),
    ],
)
def test_a_state_that_is_none_is_refused(kind, old, new):
    """Nothing in it is run; the list of classes is ours, and so are their settings."""
    text = forms()[kind]
    assert old in text
    with pytest.raises((DataError, UsageError)):
        learner_from_state(json.loads(text.replace(old, new, 1)))


def test_the_state_of_another_library_is_refused():
    """Each class reads its own."""
    with pytest.raises(DataError, match="of a learner of River"):
        SgdLearner.from_state(json.loads(forms()["adam"]))


def test_a_score_needs_no_library():
    """A server loads the flavor and scores a row without what learned, and without NumPy."""
    states = [text for kind, text in forms().items() if kind in {"sgd", "adam"}]
    code = f"""
import json, sys
from interplane.models.flavors import get_flavor
for text in {states!r}:
    found = get_flavor("linear").load({{"learner.json": text.encode()}})
    print(found.predict_one([1.0, 2.0, 3.0, 4.0]).hex())
heavy = {{"sklearn", "river", "numpy", "pandas", "lightgbm"}} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    row = [1.0, 2.0, 3.0, 4.0]
    here = [read_state(json.loads(text)).score().predict_one(row).hex() for text in states]
    assert here == done.stdout.split()


def test_a_missing_library_is_said(monkeypatch):
    """With the extra to install; scores go on without it."""
    monkeypatch.setitem(sys.modules, "river", None)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    for kind, extra in (("sgd", "scikit-learn"), ("adam", "river")):
        state = json.loads(forms_cached[kind])
        with pytest.raises(MissingExtra, match=rf"interplane\[{extra}\]"):
            learner_from_state(state)
        assert 0.0 <= read_state(state).score().predict_one([0.0] * 4) <= 1.0


forms_cached = {kind: json.dumps(learner_case(kind).taught().state()) for kind in ("sgd", "adam")}


FINITE = st.floats(-1e6, 1e6, allow_subnormal=False)


@given(
    rows=st.lists(st.lists(st.floats(), min_size=3, max_size=3), min_size=1, max_size=8),
    weights=st.lists(FINITE, min_size=3, max_size=3),
    intercept=FINITE,
    spreads=st.none() | st.lists(st.floats(0, 1e3), min_size=3, max_size=3),
    link=st.sampled_from(sorted(LINKS)),
)
def test_one_row_and_many_have_the_same_bits(rows, weights, intercept, spreads, link):
    """Whatever the numbers are."""
    means = None if spreads is None else [1.5, -2.0, 0.0]
    score = LinearScore(("a", "b", "c"), weights, intercept, link, means=means, spreads=spreads)
    many = score.predict_many(np.array(rows, dtype=np.float64))
    assert np.array([score.predict_one(row) for row in rows]).tobytes() == many.tobytes()
    assert all(np.isfinite(each) or np.isnan(each) for each in many)


def test_the_flavor_is_listed():
    """By its name in records."""
    assert "linear" == get_flavor("linear").name
