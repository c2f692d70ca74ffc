"""``interplane shadow``: what the shadow of a model would change, by slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interplane.cli.options import TIME
from interplane.cli.output import json_option, print_json, print_table, say
from interplane.evaluation.results import slice_name

if TYPE_CHECKING:
    from datetime import datetime

    from interplane.monitoring.shadow import Change, Latencies
    from interplane.monitoring.shadow_quality import Paired
    from interplane.project.shadow_report import Shadowed

__all__ = ["shadow"]

_SHOWN = 20


@click.command()
@click.argument("model")
@click.option(
    "--slices",
    multiple=True,
    metavar="COLUMN[,COLUMN]",
    help="Slice by a column, or by a cross of columns. May be said several times.",
)
@click.option(
    "--min-rows",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="The least rows of a slice.",
)
@click.option("--since", type=TIME, help="Rows whose prediction time is not before this (UTC).")
@click.option("--until", type=TIME, help="Rows whose prediction time is before this (UTC).")
@click.option("--seed", type=int, default=0, show_default=True, help="What intervals are drawn by.")
@json_option
def shadow(
    model: str,
    *,
    slices: tuple[str, ...],
    min_rows: int,
    since: datetime | None,
    until: datetime | None,
    seed: int,
    as_json: bool,
) -> None:
    """Say what the shadow of MODEL would have changed, in all rows and in each slice.

    The prediction log is joined with the shadow's by id: decisions that would have been the other
    one, scores that move, rows that the shadow could not answer, and what both are worth where the
    outcome is known. Slices that change most come first.
    """
    from interplane.project.project import Project
    from interplane.project.shadow_report import shadow_report

    found = shadow_report(
        Project.find(),
        model,
        slices=[tuple(name.strip() for name in by.split(",")) for by in slices],
        min_rows=min_rows,
        since=since,
        until=until,
        seed=seed,
    )
    print_json(found) if as_json else _say(found)


def _say(found: Shadowed) -> None:
    report, whole = found.report, found.report.overall
    say(
        f"{found.shadow} shadows {found.live} since {found.since[:16].replace('T', ' ')}: "
        f"{report.compared:,} of {report.answered:,} rows compared"
    )
    if whole.unanswered:
        why = ", ".join(f"{count:,} {code}" for code, count in report.because.items())
        say(f"  it could not answer {whole.unanswered:,} of them: {why}")
    say(
        f"  decisions at {report.threshold:g}: {whole.flipped:.2%} would be the other one, "
        f"{whole.to_positive:,} to positive, {whole.to_negative:,} to negative"
    )
    if whole.live_mean is not None and whole.shadow_mean is not None:
        say(
            f"  scores: mean {whole.live_mean:.4f} -> {whole.shadow_mean:.4f}, they move by "
            f"{whole.mean_change:.4f} on average, {whole.largest_change:+.4f} at most; "
            f"distance of the distributions {whole.shift:.3f}"
        )
    say(
        f"  latency: live {_latency(report.live_latency)}, shadow {_latency(report.shadow_latency)}"
    )
    for name, paired in whole.quality.items():
        say(f"  {name} ({report.labelled:,} outcomes): {_quality(paired)}")
    if report.slices:
        print_table(
            ("slice", "rows", "flipped", "to pos", "to neg", "mean", "shadow", "moves", "quality"),
            [_line(each) for each in report.slices[:_SHOWN]],
            right=("rows", "flipped", "to pos", "to neg", "mean", "shadow", "moves"),
        )
    if len(report.slices) > _SHOWN:
        say(f"and {len(report.slices) - _SHOWN:,} slices more; --json lists all")
    if report.small:
        say(f"{report.small:,} slices have fewer than {report.min_rows:,} rows")


def _latency(found: Latencies) -> str:
    if found.p50_us is None or found.p99_us is None:
        return "unknown"
    return f"{found.p50_us:,.0f} µs, p99 {found.p99_us:,.0f} µs"


def _quality(paired: Paired) -> str:
    word = _word(paired)
    return (
        f"{paired.live.value:.4f} -> {paired.shadow.value:.4f}, "
        f"difference {paired.difference.to_text()}{f', {word}' if word else ''}"
    )


def _word(paired: Paired) -> str:
    """Return whether the shadow is better, or worse, as far as the interval says."""
    difference = paired.difference
    if difference.low <= 0 <= difference.high:
        return ""
    return "better" if (difference.value > 0) == paired.higher_is_better else "worse"


def _line(each: Change) -> tuple[str, ...]:
    words = [f"{name} {word}" for name, found in each.quality.items() if (word := _word(found))]

    def number(value: float | None) -> str:
        return "-" if value is None else f"{value:.3f}"

    return (
        slice_name(each.by, each.values),
        f"{each.rows:,}",
        f"{each.flipped:.1%}",
        f"{each.to_positive:,}",
        f"{each.to_negative:,}",
        number(each.live_mean),
        number(each.shadow_mean),
        number(each.mean_change),
        ", ".join(words),
    )
