"""``interplane trigger``: what starts runs by itself, what it started, and starting one by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from interplane.cli.output import json_option, print_json, print_table, say
from interplane.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.monitoring.alerts.journal import SqliteJournal
    from interplane.monitoring.rules import Action
    from interplane.monitoring.triggers.firing import Firing
    from interplane.project.project import Project

__all__ = ["trigger"]

_SHORT = 8


@click.command()
@click.argument("name", required=False)
@click.option("--reason", help="Why you start it, for the record.")
@click.option("--firings", is_flag=True, help="List what fired, newest first.")
@click.option("--limit", default=20, show_default=True, help="With --firings: how many.")
@click.option("--log", metavar="FIRING", help="Print what the run of a firing wrote.")
@json_option
def trigger(
    name: str | None,
    *,
    reason: str | None,
    firings: bool,
    limit: int,
    log: str | None,
    as_json: bool,
) -> None:
    """List triggers; with NAME and a reason, fire one by hand.

    A trigger runs recorded code: that of the live crossing (or of the pipeline's last run that
    succeeded), laid out in a folder of its own, never what you are working on. The run is started by
    "interplane up" (or "interplane up --once"), and its actor says which trigger it was.
    """
    from interplane.project.journal import open_journal
    from interplane.project.project import Project

    project = Project.find()
    journal = open_journal(project)
    try:
        if log is not None:
            click.echo(_log(project, journal, log), nl=False)
        elif firings:
            found = journal.firings(trigger=name, limit=limit)
            print_json([item.to_dict() for item in found]) if as_json else _say_firings(found)
        elif name is not None:
            _fire(project, journal, name, reason, as_json=as_json)
        else:
            _list(project, journal, as_json=as_json)
    finally:
        journal.close()


def _actions(project: Project) -> dict[str, tuple[str, Action]]:
    """Return what each trigger waits for, and the run that it starts, by name."""
    found: dict[str, tuple[str, Action]] = {}
    for item in project.config.trigger:
        waits = item.schedule or (f"new {item.data}" if item.data is not None else "a person")
        found[item.name] = (waits, item.action)
    for rule in project.config.monitor:
        if rule.then is not None:
            found[rule.name] = ("its alerts", rule.then)
    return found


def _fire(
    project: Project, journal: SqliteJournal, name: str, reason: str | None, *, as_json: bool
) -> None:
    from interplane.monitoring.triggers.due import person_firing
    from interplane.storage.clock import micros_of, system_token

    actions = _actions(project)
    if name not in actions:
        raise UnknownName.of("trigger", name, actions, do='See them with "interplane trigger"')
    if reason is None or not reason.strip():
        raise UsageError(
            "a trigger is fired without a reason", expected="why", do='Say it with --reason "…"'
        )
    made = person_firing(
        name,
        actions[name][1],
        who=project.actor,
        reason=reason,
        token=system_token(),
        now_us=micros_of(datetime.now(UTC)),
    )
    journal.record_due([made], {})
    if as_json:
        print_json(made.to_dict())
        return
    say(f"{made.id[:_SHORT]}: {made.action.run} is to run ({reason}), by {project.actor}.")
    say('"interplane up" starts it; "interplane up --once" does without staying.')


def _list(project: Project, journal: SqliteJournal, *, as_json: bool) -> None:
    actions, last = _actions(project), _last(journal)
    if as_json:
        print_json(
            [
                {
                    "name": name,
                    "fires": waits,
                    "action": action.to_dict(),
                    "last": None if name not in last else last[name].to_dict(),
                }
                for name, (waits, action) in actions.items()
            ]
        )
        return
    if not actions:
        say("No trigger: neither [[trigger]] nor a rule with then is in the project file.")
        return
    rows = [
        (name, waits, action.run, _when(last.get(name)), _state(last.get(name)))
        for name, (waits, action) in actions.items()
    ]
    print_table(("trigger", "fires on", "runs", "fired last", "went"), rows)


def _last(journal: SqliteJournal) -> Mapping[str, Firing]:
    return {item.trigger: item for item in reversed(journal.firings())}


def _say_firings(found: Sequence[Firing]) -> None:
    """Say each firing in two lines: as a table it would not fit the screen."""
    if not found:
        say("Nothing has fired yet.")
        return
    for item in found:
        asked = f"{item.reason} ({item.who})" if item.who else item.reason
        say(f"{item.id[:_SHORT]}  {item.state:<8}  {item.trigger}: {asked}")
        parts = [
            f"fired {_when(item)}",
            item.action.run if item.run is None else f"{item.action.run} @{item.run[:12]}",
            *([item.note] if item.note else []),
        ]
        say(f"{'':{_SHORT}}  {', '.join(parts)}")


def _log(project: Project, journal: SqliteJournal, text: str) -> str:
    from interplane.project.firing_runs import firing_log

    found = [item for item in journal.firings() if text and item.id.startswith(text)]
    if len(found) != 1:
        raise UnknownName(
            f"{text!r} is the beginning of {len(found)} firings",
            expected="that of one",
            do='See them with "interplane trigger --firings"',
            name=text,
        )
    path = firing_log(project, found[0])
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _when(item: Any) -> str:
    from interplane.monitoring.alerts.message import time_of

    return "" if item is None else time_of(item.due_us)


def _state(item: Firing | None) -> str:
    return "" if item is None else item.state
