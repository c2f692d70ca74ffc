"""Every flavor keeps every law, and an unknown model is refused."""

from __future__ import annotations

import pytest

from interplane.errors import DataError, UnknownArtifact, UnknownName, UsageError
from interplane.models.feature_flavor import FeatureFlavor, FeatureScore
from interplane.models.flavors import FLAVORS, flavor_of, get_flavor
from interplane.models.lightgbm_flavor import LightGBMFlavor, lightgbm_params
from interplane.testing.flavor_laws import LAWS

NAMES = ("distance", "hour", "wind", "month")
FLAVOR_CASES = (
    *("feature", "binary", "regression", "poisson", "forest", "dart", "linear", "categories"),
    *("stump", "monotone", "sgd", "sgd-huber", "sgd-margin", "adam", "centred"),
)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("kind", FLAVOR_CASES)
def test_a_flavor_keeps_the_laws(flavor_case, kind, law):
    """Law by implementation."""
    LAWS[law](flavor_case(kind))


def test_every_flavor_has_a_case(flavor_case):
    """A new flavor is held to the laws too."""
    assert {flavor_case(kind).flavor.name for kind in FLAVOR_CASES} == set(FLAVORS)


def test_a_model_of_an_unknown_type_is_refused():
    """Naming its type and what is taken instead; nothing is pickled."""
    with pytest.raises(UnknownArtifact, match=r"type builtins\.dict\. Expected one of: a LightGBM"):
        flavor_of({"weights": [1.0]})


def test_an_unknown_flavor_is_refused():
    """A newer Interplane may have written it."""
    with pytest.raises(UnknownName, match="there is no model flavor 'onnx'"):
        get_flavor("onnx")


def test_a_model_with_several_scores_is_refused(booster):
    """A row has one score."""
    flavor = LightGBMFlavor()
    with pytest.raises(UsageError, match="gives 3 scores a row"):
        flavor.load(flavor.save(booster("classes"), NAMES))


def test_a_fitted_scikit_learn_wrapper_is_its_booster():
    """LGBMClassifier goes in as what it holds."""
    import lightgbm
    import numpy as np

    matrix = np.random.default_rng(0).normal(size=(100, 4))
    fitted = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(matrix, matrix[:, 0] > 0)
    assert flavor_of(fitted).save(fitted, NAMES).keys() == {"model.txt"}
    with pytest.raises(UsageError, match="has not been fitted"):
        LightGBMFlavor().save(lightgbm.LGBMClassifier(), NAMES)


def test_the_score_of_no_feature_is_refused():
    """With the nearest one."""
    with pytest.raises(UnknownName, match="Did you mean 'hour'"):
        FeatureFlavor().save(FeatureScore("huor"), NAMES)


def test_a_score_that_is_no_number_is_refused():
    """JSON could not hold it."""
    with pytest.raises(UsageError, match="is null is nan"):
        FeatureFlavor().save(FeatureScore("hour", float("nan")), NAMES)


def test_a_feature_model_of_another_feature_is_refused():
    """Its own file must agree with itself."""
    stored = b'{"feature_names":["a"],"name":"b","otherwise":0.5}'
    with pytest.raises(DataError, match=r"score\.json cannot be read"):
        FeatureFlavor().load({"score.json": stored})


def test_the_settings_that_repeat_a_fit_yield_to_yours():
    """Under any of LightGBM's names for them."""
    assert lightgbm_params() == {
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 2,
        "seed": 0,
        "verbosity": -1,
    }
    yours = lightgbm_params(n_jobs=4, random_state=1, verbose=1, deterministic=False)
    assert yours.keys() == {"n_jobs", "random_state", "verbose", "deterministic", "force_row_wise"}


def test_two_fits_have_the_same_bytes(booster):
    """The same rows, the same settings, the same model."""
    flavor = LightGBMFlavor()
    first = flavor.save(booster("binary"), NAMES)
    booster.cache_clear()
    assert first == flavor.save(booster("binary"), NAMES)
