"""``interplane learn``: a model's learner goes on with what came true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interplane.cli.output import json_option, print_json, print_table, say
from interplane.record import short

if TYPE_CHECKING:
    from interplane.project.learning import Advance, Standing
    from interplane.project.prequential import DayFigures

__all__ = ["learn"]

_SHOWN_DAYS = 14
_WORDS = {
    "scored": "predictions scored",
    "judged": "scores judged by their outcomes",
    "learned": "examples learned",
    "late": "predictions made before what was learned already: not scored",
    "without_score": "predictions with a null feature: not scored",
    "not_judged": "outcomes of predictions without such a score",
    "not_learnable": "outcomes with a null feature, or that are no label: not learned",
    "corrections": "corrections: counted, not learned twice",
    "taken_back": "outcomes taken back",
    "earlier": "outcomes of predictions from before the learner began",
    "lost": "outcomes that waited too long for their prediction",
}


@click.command()
@click.argument("model")
@click.option("--show", is_flag=True, help="Only show where the learner stands.")
@json_option
def learn(model: str, *, show: bool, as_json: bool) -> None:
    """Let the learner of MODEL go on with the outcomes that came since.

    It begins with the live crossing of MODEL, which has to be a learner (see interplane.learner), and
    takes what was predicted and what came true in the order of time. Each score is judged when its
    outcome is known, before the learner learns from it, beside the score that was served. What it has
    learned is kept as a checkpoint; a pipeline takes that as its input ip.learned("MODEL"), gates and
    publishes it. Called again it goes on from there, and learns nothing twice.

    \b
    interplane labels add tips.parquet --key trip --value tipped --known-at paid_at
    interplane learn trips             what was learned, and how it did day by day
    interplane run                     a pipeline that takes ip.learned("trips")
    """  # noqa: D301 - click's mark for lines that stay as they are
    from datetime import UTC, datetime

    from interplane.project.learning import Learning
    from interplane.project.project import Project

    learning = Learning(Project.find(), model)
    if show:
        standing = learning.standing()
        print_json(standing) if as_json else _show(standing)
        return
    done = learning.advance(datetime.now(UTC))
    print_json(done) if as_json else _say(done)


def _say(done: Advance) -> None:
    if not done.checkpoints:
        say("Nothing new to learn.")
    for name, words in _WORDS.items():
        if done.met.get(name):
            say(f"{done.met[name]:>9,}  {words}")
    _show(done.standing)


def _show(standing: Standing) -> None:
    if standing.checkpoint is None:
        say(
            f"{standing.parent} has learned nothing since it is live: it has no predictions of its own "
            "with an outcome yet."
        )
        return
    say(
        f"{standing.model}: {standing.learned:,} examples learned since {standing.parent}; "
        f"checkpoint {short(standing.checkpoint)}"
    )
    say(
        f"{standing.pending:,} scores wait for their outcomes, {standing.waiting:,} outcomes for their "
        "predictions"
    )
    if standing.days:
        _figures(standing.days)


def _figures(days: tuple[DayFigures, ...]) -> None:
    *before, total = days
    metric = "log_loss" if total.learner.log_loss is not None else "mae"
    names = [metric, *(["roc_auc"] if total.learner.roc_auc is not None else [])]
    headers = ("day", "rows", *(word for name in names for word in (name, "served")))
    shown = [*before[-_SHOWN_DAYS:], total]
    print_table(
        headers,
        [
            (
                each.day,
                f"{each.rows:,}",
                *(
                    _number(getattr(figures, name))
                    for name in names
                    for figures in (each.learner, each.served)
                ),
            )
            for each in shown
        ],
        right=headers[1:],
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
