"""The states of learners: our own form, plain JSON, with nothing in it that runs.

A state says which class of which library learns (one of a list that is ours), its settings, and what it
has learned. Reading one needs no library: scores come from `LinearScore`, made of the state alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from interplane.errors import DataError
from interplane.models.learners.linear import LinearScore, Link
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "MODIFIED_HUBER",
    "SGD_LOSSES",
    "RiverGlm",
    "RiverOptimizer",
    "RiverPassive",
    "RiverRate",
    "RiverScaler",
    "RiverState",
    "SgdSettings",
    "SgdState",
    "State",
    "diverged",
    "read_state",
    "river_score",
    "to_form",
]

MODIFIED_HUBER: Final = "modified_huber"

SGD_LOSSES: Final[Mapping[str, tuple[str, ...]]] = {
    "SGDClassifier": ("log_loss", MODIFIED_HUBER, "hinge", "squared_hinge", "perceptron"),
    "SGDRegressor": (
        *("squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive"),
    ),
}
"""The losses of scikit-learn's that we take, by estimator."""

Pairs = tuple[tuple[str, float], ...]
"""Numbers by feature, in the order in which the library holds them: sums depend on it."""


class SgdSettings(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What scikit-learn's constructor is given; ``shuffle`` is false always."""

    loss: str
    penalty: Literal["l2"] | None
    alpha: float
    fit_intercept: bool
    learning_rate: Literal["constant", "optimal", "invscaling"]
    eta0: float
    power_t: float
    epsilon: float
    class_weight: tuple[float, float] | None = None


class SgdState(
    Value,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag="scikit-learn",
    tag_field="library",
):
    """``SGDClassifier`` or ``SGDRegressor``.

    Attributes:
        estimator: which of them.
        feature_names: the features, in the order of a row.
        learned: how many examples it has learned.
        settings: what it was made with.
        weights: one for each feature; None before the first example.
        intercept: the intercept.
        t: the library's count of steps, which its learning rate follows.
    """

    estimator: Literal["SGDClassifier", "SGDRegressor"]
    feature_names: tuple[str, ...]
    learned: int
    settings: SgdSettings
    weights: tuple[float, ...] | None
    intercept: float
    t: float

    @property
    def is_classifier(self) -> bool:
        """Whether labels are classes."""
        return self.estimator == "SGDClassifier"

    @property
    def link(self) -> Link:
        """From the sum to the score: a probability where the loss has one, else the margin."""
        if self.settings.loss == MODIFIED_HUBER:
            return "modified-huber"
        return "logistic" if self.settings.loss == "log_loss" else "identity"

    def score(self) -> LinearScore:
        """Return what scores rows."""
        weights = self.weights or (0.0,) * len(self.feature_names)
        return LinearScore(self.feature_names, weights, self.intercept, self.link)

    def numbers(self) -> Iterator[float]:
        """Yield what has to be finite."""
        yield from self.weights or ()
        yield from (self.intercept, self.t)

    def fits(self) -> bool:
        """Return whether the parts belong together."""
        fits = self.weights is None or len(self.weights) == len(self.feature_names)
        return fits and self.settings.loss in SGD_LOSSES[self.estimator]


class RiverScaler(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``preprocessing.StandardScaler`` over the whole stream."""

    with_std: bool
    counts: tuple[tuple[str, int], ...]
    means: Pairs
    variances: Pairs


class RiverRate(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A learning rate: ``optim.schedulers.Constant`` or ``InverseScaling``."""

    name: Literal["Constant", "InverseScaling"]
    learning_rate: float
    power: float | None = None


class RiverOptimizer(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An optimizer: its settings, how many steps it has made, and what it remembers by feature."""

    name: Literal["SGD", "Adam", "AdaGrad", "RMSProp"]
    rate: RiverRate
    settings: dict[str, float]
    n_iterations: int
    memory: dict[str, Pairs]


class RiverGlm(
    Value, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="glm", tag_field="family"
):
    """``linear_model.LogisticRegression`` or ``LinearRegression``."""

    estimator: Literal["LogisticRegression", "LinearRegression"]
    loss: Literal["Log", "Squared", "Absolute", "Huber", "Quantile"]
    loss_settings: dict[str, float]
    optimizer: RiverOptimizer
    l2: float
    intercept_rate: RiverRate
    clip_gradient: float
    weights: Pairs
    intercept: float

    @property
    def is_classifier(self) -> bool:
        """Whether labels are classes."""
        return self.estimator == "LogisticRegression"


class RiverPassive(
    Value, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="passive", tag_field="family"
):
    """``linear_model.PAClassifier`` or ``PARegressor``."""

    estimator: Literal["PAClassifier", "PARegressor"]
    c: float
    mode: Literal[0, 1, 2]
    eps: float
    learn_intercept: bool
    weights: Pairs
    intercept: float

    @property
    def is_classifier(self) -> bool:
        """Whether labels are classes."""
        return self.estimator == "PAClassifier"


class RiverState(
    Value, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="river", tag_field="library"
):
    """A linear model of River, behind a scaler or not.

    Attributes:
        feature_names: the features, in the order of a row.
        learned: how many examples it has learned.
        scaler: the scaler's statistics, if there is one.
        model: the model.
    """

    feature_names: tuple[str, ...]
    learned: int
    scaler: RiverScaler | None
    model: RiverGlm | RiverPassive

    @property
    def is_classifier(self) -> bool:
        """Whether labels are classes."""
        return self.model.is_classifier

    @property
    def link(self) -> Link:
        """From the sum to the score."""
        return "logistic" if self.is_classifier else "identity"

    def score(self) -> LinearScore:
        """Return what scores rows."""
        scaler = self.scaler
        return river_score(
            self.feature_names,
            self.link,
            weights=dict(self.model.weights),
            intercept=self.model.intercept,
            means=None if scaler is None else dict(scaler.means),
            variances=dict(scaler.variances) if scaler is not None and scaler.with_std else None,
        )

    def numbers(self) -> Iterator[float]:
        """Yield what has to be finite."""
        yield self.model.intercept
        for pairs in self._pairs():
            yield from (value for _, value in pairs)

    def fits(self) -> bool:
        """Return whether the parts belong together."""
        names = set(self.feature_names)
        variances = () if self.scaler is None else self.scaler.variances
        return all(
            len({name for name, _ in pairs}) == len(pairs) and names.issuperset(dict(pairs))
            for pairs in self._pairs()
        ) and all(value >= 0.0 for _, value in variances)

    def _pairs(self) -> Iterator[Pairs]:
        yield self.model.weights
        if isinstance(self.model, RiverGlm):
            yield from self.model.optimizer.memory.values()
        if self.scaler is not None:
            yield from (self.scaler.counts, self.scaler.means, self.scaler.variances)


def river_score(
    names: tuple[str, ...],
    link: Link,
    *,
    weights: Mapping[str, float],
    intercept: float,
    means: Mapping[str, float] | None,
    variances: Mapping[str, float] | None,
) -> LinearScore:
    """Return what scores rows as a linear model of River's does.

    Args:
        names: the features, in the order of a row.
        link: from the sum to the score.
        weights: by feature; 0 where there is none.
        intercept: the intercept.
        means: by feature, if the model scales.
        variances: by feature, if it divides by their roots.
    """
    centres = spreads = None
    if means is not None:
        centres = [float(means.get(name, 0.0)) for name in names]
        spreads = [1.0] * len(names)
        if variances is not None:
            spreads = [float(variances.get(name, 0.0)) ** 0.5 for name in names]
    chosen = [float(weights.get(name, 0.0)) for name in names]
    return LinearScore(names, chosen, float(intercept), link, means=centres, spreads=spreads)


State = SgdState | RiverState
"""Every state that there is."""


class _Form(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    form: Literal["interplane-learner"] = "interplane-learner"
    version: Literal[1] = 1
    state: State


def to_form(state: State) -> dict[str, Any]:
    """Return a state as plain JSON values.

    Raises:
        DataError: if a number in it is not finite: the learner ran away.
    """
    if not all(map(math.isfinite, state.numbers())):
        raise diverged(state.learned)
    return _Form(state=state).to_dict()


def read_state(plain: Mapping[str, Any] | Any) -> State:
    """Read a state from its plain JSON form. Runs nothing of it; checks all of it.

    Raises:
        DataError: if it is no such form, or one of a newer Interplane.
    """
    try:
        state = msgspec.convert(plain, _Form).state
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise _unreadable(str(error)) from error
    if len(set(state.feature_names)) != len(state.feature_names) or not state.feature_names:
        raise _unreadable("its features have no names, or two have one")
    if state.learned < 0 or not state.fits() or not all(map(math.isfinite, state.numbers())):
        raise _unreadable("its parts do not belong together")
    return state


def diverged(learned: int) -> DataError:
    """Return the error of a learner whose weights are not finite any more."""
    return DataError(
        f"the learner's weights are not finite after {learned:,} examples: it diverged",
        expected="finite weights",
        do="Learn with a smaller learning rate, or scale the features first (ip.standardize)",
    )


def _unreadable(what: str) -> DataError:
    return DataError(
        f"the learner's state cannot be read: {what}",
        expected="what Learner.state gives",
        do="Begin again from the crossing that it came from, or upgrade Interplane",
    )
