"""Learners of every kind, with examples."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from river import linear_model, optim, preprocessing
from sklearn.linear_model import SGDClassifier, SGDRegressor

from interplane.models.linear_flavor import LinearFlavor
from interplane.testing.flavor_laws import FlavorCase
from interplane.testing.learner_laws import LearnerCase

NAMES = ("distance", "hour", "wind", "month")

CLASSIFIERS = {
    "sgd": lambda: SGDClassifier(loss="log_loss", shuffle=False, alpha=0.01),
    "sgd-plain": lambda: SGDClassifier(
        loss="log_loss", shuffle=False, penalty=None, class_weight={0: 1.0, 1: 2.0}
    ),
    "sgd-huber": lambda: SGDClassifier(
        loss="modified_huber", shuffle=False, learning_rate="constant", eta0=0.01
    ),
    "sgd-margin": lambda: SGDClassifier(
        loss="hinge", shuffle=False, learning_rate="invscaling", eta0=0.1, penalty=None
    ),
    "logistic": linear_model.LogisticRegression,
    "scaled": lambda: (
        preprocessing.StandardScaler()
        | linear_model.LogisticRegression(optim.SGD(optim.schedulers.InverseScaling(0.1)), l2=0.01)
    ),
    "adam": lambda: (
        preprocessing.StandardScaler() | linear_model.LogisticRegression(optim.Adam(0.01))
    ),
    "passive": lambda: linear_model.PAClassifier(C=0.1),
}
REGRESSORS = {
    "sgd-values": lambda: SGDRegressor(shuffle=False, eta0=0.001),
    "values": lambda: linear_model.LinearRegression(optim.AdaGrad(), intercept_lr=0.05),
    "centred": lambda: (
        preprocessing.StandardScaler(with_std=False)
        | linear_model.LinearRegression(optim.RMSProp(), loss=optim.losses.Huber(0.5))
    ),
    "passive-values": lambda: linear_model.PARegressor(C=0.1, mode=2),
}
KINDS = (*CLASSIFIERS, *REGRESSORS)


@cache
def examples() -> tuple[np.ndarray, list[float], list[float]]:
    """Rows, classes and values."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(160, len(NAMES))) * [1.0, 2.0, 0.5, 1.0] + [0.0, 1.0, 0.0, -1.0]
    signal = rows[:, 0] - 0.5 * rows[:, 3]
    classes = (signal + rng.normal(size=len(rows)) > 0).astype(float)
    return rows, classes.tolist(), (2 * signal + 1).tolist()


def teach(estimator: Any, rows: np.ndarray, labels: list[float]) -> None:
    """As a user of its library does."""
    for row, label in zip(rows, labels, strict=True):
        if isinstance(estimator, SGDClassifier):
            estimator.partial_fit([row], [label], classes=[0.0, 1.0])
        elif isinstance(estimator, SGDRegressor):
            estimator.partial_fit([row], [label])
        else:
            is_class = hasattr(estimator, "predict_proba_one") and estimator._supervised
            is_class = is_class and not _is_regressor(estimator)
            values = dict(zip(NAMES, row.tolist(), strict=True))
            estimator.learn_one(values, bool(label) if is_class else label)


def _is_regressor(estimator: Any) -> bool:
    last = list(estimator.steps.values())[-1] if hasattr(estimator, "steps") else estimator
    return isinstance(last, (linear_model.LinearRegression, linear_model.PARegressor))


def ask(estimator: Any, rows: np.ndarray) -> np.ndarray:
    """Probabilities where there are some, else margins or values."""
    if isinstance(estimator, SGDRegressor):
        return estimator.predict(rows)
    if isinstance(estimator, SGDClassifier):
        if estimator.loss == "hinge":
            return estimator.decision_function(rows)
        return estimator.predict_proba(rows)[:, 1]
    found = [dict(zip(NAMES, row, strict=True)) for row in rows.tolist()]
    if _is_regressor(estimator):
        return np.array([estimator.predict_one(row) for row in found])
    return np.array([estimator.predict_proba_one(row)[True] for row in found])


@cache
def learner_case(kind: str) -> LearnerCase:
    """A case for the laws of learners."""
    rows, classes, values = examples()
    make = {**CLASSIFIERS, **REGRESSORS}[kind]
    labels = classes if kind in CLASSIFIERS else values
    return LearnerCase(make, NAMES, rows, labels, ask, teach)


class _Features:
    names = NAMES


@cache
def linear_case(kind: str, rows: Any) -> FlavorCase:
    """A case for the laws of flavors; what is expected is written out once more, plainly."""
    made = learner_case(kind).taught()
    matrix = rows()
    return FlavorCase(LinearFlavor(), made, NAMES, matrix, plainly(made.state()["state"], matrix))


def plainly(state: dict[str, Any], matrix: np.ndarray) -> np.ndarray:
    """The score of each row by the words of the documentation."""
    if state["library"] == "river":
        weights = dict(state["model"]["weights"])
        weights = [weights[name] for name in NAMES]
        intercept = state["model"]["intercept"]
        scaler = state["scaler"]
        link = "logistic" if state["model"]["estimator"] == "LogisticRegression" else "identity"
    else:
        weights, intercept, scaler = state["weights"], state["intercept"], None
        link = {"log_loss": "logistic", "modified_huber": "huber"}.get(
            state["settings"]["loss"], "identity"
        )
    return np.array([_one(row, weights, intercept, scaler, link) for row in matrix.tolist()])


def _one(row, weights, intercept, scaler, link):
    import math

    total = 0.0
    for name, weight, value in zip(NAMES, weights, row, strict=True):
        scaled = value
        if scaler:
            scaled = value - dict(scaler["means"])[name]
            if scaler["with_std"]:
                scaled = scaled / dict(scaler["variances"])[name] ** 0.5
        total = total + weight * scaled
    total = total + intercept
    if not math.isfinite(total):
        return math.nan
    if link == "huber":
        return (min(1.0, max(-1.0, total)) + 1.0) / 2.0
    if link == "identity":
        return total
    if total >= 0:
        return 1.0 / (1.0 + math.exp(-total))
    return math.exp(total) / (1.0 + math.exp(total))
