"""``interplane proposals``: what one person asked to be live, looked at, withdrawn or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from interplane.cli.output import age, json_option, print_json, print_table, say
from interplane.record import short

if TYPE_CHECKING:
    from interplane.project.approvals import Proposal
    from interplane.project.project import Project

__all__ = ["proposals"]


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def proposals(ctx: click.Context, *, as_json: bool) -> None:
    """List what is asked to be live and waits for a second person.

    Where the project file wants two people ([approval] second_person), what one of them deploys,
    promotes or rolls back is only asked for. Another one agrees by doing the same:

    \b
      interplane deploy flights@3 --reason "as good, and faster"
      interplane proposals
      interplane proposals decline flights@3 --reason "not before the audit"
    """  # noqa: D301 - click reads the control character
    if ctx.invoked_subcommand is not None:
        return
    from interplane.project.approvals import proposals as find_proposals

    project = _project()
    found = find_proposals(project.store, project.config.approval)
    lines = [_plain(project, model, asked) for model, asked in found.items()]
    if as_json:
        print_json(lines)
    elif lines:
        print_table(
            ("asked to be live", "by", "when", "why"),
            [(each["name"], each["actor"], age(each["at"]), each["reason"]) for each in lines],
        )
    elif project.config.approval.second_person:
        say("Nothing waits for a second person.")
    else:
        say(
            "Nothing waits: one person is enough here. [approval] second_person = true in the "
            "project file wants two."
        )


@proposals.command()
@click.argument("ref")
@click.option("--reason", required=True, help="Why not, for the record.")
@json_option
def decline(ref: str, *, reason: str, as_json: bool) -> None:
    """Withdraw what you asked for, or refuse what somebody else did.

    REF is the crossing that is asked to be live. Nothing that answers is moved; the log of moves
    says who declined it and why. It may be asked for again.
    """
    project = _project()
    found, word = project.decline(ref, reason=reason)
    if as_json:
        print_json({"name": found.name, "crossing": found.digest, "done": word, "reason": reason})
        return
    say(f"{found.name} is {word} ({reason}), by {project.actor}; what is live stays")


def _plain(project: Project, model: str, asked: Proposal) -> dict[str, Any]:
    from interplane.project.predictions import crossing_names

    names = crossing_names(project.store, model)
    return {
        "model": model,
        "name": names.get(asked.crossing, short(asked.crossing)),
        "crossing": asked.crossing,
        "actor": asked.actor,
        "at": asked.at,
        "reason": asked.reason,
    }


def _project() -> Project:
    from interplane.project.project import Project

    return Project.find()
