"""One decoded row to a score, and to the entry that the prediction log keeps of it."""

from __future__ import annotations

import math
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from interplane.errors import ExpressionError, RequestRejected
from interplane.predictions.entry import Entry
from interplane.serving.prediction_ids import NewIds, derived_id
from interplane.serving.times import PredictionTime

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.serving.loading import Loaded
    from interplane.serving.quick_rows import Row

__all__ = ["Begun", "LookUps", "RowPredictor", "Times"]

_is_finite: Final = math.isfinite


class LookUps(Protocol):
    """What feature views know; `interplane.views.lookups.LookUps` has it."""

    @property
    def names(self) -> tuple[str, ...]:
        """What is looked up, as ``parameter.feature``, in order."""
        ...

    def read(self, row: Mapping[str, Any], time_us: int) -> list[Constant]:
        """Return the values for a row at a time.

        Args:
            row: the columns that views are joined by.
            time_us: the prediction time.

        Raises:
            RequestRejected: if the time is before what is kept.
            StorageError: if nobody can tell.
        """
        ...


class Times(Protocol):
    """Finds prediction times; see `interplane.serving.times.PredictionTime`."""

    column: str | None

    def of(
        self, values: Sequence[Any], logged: Any, now_us: int, *, at: str = "$.row"
    ) -> tuple[int, str]:
        """Return a row's prediction time, in microseconds since 1970 and as text."""
        ...


class Begun(msgspec.Struct, gc=False):
    """When a request came to its turn.

    Attributes:
        now_us: the server's clock then, in microseconds since 1970.
        waited_us: how long it had waited.
        at_ns: the stop watch then.
    """

    now_us: int
    waited_us: int
    at_ns: int

    def took_us(self) -> int:
        """Return how long the request has taken by now, its waiting included."""
        return self.waited_us + (perf_counter_ns() - self.at_ns) // 1000


class RowPredictor:
    """Predicts rows with one crossing.

    Args:
        loaded: the crossing.
        look_ups: the feature views of its features, if they read any.
        new_id: makes the ids of predictions.
        replay: take prediction times however far ahead of the clock.
        times: finds the prediction time of a row; by the schema if not given.

    Attributes:
        crossing: the digest of the crossing.
        time_column: the column of the prediction time; None where it is the server's clock.
        looked_up: what is looked up, as ``parameter.feature``.
    """

    def __init__(
        self,
        loaded: Loaded,
        *,
        look_ups: LookUps | None = None,
        new_id: Callable[[], str] | None = None,
        replay: bool = False,
        times: Times | None = None,
    ) -> None:
        self._model = loaded.model
        self.crossing: str = loaded.crossing
        self._inputs = loaded.schema.inputs
        self._look_ups = look_ups
        self._new_id = new_id or NewIds()
        self._replay = replay
        self._times = times or PredictionTime(loaded.schema, replay=replay)
        self._vector = loaded.frozen.program.vector
        self._predict = loaded.predictor.predict_one
        names = [field.name for field in loaded.schema.fields]
        self._by = [(name, names.index(name)) for name in loaded.frozen.by]
        self.time_column = self._times.column
        self.looked_up = look_ups.names if look_ups is not None else ()

    def predict(
        self,
        row: Row,
        begun: Begun,
        *,
        at: str,
        client_id: str | None = None,
        place: int = 0,
        prediction_id: str | None = None,
    ) -> tuple[Entry, str]:
        """Return what is logged of a row, its score in it, and its prediction time as text.

        Args:
            row: the decoded row.
            begun: when its request came.
            at: its path, for messages.
            client_id: the request's own id.
            place: the row's place in the request, from 0.
            prediction_id: the prediction's id; made here if not given.

        Raises:
            RequestRejected: if its prediction time is too far ahead, or before what is kept; or if an
                operation of the project's own raised on the row.
            StorageError: if what feature views know cannot be read.
        """
        values, logged = row
        now_us = begun.now_us
        time_us, time = self._times.of(values, logged, now_us, at=at)
        given, looked_up = values[: self._inputs], None
        if self._look_ups is not None:
            found = self._look_ups.read({name: values[k] for name, k in self._by}, time_us)
            given += found
            looked_up = dict(zip(self.looked_up, found, strict=True))
        try:
            vector = self._vector(given)
        except ExpressionError as error:  # an operation of the project's own: no other row's fault
            raise RequestRejected(
                f"{error.what}, in {at}", expected=error.expected, do=error.do, path=at
            ) from error
        score = self._predict(vector)
        if prediction_id is None:
            prediction_id = (
                self._new_id() if client_id is None else self.id_of(logged, client_id, place)
            )
        entry = Entry(
            id=prediction_id,
            model=self._model,
            crossing=self.crossing,
            time_us=time_us,
            at_us=now_us,
            score=score if _is_finite(score) else None,
            row=logged,
            looked_up=looked_up,
            client_id=client_id,
            took_us=begun.took_us(),
            replay=self._replay,
        )
        return entry, time

    def id_of(self, logged: Any, client_id: str | None, place: int) -> str:
        """Return the id of a prediction: a new one, or that of a row of a client's request.

        Args:
            logged: the row as it is logged.
            client_id: the request's own id.
            place: the row's place in the request, from 0.
        """
        if client_id is None:
            return self._new_id()
        return derived_id(self._model, client_id, place, msgspec.json.encode(logged))
