"""Runs: how each went, its steps over time, what they made and wrote."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from interplane.charts.graph import GraphPicture, Node, draw_graph
from interplane.project.run_logs import begun_steps
from interplane.project.run_metrics import metrics_of
from interplane.project.runs import find_run, list_runs
from interplane.record import Digest, Snapshot, Value
from interplane.web.pages.metrics import MetricCard, metric_cards
from interplane.web.pages.steps import StepBar, Steps
from interplane.web.pages.words import LOG, NewWords, follow_words, last_words
from interplane.web.places import Whole
from interplane.web.routes import Asked, Grows, Live, Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.project.runs import RunInfo

__all__ = ["PAGES", "RunPage", "RunsPage"]

_PAGE: Final = 100
_MOST: Final = 1000
_NEWEST: Final = 10**15
_GOES_ON: Final = 0.2


class RunRow(Value, frozen=True, kw_only=True):
    """A run in a list."""

    digest: Digest
    pipeline: str
    status: str
    steps: dict[str, int]
    seconds: float | None
    actor: str
    at: str


class RunsPage(Value, frozen=True, kw_only=True):
    """Runs, newest first; ``before`` is what to ask for to see those before them, if there are any."""

    runs: tuple[RunRow, ...]
    before: int | None


class Published(Value, frozen=True, kw_only=True):
    """A crossing that a run published."""

    name: str
    digest: Digest
    href: str


class RunPage(Value, frozen=True, kw_only=True):
    """A run: its steps over time, what hangs on what, what was told of metrics, and what was written.

    ``wrote`` has the end of what the steps wrote that were executed in it, or are; its stream
    brings what is new of that by itself.
    """

    digest: Digest
    pipeline: str
    status: str
    actor: str
    at: str
    seconds: float | None
    commit: str | None
    parameters: dict[str, dict[str, Any]]
    steps: tuple[StepBar, ...]
    graph: GraphPicture | None
    metrics: tuple[MetricCard, ...]
    wrote: NewWords | None
    error: str
    span: float
    crossings: tuple[Published, ...]


def read_runs(asked: Asked) -> RunsPage:
    """Return the last runs, newest first, or those before."""
    store, limit = asked.project.store, int(asked.query.get("limit", _PAGE))
    before = int(asked.query["before"]) if "before" in asked.query else None
    found = list_runs(store, limit=limit + 1, before=before)
    last = store.catalog.get(found[limit - 1].digest).sequence if len(found) > limit else None
    return RunsPage(runs=tuple(map(_row, found[:limit])), before=last)


def read_run(asked: Asked) -> RunPage:
    """Return a run with its steps over time."""
    store = asked.project.store
    info = find_run(store, asked.path["run"])
    snapshot = store.record(info.run.snapshot, Snapshot)
    at_work = begun_steps(asked.project, info)
    steps = Steps(store, info, asked.chronicle.planes(), at_work=at_work)
    bars = tuple(steps.bars())
    span = max((bar.begin + bar.seconds for bar in bars), default=0.0)
    if any(bar.since for bar in bars):  # what is at work goes on to the end of the picture
        span = span * (1 + _GOES_ON) + 1.0
    return RunPage(
        digest=info.digest,
        pipeline=info.run.pipeline,
        status=info.status,
        actor=info.actor,
        at=info.run.started_at,
        seconds=info.seconds,
        commit=snapshot.commit,
        parameters={step: values for step, values in info.run.parameters.items() if values},
        steps=bars,
        graph=_graph(steps, bars, info.digest),
        metrics=metric_cards(metrics_of(asked.project, info)),
        wrote=last_words(asked.project, info),
        error=info.error or "",
        span=max(span, info.seconds or 0.0, 1e-3),
        crossings=tuple(
            Published(
                name=f"{each.model}@{each.number}",
                digest=each.crossing,
                href=f"/models/{each.model}/{each.number}",
            )
            for each in asked.chronicle.planes().crossings
            if each.crossing in info.crossings
        ),
    )


def _row(info: RunInfo) -> RunRow:
    return RunRow(
        digest=info.digest,
        pipeline=info.run.pipeline,
        status=info.status,
        steps=dict(Counter(info.steps.values())),
        seconds=info.seconds,
        actor=info.actor,
        at=info.run.started_at,
    )


def _graph(steps: Steps, bars: Sequence[StepBar], run: Digest) -> GraphPicture | None:
    """Return the picture of what hangs on what: the inputs, then the steps."""
    nodes = []
    for name in steps.inputs():
        called = steps.called(name)
        note, href = ("", "") if called is None else called
        nodes.append(Node(name, "input", note=note, says=f"{name} {note}".strip(), href=href))
    for bar in bars:
        took = f" {bar.seconds:.1f} s" if bar.seconds else ""
        href = f"/runs/{run[:12]}/log/{bar.step}" if bar.has_log else ""
        says = f"{bar.step}: {bar.went}{took}" + (f"; {bar.why}" if bar.why else "")
        nodes.append(Node(bar.step, bar.went, note=f"{bar.went}{took}", says=says, href=href))
    return draw_graph(nodes, {bar.step: steps.parents(bar.step) for bar in bars})


PAGES: Final = (
    Page(
        name="runs",
        path="/runs",
        permission="look",
        read=read_runs,
        template="runs.html",
        query={
            "limit": Whole("how many to list", 1, _MOST),
            "before": Whole("those before, as the page before says", 1, _NEWEST),
        },
    ),
    Page(
        name="run",
        path="/runs/{run}",
        permission="look",
        read=read_run,
        template="run.html",
        live=Live(
            template="run-live.html",
            is_over=lambda run: run.status != "running",
            grows=Grows(field="wrote", piece=NewWords, follow=follow_words),
        ),
    ),
    LOG,
)
