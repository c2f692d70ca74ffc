"""`CrossingEndpoint`: from the bytes of a request to a logged answer, for one crossing.

A row is decoded, given its prediction time and what feature views know, put through the row program
and the model, logged, and answered; in this order, in one thread, without waiting for anything. A
score that is not finite is null: a model may well give one, and JSON has no form for it.
"""

from __future__ import annotations

from collections import Counter
from copy import copy
from functools import partial
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from interplane.errors import InterplaneError, RequestRejected, StorageError
from interplane.predictions.entry import Entry
from interplane.serving.answers import (
    Item,
    OtherItem,
    batch_body,
    error_item,
    refused,
    row_body,
)
from interplane.serving.decode import Decoder
from interplane.serving.envelope import MOST_ROWS
from interplane.serving.ids import Kept, request_digest
from interplane.serving.ports import Answer
from interplane.serving.predicting import Begun, RowPredictor
from interplane.serving.rollout import RolledPredictor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.record import Rollout
    from interplane.serving.decode import Request
    from interplane.serving.ids import ClientIds
    from interplane.serving.loading import Loaded
    from interplane.serving.ports import Meter
    from interplane.serving.predicting import LookUps

__all__ = ["CrossingEndpoint", "Writer"]

_OK: Final = 200
_ROW_REFUSED: Final = 422
_ENTRIES: Final = msgspec.json.Decoder(list[Entry])


class Writer(Protocol):
    """The writing half of the prediction log."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries as one frame; they survive the death of any process.

        Raises:
            StorageError: if they are not written.
        """
        ...


