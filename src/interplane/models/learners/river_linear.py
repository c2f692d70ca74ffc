"""River's linear models as learners, behind its `StandardScaler` or not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, Self

from interplane.errors import DataError, UsageError
from interplane.models.learners.examples import as_matrix, check_example, check_examples
from interplane.models.learners.river_forms import make_estimator, read_estimator
from interplane.models.learners.states import RiverState, read_state, river_score, to_form

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from interplane.data.table import Table
    from interplane.models.learners.linear import LinearScore

__all__ = ["RiverLearner"]

_MODELS: Final = ("LogisticRegression", "LinearRegression", "PAClassifier", "PARegressor")


class RiverLearner:
    """Learns by ``learn_one``, example by example.

    ``learn_many`` is ``learn_one`` row by row: River's own takes one step for a whole batch, which is
    another model. A scaler learns from each row before the model does, as in a pipeline of River's.

    Args:
        estimator: one of River's linear models, or ``StandardScaler() | model``, trained or not; it is
            not changed.
        feature_names: the features, in the order of a row.

    Raises:
        UsageError: if it is set up in a way that has no form in a state.
    """

    joins_exactly = True

    def __init__(self, estimator: Any, feature_names: Sequence[str]) -> None:
        scaler, model = _parts(estimator)
        self._hold(read_estimator(scaler, model, tuple(feature_names), learned=None))

    @classmethod
    def from_state(cls, plain: Mapping[str, Any]) -> Self:
        """Return the learner of a state: what it learns next has the same bits.

        Raises:
            DataError: if it is no state of such a learner.
            MissingExtra: if River is not installed.
        """
        state = read_state(plain)
        if not isinstance(state, RiverState):
            raise DataError(
                "the state is of a learner of scikit-learn",
                expected="one of River's",
                do="Read it with learner_from_state",
            )
        learner = cls.__new__(cls)
        learner._hold(state)  # noqa: SLF001 - our own class
        return learner

    @staticmethod
    def takes(estimator: object) -> bool:
        """Return whether it is of these classes; River is not imported to find out."""
        return sys.modules.get("river") is not None and _are_ours(estimator)

    def _hold(self, state: RiverState) -> None:
        self._scaler, self._model = make_estimator(state)
        self._kind = state.model.estimator
        self._learned = state.learned
        self._score: LinearScore | None = None
        self.feature_names = state.feature_names
        self.is_classifier = state.is_classifier
        self._link = state.link
        self.is_probability = state.link != "identity"

    @property
    def learned(self) -> int:
        """How many examples it has learned."""
        return self._learned

    def learn_one(self, values: Sequence[float], label: float) -> None:
        """Learn from one example.

        Raises:
            DataError: if a feature is null or not finite, or the label is none.
        """
        check_example(values, label, self.feature_names, is_classifier=self.is_classifier)
        self._learn(values, label)

    def learn_many(self, matrix: NDArray[np.float64] | Table, labels: Sequence[float]) -> None:
        """Learn from examples, in their order.

        Raises:
            DataError: if a feature is null or not finite, or a label is none; nothing was learned.
        """
        rows = as_matrix(matrix)
        check_examples(rows, labels, self.feature_names, is_classifier=self.is_classifier)
        for values, label in zip(rows.tolist(), labels, strict=True):
            self._learn(values, label)

    def _learn(self, values: Sequence[float], label: float) -> None:
        row = dict(zip(self.feature_names, map(float, values), strict=True))
        if self._scaler is not None:
            self._scaler.learn_one(row)
            row = self._scaler.transform_one(row)
        self._model.learn_one(row, bool(label) if self.is_classifier else float(label))
        self._learned += 1
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

    def _state(self) -> RiverState:
        return read_estimator(self._scaler, self._model, self.feature_names, learned=self._learned)

    def _scores(self) -> LinearScore:
        if self._score is None:
            scaler = self._scaler
            # As the state would have it, without making the state: this is asked for at every turn.
            self._score = river_score(
                self.feature_names,
                self._link,
                weights=self._model.weights,
                intercept=self._model.intercept,
                means=None if scaler is None else scaler.means,
                variances=scaler.vars if scaler is not None and scaler.with_std else None,
            )
        return self._score

    def __repr__(self) -> str:
        return f"<Learner {self._kind}, {self._learned:,} examples learned>"


def _are_ours(estimator: object) -> bool:
    try:
        _parts(estimator)
    except UsageError:
        return False
    return True


def _parts(estimator: Any) -> tuple[Any, Any]:
    """Return the scaler (or None) and the model of an estimator.

    Raises:
        UsageError: if it is anything else.
    """
    from river import compose, linear_model, preprocessing

    steps = list(estimator.steps.values()) if type(estimator) is compose.Pipeline else [estimator]
    models = {getattr(linear_model, name) for name in _MODELS}
    if type(steps[-1]) in models:
        if len(steps) == 1:
            return None, steps[0]
        if len(steps) == 2 and type(steps[0]) is preprocessing.StandardScaler:
            return steps[0], steps[1]
    raise UsageError(
        f"a learner of {' | '.join(type(step).__name__ for step in steps)}",
        expected=f"one of River's {', '.join(_MODELS)}, behind a StandardScaler or not",
        do="Make other transformations of features where features are made",
    )
