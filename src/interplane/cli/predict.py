"""``interplane predict``: a crossing scores a dataset in batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interplane.cli.options import TIME, inputs_option, read_inputs
from interplane.cli.output import figures, json_option, print_json, say, width
from interplane.cli.pipelines import Teller
from interplane.record import short

if TYPE_CHECKING:
    from datetime import datetime

    from interplane.project.prediction import Prediction

__all__ = ["predict"]


@click.command()
@click.argument("ref")
@click.option("--out", required=True, metavar="DATASET", help="The dataset that takes the scores.")
@inputs_option
@click.option("--since", type=TIME, help="Rows whose prediction time is not before this (UTC).")
@click.option("--until", type=TIME, help="Rows whose prediction time is before this (UTC).")
@click.option("--beside", metavar="REF", help="Another crossing to compare with, row by row.")
@json_option
def predict(
    ref: str,
    *,
    out: str,
    inputs: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    beside: str | None,
    as_json: bool,
) -> None:
    """Score rows with the crossing REF, for example flights@live.

    The crossing's own data steps make its rows out of the data versions; each scored row keeps its
    key, its score, the crossing's id and a prediction id. Rows that have a label are evaluated.
    """
    import sys

    from interplane.project.crossings import find_crossing
    from interplane.project.prediction import predict as predict_batch
    from interplane.project.project import Project
    from interplane.project.running import Running

    project = Project.find()
    name = find_crossing(project.store, ref).crossing.pipeline
    tell = None if as_json else Teller(sys.stderr.isatty())
    try:
        done = predict_batch(
            Running(project, name, tell=tell),
            ref,
            out=out,
            pins=read_inputs(inputs),
            since=since,
            until=until,
            beside=beside,
        )
    finally:
        if tell is not None:
            tell.close()
    if as_json:
        print_json(
            {
                "crossing": done.crossing.digest,
                "dataset": done.added.dataset,
                "number": done.added.number,
                "rows": done.added.version.rows,
                "unlabelled": done.unlabelled,
                "evaluation": None if done.evaluation is None else done.evaluation.to_dict(),
                "unevaluated": done.unevaluated,
                "unsliced": done.unsliced,
            }
        )
        return
    _say(done)


def _say(done: Prediction) -> None:
    added = done.added
    say(
        f"{added.dataset}@{added.number}  {added.version.rows:,} rows of {done.output} scored by "
        f"{done.crossing.name}  {short(added.digest)}"
    )
    if added.note:
        say(f"  {added.note}")
    if done.evaluation is None:
        say(f"  not evaluated: {done.unevaluated}")
        return
    for slicing in done.unsliced:
        say(f"  not sliced by {' x '.join(slicing)}: no crossing keeps the expressions of slices")
    overall = done.evaluation.overall
    say(f"  {done.crossing.name:<16}  {figures(overall.metrics)}")
    if done.beside is not None:
        say(f"  {done.beside.name:<16}  {figures(overall.champion)}")
        say(f"  below, {done.beside.name} is the champion")
    say(f"\n{done.evaluation.to_text(width=width())}")
