"""Going through events: score a prediction, judge the score when its outcome comes, then learn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.features.frozen import Frozen
    from interplane.models.learners.ports import Learner
    from interplane.project.learning_place import Place

__all__ = ["Walk"]


class Walk:
    """Takes events in order, and keeps place and learner in step.

    Args:
        learner: what learns.
        frozen: makes its features from a logged row, as they were made where it was served.
        place: what is counted and summed up.
    """

    def __init__(self, learner: Learner, frozen: Frozen, place: Place) -> None:
        self._learner = learner
        self._place = place
        self._vector = frozen.program.vector
        self._rows: list[list[float]] = []  # to be learned, before the next score is asked for
        self._labels: list[float] = []

    def take(
        self, event: Mapping[str, Any], values: Sequence[Any] | None, served: float | None
    ) -> None:
        """Take an event.

        Args:
            event: the event; see `learning_events.Events`.
            values: what the row program takes; None where the row is not there any more.
            served: the score that was answered.
        """
        vector = None if values is None else self._vector(list(values))
        if event["kind"] == 1:
            self._predict(event["prediction_id"], event["made"], vector)
        else:
            self._judge(event["prediction_id"], event["made"], event["label"], served)
            self._learn(event["time"], event["label"], vector)

    def _predict(self, id_: str, made_us: int, vector: list[float] | None) -> None:
        """Score a row as the learner is, if it has learned nothing that came later."""
        place = self._place
        until = place.learned_until_us
        if until is not None and until > made_us:
            place.count("late")
            return
        self.settle()
        score = math.nan if vector is None else self._learner.predict_one(vector)
        if math.isnan(score):
            place.count("without_score")
            return
        place.pending.put(id_, made_us, score)
        place.count("scored")

    def _judge(self, id_: str, made_us: int, label: float, served: float | None) -> None:
        place = self._place
        score = place.pending.take(id_)
        if score is None or served is None or not self._fits(label):
            place.count("not_judged")
            return
        place.prequential.add(made_us, learner=score, served=served, label=label)
        place.count("judged")

    def _learn(self, known_us: int, label: float, vector: list[float] | None) -> None:
        place = self._place
        if vector is None or not self._fits(label) or not all(map(math.isfinite, vector)):
            place.count("not_learnable")
            return
        self._rows.append(vector)
        self._labels.append(label)
        place.count("learned")
        if place.learned_until_us is None or known_us > place.learned_until_us:
            place.learned_until_us = known_us

    def _fits(self, label: float) -> bool:
        return label in {0.0, 1.0} if self._learner.is_classifier else math.isfinite(label)

    def settle(self) -> None:
        """Learn what was taken: at once where that comes to the same bits, else one by one.

        Raises:
            DataError: if the learner runs away.
        """
        if not self._rows:
            return
        rows, labels = self._rows, self._labels
        self._rows, self._labels = [], []
        if self._learner.joins_exactly and len(rows) > 1:
            import numpy as np

            self._learner.learn_many(np.array(rows, dtype=np.float64), labels)
            return
        for row, label in zip(rows, labels, strict=True):
            self._learner.learn_one(row, label)
