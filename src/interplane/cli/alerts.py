"""``interplane alerts``: what monitors found, who was told, and what people said to it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from interplane.cli.options import TIME
from interplane.cli.output import age, json_option, print_json, print_table, say
from interplane.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.monitoring.alerts.alert import Alert
    from interplane.monitoring.alerts.journal import SqliteJournal
    from interplane.monitoring.alerts.outbox import Delivery
    from interplane.monitoring.alerts.ports import Event, RuleMute
    from interplane.monitoring.triggers.firing import Firing
    from interplane.project.project import Project

__all__ = ["alerts"]

_SHORT = 8
_SHOWN_EVENTS = 20


@click.group(invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Those that were resolved, too.")
@click.option("--model", help="Those of one model.")
@json_option
@click.pass_context
def alerts(ctx: click.Context, *, everything: bool, model: str | None, as_json: bool) -> None:
    """List alerts, open ones first.

    An alert is one episode: of one rule, in one slice (and column), from the window that opened it
    to the quiet ones that ended it. An id may be abbreviated.
    """
    if ctx.invoked_subcommand is not None:
        return
    with _opened() as (_, journal):
        found = journal.alerts(model=model, everything=everything)
        mutes = journal.mutes(now_us=_now_us())
        undelivered = [item for item in journal.deliveries() if item.state == "failed"]
    if as_json:
        print_json([_plain(alert) for alert in found])
        return
    if not found:
        more = "" if everything else ' See past ones with "interplane alerts --all".'
        say(f"No alert is open.{more}" if not everything else "There was no alert yet.")
    else:
        _say_list(found)
    _say_mutes(mutes)
    for item in undelivered:
        say(f"Not told: {item.alert[:_SHORT]} {item.event} by {item.channel}: {item.error}")


@alerts.command()
@click.argument("alert")
@json_option
def show(alert: str, *, as_json: bool) -> None:
    """Show ALERT on one screen: where, how much, its rows, its history, who was told."""
    with _opened() as (_, journal):
        found = journal.find_alert(alert)
        history = journal.history(found.id)
        deliveries = journal.deliveries(alert=found.id)
        firings = [item for item in journal.firings() if item.key == found.id]
    if as_json:
        print_json(
            {
                **_plain(found),
                "history": [event.to_dict() for event in history],
                "deliveries": [item.to_dict() for item in deliveries],
                "firings": [item.to_dict() for item in firings],
            }
        )
        return
    _say_one(found)
    _say_history(history)
    _say_deliveries(deliveries)
    _say_firings(firings)


@alerts.command()
@click.argument("alert")
@click.option("--reason", required=True, help="What you say to it, for the record.")
@json_option
def ack(alert: str, *, reason: str, as_json: bool) -> None:
    """Say that you saw ALERT. It goes on; others see who takes care of it."""
    with _opened() as (project, journal):
        found = journal.find_alert(alert)
        seen = journal.acknowledge(found.id, who=project.actor, why=_said(reason), now_us=_now_us())
    if as_json:
        print_json(_plain(seen))
        return
    say(f"{seen.id[:_SHORT]} is acknowledged by {project.actor}: {reason}")


@alerts.command()
@click.argument("rule")
@click.option("--slice", "where", multiple=True, metavar="COLUMN=VALUE", help="Only that slice.")
@click.option("--until", type=TIME, help="Until when (UTC).")
@click.option("--for", "length", metavar="TIME", help="For how long: 6h, 2d.")
@click.option("--reason", required=True, help="Why, for the record.")
@json_option
def mute(
    rule: str,
    *,
    where: tuple[str, ...],
    until: datetime | None,
    length: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """Tell nobody of RULE for a while. It goes on judging.

    What is open still when the time is over is told then; what was resolved meanwhile never is.
    """
    from interplane.monitoring.alerts.ports import RuleMute

    now_us = _now_us()
    with _opened() as (project, journal):
        _check_rule(project, journal, rule)
        made = RuleMute(
            rule=rule,
            where=_where(where),
            until_us=_until_us(until, length, now_us),
            at_us=now_us,
            who=project.actor,
            why=_said(reason),
        )
        about = journal.mute(made)
    if as_json:
        print_json({**made.to_dict(), "alerts": [alert.id for alert in about]})
        return
    _say_mutes([made])
    say(f"It is about {len(about)} open {'alert' if len(about) == 1 else 'alerts'}.")


@alerts.command()
@click.argument("rule")
@click.option("--slice", "where", multiple=True, metavar="COLUMN=VALUE", help="Only that mute.")
@click.option("--reason", default="", help="Why, for the record.")
def unmute(rule: str, *, where: tuple[str, ...], reason: str) -> None:
    """Tell of RULE again."""
    with _opened() as (project, journal):
        _check_rule(project, journal, rule)
        ended = journal.unmute(
            rule,
            where=_where(where) if where else None,
            who=project.actor,
            why=reason,
            now_us=_now_us(),
        )
    say(f"{ended} {'mute' if ended == 1 else 'mutes'} of {rule} ended.")


@contextmanager
def _opened() -> Iterator[tuple[Project, SqliteJournal]]:
    from interplane.project.journal import open_journal
    from interplane.project.project import Project

    project = Project.find()
    journal = open_journal(project)
    try:
        yield project, journal
    finally:
        journal.close()


def _now_us() -> int:
    from interplane.storage.clock import micros_of

    return micros_of(datetime.now(UTC))


def _said(reason: str) -> str:
    if not reason.strip():
        raise UsageError("no reason is given", expected="why", do='Say it with --reason "…"')
    return reason


def _check_rule(project: Project, journal: SqliteJournal, rule: str) -> None:
    known = {*project.config.rules, *(alert.cell.rule for alert in journal.alerts())}
    known |= {item.rule for item in journal.mutes(now_us=0)}
    if rule not in known:
        raise UnknownName.of("rule", rule, known, do="See [[monitor]] in the project file")


def _where(words: Sequence[str]) -> dict[str, str]:
    """Return the columns and values of words such as ``origin=JFK``.

    >>> _where(["origin=JFK"])
    {'origin': 'JFK'}
    """
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError(
                f"--slice {word!r}", expected="COLUMN=VALUE", do="For example --slice origin=JFK"
            )
        found[name] = value
    return found


def _until_us(until: datetime | None, length: str | None, now_us: int) -> int:
    from interplane.record.durations import parse_duration
    from interplane.storage.clock import micros_of

    if (until is None) == (length is None):
        raise UsageError(
            "a mute needs an end", expected="--until or --for", do="For example --for 2d"
        )
    if until is not None:
        at_us = micros_of(until.replace(tzinfo=UTC))
    else:
        seconds = parse_duration(str(length))
        if seconds is None:
            raise UsageError(f"--for {length!r}", expected="6h, 2d …", do="Give a length of time")
        at_us = now_us + int(seconds * 1e6)
    if at_us <= now_us:
        raise UsageError("a mute that is over already", expected="a time to come", do="Give one")
    return at_us


def _plain(alert: Alert) -> dict[str, Any]:
    return {**alert.to_dict(), "status": _state(alert)}


def _state(alert: Alert) -> str:
    """Return what there is to know first: open, acknowledged, muted, resolved."""
    if alert.state == "resolved":
        return "resolved"
    if alert.is_muted(now_us=_now_us()):
        return "muted"
    return "open" if alert.acknowledged is None else "acknowledged"


def _say_list(found: Sequence[Alert]) -> None:
    """Say each alert in two lines: as a table it would not fit the screen."""
    from interplane.monitoring.alerts.message import figure, place_of, time_of

    for alert in found:
        cell, last = alert.cell, alert.last
        say(
            f"{alert.id[:_SHORT]}  {_state(alert):<12}  {cell.rule} of {cell.model}: {place_of(cell)}"
        )
        parts = [
            f"since {time_of(alert.opened.begin_us)}",
            f"{alert.windows} {'window' if alert.windows == 1 else 'windows'}",
            f"now {figure(last.value)}",
            *([] if last.reference is None else [f"was {figure(last.reference)}"]),
            f"size {figure(alert.worst.effect)}",
            alert.owner or "nobody's",
        ]
        say(f"{'':{_SHORT}}  {', '.join(parts)}")


def _say_mutes(mutes: Sequence[RuleMute]) -> None:
    from interplane.monitoring.alerts.message import time_of

    for item in mutes:
        of = " ".join((item.rule, *(f"{name}={value}" for name, value in item.where.items())))
        say(f"Muted until {time_of(item.until_us)}: {of}, by {item.who} ({item.why})")


def _say_one(alert: Alert) -> None:
    from interplane.monitoring.alerts.message import figure, place_of, time_of, window_of

    cell = alert.cell
    say(f"{alert.id[:12]}  {_state(alert)}  {cell.rule} of {cell.model}, {place_of(cell)}")
    for name, found in (("opened", alert.opened), ("worst", alert.worst), ("last", alert.last)):
        interval = "" if found.low is None else f" [{figure(found.low)}, {figure(found.high)}]"
        was = "" if found.reference is None else f", was {figure(found.reference)}"
        say(
            f"  {name:<7} {window_of(found):<17} {cell.metric} {figure(found.value)}{interval}{was},"
            f" effect {figure(found.effect)}, p {figure(found.p)}, {found.rows:,} rows"
        )
    if alert.opened.detail:
        say(f"  {alert.opened.detail}")
    crossing = alert.opened.crossing[:12] or "unknown"
    say(f"  owner {alert.owner or 'nobody'}, {alert.windows} windows, crossing {crossing}")
    if alert.acknowledged is not None:
        say(f"  acknowledged by {alert.acknowledged.who}: {alert.acknowledged.why}")
    if alert.muted is not None:
        say(
            f"  muted by {alert.muted.who} until {time_of(alert.muted.until_us)}: {alert.muted.why}"
        )
    say("The rows behind it:")
    since, until = _moment(alert.worst.begin_us), _moment(alert.worst.end_us)
    say(f"  interplane predictions {cell.model} --since {since} --until {until}")
    say("")


def _moment(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // 1_000_000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _say_history(history: Sequence[Event]) -> None:
    from interplane.monitoring.alerts.message import figure, time_of

    left_out = len(history) - _SHOWN_EVENTS
    if left_out > 0:
        say(f"History (the first {left_out} of {len(history)} are in --json):")
    rows = [
        (
            time_of(event.at_us),
            event.kind,
            "" if event.window_us is None else time_of(event.window_us),
            "" if event.effect is None else figure(event.effect),
            event.who,
            event.why,
        )
        for event in history[-_SHOWN_EVENTS:]
    ]
    print_table(("at", "what", "window to", "effect", "by", "why"), rows, right=("effect",))


def _say_deliveries(deliveries: Sequence[Delivery]) -> None:
    if not deliveries:
        return
    say("")
    rows = [
        (item.owner, item.channel, item.event, item.state, item.attempts, item.error)
        for item in deliveries
    ]
    print_table(("told", "by", "event", "state", "attempts", "error"), rows, right=("attempts",))


def _say_firings(firings: Sequence[Firing]) -> None:
    for item in firings:
        run = "" if item.run is None else f" as @{item.run[:12]}"
        note = f": {item.note}" if item.note else ""
        say(f"Started {item.action.run}{run} ({item.state}{note}), {age(_text(item.due_us))}.")


def _text(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, tz=UTC).isoformat()
