"""``interplane views | materialize``: feature views, and the history that a server looks up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from interplane.cli.options import TIME, inputs_option, read_inputs
from interplane.cli.output import age, json_option, print_json, print_table, progress, say
from interplane.errors import UsageError
from interplane.record import short
from interplane.views.view import View

if TYPE_CHECKING:
    from datetime import datetime

    from interplane.project.materializing import Materialization
    from interplane.project.views import RecordedView
    from interplane.views.derived import AnyView

__all__ = ["materialize", "views"]


@click.command()
@click.option(
    "--forget",
    metavar="VIEW@N",
    help="Let the online store keep no more events of a version that no live crossing reads.",
)
@click.option(
    "--even-live",
    is_flag=True,
    help="With --forget, also one that is read: predictions are refused until it is materialized again.",
)
@json_option
def views(*, forget: str | None, even_live: bool, as_json: bool) -> None:
    """List the versions of feature views.

    Each definition is a version of its own: a changed window or time-to-live is another, and a
    crossing goes on reading the one that it was trained with. "interplane features list" says what is
    in them, how fresh it is, and who uses it.
    """
    from interplane.project.project import Project
    from interplane.project.views import forget_view, list_views

    project = Project.find()
    if forget is not None:
        gone = forget_view(project, forget, even_live=even_live)
        print_json(_plain(gone)) if as_json else say(
            f"The online store keeps no events of {gone.name}; it stays on record."
        )
        return
    if even_live:
        raise UsageError(
            "--even-live without --forget",
            expected="--forget VIEW@N --even-live",
            do="Name the version that the online store is to forget",
        )
    found = list_views(project.store)
    if as_json:
        print_json([_plain(item) for item in found])
        return
    if not found:
        say("No feature view yet. Runs record those that their features join.")
        return
    rows = [
        (
            item.name,
            ", ".join(item.view.entity),
            _stands_on(item.view),
            ", ".join(item.view.features),
            _ttl(item.view),
            short(item.view.digest),
            age(item.at),
        )
        for item in found
    ]
    print_table(("view", "of", "source", "features", "ttl", "digest", "recorded"), rows)


@click.command()
@click.argument("ref")
@click.option(
    "--since",
    type=TIME,
    help="Keep what predictions from this time on need (UTC), and let go of the rest; by default what "
    "is kept stays, and of a view that is new what is needed from its latest event on.",
)
@inputs_option
@json_option
def materialize(
    ref: str, *, since: datetime | None, inputs: tuple[str, ...], as_json: bool
) -> None:
    """Bring the history that the crossing REF looks up into the online store.

    Its own data steps make the sources of its feature views out of the latest data versions. What
    is there already is not written again, and servers go on reading. Later events are pushed to a
    server, or come with the next version of the data.

    From when on a view can be read only moves forward, and only where --since says so: what was before
    is let go. To bring it back, forget the version ("interplane views --forget VIEW@N") and materialize
    it with an earlier --since. What was pushed and is not in the data is lost by that.
    """
    from interplane.project.crossings import find_crossing
    from interplane.project.materializing import materialize as bring
    from interplane.project.project import Project
    from interplane.project.running import Running

    project = Project.find()
    running = Running(project, find_crossing(project.store, ref).crossing.pipeline)
    with progress("materializing") as bar:
        done = bring(running, ref, since=since, pins=read_inputs(inputs), progress=bar)
    if as_json:
        print_json([_counts(item) for item in done])
        return
    if not done:
        say(f"{ref} reads no feature view: there is nothing to look up.")
        return
    rows = [
        (item.name, f"{item.events:,}", f"{item.written:,}", f"{item.entities:,}", item.horizon)
        for item in done
    ]
    print_table(
        ("view", "events", "new", "entities", "from"), rows, right=("events", "new", "entities")
    )
    for item in done:
        if item.left_out:
            say(f"{item.name}: {item.left_out}. They are in no feature, online as in training.")
    asked = "" if since is None else f"{since:%Y-%m-%dT%H:%M:%SZ}"
    later = [item for item in done if asked and item.horizon > asked]
    if later:
        say(
            f"{', '.join(item.name for item in later)}: not read from {asked} on, as --since says: what came "
            "before the time above was let go by an earlier call. To bring it back, forget the version "
            f'("interplane views --forget {later[0].name}", with --even-live where it is live), and call this '
            "again. What was pushed and is not in the data is lost by that."
        )


def _plain(item: RecordedView) -> dict[str, Any]:
    return {
        "name": item.name,
        "digest": item.view.digest,
        "at": item.at,
        "actor": item.actor,
        "types": item.view.types,
        "view": item.view.to_dict(),
    }


def _counts(item: Materialization) -> dict[str, Any]:
    return {
        "view": item.name,
        "digest": item.digest,
        "events": item.events,
        "rows": item.rows,
        "lacking": dict(item.lacking),
        "written": item.written,
        "entities": item.entities,
        "horizon": item.horizon,
    }


def _stands_on(view: AnyView) -> str:
    """Return where a view's values come from: its sources, or other views."""
    if isinstance(view, View):
        return ", ".join(view.sources)
    return "views " + ", ".join(dict.fromkeys(use.view.name for use in view.parents.values()))


def _ttl(view: AnyView) -> str:
    from interplane.project.feature_text import length_text

    return length_text(view.ttl_us) if isinstance(view, View) and view.ttl_us is not None else ""
