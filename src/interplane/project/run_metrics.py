"""Metrics that the steps of a run told as they trained: on record where a step has ended, else so far."""

from __future__ import annotations

from math import isfinite, isnan
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from interplane.pipeline.metric_curves import read_curves, told_so_far
from interplane.pipeline.run_logs import log_folder
from interplane.project.run_logs import steps_at_work
from interplane.project.runs import LOGS

if TYPE_CHECKING:
    from interplane.pipeline.metric_curves import MetricCurve
    from interplane.project.project import Project
    from interplane.project.runs import RunInfo

__all__ = ["metrics_of", "plain_curve", "plain_value"]


def metrics_of(project: Project, info: RunInfo) -> dict[str, tuple[MetricCurve, ...]]:
    """Return the curves of a run by step: of a reused step those that it told when it ran.

    Of a step that is at work, or whose process was killed, there is what it told until now.

    Args:
        project: where the run is.
        info: the run, with the executions behind its steps.
    """
    found = {}
    for step, done in info.step_runs.items():
        if done.metrics is not UNSET:
            found[step] = read_curves(project.store.read(done.metrics))
    folder = log_folder(project.workspace / LOGS, pipeline=info.run.pipeline, run=info.digest)
    for step in steps_at_work(project, info):
        curves = told_so_far(folder / step)
        if curves:
            found[step] = curves
    return found


def plain_value(value: float) -> float | str:
    """Return a value as JSON can say it: what is not finite by its name.

    >>> plain_value(0.5), plain_value(float("nan")), plain_value(float("-inf"))
    (0.5, 'NaN', '-Infinity')
    """
    if isfinite(value):
        return value
    return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"


def plain_curve(curve: MetricCurve) -> dict[str, Any]:
    """Return a curve as plain JSON values."""
    return {
        "at": list(curve.at),
        "values": [plain_value(value) for value in curve.values],
        "told": curve.told,
    }
