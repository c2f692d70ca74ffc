"""``python -m interplane.project.keeping``: the keeper as a process of its own, below `interplane up`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import InterplaneError
from interplane.project.audits import AuditSchedule
from interplane.project.canaries import decide_rollouts
from interplane.project.journal import open_journal
from interplane.project.keeper import Keeper, Pass
from interplane.project.learners import learn_all
from interplane.project.project import Project
from interplane.project.upkeep import Upkeep
from interplane.project.watching import look_at_models
from interplane.serving.log_lines import LogLines
from interplane.serving.parent import Parent

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

__all__ = ["keep", "watching_passes"]

_RUNS_END_S: Final = 10.0
_POLL_S: Final = 0.2
_ALERT_LINES: Final = 1_000_000


def watching_passes(project: Project) -> Sequence[Pass]:
    """Return the passes that look at what servers logged: monitors, canaries, learners, audits."""
    return (
        Pass("monitors", lambda _now: look_at_models(project)),
        Pass("rollouts", lambda now: decide_rollouts(project, now)),
        Pass("learners", lambda now: learn_all(project, now)),
        Pass("audits", AuditSchedule(project).audit_what_is_due),
    )


def keep(
    project: Project, *, every_s: float, once: bool, stopping: threading.Event, ready: Any = None
) -> None:
    """Keep a project's workspace until told to stop; with ``once`` until what was due is done.

    Raises:
        StorageError: if somebody else keeps it.
    """
    # Alerts are told in the log: none of them may be left out as one too many in a second.
    log = LogLines({"process": "keeper"}, most=_ALERT_LINES)
    journal = open_journal(project)
    upkeep = Upkeep(project, journal, log=log)
    passes = upkeep.passes(watching_passes(project))
    keeper = Keeper(project.workspace, passes, every_s=every_s, log=log, stopping=stopping)
    try:
        if once:
            _once(keeper, upkeep, project, log)
        else:
            keeper.run(ready=ready or (lambda: None))
    finally:
        upkeep.runs.end(within_s=_RUNS_END_S)
        journal.close()


def _once(keeper: Keeper, upkeep: Upkeep, project: Project, log: LogLines) -> None:
    """Make one turn, wait for the runs that it started, and take note of how they went."""
    keeper.run(once=True)
    rest = [item for item in upkeep.passes() if item.name in {"triggers", "deliveries"}]
    after = Keeper(project.workspace, rest, log=log, stopping=keeper.stopping)
    while not keeper.stopping.is_set() and upkeep.is_at_work():
        keeper.stopping.wait(_POLL_S)
        after.run(once=True)


def main(root: str, every_s: str) -> None:
    """Run below a parent, which hears that we are ready, or why we are not."""
    parent = Parent()
    parent.hear_signals()
    try:
        project = Project.find(Path(root))
        keep(
            project,
            every_s=float(every_s),
            once=False,
            stopping=parent.stopping,
            ready=parent.say_ready,
        )
    except InterplaneError as error:
        parent.say_failed(error)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main(*sys.argv[1:])
