"""scikit-learn's `SGDClassifier` and `SGDRegressor` as learners."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, Self

from interplane.errors import DataError, MissingExtra, UsageError
from interplane.models.learners.examples import as_matrix, check_example, check_examples
from interplane.models.learners.states import (
    SGD_LOSSES,
    SgdSettings,
    SgdState,
    diverged,
    read_state,
    to_form,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from interplane.data.table import Table
    from interplane.models.learners.linear import LinearScore

__all__ = ["SgdLearner"]

_RATES: Final = ("constant", "optimal", "invscaling")
_CLASSES: Final = (0.0, 1.0)


class SgdLearner:
    """Learns by ``partial_fit``, row by row, in the order of the examples.

    Nothing is shuffled and nothing is averaged: what is learned depends on the examples and their order
    alone. Without a penalty, ``learn_many`` comes to the very bits of ``learn_one`` row by row; with
    ``l2`` the library rescales its weights once a call, and the last bits differ.

    Args:
        estimator: the estimator, trained or not; it is not changed.
        feature_names: the features, in the order of a row.

    Raises:
        UsageError: if a setting would make learning depend on more than that.
    """

    def __init__(self, estimator: Any, feature_names: Sequence[str]) -> None:
        self._hold(_state_of(estimator, tuple(feature_names)))

    @classmethod
    def from_state(cls, plain: Mapping[str, Any]) -> Self:
        """Return the learner of a state: what it learns next has the same bits.

        Raises:
            DataError: if it is no state of such a learner.
            MissingExtra: if scikit-learn is not installed.
        """
        state = read_state(plain)
        if not isinstance(state, SgdState):
            raise DataError(
                "the state is of a learner of River",
                expected="one of scikit-learn's",
                do="Read it with learner_from_state",
            )
        learner = cls.__new__(cls)
        learner._hold(state)  # noqa: SLF001 - our own class
        return learner

    @staticmethod
    def takes(estimator: object) -> bool:
        """Return whether it is one of the two classes; scikit-learn is not imported to find out."""
        linear = sys.modules.get("sklearn.linear_model")
        return linear is not None and type(estimator) in {
            getattr(linear, name) for name in SGD_LOSSES
        }

    def _hold(self, state: SgdState) -> None:
        self._begun = state
        self._estimator = _estimator(state)
        self._learned = state.learned
        self._score: LinearScore | None = None
        self.feature_names = state.feature_names
        self.is_classifier = state.is_classifier
        self.is_probability = state.link != "identity"
        self.joins_exactly = state.settings.penalty is None
        self._classes = _classes() if state.is_classifier else None

    @property
    def learned(self) -> int:
        """How many examples it has learned."""
        return self._learned

    def learn_one(self, values: Sequence[float], label: float) -> None:
        """Learn from one example.

        Raises:
            DataError: if a feature is null or not finite, or the label is none.
        """
        import numpy as np

        check_example(values, label, self.feature_names, is_classifier=self.is_classifier)
        self._fit(np.array([values], dtype=np.float64), np.array([label], dtype=np.float64))

    def learn_many(self, matrix: NDArray[np.float64] | Table, labels: Sequence[float]) -> None:
        """Learn from examples, in their order.

        Raises:
            DataError: if a feature is null or not finite, or a label is none; nothing was learned.
        """
        import numpy as np

        rows = as_matrix(matrix)
        check_examples(rows, labels, self.feature_names, is_classifier=self.is_classifier)
        if len(rows):
            self._fit(rows, np.asarray(labels, dtype=np.float64))

    def _fit(self, rows: NDArray[np.float64], labels: NDArray[np.float64]) -> None:
        import sklearn

        # What is checked is checked above; the library's own checks take longer than its learning.
        with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
            try:
                if self._classes is None:
                    self._estimator.partial_fit(rows, labels)
                else:
                    self._estimator.partial_fit(rows, labels, classes=self._classes)
            except ValueError as error:  # the library's word for weights that overflow
                raise diverged(self._learned) from error
        self._learned += len(rows)
        self._score = None

    def predict_one(self, values: Sequence[float]) -> float:
        """Return the score of one row, as its saved state gives it where it serves."""
        return self._scores().predict_one(values)

    def predict_many(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the score of each row of a float64 matrix, shape (n,)."""
        return self._scores().predict_many(matrix)

    def state(self) -> dict[str, Any]:
        """Return all that it is, as plain JSON values.

        Raises:
            DataError: if a weight is not finite any more.
        """
        return to_form(self._state())

    def _state(self) -> SgdState:
        begun = self._begun
        return _read(self._estimator, begun.settings, begun.feature_names, self._learned)

    def _scores(self) -> LinearScore:
        if self._score is None:
            self._score = self._state().score()
        return self._score

    def __repr__(self) -> str:
        return f"<Learner {self._begun.estimator}, {self._learned:,} examples learned>"


