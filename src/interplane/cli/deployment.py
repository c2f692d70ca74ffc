"""``interplane deploy | promote | rollback | deployments``: what answers, moved and looked at."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import click

from interplane.cli.models import summary
from interplane.cli.options import SHARE, TIME
from interplane.cli.output import json_option, print_json, print_table, say
from interplane.errors import UsageError
from interplane.record import LEAST_SHARE, short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.project.crossings import Recorded
    from interplane.project.project import Project
    from interplane.project.rollouts import Deployment

__all__ = ["deploy", "deployments", "promote", "rollback"]

_MINUTE = 16

_reason_option = click.option("--reason", required=True, help="Why, for the record.")


@click.command()
@click.argument("ref")
@_reason_option
@click.option("--force", is_flag=True, help="Although its gate is closed; the record says so.")
@click.option(
    "--canary",
    type=SHARE,
    metavar="SHARE",
    help="Answer this share of the requests beside what is live, for example 5% or 0.05; at least "
    f"{100 * LEAST_SHARE:g}%.",
)
@click.option("--shadow", is_flag=True, help="Predict what was answered once more, unseen.")
@json_option
def deploy(
    ref: str, *, reason: str, force: bool, canary: float | None, shadow: bool, as_json: bool
) -> None:
    """Make a crossing the live one of its model, its canary, or its shadow.

    Servers of this workspace take it up within a second, and drop no request. It is loaded as they
    would first, and its golden rows are replayed: what cannot serve does not come to answer. Runs
    compare their candidates with what is live.

    --canary begins a rollout beside the live crossing, or gives the one that is under way another
    share: the same requests are answered by it while the share grows. What it cannot answer, the
    live crossing does. It ends with "interplane promote" or "interplane rollback". Without --canary
    and --shadow the crossing goes live alone, and a rollout that is under way ends.

    Where the project file asks for a second person ([approval] second_person), what is live changes
    when another person, by the name on record, says the same within the time set there.

    \b
      interplane deploy flights@3 --shadow --reason "what would change?"
      interplane deploy flights@3 --canary 5% --reason "first look"
      interplane deploy flights@3 --canary 50% --reason "no harm in a day"
      interplane promote flights --reason "as good, and faster"
    """  # noqa: D301 - click reads the control character
    project = _project()
    moves = len(project.deployments(project.crossing(ref).crossing.model_name))
    found = project.deploy(ref, reason=reason, force=force, canary=canary, shadow=shadow)
    word = "live" if canary is None and not shadow else "shadow" if shadow else "canary"
    share = "" if canary is None else f", with {_percent(canary)} of the requests"
    model = found.crossing.model_name
    text = f"{model}@{word} is {found.name} now{share} ({reason})"
    if len(project.deployments(model)) == moves:
        text = f"{model}@{word} was {found.name} already{share}: nothing was moved, asked"
    _tell(project, found, text, as_json=as_json)


@click.command()
@click.argument("model")
@_reason_option
@json_option
def promote(model: str, *, reason: str, as_json: bool) -> None:
    """Make the canary of MODEL the live crossing, which ends the rollout.

    It is one step for everybody: no server ever sees half of it. "interplane rollback" takes it
    back. Where [approval] asks for a second person, it is done when two have said so.
    """
    project = _project()
    found = project.promote(model, reason=reason)
    _tell(project, found, f"{model}@live is {found.name} now ({reason})", as_json=as_json)


@click.command()
@click.argument("model")
@_reason_option
@click.option("--canary", is_flag=True, help="End the canary, and nothing else.")
@click.option("--shadow", is_flag=True, help="End the shadow, and nothing else.")
@click.option("--live", is_flag=True, help="Take back what is live; a canary ends with it.")
@json_option
def rollback(
    model: str, *, reason: str, canary: bool, shadow: bool, live: bool, as_json: bool
) -> None:
    """End the canary of MODEL; without one, make live again what was live before.

    Model, features, feature views, request schema and baseline return together: they are one
    crossing. A second rollback goes one further back. With --canary what is live stays in any case,
    also where somebody else has ended the canary a moment ago. With --live what is live goes back
    although a canary is under way. Where [approval] asks for a second person, what is live goes back
    when two have said so; a canary or a shadow is ended by one.
    """
    if canary + shadow + live > 1:
        raise UsageError(
            "more than one of --canary, --shadow and --live",
            expected="one thing to take back",
            do="Leave the others out",
        )
    project = _project()
    before = project.crossing(f"{model}@live").digest
    found = project.rollback(model, reason=reason, shadow=shadow, canary=canary, live=live)
    word = "still" if found.digest == before else "again"
    ended = "; the shadow ended" if shadow else "; the canary ended" if word == "still" else ""
    text = f"{model}@live is {found.name} {word}{ended} ({reason})"
    _tell(project, found, text, as_json=as_json)


@click.command()
@click.argument("model")
@click.option("--at", type=TIME, help="What answered at this time (UTC) instead of the log.")
@json_option
def deployments(model: str, *, at: datetime | None, as_json: bool) -> None:
    """Show every move of what answers MODEL: what, since when, who moved it, and why.

    Each line is what answered from then on: the live crossing, the canary with its share, the
    shadow. With --at the one that held at a time; for a date, that is its first moment (UTC), and
    what moved later that day is shown too: --at 2026-03-03.
    """
    from interplane.project.predictions import crossing_names

    project = _project()
    found = project.deployments(model, at=None if at is None else at.isoformat())
    names = crossing_names(project.store, model)
    if at is not None:
        _say_then(model, found[-1] if found else None, names, at=at, as_json=as_json)
        if not as_json and at.time() == time.min:
            end = (at + timedelta(days=1)).isoformat()
            _print_moves(project.deployments(model, at=end)[len(found) :], names, what="That day:")
    elif as_json:
        print_json([_plain(line, names) for line in found])
    elif not found:
        say(f'Nothing of {model} was ever deployed. "interplane deploy {model}@N --reason …" does.')
    else:
        _print_moves(found, names)
    if at is None and not as_json:
        _say_proposal(project, model, names)


def _say_proposal(project: Project, model: str, names: Mapping[str, str]) -> None:
    from interplane.project.approvals import find_proposal

    asked = find_proposal(project.store, model, project.config.approval)
    if asked is not None:
        name = names.get(asked.crossing, short(asked.crossing))
        say(f"{name} is asked to be live by {asked.actor} ({asked.reason}); another has to agree.")


def _print_moves(lines: Sequence[Deployment], names: Mapping[str, str], *, what: str = "") -> None:
    if what and lines:
        say(what)
    if lines:
        print_table(
            ("since (UTC)", "live", "canary", "shadow", "by", "why"),
            [(_minute(line.at), *_cells(line, names), line.actor, line.reason) for line in lines],
        )


def _say_then(
    model: str,
    line: Deployment | None,
    names: Mapping[str, str],
    *,
    at: datetime,
    as_json: bool,
) -> None:
    if as_json:
        print_json(None if line is None else _plain(line, names))
    elif line is None or line.live is None:
        say(f"Nothing of {model} was live on {at:%Y-%m-%d %H:%M} UTC.")
    else:
        live, canary, shadow = _cells(line, names)
        beside = "".join(
            f", {word} {name}" for word, name in (("canary", canary), ("shadow", shadow)) if name
        )
        say(f"{model}@live was {live} on {at:%Y-%m-%d %H:%M} UTC{beside}")
        say(f"since {_minute(line.at)}, by {line.actor}: {line.reason}")


def _cells(line: Deployment, names: Mapping[str, str]) -> tuple[str, str, str]:
    live, canary, shadow = (
        "" if digest is None else names.get(digest, short(digest))
        for digest in (line.live, line.canary, line.shadow)
    )
    return live, f"{canary} {_percent(line.share)}" if canary else "", shadow


def _plain(line: Deployment, names: Mapping[str, str]) -> dict[str, Any]:
    def named(digest: str | None) -> dict[str, str] | None:
        return None if digest is None else {"name": names.get(digest, digest), "crossing": digest}

    return {
        "at": line.at,
        "actor": line.actor,
        "reason": line.reason,
        "live": named(line.live),
        "canary": named(line.canary),
        "share": line.share,
        "shadow": named(line.shadow),
    }


def _minute(at: str) -> str:
    return at[:_MINUTE].replace("T", " ")


def _percent(share: float) -> str:
    """Return a share for a person.

    >>> _percent(0.05), _percent(0.125)
    ('5%', '12.5%')
    """
    return f"{share * 100:g}%"


def _tell(project: Project, found: Recorded, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(summary(project.store, found))
    else:
        say(f"{text}, by {project.actor}")


def _project() -> Project:
    from interplane.project.project import Project

    return Project.find()
