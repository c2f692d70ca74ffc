"""From an estimator, or from a state, to a learner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from interplane.errors import UsageError
from interplane.models.learners.river_linear import RiverLearner
from interplane.models.learners.sgd import SgdLearner
from interplane.models.learners.states import SgdState, read_state
from interplane.record.arguments import told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.models.learners.ports import Learner

__all__ = ["LEARNERS", "learner", "learner_from_state"]

LEARNERS = (SgdLearner, RiverLearner)
"""Every kind of learner; each says what estimators it takes."""


class _Named(Protocol):
    @property
    def names(self) -> Sequence[str]: ...


def learner(estimator: object, *, features: _Named) -> Learner:
    """Return a learner: an estimator that learns example by example, and is saved as plain JSON.

    Args:
        estimator: scikit-learn's ``SGDClassifier`` or ``SGDRegressor`` (with ``shuffle=False``), or
            River's ``LogisticRegression``, ``LinearRegression``, ``PAClassifier`` or ``PARegressor``,
            behind a ``StandardScaler`` or not. Trained or not; it is not changed.
        features: the frozen features whose values it learns from.

    Raises:
        UsageError: if it is none of these, or is set up in a way that cannot come back the same.

    A step that begins a learner and lets it see the training rows once::

        @pipeline.step
        def model(train: ip.Table) -> ip.Model:
            frozen, x, y = trip_features.fit_transform(train)
            learner = ip.learner(SGDClassifier(loss="log_loss", shuffle=False), features=frozen)
            learner.learn_many(x, y)
            return ip.Model(learner, features=frozen)
    """
    if not hasattr(features, "names"):
        raise UsageError(
            f"the features of the learner are {told(features)}",
            expected="frozen features, as Features.fit returns them",
            do="Fit them first: interplane.learner(estimator, features=written.fit(train))",
        )
    for kind in LEARNERS:
        if kind.takes(estimator):
            return kind(estimator, features.names)
    found = type(estimator)
    raise UsageError(
        f"{found.__module__}.{found.__qualname__} is no learner",
        expected="scikit-learn's SGDClassifier or SGDRegressor, or a linear model of River's, behind a "
        "StandardScaler or not",
        do="Take one of them; other models are trained anew by a run (Model.warm_start goes on with "
        "LightGBM's trees)",
    )


def learner_from_state(plain: Mapping[str, Any]) -> Learner:
    """Return the learner of a state: what it learns next has the same bits.

    Raises:
        DataError: if it is no state.
        MissingExtra: if its library is not installed.
    """
    kind = SgdLearner if isinstance(read_state(plain), SgdState) else RiverLearner
    return kind.from_state(plain)
