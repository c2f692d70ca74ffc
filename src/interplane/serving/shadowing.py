"""A shadow: a crossing that predicts once more what another one was asked, unseen.

It is asked for a row of the prediction log, as of its prediction time, and what it says goes into a log
of its own under the same id. Whatever goes wrong with it is a line of that log too: without a score, and
with the reason.
"""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import msgspec

from interplane.predictions.entry import Entry
from interplane.serving.other_rows import OtherRows
from interplane.serving.predicting import Begun, RowPredictor
from interplane.serving.rollout import reason_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.serving.loading import Loaded
    from interplane.serving.predicting import LookUps

__all__ = ["Shadow", "unanswered"]


class Shadow:
    """One loaded crossing that predicts logged rows.

    Args:
        loaded: the crossing, proved.
        look_ups: the feature views of its features, if they read any.

    Attributes:
        crossing: its digest.
        name: as people name it: ``flights@3``.
    """

    def __init__(self, loaded: Loaded, *, look_ups: LookUps | None = None) -> None:
        self.crossing: str = loaded.crossing
        self.name = loaded.name
        self._times = _AsLogged()
        self._rows = OtherRows(loaded.schema)
        self._predictor = RowPredictor(loaded, look_ups=look_ups, times=self._times)

    def predict(self, entry: Entry) -> Entry:
        """Return what the shadow logs of a logged prediction: the same id and times, its own score."""
        begun = Begun(entry.at_us, 0, perf_counter_ns())
        self._times.time_us = entry.time_us
        try:
            row = self._rows.of_logged(entry.row or {})
            found, _ = self._predictor.predict(
                row, begun, at="$.row", client_id=entry.client_id, prediction_id=entry.id
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the next row is predicted
            return unanswered(entry, self.crossing, reason_of(error), took_us=begun.took_us())
        return msgspec.structs.replace(found, replay=True) if entry.replay else found


class _AsLogged:
    """Gives the prediction time that a row was logged with."""

    def __init__(self) -> None:
        self.column: str | None = None
        self.time_us = 0

    def of(
        self, values: Sequence[Any], logged: Any, now_us: int, *, at: str = "$.row"
    ) -> tuple[int, str]:
        """Return the prediction time; nobody reads it as text."""
        del values, logged, now_us, at
        return self.time_us, ""


def unanswered(entry: Entry, crossing: str, because: str, *, took_us: int = 0) -> Entry:
    """Return what a shadow logs of a prediction that it has no score for.

    Args:
        entry: the logged prediction.
        crossing: the digest of the shadow.
        because: why, in a word.
        took_us: how long it took to find out, in microseconds.
    """
    return Entry(
        id=entry.id,
        model=entry.model,
        crossing=crossing,
        time_us=entry.time_us,
        at_us=entry.at_us,
        score=None,
        client_id=entry.client_id,
        took_us=took_us,
        replay=entry.replay,
        row=entry.row,
        because=because,
    )
