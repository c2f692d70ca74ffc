"""What a notebook shows of a run that is on record: its graph, and its steps in its time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from interplane.charts.graph import Node
from interplane.charts.markup import element
from interplane.charts.notebook import card
from interplane.charts.svg import gantt
from interplane.charts.tables import state, table
from interplane.pipeline.graph_card import graph_part
from interplane.record import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.project.runs import RunInfo
    from interplane.record import StepRun

__all__ = ["run_html"]

_LEAST_S = 1e-3


def run_html(info: RunInfo) -> str:
    """Return a run: how each step went, when it was at work, and what hangs on what."""
    begun = datetime.fromisoformat(info.run.started_at)
    times = {name: _time(info, begun, info.step_runs.get(name)) for name in info.steps}
    ends = [begin + seconds for begin, seconds in times.values()]
    span = max([*ends, info.seconds or 0.0, _LEAST_S])
    rows = [
        (
            name,
            state(went),
            "" if not times[name][1] else f"{times[name][1]:.1f} s",
            gantt(went, begin=times[name][0], seconds=times[name][1], span=span),
        )
        for name, went in info.steps.items()
    ]
    took = "" if info.seconds is None else f", {info.seconds:.1f} s"
    failed = [element("p", info.error, class_="warned")] if info.error else []
    return card(
        f"run of {info.run.pipeline}",
        f"{short(info.digest)}, begun {info.run.started_at} by {info.actor}{took}",
        *failed,
        _graph(info),
        table(["step", "went", "took", "when"], rows, right=(False, False, True)),
        state=state(info.status),
    )


def _time(info: RunInfo, begun: datetime, done: StepRun | None) -> tuple[float, float]:
    """Return when a step began, in seconds after the run, and how long it took; 0 where it did not run."""
    if done is None or done.run != info.digest:
        return 0.0, 0.0
    begin = (datetime.fromisoformat(done.started_at) - begun).total_seconds()
    return max(begin, 0.0), done.duration_s


def _graph(info: RunInfo) -> object:
    keys = {name: done.key for name, done in info.step_runs.items() if name in info.steps}
    makers = {output: name for name, key in keys.items() for output in (*key.outputs, name)}
    takes: dict[str, Sequence[str]] = {
        name: list(dict.fromkeys(makers.get(each, each) for each in key.inputs if "." not in each))
        for name, key in keys.items()
    }
    given = dict.fromkeys(n for above in takes.values() for n in above if n not in info.steps)
    nodes = [Node(name, went, note=went) for name, went in info.steps.items()]
    return graph_part(given, nodes, takes)
