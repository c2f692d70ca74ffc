"""The command ``interplane``: a table of commands, loaded when they are called."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from interplane.errors import InterplaneError, StorageError, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "LazyGroup", "cli", "main"]

COMMANDS: dict[str, tuple[str, str, str]] = {
    # name: (section, where it lives, one line)
    "init": ("Begin", "interplane.cli.init:init", "Make a new project with a pipeline and a test."),
    "data": ("Data", "interplane.cli.data:data", "Add, list, show, diff and check datasets."),
    "plan": ("Pipelines", "interplane.cli.pipelines:plan", "Say what a run would do, and why."),
    "run": ("Pipelines", "interplane.cli.pipelines:run", "Run a pipeline; reuse what is the same."),
    "runs": ("Pipelines", "interplane.cli.runs:runs", "List runs."),
    "logs": ("Pipelines", "interplane.cli.runs:logs", "Show what a step of a run wrote."),
    "models": ("Models", "interplane.cli.models:models", "List models and their crossings."),
    "show": ("Models", "interplane.cli.models:show", "Show a crossing on one screen."),
    "diff": ("Models", "interplane.cli.models:diff", "Say how two crossings differ."),
    "report": ("Models", "interplane.cli.report:report", "Write what is known as one file."),
    "predict": ("Models", "interplane.cli.predict:predict", "Score a dataset in batch."),
    "learn": ("Models", "interplane.cli.learn:learn", "Go on learning with what came true."),
    "features": ("Models", "interplane.cli.features:features", "List features; show one."),
    "views": ("Serving", "interplane.cli.views:views", "List the versions of feature views."),
    "materialize": (
        "Serving",
        "interplane.cli.views:materialize",
        "Bring history to the online store.",
    ),
    "deploy": ("Serving", "interplane.cli.deployment:deploy", "Make a crossing answer."),
    "promote": ("Serving", "interplane.cli.deployment:promote", "Make the canary the live one."),
    "labels": (
        "Serving",
        "interplane.cli.labels:labels",
        "Add what came true of predictions.",
    ),
    "rollback": (
        "Serving",
        "interplane.cli.deployment:rollback",
        "End a canary, or return to what was live.",
    ),
    "deployments": (
        "Serving",
        "interplane.cli.deployment:deployments",
        "Show what was live when, and why.",
    ),
    "proposals": (
        "Serving",
        "interplane.cli.proposals:proposals",
        "List what waits for a second person; decline.",
    ),
    "rollout": ("Serving", "interplane.cli.rollout:rollout", "Show how a canary stands; decide."),
    "shadow": ("Serving", "interplane.cli.shadow:shadow", "Say what a shadow would change."),
    "audit": ("Serving", "interplane.cli.audit:audit", "Make predictions again, and compare."),
    "predictions": (
        "Serving",
        "interplane.cli.predictions:predictions",
        "Show what servers answered.",
    ),
    "serve": ("Serving", "interplane.cli.serve:serve", "Serve live crossings over HTTP."),
    "up": ("Serving", "interplane.cli.up:up", "Run everything: server, monitors, triggers."),
    "token": ("Serving", "interplane.cli.token:token", "Add, list and revoke clients' tokens."),
    "monitor": (
        "Monitoring",
        "interplane.cli.monitor:monitor",
        "Look at models, window by window.",
    ),
    "alerts": ("Monitoring", "interplane.cli.alerts:alerts", "List alerts; acknowledge, mute."),
    "trigger": (
        "Monitoring",
        "interplane.cli.trigger:trigger",
        "List triggers; fire one by hand.",
    ),
    "verify": ("Workspace", "interplane.cli.verify:verify", "Re-hash everything that is kept."),
}


_ORDERED = frozenset(
    {"plan", "run", "predict", "features", "materialize", "audit", "monitor", "rollout", "up"}
)
"""Commands that import the project's code."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called: ``--help`` imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, or say which one was meant."""
        if cmd_name not in COMMANDS:
            hint = did_you_mean(cmd_name, COMMANDS)
            ctx.fail(f"There is no command {cmd_name!r}. {hint}See 'interplane --help'.")
        module, _, attribute = COMMANDS[cmd_name][1].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table by section without importing anything."""
        del ctx
        for section in dict.fromkeys(row[0] for row in COMMANDS.values()):
            rows = [(name, row[2]) for name, row in COMMANDS.items() if row[0] == section]
            with formatter.section(section):
                formatter.write_dl(rows)


EPILOG = """\b
A first session:
  interplane init tips && cd tips
  interplane data add trips trips.csv      a version of a dataset, checked and profiled
  interplane plan                          what would run, and why
  interplane run                           train, evaluate, gate, record a crossing
  interplane show tips@1                   everything that the model stands on
