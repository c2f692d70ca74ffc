"""Learning on: a model's learner, fed by outcomes as they were known, checkpointed exactly once.

It begins with the live crossing's learner (its parent) and goes through what servers logged and what came
true, in the order of time: a prediction is scored with what the learner knew at its prediction time; when
its outcome is known, the score is judged beside the one that was served, and then the row is learned.
Learner, place, scores that wait, and sums are written in one transaction, with the move of the pointer
``learner/NAME`` from where it was: killed anywhere and begun again, each outcome is learned once.

Serving is another matter: a pipeline takes what was learned (``ip.learned``), evaluates, gates and
publishes it. When that crossing goes live the learner goes on as it is; when another one does, a crossing
that was not made of what it learned, it begins again with that one's learner.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.errors import UnknownName, UsageError
from interplane.models.model import Model
from interplane.pipeline.artifacts import Artifacts
from interplane.project.learning_events import Events, read_events
from interplane.project.learning_place import (
    MOST_WAITING,
    PATIENCE_US,
    Pending,
    Place,
    Round,
    Stop,
)
from interplane.project.learning_rows import first_answer_us, open_log, read_rows
from interplane.project.learning_walk import Walk
from interplane.project.prequential import DayFigures, Prequential, to_plain
from interplane.project.recorded import frozen_of
from interplane.record import Checkpoint, Crossing, Value, short
from interplane.storage.names import learner_pointer, named_pointer, series_name
from interplane.views.view import micros

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pyarrow as pa

    from interplane.data.table import Table
    from interplane.features.frozen import Frozen
    from interplane.models.learners.ports import Learner
    from interplane.outcomes.ports import Outcomes
    from interplane.project.project import Project
    from interplane.record import Artifact, Digest

__all__ = ["Advance", "Learning", "Standing"]

LATENESS_US: Final = 1_000_000
"""How long after its turn a prediction may take to be in the log; later ones are learned, not scored."""

_CHUNK: Final = 20_000
_RECORDED_DAYS: Final = 8
"""How many days a checkpoint's record has figures of, the total among them; its place has all."""


class Standing(Value, frozen=True, kw_only=True):
    """Where the learner of a model stands.

    Attributes:
        model: the model.
        parent: the crossing that it began with, as people call it.
        checkpoint: the digest of its last checkpoint; None before the first.
        learned: how many examples it has learned since its parent.
        counts: what else it has met since then, by name.
        pending: how many of its scores wait for their outcomes.
        waiting: how many outcomes wait for their predictions.
        days: the prequential figures, by day and in total.
    """

    model: str
    parent: str
    checkpoint: Digest | None
    learned: int
    counts: dict[str, int]
    pending: int
    waiting: int
    days: tuple[DayFigures, ...]


class Advance(Value, frozen=True, kw_only=True):
    """What one advance did.

    Attributes:
        learned: how many examples were learned.
        met: what was met in it, by name.
        checkpoints: how many checkpoints were written; none where nothing was new.
        standing: where the learner stands now.
    """

    learned: int
    met: dict[str, int]
    checkpoints: int
    standing: Standing


