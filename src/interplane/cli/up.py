"""``interplane up``: everything of a project running."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import click

from interplane.cli.options import listening_options
from interplane.cli.output import json_option, say

if TYPE_CHECKING:
    from interplane.project.up import Running

__all__ = ["up"]


@click.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option(
    "--watch-every",
    default="10s",
    show_default=True,
    metavar="TIME",
    help="How often monitors, triggers and deliveries are looked at.",
)
@click.option("--once", is_flag=True, help="Do what is due now, wait for its runs, and end.")
@click.option(
    "--serve/--no-serve",
    default=True,
    show_default=True,
    help="Run the model server too, or leave that to somebody else.",
)
@click.option(
    "--pages/--no-pages",
    default=True,
    show_default=True,
    help="Show the pages too.",
)
@click.option(
    "--pages-host",
    default="127.0.0.1",
    show_default=True,
    help="The address that the pages listen at.",
)
@click.option(
    "--pages-port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port of the pages; 0 takes a free one.",
)
@click.option(
    "--pages-name",
    multiple=True,
    metavar="NAME",
    help="A further name that people may call the pages by. May be said several times.",
)
@listening_options
@json_option
def up(
    models: tuple[str, ...],
    *,
    watch_every: str,
    once: bool,
    serve: bool,
    pages: bool,
    pages_host: str,
    pages_port: int,
    pages_name: tuple[str, ...],
    as_json: bool,
    **server: Any,
) -> None:
    """Run everything: the pages, the model server, monitors, alerts, triggers, schedules, rollouts.

    One process keeps the workspace: it compacts the prediction log, judges windows, starts the runs
    that triggers ask for, tells owners of alerts, and decides about canaries. It can be killed at
    any moment: the next "interplane up" goes on, does nothing twice and leaves nothing out. The
    model server lives on meanwhile and is taken over. Ctrl-C or SIGTERM ends everything in order.

    The pages ask for a token with a role. The first start makes one and prints it, once; further
    ones: "interplane token add NAME --role viewer".

    The project file is read at the start: after a change to it, start anew. MODELS are those that
    the server answers for; all of them if none is named.
    """
    from interplane.cli.serve import server_settings
    from interplane.project.project import Project
    from interplane.project.up import PagesSettings, Up

    project = Project.find()
    every_s = _seconds(watch_every)
    if once:
        from interplane.project.keeping import keep

        keep(project, every_s=every_s, once=True, stopping=threading.Event())
        return
    settings = server_settings(project, models, **server) if serve else None
    Up(
        project,
        settings,
        every_s=every_s,
        ready=_print_json if as_json else _print,
        pages=PagesSettings(pages_host, pages_port, pages_name) if pages else None,
    ).run()


def _seconds(text: str) -> float:
    from interplane.errors import UsageError
    from interplane.record.durations import parse_duration

    found = parse_duration(text)
    if not found:
        raise UsageError(
            f"--watch-every {text!r}", expected="a length of time such as 10s or 5m", do="Give one"
        )
    return found


def _print(running: Running) -> None:
    say(f"Up: the keeper is process {running.keeper}. Ctrl-C ends everything in order.")
    if running.pages is not None and running.token is not None:
        say(f"The pages, with the token that opens them: {running.pages}/sign-in#{running.token}")
        say("It is kept as its digest: this is the only time it is shown.")
    elif running.pages is not None:
        say(f"The pages: {running.pages}")
    served = running.server
    if served is not None and served.listening is not None:
        how = "runs since before" if running.adopted else "runs"
        say(f"The model server {how} at {served.url} (process {served.process.pid}):")
        for model, live in served.listening["models"].items():
            say(f"  {live['name']}  POST /v1/models/{model}/predict")


def _print_json(running: Running) -> None:
    served = running.server
    said = {
        "keeper": running.keeper,
        "server": None if served is None else served.process.pid,
        "url": None if served is None else served.url,
        "adopted": running.adopted,
        "pages": running.pages,
        "token": running.token,
    }
    click.echo(json.dumps(said))
