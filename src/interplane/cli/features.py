"""``interplane features``: what features a project has, where they come from, and who uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from interplane.cli.output import json_option, print_json, print_table, say

if TYPE_CHECKING:
    from interplane.project.known_features import KnownFeature

__all__ = ["features"]


@click.group()
def features() -> None:
    """List features, and show one with everything that is known of it."""


@features.command("list")
@click.argument("match", default="")
@click.option("--all", "everything", is_flag=True, help="List every version of feature views.")
@json_option
def list_command(*, match: str, everything: bool, as_json: bool) -> None:
    """List the features of views and models; those whose names contain MATCH.

    Of a view the newest version is listed, and older ones that a live crossing still reads; of a
    model the features of the live crossing, or of the newest one. Age is how long ago the newest event
    was known that the online store has; "not run" stands in the project's code and in no crossing yet.
    """
    from interplane.project.feature_text import HEADERS, list_rows
    from interplane.project.project import Project

    found = Project.find().features(everything=everything)
    shown = [each for each in found if match in each.name]
    if as_json:
        print_json([_plain(each) for each in shown])
    elif shown:
        print_table(HEADERS, list_rows(shown), right=("age",))
    elif match:
        say(f"No feature has {match!r} in its name.")
    else:
        say("No feature yet. Runs record those of the models that they publish.")
    if found.unread:
        click.echo(f"The project's own code is not among them: {found.unread}", err=True)


@features.command()
@click.argument("name")
@json_option
def show(*, name: str, as_json: bool) -> None:
    """Show the feature NAME: definition, source, freshness, users, profile, proof.

    NAME is for example carrier_history.late_rate_7d for a view's, carrier_history@1.late_rate_7d for that of
    an older version, or flights.distance for a model's.
    """
    from interplane.project.project import Project

    found = Project.find().feature(name)
    if as_json:
        plain = msgspec.to_builtins(found)
        print_json({**plain, "feature": _plain(found.feature)})
        return
    say(found.to_text())


def _plain(feature: KnownFeature) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(feature)
    return plain
