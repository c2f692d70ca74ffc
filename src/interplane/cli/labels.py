"""``interplane labels``: what came true of predictions, added from files, counted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interplane.cli.data import read_options
from interplane.cli.options import TIME
from interplane.cli.output import json_option, print_json, print_table, progress, say
from interplane.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from interplane.outcomes.counts import Counts
    from interplane.outcomes.unmatched import Unmatched
    from interplane.project.adding_outcomes import Added
    from interplane.project.outcomes import Day
    from interplane.project.project import Project
    from interplane.record import Type

__all__ = ["labels"]

_SHOWN_DAYS = 14


class _Labels(click.Group):
    """A group that lists where no command is named: ``interplane labels flights``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``list`` where it was left out."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Labels)
def labels() -> None:
    """What came true of predictions: labels, and proxies that come sooner.

    An outcome belongs to a prediction by its id, or by the key of its request. It is known at a time:
    of two for one prediction the one that was known later counts, and none is forgotten.

    \b
    interplane labels add arrivals.parquet --key flight_id --value late
    interplane labels flights          how many, and what share of each day
    interplane labels flights --json   the same for programs
    """  # noqa: D301 - click's mark for lines that stay as they are


@labels.command(short_help="Add an outcome for each row of a file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--model", help="The model; not needed where the workspace has only one.")
@click.option("--key", "keys", metavar="COLUMN,…", help="The columns of the request's key.")
@click.option(
    "--id", "prediction_id", metavar="COLUMN", help="Or the column with predictions' ids."
)
@click.option(
    "--value", required=True, metavar="COLUMN", help="The column with what came true; null is none."
)
@click.option(
    "--known-at", metavar="COLUMN", help="The column that says when (UTC); now if not given."
)
@click.option(
    "--name", "--proxy", "name", default="label", show_default=True, help="A proxy's name: clicked."
)
@click.option("--replay", is_flag=True, help="Take times that are ahead of the clock.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="How a text file is written, as for data add.",
)
@json_option
def add(
    file: Path,
    *,
    model: str | None,
    keys: str | None,
    prediction_id: str | None,
    value: str,
    known_at: str | None,
    name: str,
    replay: bool,
    options: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add an outcome for each row of FILE (CSV, zipped or not, Parquet, Arrow).

    A file with a row that is no outcome is refused whole, with the first of these rows and why. The
    same file again changes nothing: without --known-at, too, what counts already is not kept again.
    """
    from interplane.project.adding_outcomes import add_table
    from interplane.project.outcomes import key_types
    from interplane.project.project import Project

    if (keys is None) is (prediction_id is None):
        raise UsageError(
            f"{'both' if keys else 'neither'} --key {'and' if keys else 'nor'} --id",
            expected="how a row finds its predictions",
            do="Give --key with the columns of the request's key, or --id with that of the ids",
        )
    project = Project.find()
    model = _model(project, model)
    types = key_types(project.store, model)
    key = [] if keys is None else [each.strip() for each in keys.split(",")]
    _check_key(model, key, types)
    table = _read(file, options, {**types, **({known_at: "timestamp"} if known_at else {})})
    with progress(f"adding to {model}") as bar:
        added = add_table(
            project,
            model,
            table,
            value=value,
            key=key,
            prediction_id=prediction_id,
            known_at=known_at,
            name=name,
            replay=replay,
            progress=bar,
        )
    print_json(added.to_dict()) if as_json else say(_added(added, name))


@labels.command("list", short_help="Count outcomes and coverage; takes --json.")
@click.argument("model", required=False)
@click.option("--name", "--proxy", "name", default="label", help="Whose days to show.")
@click.option(
    "--days", type=click.IntRange(1), default=_SHOWN_DAYS, show_default=True, help="How many days."
)
@click.option(
    "--unmatched", type=click.IntRange(1), metavar="N", help="Show N that belong to no prediction."
)
@json_option
def list_(model: str | None, *, name: str, days: int, unmatched: int | None, as_json: bool) -> None:
    """Count the outcomes of MODEL, and say what share of each day's predictions has one.

    What belongs to no prediction yet is kept, and matches when its prediction turns up.
    """
    from interplane.project.outcomes import coverage, not_matched
    from interplane.project.project import Project

    project = Project.find()
    model = _model(project, model)
    found = project.outcomes(model)
    covered = coverage(project, model, name=name, days=days)
    alone = [] if unmatched is None else not_matched(project, model, name=name, limit=unmatched)
    if as_json:
        print_json(
            {
                "model": model,
                "counts": [each.to_dict() for each in found],
                "name": name,
                "days": [{**day.to_dict(), "coverage": day.coverage} for day in covered],
                **({} if unmatched is None else {"unmatched": alone}),
            }
        )
        return
    if not found:
        say(f'No outcome of {model} yet. Add some with "interplane labels add FILE".')
    else:
        _print_counts(found)
    if covered:
        say()
        _print_days(covered, name)
    if alone:
        say()
        _print_unmatched(alone)


@labels.command(short_help="Let go of outcomes known before a time.")
@click.option("--known-before", type=TIME, required=True, help="The time (UTC).")
@json_option
def drop(*, known_before: datetime, as_json: bool) -> None:
    """Let go of every outcome, of every model, that was known before a time.

    Nothing is dropped unless this is called. Windows that were counted keep what they had.
    """
    from interplane.project.outcomes import drop_known_before
    from interplane.project.project import Project

    gone = drop_known_before(Project.find(), known_before)
    print_json({"dropped": gone}) if as_json else say(f"{gone:,} outcomes dropped.")


def _model(project: Project, given: str | None) -> str:
    """Return the model that is meant, the only one if none is named."""
    if given is not None:
        return given
    known = [name.partition("/")[2] for name in project.store.catalog.names("model/")]
    if len(known) == 1:
        return known[0]
    raise UsageError(
        f"the workspace has {len(known) or 'no'} models{': ' if known else ''}{', '.join(known)}",
        expected="the name of one of them",
        do="Name it: --model MODEL to add, interplane labels MODEL to list",
    )


def _check_key(model: str, key: list[str], types: dict[str, Type]) -> None:
    if key and set(key) != set(types):
        has = f"has the key {', '.join(types)}" if types else "has no key"
        raise UsageError(
            f"--key {','.join(key)}, but a request to {model} {has}",
            expected=f"--key {','.join(types)}" if types else "--id COLUMN",
            do="Name these columns, as the features declare them; rename those of the file"
            if types
            else "Say the ids of predictions, or declare key=[…] where the features are defined",
        )


def _read(file: Path, options: tuple[str, ...], hints: dict[str, Type]) -> Any:
    from interplane.data.options import ReadOptions
    from interplane.data.readers import read_table

    return read_table(file, options=ReadOptions.of(read_options(options)), hints=hints).table


def _added(added: Added, name: str) -> str:
    what = "labels" if name == "label" else f"outcomes {name!r}"
    null = f"; {added.null:,} of them null, which is no label" if added.null else ""
    return f"{added.new:,} {what} added to {added.model}, {added.known:,} were there already{null}."


def _print_counts(found: list[Counts]) -> None:
    headers = ("name", "outcomes", "matched", "unmatched", "early", "null", "corrected", "repeated")
    print_table(
        headers,
        [(each.name, *(f"{getattr(each, header):,}" for header in headers[1:])) for each in found],
        right=headers[1:],
    )


def _print_days(days: list[Day], name: str) -> None:
    print_table(
        ("day", "predictions", f"with {name}", "coverage", "null"),
        [
            (
                day.day,
                f"{day.predictions:,}",
                f"{day.covered:,}",
                f"{day.coverage:.1%}",
                f"{day.covered - day.labelled:,}",
            )
            for day in days
        ],
        right=("predictions", f"with {name}", "coverage", "null"),
    )


def _print_unmatched(alone: list[Unmatched]) -> None:
    print_table(
        ("of no prediction", "outcome", "known at"),
        [
            (
                ", ".join(f"{column}={value}" for column, value in each.target.items()),
                "null" if each.outcome is None else each.outcome,
                f"{each.known_at:%Y-%m-%d %H:%M:%S}",
            )
            for each in alone
        ],
    )
