"""A trigger as the project file says it: ``[[trigger]]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from interplane.errors import ConfigError
from interplane.monitoring.rules import Action
from interplane.record import check_name
from interplane.record.base import Value
from interplane.record.durations import parse_duration
from interplane.record.sections import read_section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Trigger", "read_triggers"]

_DO: Final = "Mend that part of the project file"


class Trigger(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What starts a run by itself, beside alerts (see ``then`` of a rule).

    With neither a schedule nor a dataset it is started by people alone (``interplane trigger``).

    Attributes:
        name: its name; no two triggers or rules have the same.
        run: the pipeline.
        schedule: when, as five fields of cron in UTC: ``0 3 * * *``.
        data: the dataset whose new versions start it.
        parameters: hyperparameters; texts may say ``$day``, ``$day-14d``, ``$hour`` of when it fired.
        debounce: after a run, for how long no other one is started (``6h``).
        busy: what happens while a run of that pipeline is under way: ``skip`` it, or ``queue``.
        missed: of scheduled times at which nothing ran, and of versions that came at once, whether
            ``one`` run stands for all or ``each`` gets its own.

    >>> Trigger(name="nightly", run="flights", schedule="0 3 * * *").action.run
    'flights'
    """

    name: str
    run: str
    schedule: str | None = None
    data: str | None = None
    parameters: dict[str, Any] = {}
    debounce: str = "0s"
    busy: Literal["skip", "queue"] = "queue"
    missed: Literal["one", "each"] = "one"

    @property
    def action(self) -> Action:
        """The run that it starts."""
        return Action(
            run=self.run, parameters=self.parameters, debounce=self.debounce, busy=self.busy
        )


def read_triggers(
    plain: Sequence[Mapping[str, Any]], *, place: str = "interplane.toml"
) -> tuple[Trigger, ...]:
    """Read the tables ``[[trigger]]`` of a project file.

    Raises:
        ConfigError: if one says something that Interplane does not know, or that makes no sense.

    >>> [item.name for item in read_triggers([{"name": "fresh", "data": "flights", "run": "late"}])]
    ['fresh']
    """
    if not isinstance(plain, list | tuple):
        raise ConfigError(f"{place}: trigger is {plain!r}", expected="tables [[trigger]]", do=_DO)
    found: dict[str, Trigger] = {}
    for number, item in enumerate(plain, start=1):
        trigger = _read(item, f"{place}: [[trigger]] number {number}")
        if trigger.name in found:
            raise ConfigError(
                f"{place}: two triggers are called {trigger.name!r}",
                expected="a name of its own for each: firings are known by it",
                do="Rename one of them",
            )
        found[trigger.name] = trigger
    return tuple(found.values())


def _read(plain: Any, place: str) -> Trigger:
    trigger = read_section(
        plain,
        Trigger,
        place=place,
        example='for example name = "nightly", run = "flights", schedule = "0 3 * * *"',
        do=_DO,
    )
    _check(trigger, f"{place} ({trigger.name})")
    return trigger


def _check(trigger: Trigger, place: str) -> None:
    from interplane.monitoring.triggers.parameters import check_parameters
    from interplane.monitoring.triggers.schedule import check_schedule

    check_name(trigger.name, of="trigger")
    check_name(trigger.run, of="pipeline")
    if trigger.schedule is not None and trigger.data is not None:
        raise ConfigError(
            f"{place} has a schedule and a dataset",
            expected="one of the two",
            do="Make two triggers of it",
        )
    if trigger.data is not None:
        check_name(trigger.data, of="dataset")
    if trigger.schedule is not None:
        check_schedule(trigger.schedule, place=place)
    if parse_duration(trigger.debounce) is None:
        raise ConfigError(
            f"{place}: debounce is {trigger.debounce!r}",
            expected="a length of time such as 30m, 6h or 1d",
            do=_DO,
        )
    check_parameters(trigger.parameters, place=place)
