"""``interplane deploy | rollback``: what is live, moved forward and back."""

from __future__ import annotations

import click

from interplane.cli.models import summary
from interplane.cli.output import json_option, print_json, say

__all__ = ["deploy", "rollback"]


@click.command()
@click.argument("ref")
@click.option("--reason", required=True, help="Why, for the record.")
@click.option("--force", is_flag=True, help="Although its gate is closed; the record says so.")
@json_option
def deploy(ref: str, *, reason: str, force: bool, as_json: bool) -> None:
    """Make a crossing the live one of its model.

    Servers of this workspace take it up within a second, and drop no request. It is loaded as they
    would first, and its golden rows are replayed: what cannot serve does not go live. Runs compare
    their candidates with it.
    """
    from interplane.project.project import Project

    project = Project.find()
    found = project.deploy(ref, reason=reason, force=force)
    if as_json:
        print_json(summary(project.store, found))
        return
    say(f"{found.crossing.model_name}@live is {found.name} now ({reason}), by {project.actor}")


@click.command()
@click.argument("model")
@click.option("--reason", required=True, help="Why, for the record.")
@json_option
def rollback(model: str, *, reason: str, as_json: bool) -> None:
    """Make live again what was live before the last deployment of MODEL.

    Model, features, feature views, request schema and baseline return together: they are one
    crossing. A second rollback goes one further back.
    """
    from interplane.project.project import Project

    project = Project.find()
    found = project.rollback(model, reason=reason)
    if as_json:
        print_json(summary(project.store, found))
        return
    say(f"{model}@live is {found.name} again ({reason}), by {project.actor}")