class Learning:
    """The learner of a model.

    Args:
        project: the project.
        model: the model's name; its live crossing has to be a learner.
        chunk: how many events are taken between two checkpoints.
        lateness_us: how long after its turn a prediction may take to be in the log.
    """

    def __init__(
        self,
        project: Project,
        model: str,
        *,
        chunk: int = _CHUNK,
        lateness_us: int = LATENESS_US,
    ) -> None:
        self._project = project
        self._store = project.store
        self._artifacts = Artifacts(project.store)
        self._model = model
        self._chunk = chunk
        self._lateness_us = lateness_us

    # ---- what is asked of it --------------------------------------------------------------

    def advance(self, now: datetime) -> Advance:
        """Score what was predicted, judge and learn what came true, until ``now``.

        Args:
            now: the clock; outcomes that are known later wait. UTC where there is no zone.

        Raises:
            UnknownName: if there is no such model.
            UsageError: if no crossing of it is live, or the live one is no learner.
            DataError: if the learner runs away.
            Fenced: if another process advanced it meanwhile; nothing was learned twice.
        """
        at = self._begin()
        if at is None:
            return Advance(learned=0, met={}, checkpoints=0, standing=self.standing())
        before = dict(at.place.counts)
        outcomes = self._project.open_outcomes()
        try:
            written = 0 if at.place.round is None else self._go_through(at, outcomes)
            now_us = _micros(now)
            at.place.round = Round(
                now_us=now_us,
                at_us=max(at.place.at_us, now_us - self._lateness_us),
                sequence=max(at.place.sequence, outcomes.newest(self._model)),
            )
            written += self._go_through(at, outcomes)
        finally:
            outcomes.close()
        met = {name: count - before.get(name, 0) for name, count in at.place.counts.items()}
        return Advance(
            learned=met.get("learned", 0),
            met={name: count for name, count in met.items() if count},
            checkpoints=written,
            standing=self.standing(),
        )

    def standing(self) -> Standing:
        """Return where the learner stands: what its last checkpoint says.

        Raises:
            UnknownName: if there is no such model.
            UsageError: if no crossing of it is live.
        """
        live = self._live()
        digest, last = self._last(live)
        if last is None:
            return Standing(
                model=self._model,
                parent=self._name(live),
                checkpoint=None,
                learned=0,
                counts={},
                pending=0,
                waiting=0,
                days=(),
            )
        place = Place.from_bytes(self._store.read(last.place))
        return Standing(
            model=self._model,
            parent=self._name(last.parent),
            checkpoint=digest,
            learned=last.learned,
            counts=last.counts,
            pending=len(place.pending.scores),
            waiting=len(place.waiting),
            days=tuple(place.prequential.figures()),
        )

    # ---- where it begins ------------------------------------------------------------------

    def _begin(self) -> _At | None:
        """Return where to go on; None where the parent has not answered anything yet."""
        live = self._live()
        _, last = self._last(live)
        # The pointer may be at a checkpoint of another parent: it moves from there all the same.
        there = self._store.catalog.pointer(learner_pointer(self._model))
        if last is not None:
            learner, frozen = self._load(last.model, self._name(last.parent))
            place = Place.from_bytes(self._store.read(last.place))
            log, mixed = open_log(self._project, self._model, frozen)
            return _At(last.parent, live, there, there, learner, frozen, log, mixed, place)
        learner, frozen = self._load(self._store.record(live, Crossing).model, self._name(live))
        log, mixed = open_log(self._project, self._model, frozen)
        first_us = first_answer_us(log, live)
        if first_us is None:
            return None
        place = Place(
            begin_us=first_us,
            at_us=first_us - 1,
            pending=Pending(),
            prequential=Prequential(
                ranks=learner.is_classifier, is_probability=learner.is_probability
            ),
        )
        return _At(live, live, there, None, learner, frozen, log, mixed, place)

    def _live(self) -> Digest:
        catalog = self._store.catalog
        if not catalog.series(series_name("model", self._model)):
            known = [name.partition("/")[2] for name in catalog.names("model/")]
            raise UnknownName.of(
                "model", self._model, known, do='See them with "interplane models"'
            )
        live = catalog.pointer(named_pointer("model", self._model, "live"))
        if live is None:
            raise UsageError(
                f"no crossing of {self._model} is live",
                expected="one that is a learner: it goes on from there",
                do=f'Deploy one: interplane deploy {self._model}@latest --reason "…"',
            )
        return live

    def _last(self, live: Digest) -> tuple[Digest | None, Checkpoint | None]:
        """Return the last checkpoint, if the learner goes on from it while a crossing is live."""
        digest = self._store.catalog.pointer(learner_pointer(self._model))
        if digest is None:
            return None, None
        last = self._store.record(digest, Checkpoint)
        if live in {last.live, last.parent} or self._was_learned(last, live):
            return digest, last
        return None, None

    def _was_learned(self, last: Checkpoint, live: Digest) -> bool:
        """Return whether a crossing's model is one that this learner was, at some checkpoint."""
        model = self._store.record(live, Crossing).model.digest
        while last.model.digest != model:
            if last.before is None:
                return False
            last = self._store.record(last.before, Checkpoint)
        return True

    def _load(self, artifact: Artifact, name: str) -> tuple[Learner, Frozen]:
        model = self._artifacts.load(artifact, scratch=self._store.blobs.scratch)
        try:
            return model.learner(), frozen_of(model)
        except UsageError as error:
            raise UsageError(
                f"{name}: {error.what}", expected=error.expected, do=error.do
            ) from error

    def _name(self, crossing: Digest) -> str:
        members = self._store.catalog.series(series_name("model", self._model))
        number = next((each.number for each in members if each.digest == crossing), None)
        return f"{self._model}@{number or short(crossing)}"

    # ---- a round --------------------------------------------------------------------------

    def _go_through(self, at: _At, outcomes: Outcomes) -> int:
        """Go through the round that is under way, and return how many checkpoints were written."""
        place, round_ = at.place, at.place.round
        if round_ is None:
            return 0
        events = read_events(
            self._project, self._model, at.log, outcomes, place=place, round_=round_
        )
        rows, walk, written = events.rows, Walk(at.learner, at.frozen, place), 0
        begin = _behind(rows, round_.after)
        while begin < rows.num_rows:
            some = rows.slice(begin, self._chunk).to_pylist()
            begin += len(some)
            found = read_rows(at.log, at.frozen, some, mixed=at.mixed)
            for event, (values, served) in zip(some, found, strict=True):
                walk.take(event, values, served)
            walk.settle()
            place.pending.forget(some[-1]["time"] - PATIENCE_US)
            place.round = msgspec.structs.replace(round_, after=_stop(some[-1]))
            if begin < rows.num_rows:
                self._write(at)
                written += 1
        if not self._end(place, round_, events) and not rows.num_rows:
            return written
        self._write(at)
        return written + 1

    def _end(self, place: Place, round_: Round, events: Events) -> bool:
        """End a round; return whether something changed that is no event."""
        waiting = events.waiting[-MOST_WAITING:]
        place.count("lost", len(events.waiting) - len(waiting))
        for name, count in events.counts.items():
            place.count(name, count)
        changed = waiting != place.waiting or any(events.counts.values())
        place.at_us, place.sequence, place.waiting = round_.at_us, round_.sequence, waiting
        place.round = None
        return changed

    def _write(self, at: _At) -> None:
        """Write learner and place, and move the pointer there from where it was, or nothing."""
        draft = self._store.draft()
        learned = at.place.counts.get("learned", 0)
        figures = at.place.prequential.figures()
        checkpoint = Checkpoint(
            model_name=self._model,
            parent=at.parent,
            live=at.live,
            before=at.before,
            model=self._artifacts.save(
                Model(at.learner, features=at.frozen),
                draft,
                place=f"what the learner of {self._model} learned",
            ),
            place=draft.put(at.place.to_bytes()),
            learned=learned,
            counts=dict(at.place.counts),
            metrics=to_plain(figures[-_RECORDED_DAYS:]),
        )
        digest = draft.record(checkpoint)
        draft.move_from(
            learner_pointer(self._model), at.there, digest, reason=f"learned {learned:,} examples"
        )
        self._store.commit(draft, writer=self._store.catalog.writer(self._project.actor))
        at.there = at.before = digest


@dataclass
class _At:
    """Where an advance is.

    Attributes:
        parent: the crossing that the learner began with.
        live: the crossing that is live.
        there: where the pointer is, from which the next write moves it.
        before: the checkpoint of this parent before.
        learner: what learns.
        frozen: its features.
        log: the logged predictions of the model.
        mixed: the columns on whose types the model's crossings do not agree.
        place: what goes on from checkpoint to checkpoint.
    """

    parent: Digest
    live: Digest
    there: Digest | None
    before: Digest | None
    learner: Learner
    frozen: Frozen
    log: Table
    mixed: frozenset[str]
    place: Place


def _behind(rows: pa.Table, after: Stop | None) -> int:
    """Return the place of the first event behind a stop."""
    if after is None:
        return 0
    places = range(rows.num_rows)
    return bisect_right(places, after, key=lambda place: _stop(rows.slice(place, 1).to_pylist()[0]))


def _stop(event: Mapping[str, Any]) -> Stop:
    return Stop(event["time"], event["kind"], event["sequence"], event["prediction_id"])


def _micros(moment: datetime) -> int:
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return micros(moment)