class CrossingEndpoint:
    """Answers the requests for one crossing.

    Args:
        loaded: the crossing, proved.
        log: where every prediction is written before it is answered.
        ids: clients' own ids.
        meter: counts rows.
        look_ups: the feature views of its features, if they read any.
        new_id: makes the ids of predictions.
        replay: take prediction times however far ahead of the clock.
        most_rows: how many rows a request may have.

    Attributes:
        name: the crossing as people name it: ``flights@2``.
        model: the name of its model.
        crossing: its digest.
        uses: the feature views that it looks up, by parameter.
    """

    def __init__(
        self,
        loaded: Loaded,
        *,
        log: Writer,
        ids: ClientIds,
        meter: Meter,
        look_ups: LookUps | None = None,
        new_id: Callable[[], str] | None = None,
        replay: bool = False,
        most_rows: int = MOST_ROWS,
    ) -> None:
        self.name = loaded.name
        self.model = loaded.model
        self.crossing: str = loaded.crossing
        self.uses = loaded.frozen.uses
        self._loaded = loaded
        self._log = log
        self._ids = ids
        self._meter = meter
        self._replay = replay
        self._decoder = Decoder(loaded.schema, most_rows=most_rows)
        self._own = RowPredictor(loaded, look_ups=look_ups, new_id=new_id, replay=replay)
        self._predictor: RowPredictor | RolledPredictor = self._own
        # What may answer, by digest: more than the crossing itself while a canary does.
        self._names: dict[str, str] = {self.crossing: self.name}
        self._tallies: dict[str, Callable[[int], None]] = {
            self.crossing: meter.tally(self.model, self.crossing, self.name)
        }
        self._rollout: dict[str, Any] | None = None

    def beside(self, rollout: Rollout, canary: CrossingEndpoint | None) -> CrossingEndpoint:
        """Return an endpoint that does the same, but for the share that a canary answers.

        Args:
            rollout: says the share.
            canary: the endpoint of the canary; None where there is none, or it cannot be loaded.
        """
        rolled = copy(self)
        rolled._rollout = {  # noqa: SLF001 - the copy's own
            "canary": rollout.canary,
            "share": rollout.share,
            "answers": canary is not None,
            "shadow": rollout.shadow,
        }
        if canary is not None:
            rolled._take(canary, rollout.share)  # noqa: SLF001
        return rolled

    def _take(self, canary: CrossingEndpoint, share: float) -> None:
        self._predictor = RolledPredictor(
            self._own,
            canary._own,
            schemas=(self._loaded.schema, canary._loaded.schema),
            share=share,
            failed=partial(self._meter.answered_instead, self.model),
        )
        self._names = {**canary._names, **self._names}
        self._tallies = {**canary._tallies, **self._tallies}

    # ---- what it is -----------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """Return what the endpoint is, as plain JSON values."""
        loaded = self._loaded
        return {
            "model": self.model,
            "name": self.name,
            "crossing": self.crossing,
            "flavor": loaded.flavor,
            "features": list(loaded.frozen.names),
            "columns": [field.to_dict() for field in loaded.schema.fields],
            "time": self._predictor.time_column,
            "looked_up": list(self._predictor.looked_up),
            "golden_rows": loaded.golden_rows,
            "replay": self._replay,
            "rollout": self._rollout,
        }

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema (2020-12) of one row."""
        return self._loaded.schema.to_json_schema()

    # ---- answering ------------------------------------------------------------------------

    def answer(self, body: bytes, *, now_us: int, received_us: int) -> Answer:
        """Answer a request's body; what was predicted is logged before this returns.

        Args:
            body: the bytes that a client sent.
            now_us: the server's clock, in microseconds since 1970.
            received_us: the same clock when the request came.
        """
        begun = Begun(now_us, now_us - received_us, perf_counter_ns())
        try:
            row = self._decoder.decode_row(body)
            if row is None:
                return self._answer_any(body, begun)
            entry, time = self._predictor.predict(row, begun, at="$.row")
            self._append((entry,))
        except InterplaneError as error:
            return self._refuse(error, begun)
        self._meter.predictions(self.model, 1, rejected=0, took_us=begun.took_us())
        crossing = entry.crossing
        self._tallies[crossing](1)
        return Answer(_OK, row_body(entry.score, entry.id, self._names[crossing], crossing, time))

    def _answer_any(self, body: bytes, begun: Begun) -> Answer:
        """Answer what is not one plain row: a batch, an id, a row to be looked at closely."""
        request = self._decoder.decode(body)
        if request.id is not None:
            return self._answer_once(request, request.id, request_digest(body), begun)
        answer, entries = self._work(request, begun)
        if entries:
            self._append(entries)
        self._count(request, entries, begun)
        return answer

    def _answer_once(self, request: Request, client_id: str, digest: bytes, begun: Begun) -> Answer:
        """Answer a request with an id: as before, or in a way that holds from now on."""
        now_us = begun.now_us
        kept = self._ids.find(self.model, client_id, digest, now_us=now_us)
        entries: list[Entry] = []
        if kept is None:
            answer, entries = self._work(request, begun)
            if not entries:  # nothing was predicted: the client may correct it and come again
                self._count(request, entries, begun)
                return answer
            mine = Kept(answer.body, msgspec.json.encode(entries))
            kept = self._ids.keep(self.model, client_id, digest, mine, now_us=now_us)
        if kept.entries is not None:
            entries = _ENTRIES.decode(kept.entries)
            self._append(entries)
            self._ids.logged(self.model, client_id)
            self._count(request, entries, begun)
        return Answer(_OK, kept.answer)

    def _work(self, request: Request, begun: Begun) -> tuple[Answer, list[Entry]]:
        """Predict the rows of a request; return the answer, and what has to be logged first."""
        if request.is_batch:
            return self._work_batch(request, begun)
        row = request.rows[0]
        if isinstance(row, RequestRejected):
            return refused(row), []
        try:
            entry, time = self._predictor.predict(row, begun, at="$.row", client_id=request.id)
        except RequestRejected as error:
            return refused(error), []
        crossing = entry.crossing
        body = row_body(entry.score, entry.id, self._names[crossing], crossing, time)
        return Answer(_OK, body), [entry]

    def _work_batch(self, request: Request, begun: Begun) -> tuple[Answer, list[Entry]]:
        items: list[Any] = []
        entries: list[Entry] = []
        for place, row in enumerate(request.rows):
            if isinstance(row, RequestRejected):
                items.append(error_item(row))
                continue
            try:
                entry, time = self._predictor.predict(
                    row, begun, at=f"$.rows[{place}]", client_id=request.id, place=place
                )
            except RequestRejected as error:
                items.append(error_item(error))
            else:
                items.append(self._item(entry, time))
                entries.append(entry)
        return Answer(_OK, batch_body(items, self.name, self.crossing)), entries

    def _item(self, entry: Entry, time: str) -> Item | OtherItem:
        crossing = entry.crossing
        if crossing == self.crossing:
            return Item(entry.score, entry.id, time)
        return OtherItem(entry.score, entry.id, time, self._names[crossing], crossing)

    def _append(self, entries: Sequence[Entry]) -> None:
        try:
            self._log.append(entries)
        except OSError as error:  # StorageError is one
            self._meter.frames_lost(1)
            if isinstance(error, StorageError):
                raise
            raise StorageError.from_os(error, doing="logging a prediction") from error

    def _refuse(self, error: InterplaneError, begun: Begun) -> Answer:
        answer = refused(error)
        if answer.status == _ROW_REFUSED:
            self._meter.predictions(self.model, 0, rejected=1, took_us=begun.took_us())
        return answer

    def _count(self, request: Request, entries: Sequence[Entry], begun: Begun) -> None:
        rejected = len(request.rows) - len(entries)
        took_us = begun.took_us()
        self._meter.predictions(self.model, len(entries), rejected=rejected, took_us=took_us)
        for crossing, count in Counter(entry.crossing for entry in entries).items():
            tally = self._tallies.get(crossing)
            if tally is not None:  # else kept by a worker that had another canary
                tally(count)