def _state_of(estimator: Any, names: tuple[str, ...]) -> SgdState:
    """Read an estimator of the user's."""
    kind = type(estimator).__name__
    given = estimator.get_params()
    _refuse_settings(kind, given)
    weights = given["class_weight"] if kind == "SGDClassifier" else None
    settings = SgdSettings(
        loss=given["loss"],
        penalty=given["penalty"],
        alpha=float(given["alpha"]),
        fit_intercept=bool(given["fit_intercept"]),
        learning_rate=given["learning_rate"],
        eta0=float(given["eta0"]),
        power_t=float(given["power_t"]),
        epsilon=float(given["epsilon"]),
        class_weight=None
        if weights is None
        else (float(weights.get(0, 1.0)), float(weights.get(1, 1.0))),
    )
    if getattr(estimator, "coef_", None) is None:
        return _read(estimator, settings, names, 0)
    if estimator.coef_.size != len(names):
        raise UsageError(
            f"the {kind} was trained on {estimator.coef_.size} features, these are {len(names)}",
            expected="the frozen features that made its training matrix, in their order",
            do="Pass features=, the frozen features of the same fit",
        )
    if kind == "SGDClassifier" and estimator.classes_.tolist() != list(_CLASSES):
        raise UsageError(
            f"the {kind} was trained on the classes {estimator.classes_.tolist()[:5]}",
            expected="labels that are 0 or 1, false or true",
            do="Train it with such labels",
        )
    return _read(estimator, settings, names, int(estimator.t_) - 1)


def _refuse_settings(kind: str, given: Mapping[str, Any]) -> None:
    weights = given.get("class_weight")
    wanted: dict[str, tuple[bool, str]] = {
        "loss": (given["loss"] in SGD_LOSSES[kind], " or ".join(map(repr, SGD_LOSSES[kind]))),
        "penalty": (given["penalty"] in {None, "l2"}, "None or 'l2'"),
        "learning_rate": (given["learning_rate"] in _RATES, " or ".join(map(repr, _RATES))),
        "shuffle": (given["shuffle"] is False, "False: the order of the examples is the order"),
        "average": (not given["average"], "False"),
        "early_stopping": (given["early_stopping"] is False, "False"),
        "class_weight": (
            weights is None or (isinstance(weights, dict) and set(weights) <= {0, 1}),
            "None, or weights of the classes 0 and 1",
        ),
    }
    for name, (is_right, expected) in wanted.items():
        if not is_right:
            raise UsageError(
                f"{kind}({name}={given[name]!r}) cannot learn example by example and come back the same",
                expected=f"{name}={expected}",
                do=f"Make it with such a {name}",
                setting=name,
            )


def _read(estimator: Any, settings: SgdSettings, names: tuple[str, ...], learned: int) -> SgdState:
    """Return the state of an estimator as it is now."""
    kind = type(estimator).__name__
    weights = getattr(estimator, "coef_", None)
    return SgdState(
        estimator=kind,  # type: ignore[arg-type]
        feature_names=names,
        learned=learned,
        settings=settings,
        weights=None if weights is None else tuple(weights.ravel().tolist()),
        intercept=0.0 if weights is None else float(estimator.intercept_.ravel()[0]),
        t=float(getattr(estimator, "t_", 1.0)),
    )


def _estimator(state: SgdState) -> Any:
    """Make the estimator of a state."""
    import numpy as np

    try:
        from sklearn import linear_model
    except ImportError as error:
        raise MissingExtra.of("scikit-learn", "SGD learners") from error
    settings = state.settings
    given: dict[str, Any] = settings.to_dict() | {"shuffle": False}
    weights = given.pop("class_weight")
    if state.is_classifier:
        given["class_weight"] = None if weights is None else dict(enumerate(weights))
    estimator = getattr(linear_model, state.estimator)(**given)
    if state.weights is not None:
        weights = np.array(state.weights, dtype=np.float64)
        estimator.coef_ = weights.reshape(1, -1) if state.is_classifier else weights
        estimator.intercept_ = np.array([state.intercept], dtype=np.float64)
        estimator.t_ = state.t
        estimator.n_features_in_ = len(weights)
        if state.is_classifier:
            estimator.classes_ = _classes()
    return estimator


def _classes() -> NDArray[np.float64]:
    import numpy as np

    return np.array(_CLASSES)
