"""``interplane runs | logs``: what ran, and what a step wrote."""

from __future__ import annotations

from collections import Counter
from math import isfinite
from typing import TYPE_CHECKING, Any

import click

from interplane.cli.output import age, json_option, print_json, print_table, say
from interplane.record import short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.pipeline.metric_curves import MetricCurve
    from interplane.project.runs import RunInfo
    from interplane.record import StepRun

__all__ = ["logs", "runs"]


@click.command()
@click.argument("run", required=False)
@click.option("--limit", default=20, show_default=True, help="How many of the last ones.")
@json_option
def runs(run: str | None, *, limit: int, as_json: bool) -> None:
    """List the last runs; with RUN (the beginning of its digest, or "last") show one in full.

    In full are also the metrics that its steps told as they trained (ip.log_metric): how many
    points, the first, the last, the least and the greatest of each; with --json all points.
    """
    from interplane.project.project import Project
    from interplane.project.run_metrics import metrics_of, plain_curve
    from interplane.project.runs import find_run, list_runs

    project = Project.find()
    if run is not None:
        info = find_run(project.store, run)
        metrics = metrics_of(project, info)
        if as_json:
            plain = {
                step: {curve.name: plain_curve(curve) for curve in curves}
                for step, curves in metrics.items()
            }
            print_json({**_plain(info), "metrics": plain})
            return
        _say_one(info)
        if metrics:
            say("")
            _say_metrics(metrics)
        return
    found = list_runs(project.store, limit=limit)
    if as_json:
        print_json([_plain(info) for info in found])
        return
    if not found:
        say('No run yet. Make one with "interplane run".')
        return
    rows = [
        (
            f"@{short(info.digest)}",
            info.run.pipeline,
            info.status,
            _counts(info),
            "" if info.seconds is None else f"{info.seconds:.1f} s",
            info.actor,
            age(info.run.started_at),
        )
        for info in found
    ]
    header = ("run", "pipeline", "status", "steps", "took", "by", "began")
    print_table(header, rows, right=("took",))


@click.command()
@click.argument("run")
@click.argument("step", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on until the run ends.")
@json_option
def logs(run: str, step: str | None, *, follow: bool, as_json: bool) -> None:
    """Print what STEP wrote in RUN: output, log records, warnings, and a traceback if it raised.

    RUN is the beginning of its digest, or "last"; without STEP, every step that failed or is at
    work. A step that is at work, or whose process was killed, has what it wrote until now.

    --follow prints each line as it is written, of all steps where none is named, and ends when the
    run does, with its exit code: 0 done, 4 a step failed or the run was killed, 5 the gate is
    closed. --json prints each line as JSON: the step, its number, when it came, the text.
    """
    from interplane.cli.logs import follow_run, print_logs
    from interplane.project.project import Project
    from interplane.project.runs import find_run

    project = Project.find()
    info = find_run(project.store, None if run == "last" else run)
    if follow:
        raise click.exceptions.Exit(follow_run(project, info, step, as_json=as_json))
    print_logs(project, info, step, as_json=as_json)


def _say_one(info: RunInfo) -> None:
    took = "" if info.seconds is None else f", {info.seconds:.1f} s"
    say(f"@{short(info.digest)}  {info.run.pipeline}  {info.status}{took}, by {info.actor}")
    if info.error:
        say(f"  {info.error}")
    parameters = {
        f"{step}.{name}": value
        for step, values in info.run.parameters.items()
        for name, value in values.items()
    }
    if parameters:
        say(f"  {', '.join(f'{name} {value}' for name, value in parameters.items())}")
    say("")
    rows = []
    for name, how in info.steps.items():
        done = info.step_runs.get(name)
        took = "" if done is None else f"{done.duration_s:.2f} s"
        made = "" if done is None else _made(done)
        rows.append((name, how, took, (done.error if done and done.error else made)))
    print_table(("step", "went", "took", "made"), rows, right=("took",))


def _say_metrics(metrics: Mapping[str, Sequence[MetricCurve]]) -> None:
    rows = []
    for step, curves in metrics.items():
        for curve in curves:
            finite = [value for value in curve.values if isfinite(value)]
            ends = (min(finite), max(finite)) if finite else ("", "")
            shown = (curve.values[0], curve.last, *ends)
            told = f"{curve.told:,}"
            rows.append((step, curve.name, told, *(_figure(each) for each in shown)))
    right = ("told", "first", "last", "least", "most")
    print_table(("step", "metric", *right), rows, right=right)


def _figure(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.5g}"


def _made(done: StepRun) -> str:
    """Return what a step made; where it is several things, each with its name."""
    if len(done.outputs) == 1:
        return next(iter(done.outputs.values())).summary
    return ", ".join(f"{name}: {item.summary}" for name, item in done.outputs.items())


def _counts(info: RunInfo) -> str:
    return ", ".join(f"{count} {how}" for how, count in Counter(info.steps.values()).items())


def _plain(info: RunInfo) -> dict[str, Any]:
    return {
        "digest": info.digest,
        "pipeline": info.run.pipeline,
        "status": info.status,
        "seconds": info.seconds,
        "steps": dict(info.steps),
        "step_runs": {name: item.to_dict() for name, item in info.step_runs.items()},
        "parameters": info.run.parameters,
        "inputs": info.run.inputs,
        "started_at": info.run.started_at,
        "actor": info.actor,
        "error": info.error,
    }
