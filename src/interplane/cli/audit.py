"""``interplane audit``: logged predictions made again from the history, and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from interplane.cli.options import TIME, inputs_option, read_inputs
from interplane.cli.output import json_option, print_json, print_table, say
from interplane.record import short

if TYPE_CHECKING:
    from datetime import datetime

    from interplane.monitoring.skew import SkewFigure
    from interplane.project.audit import Audited

__all__ = ["audit"]

_SHOWN = 30


@click.command()
@click.argument("ref")
@click.option(
    "--rows",
    type=click.IntRange(1),
    default=500,
    show_default=True,
    help="How many predictions to draw.",
)
@click.option("--since", type=TIME, help="Those whose prediction time is not before this (UTC).")
@click.option("--until", type=TIME, help="Those whose prediction time is before this (UTC).")
@click.option("--seed", type=int, default=0, show_default=True, help="What they are drawn by.")
@inputs_option
@json_option
def audit(
    ref: str,
    *,
    rows: int,
    since: datetime | None,
    until: datetime | None,
    seed: int,
    inputs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Audit the skew of a crossing: REF is flights@3, or a model, which means its live crossing.

    A sample of its logged predictions is made again from the requests and from the history as of
    each prediction time, and compared bit for bit: what was looked up, every feature, the score. The
    audit is kept. One that finds more skew than [rollout] max_skew keeps the crossing from going
    live without --force.

    Up to the newest known-at time in it a source is taken to be whole. Predictions after that are
    pending: what was pushed to a server may not be in the data yet.
    """
    from interplane.project.audit import audit as make
    from interplane.project.project import Project

    project = Project.find()
    done = make(
        project,
        ref if "@" in ref else f"{ref}@live",
        rows=rows,
        since=since,
        until=until,
        seed=seed,
        pins=read_inputs(inputs),
    )
    most = project.config.rollout.max_skew
    print_json(_plain(done, most)) if as_json else _say(done, most)


def _plain(done: Audited, most: float) -> dict[str, Any]:
    report = done.report.to_dict()
    figures = [{**each.to_dict(), "rate": each.rate} for each in done.report.figures]
    return {
        "crossing": done.crossing.digest,
        "name": done.crossing.name,
        "audit": done.record.digest,
        "seed": done.seed,
        "worst": done.record.worst,
        "worst_of": done.record.worst_of,
        "max_skew": most,
        "blocks": done.record.worst > most,
        **report,
        "figures": figures,
    }


def _say(done: Audited, most: float) -> None:
    report = done.report
    say(
        f"{done.crossing.name}: {report.rows:,} predictions made again (seed {done.seed}), "
        f"{report.skewed:,} differ, of {report.pending:,} some history has not arrived"
    )
    for parameter, until in report.arrived.items():
        say(f"  the data of {parameter} reach until {until or 'nowhere: there are none'}")
    differing = sorted(
        (each for each in report.figures if each.differing), key=lambda each: -each.rate
    )
    shown = differing or list(report.figures)
    print_table(
        ("what", "of", "compared", "differ", "skew rate", "at most", ""),
        [_line(each) for each in shown[:_SHOWN]],
        right=("compared", "differ", "skew rate", "at most"),
    )
    if len(shown) > _SHOWN:
        say(f"and {len(shown) - _SHOWN:,} more; --json lists all")
    if report.first is not None:
        first = report.first
        say(f"first: prediction {short(first.prediction_id)} of {first.time}, {first.what!r}:")
        say(f"  {first.operation or 'no part by itself'} is {first.recomputed} from the data")
        say(f"  and was {first.served} when it was served")
    if done.record.worst > most:
        say(
            f"A skew rate of {done.record.worst:.2%} is more than {most:.2%} ([rollout] max_skew): "
            f"{done.crossing.name} does not go live without --force."
        )


def _line(figure: SkewFigure) -> tuple[str, ...]:
    told = [
        f"{count:,} {word}"
        for count, word in (
            (figure.not_served, "not there when served"),
            (figure.not_in_data, "not in the data"),
        )
        if count
    ]
    return (
        figure.name,
        figure.kind.replace("_", " "),
        f"{figure.compared:,}",
        f"{figure.differing:,}",
        f"{figure.rate:.2%}",
        f"{figure.high:.2%}",
        ", ".join(told),
    )
