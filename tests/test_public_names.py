"""What `import interplane as ip` offers: pinned, so that a change of it is meant."""

import ast
import importlib
from pathlib import Path

import pytest

import interplane

NAMES = [
    "Evaluation",
    "FeatureScore",
    "FeatureView",
    "Features",
    "Files",
    "Frozen",
    "InterplaneError",
    "Model",
    "Pipeline",
    "Project",
    "Table",
    "Verdict",
    "bucketize",
    "cases",
    "check",
    "clip_outliers",
    "coalesce",
    "concat",
    "correlation",
    "covariance",
    "cross",
    "cyclic",
    "dataset",
    "evaluate",
    "feature_view",
    "features",
    "frequency_encode",
    "greatest",
    "hash_bucket",
    "hashed_ngrams",
    "if_else",
    "last",
    "impute",
    "learned",
    "learner",
    "least",
    "lifetime",
    "lightgbm_metrics",
    "lightgbm_params",
    "literal",
    "live",
    "log_metric",
    "min_max",
    "one_hot",
    "operation",
    "ordinal",
    "robust_scale",
    "rule",
    "split_at_random",
    "split_by_entity",
    "split_by_time",
    "standardize",
    "target_encode",
    "text_length",
    "vocabulary",
    "weighted_mean",
    "word_count",
]

STUB = ast.parse(Path(interplane.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))


def test_the_public_names_are_these():
    """A new one is added here, in __init__.py and in __init__.pyi."""
    assert sorted(NAMES) == sorted(interplane.__all__)
    assert sorted(NAMES) == dir(interplane)


def test_the_stub_lists_the_same_names():
    """In its __all__, and each imported under its public name."""
    listed = next(
        ast.literal_eval(node.value)
        for node in STUB.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    )
    assert sorted(NAMES) == sorted(listed)
    imports = [
        alias for node in STUB.body if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
    assert sorted(NAMES) == sorted(alias.asname or alias.name for alias in imports)


@pytest.mark.parametrize("name", NAMES)
def test_the_stub_says_where_each_name_really_is(name):
    """A type checker and Python see the same object."""
    module, attribute = next(
        (node.module, alias.name)
        for node in STUB.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if (alias.asname or alias.name) == name
    )
    assert getattr(importlib.import_module(module), attribute) is getattr(interplane, name)


@pytest.mark.parametrize("name", NAMES)
def test_each_public_name_has_a_docstring(name):
    """What it is, in words."""
    assert len(getattr(interplane, name).__doc__.strip()) > 20


def test_a_typo_names_what_was_meant():
    """As everywhere."""
    with pytest.raises(AttributeError, match="Did you mean 'standardize'"):
        interplane.standardise  # noqa: B018 - looking is the test