"""


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="interplane", message="interplane %(version)s")
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, *, debug: bool) -> None:
    """Interplane: the controlled bridge between code and data.

    Every command works on the project that it is called in (the nearest interplane.toml).
    Commands that read take --json. Exit codes: 0 done, 1 a fault of ours, 2 wrong usage, 3 data
    refused, 4 a step failed, 5 the gate is closed, 6 the workspace could not do it, 7 an extra is
    missing.
    """
    ctx.obj = {"debug": debug}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code; an error is one message on standard error."""
    # OpenMP threads that wait at a barrier sleep instead of spinning: on cores that others use too,
    # spinning makes the training of a small model ten times slower. Read when libgomp is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    words = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None and _ORDERED.intersection(words):
        _settle_order()
    debug = "--debug" in words or bool(os.environ.get("INTERPLANE_DEBUG"))
    if not debug:
        sys.excepthook = _say_fault
    # --debug counts wherever it stands, as people add it to the end of the line that failed.
    words = [word for word in words if word != "--debug"]
    try:
        code = cli.main(words, prog_name="interplane", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except InterplaneError as error:
        _end(error, words, debug=debug)
    except click.ClickException as error:
        if "--json" in words:
            _end(UsageError(error.format_message()), words, debug=debug)
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. What was finished is kept; the same command goes on.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - so that the exit does not write
        sys.exit(0)
    except OSError as error:
        # Of the project's own files: what touches the workspace says more, further down.
        doing = f"using {error.filename}" if error.filename else f"running {words[:2]}"
        _end(StorageError.from_os(error, doing=doing), words, debug=debug)


def _settle_order() -> None:
    """Begin again in the same process with an order of sets that is the same in every process.

    A list made of a set would differ between two runs, and between a plan and its workers: a
    constant would be another one each time, and its step would never be found again.
    """
    if os.environ.get("PYTHONHASHSEED", "random") == "random":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - no shell


def _end(error: InterplaneError, words: Sequence[str], *, debug: bool) -> NoReturn:
    """Say an error and exit with its code."""
    if debug:
        import traceback

        click.echo("".join(traceback.format_exception(error)), err=True)
    elif "--json" in words:
        shape: dict[str, Any] = {"error": error.to_dict()}
        click.echo(json.dumps(shape, default=str), err=True)
    else:
        from interplane.cli.output import visible

        word = click.style("Error", fg="red", bold=True)
        click.echo(f"{word} ({error.code}): {visible(str(error))}", err=True)
    sys.exit(error.exit_code)


def _say_fault(kind: type[BaseException], error: BaseException, trace: object) -> None:
    """Say what nobody expected: a fault of ours. Python exits with 1 afterwards."""
    del trace
    from interplane.cli.output import visible

    click.echo(
        f"Error (fault): {kind.__name__}: {visible(str(error))}. This is a fault of Interplane, not "
        "of yours. What was finished is kept. Run the same command with --debug to see where it "
        "is, and report it.",
        err=True,
    )


if __name__ == "__main__":
    main()
