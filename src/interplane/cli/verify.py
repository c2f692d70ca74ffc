"""``interplane verify``: is everything there, and is it what it is named by?"""

from __future__ import annotations

import click

from interplane.cli.output import json_option, print_json, say

__all__ = ["verify"]


@click.command()
@json_option
def verify(*, as_json: bool) -> None:
    """Re-hash every entry, value and blob of the workspace, and follow every name both ways.

    Nothing is written. Exit codes: 0 sound (orphans, which a crash leaves, are harmless and
    listed), 6 something is missing or damaged.
    """
    from interplane.project.project import Project
    from interplane.storage.verify import verify as verify_store

    report = verify_store(Project.find().store)
    if as_json:
        print_json(report.to_dict())
    else:
        say(report.to_text())
    if report.exit_code:
        raise click.exceptions.Exit(report.exit_code)
