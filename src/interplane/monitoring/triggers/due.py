"""Which triggers fire: a pure function of what was seen before and of what is there now.

What was seen is kept as a mark for each trigger, written in one transaction with the firings: so
nothing is fired twice, and nothing in between is left out. A trigger that is looked at for the
first time fires for nothing that was there before.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from interplane.monitoring.triggers.firing import Firing
from interplane.monitoring.triggers.parameters import filled
from interplane.monitoring.triggers.schedule import scheduled_key, times_between

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from interplane.monitoring.alerts.alert import Alert
    from interplane.monitoring.rules import Action, Rule
    from interplane.monitoring.triggers.firing import Cause
    from interplane.monitoring.triggers.trigger import Trigger
    from interplane.record.digests import Digest

__all__ = ["MOST_AT_ONCE", "Due", "alert_firings", "due", "person_firing"]

MOST_AT_ONCE: Final = 10_000
"""How many times of one trigger are taken up in one look; the next look goes on from there."""


class Due(NamedTuple):
    """What fires, and how far each trigger was looked at.

    Attributes:
        firings: new ones, oldest first; those that another one stands for are skipped already.
        marks: the new mark of each trigger whose mark moved.
    """

    firings: tuple[Firing, ...]
    marks: dict[str, int]


def due(
    triggers: Iterable[Trigger],
    *,
    marks: Mapping[str, int],
    versions: Mapping[str, Sequence[Digest]],
    now_us: int,
) -> Due:
    """Return what fires now.

    Args:
        triggers: those of the project.
        marks: what earlier looks returned.
        versions: the versions of each dataset, oldest first.
        now_us: the time now, microseconds since 1970 UTC.

    >>> from interplane.monitoring.triggers.trigger import Trigger
    >>> hourly = Trigger(name="hourly", run="flights", schedule="0 * * * *")
    >>> first = due([hourly], marks={}, versions={}, now_us=0)
    >>> later = due([hourly], marks=first.marks, versions={}, now_us=2 * 3_600_000_000)
    >>> [(item.key, item.state) for item in later.firings]
    [('1970-01-01T01:00Z', 'skipped'), ('1970-01-01T02:00Z', 'waiting')]
    """
    firings: list[Firing] = []
    moved: dict[str, int] = {}
    for trigger in triggers:
        name = _mark_of(trigger)
        if name is None:
            continue
        found, mark = _look(trigger, marks.get(name), versions, now_us)
        if trigger.missed == "one":
            found = list(_last_stands_for_all(found, now_us))
        firings += found
        if mark != marks.get(name):
            moved[name] = mark
    return Due(tuple(sorted(firings, key=lambda item: (item.due_us, item.id))), moved)


def alert_firings(
    opened: Iterable[Alert], *, rules: Mapping[str, Rule], now_us: int
) -> list[Firing]:
    """Return the firings of alerts that were opened, for those whose rule says what then.

    Args:
        opened: alerts that a window opened.
        rules: the rules by name.
        now_us: the time now.
    """
    return [
        _firing(
            *(alert.cell.rule, alert.id, rule.then, now_us),
            cause="alert",
            reason=f"alert {alert.id[:12]} of {alert.cell.model}",
        )
        for alert in opened
        if (rule := rules.get(alert.cell.rule)) is not None and rule.then is not None
    ]


def person_firing(
    name: str, action: Action, *, who: str, reason: str, token: str, now_us: int
) -> Firing:
    """Return the firing of a trigger by a person, who says why; ``token`` makes two differ."""
    firing = _firing(name, f"person/{token}", action, now_us, cause="person", reason=reason)
    return msgspec.structs.replace(firing, who=who)


def _mark_of(trigger: Trigger) -> str | None:
    if trigger.schedule is not None:
        return f"schedule/{trigger.name}"
    return None if trigger.data is None else f"data/{trigger.name}/{trigger.data}"


def _look(
    trigger: Trigger, mark: int | None, versions: Mapping[str, Sequence[Digest]], now_us: int
) -> tuple[list[Firing], int]:
    """Return what a trigger fires, and its new mark: a time, or a count of versions."""
    if trigger.schedule is not None:
        if mark is None:
            return [], now_us
        times = list(islice(times_between(trigger.schedule, mark, now_us), MOST_AT_ONCE))
        found = [
            _firing(
                *(trigger.name, scheduled_key(at), trigger.action, at),
                cause="schedule",
                reason=f"scheduled ({trigger.schedule})",
            )
            for at in times
        ]
        return found, times[-1] if len(times) == MOST_AT_ONCE else max(mark, now_us)
    name = str(trigger.data)
    there = versions.get(name, ())
    if mark is None:
        return [], len(there)
    new = list(enumerate(there, start=1))[mark : mark + MOST_AT_ONCE]
    found = [
        _firing(
            *(trigger.name, digest, trigger.action, now_us),
            cause="data",
            reason=f"new data: {name}@{number}",
        )
        for number, digest in new
    ]
    return found, mark + len(new)


def _last_stands_for_all(firings: Sequence[Firing], now_us: int) -> Iterator[Firing]:
    for firing in firings[:-1]:
        yield msgspec.structs.replace(
            firing,
            state="skipped",
            ended_us=now_us,
            note=f"one run for all: see {firings[-1].id[:12]}",
        )
    yield from firings[-1:]


def _firing(
    trigger: str, key: str, action: Action, at_us: int, *, cause: Cause, reason: str
) -> Firing:
    action = msgspec.structs.replace(action, parameters=filled(action.parameters, at_us=at_us))
    return Firing.of(trigger, key, cause=cause, action=action, due_us=at_us, reason=reason)
