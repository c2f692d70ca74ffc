"""The learners of a project, advanced when it is time: one pass of whoever keeps it running."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from interplane.errors import InterplaneError
from interplane.monitoring.triggers.firing import Firing
from interplane.monitoring.triggers.parameters import filled
from interplane.project.learning import Advance, Learning
from interplane.record import Value
from interplane.storage.names import learner_pointer
from interplane.views.view import micros

if TYPE_CHECKING:
    from interplane.project.config_learning import LearnerConfig
    from interplane.project.project import Project
    from interplane.record import Digest

__all__ = ["Learned", "learn_all"]


class Learned(Value, frozen=True, kw_only=True):
    """What a pass did for one learner.

    Attributes:
        model: the model.
        advance: what was learned; None where it was not time yet, or it failed.
        firing: the run that its last checkpoint starts, always the same one for a checkpoint: whoever
            records it twice starts one run.
        trouble: why it could not be advanced; the others were.
    """

    model: str
    advance: Advance | None = None
    firing: Firing | None = None
    trouble: str = ""


def learn_all(project: Project, now: datetime) -> list[Learned]:
    """Advance each learner of the project file whose time has come; see ``[[learner]]``.

    Args:
        project: the project.
        now: the clock. UTC where there is no zone.

    Returns:
        What became of each, in the order of the file. One that cannot be advanced keeps no other from
        it.
    """
    return [_learn(project, each, now) for each in project.config.learner]


def _learn(project: Project, learner: LearnerConfig, now: datetime) -> Learned:
    advance = None
    try:
        if _is_due(project, learner, now):
            advance = Learning(project, learner.model).advance(now)
    except InterplaneError as error:
        return Learned(model=learner.model, trouble=str(error))
    return Learned(model=learner.model, advance=advance, firing=_firing(project, learner))


def _is_due(project: Project, learner: LearnerConfig, now: datetime) -> bool:
    last = project.store.catalog.pointer(learner_pointer(learner.model))
    if last is None:
        return True
    written = datetime.fromisoformat(project.store.catalog.get(last).at)
    moment = now if now.tzinfo is not None else now.replace(tzinfo=UTC)
    return moment - written >= timedelta(seconds=learner.every_s)


def _firing(project: Project, learner: LearnerConfig) -> Firing | None:
    """Return the run that the last checkpoint starts."""
    digest = project.store.catalog.pointer(learner_pointer(learner.model))
    if digest is None:
        return None
    return _firing_of(learner, digest, at=project.store.catalog.get(digest).at)


def _firing_of(learner: LearnerConfig, checkpoint: Digest, *, at: str) -> Firing | None:
    """Return the firing of a checkpoint: its key is the checkpoint, so it fires once.

    Args:
        learner: says what it starts.
        checkpoint: the checkpoint's digest.
        at: when it was written, ISO 8601.
    """
    if learner.then is None:
        return None
    at_us = micros(datetime.fromisoformat(at).astimezone(UTC).replace(tzinfo=None))
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
