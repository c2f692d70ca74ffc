"""``interplane plan | run``: what a run would do, and the run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from interplane.cli.output import json_option, print_json, say, width
from interplane.errors import GateClosed, InterplaneError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.pipeline.hyperparameters import Hyperparameter
    from interplane.pipeline.outcome import Event, Outcome

__all__ = ["PipelineCommand", "plan", "run"]


class PipelineCommand(click.Command):
    """A command that takes the hyperparameters of the project's pipelines as options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the hyperparameters of this project's pipelines."""
        super().format_options(ctx, formatter)
        for name, options in _hyperparameters().items():
            rows = [(_option(item), _about(item)) for item in options.values()]
            if rows:
                with formatter.section(f"Hyperparameters of {name} (--step.name for one step)"):
                    formatter.write_dl(rows)


_WORDS = {"ignore_unknown_options": True}
_words = click.argument(
    "words", nargs=-1, type=click.UNPROCESSED, metavar="[PIPELINE] [--HYPERPARAMETER VALUE]..."
)
_pins = click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="INPUT=REF",
    help="Another version than the latest, e.g. flights=flights@3.",
)
_seed = click.option("--seed", type=int, help="What the seeds of all steps are derived from.")


@click.command(cls=PipelineCommand, context_settings=_WORDS)
@_words
@_pins
@_seed
@json_option
def plan(
    words: tuple[str, ...],
    *,
    inputs: tuple[str, ...],
    seed: int | None,
    as_json: bool,
) -> None:
    """Say what a run of PIPELINE would do, step by step, and why. Nothing runs.

    A step is reused when nothing that it may depend on has changed: its code and everything of the
    project that the code reaches, its hyperparameters, its inputs, its seed, its libraries.
    """
    pipeline, parameters = read_words(words)
    running = _running(pipeline)
    planner = running.prepare(parameters=parameters, pins=read_pins(inputs), seed=seed)
    found = planner.plan()
    if as_json:
        print_json(found.to_dict())
    else:
        say(found.to_text())


@click.command(cls=PipelineCommand, context_settings=_WORDS)
@_words
@_pins
@_seed
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes, at most.")
@json_option
def run(
    words: tuple[str, ...],
    *,
    inputs: tuple[str, ...],
    seed: int | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Run PIPELINE (the only one if not named): reuse what is the same, record the rest.

    Each step is kept as it ends: after an error, or a power cut, the same command goes on. Exit
    code 5 if a gate does not let a crossing pass; it is recorded and cannot be deployed.
    """
    pipeline, parameters = read_words(words)
    tell = None if as_json else Teller(sys.stderr.isatty())
    running = _running(pipeline, workers=workers, tell=tell)
    planner = running.prepare(parameters=parameters, pins=read_pins(inputs), seed=seed)
    try:
        outcome = running.run(planner)
    finally:
        if tell is not None:
            tell.close()
    if as_json:
        print_json(outcome.to_dict())
    else:
        _say_outcome(outcome)
    if outcome.status == "gate-closed":
        raise click.exceptions.Exit(GateClosed.exit_code)


class Teller:
    """Tells a run as it goes: a line for each step that ended, and who is at work on a terminal."""

    def __init__(self, terminal: bool) -> None:  # noqa: FBT001 - the only thing it asks
        self._status: Any = None
        self._at_work: list[str] = []
        if terminal:
            from rich.console import Console

            self._status = Console(stderr=True).status("planning")
            self._status.start()

    def __call__(self, event: Event) -> None:
        """Say what happened."""
        if event.kind == "started":
            self._at_work.append(event.step)
        elif event.step in self._at_work:
            self._at_work.remove(event.step)
        if event.kind not in {"started", "published"}:
            seconds = f"{event.seconds:6.1f} s" if event.kind in {"done", "failed"} else " " * 8
            line = f"  {event.kind:<8}{seconds}  {event.step:<20}  {event.text}".rstrip()
            # An error is said in full at the end, what a step made by "interplane runs last".
            room = width() or len(line)
            say(line if len(line) <= room else f"{line[: room - 1]}…")
            sys.stdout.flush()
        if self._status is not None:
            self._status.update(f"running {', '.join(self._at_work)}" if self._at_work else "")

    def close(self) -> None:
        """Take the line of work away."""
        if self._status is not None:
            self._status.stop()


def read_words(words: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """Return the pipeline's name, if the words begin with one, and the hyperparameters.

    >>> read_words(["flights", "--learning-rate", "0.05", "--model.num-trees=9"])
    ('flights', {'learning_rate': '0.05', 'model.num_trees': '9'})
    >>> read_words(["--trees", "9"])
    (None, {'trees': '9'})
    """
    rest = list(words)
    pipeline = rest.pop(0) if rest and not rest[0].startswith("-") else None
    found: dict[str, str] = {}
    while rest:
        word = rest.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not name:
            raise UsageError(
                f"{word!r} is no option",
                expected="--NAME VALUE for a hyperparameter",
                do='See them with "interplane run --help"',
            )
        if not equals:
            if not rest:
                raise UsageError(f"--{name} has no value", expected=f"--{name} VALUE", do="Give it")
            value = rest.pop(0)
        found[name.replace("-", "_")] = value
    return pipeline, found


def read_pins(words: tuple[str, ...]) -> dict[str, str]:
    """Return the inputs of words such as ``flights=flights@3``.

    >>> read_pins(("flights=flights@3", "weather=2"))
    {'flights': 'flights@3', 'weather': '2'}
    """
    pins = {}
    for word in words:
        name, equals, ref = word.partition("=")
        if not equals:
            raise UsageError(
                f"--input {word!r} does not say which input it is for",
                expected="INPUT=REF",
                do="For example --input flights=flights@3",
            )
        pins[name] = ref
    return pins


def _running(name: str | None, **options: Any) -> Any:
    from interplane.project.project import Project
    from interplane.project.running import Running

    return Running(Project.find(), name, **options)


def _say_outcome(outcome: Outcome) -> None:
    from collections import Counter

    from interplane.record import short

    counts = ", ".join(f"{count} {how}" for how, count in Counter(outcome.steps.values()).items())
    say(f"run @{short(outcome.run)}: {counts}, in {outcome.seconds:.2f} s")
    for item in outcome.published:
        known = "" if item.is_new else " (was there already)"
        say(f"{item.name}@{item.number}{known}  {short(item.crossing)}  {item.verdict.to_text()}")
        for line in item.verdict.held:
            say(f"  held  {line}")


def _hyperparameters() -> dict[str, dict[str, Hyperparameter]]:
    from interplane.project.project import Project

    try:
        found = Project.find().pipelines()
    except InterplaneError:
        # Outside a project, or in one that does not import, the command's own help is enough.
        return {}
    return {name: dict(pipeline.graph().options) for name, (_, pipeline) in found.items()}


def _option(item: Hyperparameter) -> str:
    return f"--{item.name.replace('_', '-')} {item.type.__name__.upper()}"


def _about(item: Hyperparameter) -> str:
    return "required" if item.required else f"default: {item.default}"
