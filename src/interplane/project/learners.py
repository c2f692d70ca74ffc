"""The learners of a project, advanced when it is time: one pass of whoever keeps it running."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from interplane.errors import InterplaneError
from interplane.monitoring.triggers.firing import Firing
from interplane.monitoring.triggers.parameters import filled
from interplane.project.journal import open_journal
from interplane.project.learning import Advance, Learning
from interplane.record import Value
from interplane.storage.names import learner_pointer
from interplane.views.view import micros

if TYPE_CHECKING:
    from interplane.monitoring.alerts.journal import SqliteJournal
    from interplane.project.config_learning import LearnerConfig
    from interplane.project.project import Project

__all__ = ["Learned", "learn_all"]


class Learned(Value, frozen=True, kw_only=True):
    """What a pass did for one learner whose time had come.

    Attributes:
        model: the model.
        advance: what was learned.
        firing: the run that its checkpoint starts, if it starts one: always the same for a checkpoint.
    """

    model: str
    advance: Advance
    firing: Firing | None = None


def learn_all(project: Project, now: datetime) -> list[Learned]:
    """Advance each learner of the project file whose time has come; see ``[[learner]]``.

    A new checkpoint starts its run once: the firing is written to the journal, under the checkpoint's
    digest, with the mark that says when the learner was advanced. A pass that was killed before that is
    made again, and finds the same checkpoint.

    Args:
        project: the project.
        now: the clock. UTC where there is no zone.

    Raises:
        InterplaneError: the first of what went wrong, when all learners had their turn. One that failed
            is tried again when its time comes again.
    """
    if not project.config.learner:
        return []
    journal = open_journal(project)
    done: list[Learned] = []
    failed: list[InterplaneError] = []
    try:
        for learner in project.config.learner:
            try:
                found = _learn(project, learner, journal, now)
            except InterplaneError as error:
                failed.append(error)
            else:
                done += [] if found is None else [found]
    finally:
        journal.close()
    if failed:
        raise failed[0]
    return done


def _learn(
    project: Project, learner: LearnerConfig, journal: SqliteJournal, now: datetime
) -> Learned | None:
    """Advance a learner if it is time, and write down what follows; None if it is not."""
    now_us = _micros(now)
    name = f"learner/{learner.model}"
    before_us = journal.marks().get(name)
    if before_us is not None and now_us - before_us < learner.every_s * 1e6:
        return None
    firing = None
    try:
        advance = Learning(project, learner.model).advance(now)
        firing = _firing(project, learner, before_us)
    finally:
        journal.record_due([] if firing is None else [firing], {name: now_us})
    return Learned(model=learner.model, advance=advance, firing=firing)


def _firing(project: Project, learner: LearnerConfig, since_us: int | None) -> Firing | None:
    """Return the run that the last checkpoint starts, if it was not there at the last pass."""
    catalog = project.store.catalog
    checkpoint = catalog.pointer(learner_pointer(learner.model))
    if checkpoint is None or learner.then is None:
        return None
    at_us = _micros(datetime.fromisoformat(catalog.get(checkpoint).at))
    if since_us is not None and at_us < since_us:
        return None
    action = msgspec.structs.replace(
        learner.then, parameters=filled(learner.then.parameters, at_us=at_us)
    )
    return Firing.of(
        f"learner-{learner.model}",
        checkpoint,
        cause="data",
        action=action,
        due_us=at_us,
        reason=f"a checkpoint of the learner of {learner.model}",
    )


def _micros(moment: datetime) -> int:
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return micros(moment)
