"""One pass over triggers: write down what fires, see what became of runs, start what is to start.

The order for each start is: write down that it is started, start the process. Who is killed in
between finds, the next time, a firing that is started, no process that lives for it and no run that
it recorded: only then is the process started once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from interplane.errors import InterplaneError
from interplane.monitoring.triggers.decision import decide
from interplane.monitoring.triggers.due import MOST_AT_ONCE, due

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.monitoring.alerts.ports import Journal
    from interplane.monitoring.triggers.firing import Firing
    from interplane.monitoring.triggers.ports import Found, Runs
    from interplane.monitoring.triggers.trigger import Trigger
    from interplane.record.digests import Digest

__all__ = ["ATTEMPTS", "pass_over_triggers"]

ATTEMPTS: Final = 3
"""How often a run is taken up again whose process ended without a word."""

_replace = msgspec.structs.replace


def pass_over_triggers(
    journal: Journal,
    runs: Runs,
    triggers: Sequence[Trigger],
    *,
    versions: Mapping[str, Sequence[Digest]],
    now_us: int,
) -> None:
    """Make one pass.

    Args:
        journal: what fired before, and what became of it.
        runs: starts runs and finds them again.
        triggers: those of the project.
        versions: the versions of each dataset that a trigger names, oldest first.
        now_us: the time now, microseconds since 1970 UTC.

    Raises:
        StorageError: if the journal cannot be written.
    """
    while True:
        fires = due(triggers, marks=journal.marks(), versions=versions, now_us=now_us)
        if fires.firings or fires.marks:
            journal.record_due(fires.firings, fires.marks)
        if len(fires.firings) < MOST_AT_ONCE:
            break
    for firing in reversed(journal.firings(states=["started"])):
        _follow(journal, runs, firing, now_us)
    waiting = journal.firings(states=["waiting"])
    if waiting:
        _decide(journal, runs, waiting, now_us)


def _follow(journal: Journal, runs: Runs, firing: Firing, now_us: int) -> None:
    """See what became of a run that was started."""
    found = runs.find(firing)
    if found.is_alive:
        return
    firing = _replace(
        firing, exit_code=found.exit_code, run=found.run, crossings=found.crossings, note=found.note
    )
    if found.status is not None:
        state = "failed" if found.status == "failed" else "done"
        journal.record_firing(_replace(firing, state=state, ended_us=now_us))
    elif not _is_cut_off(found):
        note = found.note or f"its process ended with exit code {found.exit_code}"
        journal.record_firing(_replace(firing, state="failed", ended_us=now_us, note=note))
    elif firing.attempts >= ATTEMPTS:
        note = f"its process ended {firing.attempts} times without a word"
        journal.record_firing(_replace(firing, state="failed", ended_us=now_us, note=note))
    else:
        _begin(journal, runs, firing, now_us)


def _is_cut_off(found: Found) -> bool:
    """Return whether a process without an end on record was killed, not wrong."""
    return found.exit_code is None or found.exit_code < 0 or found.exit_code == _STOPPED


_STOPPED: Final = 130
"""The exit code of a command that somebody stopped at the terminal."""


def _decide(journal: Journal, runs: Runs, waiting: Sequence[Firing], now_us: int) -> None:
    busy = dict(runs.busy({firing.action.run for firing in waiting}))
    for firing in journal.firings(states=["started"]):
        busy[firing.action.run] = firing.actor
    decisions = decide(waiting, last=journal.last_begun(), busy=busy, now_us=now_us)
    for firing, what, note in decisions:
        if what == "start":
            _begin(journal, runs, firing, now_us)
        elif what == "skip":
            journal.record_firing(_replace(firing, state="skipped", note=note, ended_us=now_us))
        elif note != firing.note:
            journal.record_firing(_replace(firing, note=note))


def _begin(journal: Journal, runs: Runs, firing: Firing, now_us: int) -> None:
    started = _replace(
        firing,
        state="started",
        note="",
        attempts=firing.attempts + 1,
        began_us=now_us if firing.began_us is None else firing.began_us,
    )
    journal.record_firing(started)
    try:
        code = runs.begin(started)
    except InterplaneError as error:
        failed = _replace(started, state="failed", ended_us=now_us, note=str(error)[:1000])
        journal.record_firing(failed)
    else:
        journal.record_firing(_replace(started, code=code))
