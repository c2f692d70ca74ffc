"""The learners that the project file names: ``[[learner]]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from interplane.errors import ConfigError
from interplane.monitoring.rule_keys import read_action
from interplane.monitoring.rules import Action
from interplane.record import check_name
from interplane.record.base import Value
from interplane.record.durations import parse_duration
from interplane.record.sections import check_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LearnerConfig", "read_learners"]


class LearnerConfig(Value, frozen=True, kw_only=True):
    """A model whose learner is advanced while ``interplane up`` runs.

    Attributes:
        model: the model.
        every: how long after a checkpoint it is advanced again.
        then: the run that a new checkpoint starts, if one is to: it takes ``ip.learned``. Each starts
            one unless it says ``debounce``.
    """

    model: str
    every: str = "1h"
    then: Action | None = None

    @property
    def every_s(self) -> float:
        """``every`` in seconds."""
        return parse_duration(self.every) or 0.0


def read_learners(plain: Sequence[Any], *, place: str) -> tuple[LearnerConfig, ...]:
    """Read the tables ``[[learner]]`` of a project file.

    Raises:
        ConfigError: if one says something that Interplane does not know, or that makes no sense.

    >>> read_learners([{"model": "trips", "every": "30m", "then": "run:trips"}], place="here")[
    ...     0
    ... ].then.run
    'trips'
    """
    if not isinstance(plain, list | tuple):
        raise ConfigError(
            f"{place}: learner is {plain!r}", expected="tables [[learner]]", do="Mend it"
        )
    found: dict[str, LearnerConfig] = {}
    for number, item in enumerate(plain, start=1):
        learner = _read(item, f"{place}: [[learner]] number {number}")
        if learner.model in found:
            raise ConfigError(
                f"{place}: two learners are of the model {learner.model!r}",
                expected="one for a model",
                do="Take one of them out",
            )
        found[learner.model] = learner
    return tuple(found.values())


def _read(plain: Any, place: str) -> LearnerConfig:
    if not isinstance(plain, dict):
        raise ConfigError(f"{place} is {plain!r}", expected="a table", do="Mend it")
    check_settings(plain, LearnerConfig.__struct_fields__, place=place)
    model, every = plain.get("model"), plain.get("every", "1h")
    if not isinstance(model, str):
        raise ConfigError(
            f"{place}: model is {model!r}",
            expected='a model, for example model = "trips"',
            do="Mend it",
        )
    if not isinstance(every, str) or parse_duration(every) is None:
        raise ConfigError(
            f"{place}: every is {every!r}",
            expected="a length of time such as 30m or 1h",
            do="Mend it",
        )
    then = plain.get("then")
    return LearnerConfig(
        model=check_name(model, of="model"),
        every=every,
        then=None if then is None else _action(then, place),
    )


def _action(plain: Any, place: str) -> Action:
    action = read_action(plain, place=place, of="a learner")
    if isinstance(plain, dict) and "debounce" in plain:
        return action
    return msgspec.structs.replace(action, debounce="0s")  # ``every`` is what holds it back
