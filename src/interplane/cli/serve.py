"""``interplane serve``: the live crossings over HTTP."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from interplane.cli.options import listening_options
from interplane.cli.output import json_option, say
from interplane.record import short

if TYPE_CHECKING:
    from interplane.project.project import Project
    from interplane.serving.binding import Listening
    from interplane.serving.settings import ServerSettings

__all__ = ["serve", "server_settings"]


@click.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@listening_options
@click.option(
    "--grace-s",
    default=2.0,
    show_default=True,
    type=click.FloatRange(0, 3600),
    help="How long requests are still taken after readiness ended.",
)
@click.option(
    "--log-sync-ms",
    default=100,
    show_default=True,
    type=click.IntRange(0, 60_000),
    help="How often the prediction log is synced; 0 syncs before each answer.",
)
@click.option(
    "--body-limit",
    default=1 << 20,
    show_default=True,
    type=click.IntRange(1, 1 << 30),
    help="The longest body of a request, in bytes.",
)
@click.option("--require-token", is_flag=True, help="Ask for a token at 127.0.0.1 too.")
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="A name that clients may call the server by. May be said several times.",
)
@json_option
def serve(models: tuple[str, ...], *, as_json: bool, **options: Any) -> None:
    """Serve the live crossings of MODELS, or of all models, over HTTP.

    POST /v1/models/NAME/predict answers {"row": {…}} or {"rows": [{…}, …]}; /openapi.json says
    everything else. Another crossing that goes live is taken up within a second. SIGTERM ends
    readiness, then, after the grace period, answers what is under way and ends.
    """
    from interplane.project.project import Project
    from interplane.serving.supervisor import Supervisor

    settings = server_settings(Project.find(), models, **options)
    Supervisor(settings, ready=_print_json if as_json else _print).run()


def server_settings(
    project: Project,
    models: tuple[str, ...] = (),
    *,
    replay: bool = False,
    log_sync_ms: int = 100,
    body_limit: int = 1 << 20,
    allow_host: tuple[str, ...] = (),
    **others: Any,
) -> ServerSettings:
    """Return what a server of a project is told."""
    from interplane.serving.minute_file import MINUTES
    from interplane.serving.ports import Opening
    from interplane.serving.settings import Limits, ServerSettings
    from interplane.serving.tokens import TOKENS

    return ServerSettings(
        opening=Opening(
            project=str(project.root), models=models, replay=replay, log_sync_ms=log_sync_ms
        ),
        tokens=str(project.workspace / TOKENS),
        minutes=str(project.workspace / MINUTES),
        companions=tuple(
            (sys.executable, "-P", "-m", f"interplane.project.{name}", str(project.root))
            for name in ("compactor", "shadow")
        ),
        allow_hosts=allow_host,
        limits=Limits(body_bytes=body_limit),
        **others,
    )


def _print(listening: Listening) -> None:
    workers = f"{listening.workers} worker{'s' if listening.workers > 1 else ''}"
    asks = ", and asks for a token" if listening.needs_token else ""
    say(f"Listening at {listening.url} with {workers}{asks}. Ctrl-C ends it.")
    for model, live in listening.models.items():
        say(f"  {live['name']} ({short(live['crossing'])})  POST /v1/models/{model}/predict")
    if not listening.models:
        say(
            "  Nothing is served yet: no model is live, or none that can be loaded (see above). Make "
            'one live with "interplane deploy NAME@N --reason …".'
        )


def _print_json(listening: Listening) -> None:
    import json

    click.echo(json.dumps(listening._asdict()))
