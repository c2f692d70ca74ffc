"""The laws that every learner keeps: write a `LearnerCase`, run each of `LAWS` on it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from interplane.errors import DataError, InterplaneError, UsageError
from interplane.models.learners.making import learner, learner_from_state
from interplane.models.linear_flavor import LinearFlavor

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.models.learners.ports import Learner

__all__ = ["LAWS", "LearnerCase"]

Floats = NDArray[np.float64]


class _Names:
    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names


@dataclass(frozen=True)
class LearnerCase:
    """An estimator with examples for it.

    Attributes:
        make: makes the estimator, untrained and always the same.
        feature_names: the features of a row.
        rows: float64 rows, finite, at least 50.
        labels: a label for each.
        expected: asks the estimator itself, once it was trained by ``teach``.
        teach: teaches the estimator examples as its library's users do, one by one.
        tolerance: how far our score may be from the library's, absolutely.
    """

    make: Callable[[], Any]
    feature_names: tuple[str, ...]
    rows: Floats
    labels: list[float]
    expected: Callable[[Any, Floats], Floats]
    teach: Callable[[Any, Floats, list[float]], None]
    tolerance: float = 1e-12

    def learner(self) -> Learner:
        """Return a new learner."""
        return learner(self.make(), features=_Names(self.feature_names))

    def taught(self, count: int | None = None) -> Learner:
        """Return a learner that has learned the first examples one by one."""
        made = self.learner()
        for values, label in zip(self.rows[:count].tolist(), self.labels, strict=False):
            made.learn_one(values, label)
        return made


def _learns_as_its_library(case: LearnerCase) -> None:
    """One by one it comes to the very weights of its library, and to its scores within a tolerance."""
    estimator = case.make()
    case.teach(estimator, case.rows, case.labels)
    ours = case.taught()
    theirs = learner(estimator, features=_Names(case.feature_names))
    np.testing.assert_array_equal(ours.predict_many(case.rows), theirs.predict_many(case.rows))
    scores = case.expected(estimator, case.rows)
    np.testing.assert_allclose(ours.predict_many(case.rows), scores, rtol=0, atol=case.tolerance)


def _goes_on_from_a_state(case: LearnerCase) -> None:
    """A state that went through JSON learns on to the same bits, wherever it was cut."""
    whole = case.taught()
    for cut in (0, 1, len(case.rows) // 2):
        state = json.loads(json.dumps(case.taught(cut).state()))
        again = learner_from_state(state)
        assert cut == again.learned
        assert state == json.loads(json.dumps(again.state()))
        for values, label in zip(case.rows[cut:].tolist(), case.labels[cut:], strict=True):
            again.learn_one(values, label)
        assert json.dumps(whole.state()) == json.dumps(again.state())


def _learns_many_in_order(case: LearnerCase) -> None:
    """Many at once are the same as one after the other: bit for bit where it says so."""
    whole, many = case.taught(), case.learner()
    for begin in range(0, len(case.rows), 17):
        many.learn_many(case.rows[begin : begin + 17], case.labels[begin : begin + 17])
    assert whole.learned == many.learned == len(case.rows)
    if many.joins_exactly:
        assert json.dumps(whole.state()) == json.dumps(many.state())
    else:
        one, other = (each.predict_many(case.rows) for each in (whole, many))
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


def _predicts_as_it_serves(case: LearnerCase) -> None:
    """Its scores are those of its saved files, one row or many, and do not change it."""
    flavor, made = LinearFlavor(), case.taught()
    before = json.dumps(made.state())
    served = flavor.load(flavor.save(made, case.feature_names))
    assert _bits(made.predict_many(case.rows)) == _bits(served.predict_many(case.rows))
    ones = [made.predict_one(row) for row in case.rows.tolist()]
    assert _bits(np.array(ones)) == _bits(served.predict_many(case.rows))
    assert before == json.dumps(made.state())


def _learns_at_once(case: LearnerCase) -> None:
    """What it learned counts for the next score."""
    made = case.learner()
    before = made.predict_one(case.rows[0].tolist())
    for _ in range(3):
        made.learn_one(case.rows[0].tolist(), 1.0)
    made.learn_one(case.rows[1].tolist(), 0.0)
    assert before != made.predict_one(case.rows[0].tolist())


def _refuses_what_nobody_can_learn(case: LearnerCase) -> None:
    """A null, an infinity, a row of another width, a label that is none: nothing is learned of them."""
    made = case.taught(10)
    before = json.dumps(made.state())
    row = case.rows[0].tolist()
    for bad in (math.nan, math.inf, -math.inf):
        _refuses(DataError, made.learn_one, [*row[:-1], bad], 1.0)
        _refuses(DataError, made.learn_one, row, bad)
        rows = case.rows[:3].copy()
        rows[1, 0] = bad
        _refuses(DataError, made.learn_many, rows, case.labels[:3])
        _refuses(DataError, made.learn_many, case.rows[:2], [1.0, bad])
    _refuses(UsageError, made.learn_one, row[:-1], 1.0)
    _refuses(UsageError, made.learn_many, case.rows[:3, :-1], case.labels[:3])
    _refuses(UsageError, made.learn_many, case.rows[:3], case.labels[:2])
    if made.is_classifier:
        _refuses(DataError, made.learn_one, row, 0.5)
    assert before == json.dumps(made.state())


def _gives_null_for_null(case: LearnerCase) -> None:
    """A row with a null, or an infinity, has no score; it is no error."""
    made = case.taught()
    for bad in (math.nan, math.inf):
        values = [*case.rows[0].tolist()[:-1], bad]
        assert math.isnan(made.predict_one(values))
        assert np.isnan(made.predict_many(np.array([values])))[0]


def _leaves_the_estimator_alone(case: LearnerCase) -> None:
    """The object that it was made of is not changed by what it learns."""
    estimator = case.make()
    case.teach(estimator, case.rows[:20], case.labels[:20])
    before = case.expected(estimator, case.rows)
    learner(estimator, features=_Names(case.feature_names)).learn_many(case.rows, case.labels)
    assert _bits(before) == _bits(case.expected(estimator, case.rows))


def _refuses(kind: type[InterplaneError], call: Callable[..., object], *arguments: object) -> None:
    try:
        call(*arguments)
    except kind:
        return
    raise AssertionError(f"nothing was refused where {kind.__name__} was expected")


def _bits(values: Floats) -> bytes:
    return np.ascontiguousarray(values, dtype=np.float64).tobytes()


LAWS: Final[dict[str, Callable[[LearnerCase], None]]] = {
    law.__name__.removeprefix("_"): law
    for law in (
        *(_learns_as_its_library, _goes_on_from_a_state, _learns_many_in_order),
        *(_predicts_as_it_serves, _learns_at_once, _refuses_what_nobody_can_learn),
        *(_gives_null_for_null, _leaves_the_estimator_alone),
    )
}
"""Every law, by name: call it with a case; it raises AssertionError where it does not hold."""
