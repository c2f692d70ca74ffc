"""What a notebook shows of a pipeline, of a plan and of a run: its graph, and a line a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.charts.graph import Node, draw_graph
from interplane.charts.markup import Markup, element
from interplane.charts.notebook import card, part
from interplane.charts.svg_joined import graph
from interplane.charts.tables import scrolled, state, table
from interplane.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from interplane.pipeline.graph import Pipeline
    from interplane.pipeline.outcome import Outcome
    from interplane.pipeline.plan import Plan
    from interplane.pipeline.steps import Step
    from interplane.pipeline.wiring import Graph

__all__ = ["graph_part", "outcome_html", "pipeline_html", "plan_html"]

_KINDS: Final = {"reuse": "reused", "run": "ready", "wait": "waiting"}
_WORDS: Final = {"reuse": "reused", "run": "runs", "wait": "may run"}


def pipeline_html(pipeline: Pipeline) -> str:
    """Return a pipeline: what hangs on what, what may be said to its steps, what it publishes.

    One that cannot run yet is shown by its steps, with what is wrong about it.
    """
    name = f"pipeline {pipeline.name}"
    try:
        wired = pipeline.graph()
    except GraphError as error:
        return card(name, repr(pipeline), element("p", f"It cannot run: {error}", class_="warned"))
    takes = {
        each.name: [wired.producers.get(edge, edge) for edge in each.edges]
        for each in wired.steps.values()
    }
    nodes = [Node(each.name, each.kind, note=_makes(each)) for each in wired.steps.values()]
    published = (
        f"publishes {each.name}: {each.model}, which {each.gate} lets through"
        for each in wired.publications
    )
    lead = "; ".join([f"{len(wired.steps)} steps", *published])
    return card(name, lead, graph_part(wired.inputs, nodes, takes), *_parameters(wired))


def plan_html(plan: Plan) -> str:
    """Return what a run would do with each step, and why."""
    nodes = [
        Node(name, _KINDS[each.action], note=_WORDS[each.action], says=each.because)
        for name, each in plan.steps.items()
    ]
    labels = {name: each.label for name, each in plan.inputs.items()}
    rows = [(name, _WORDS[each.action], each.because) for name, each in plan.steps.items()]
    lead = f"{len(plan.to_run)} to run, {len(plan.steps) - len(plan.to_run)} reused"
    notes = (
        element("p", f"{step} depends on what cannot be followed: {', '.join(what)}", class_="soft")
        for step, what in plan.unfollowed.items()
    )
    drawn = graph_part(labels, nodes, plan.takes, notes=labels)
    lines = table(["step", "what becomes of it", "why"], rows)
    return card(f"plan of {plan.pipeline}", lead, drawn, lines, *notes)


def outcome_html(it: Outcome) -> str:
    """Return what came of a run: its steps, what they made, and what was published."""
    plan = it.plan
    nodes = [
        Node(name, went, note=went, says=plan.steps[name].because if name in plan.steps else "")
        for name, went in it.steps.items()
    ]
    labels = {name: each.label for name, each in plan.inputs.items()}
    made = [(name, each.summary) for name, each in it.artifacts.items()]
    published = [
        (
            f"{each.name}@{each.number}",
            state("passed" if each.verdict.passed else "refused"),
            "new" if each.is_new else "as it was",
            "; ".join(f"{one.rule}: {one.found}" for one in each.verdict.breaches),
        )
        for each in it.published
    ]
    parts = [part("made", table(["output", "what it is"], made))] if made else []
    if published:
        parts.insert(0, table(["crossing", "gate", "", "broken"], published))
    return card(
        f"run of {it.record.pipeline}",
        f"{it.run[:12]}, {it.seconds:.1f} s",
        graph_part(labels, nodes, plan.takes, notes=labels),
        *parts,
        state=state(it.status),
    )


def graph_part(
    inputs: Iterable[str],
    nodes: Sequence[Node],
    takes: Mapping[str, Sequence[str]],
    *,
    notes: Mapping[str, str] | None = None,
) -> Markup:
    """Return the picture of a pipeline in a frame that scrolls; nothing without a step.

    Args:
        inputs: the names of what it is given.
        nodes: its steps.
        takes: the steps and inputs that each step takes.
        notes: what stands below the inputs' names.
    """
    given = [Node(each, "input", note=(notes or {}).get(each, "")) for each in inputs]
    drawn = draw_graph([*given, *nodes], takes)
    if drawn is None:
        return Markup("")
    return scrolled(graph(drawn), "The graph of the pipeline")


def _makes(step: Step) -> str:
    if step.is_gate:
        return "gate"
    return "" if step.outputs == (step.name,) else ", ".join(step.outputs)


def _parameters(wired: Graph) -> Iterator[Markup]:
    rows = [
        (step.name, name, "it has to be said" if each.required else repr(each.default))
        for step in wired.steps.values()
        for name, each in step.hyperparameters.items()
    ]
    if rows:
        yield part("what may be said to it", table(["step", "hyperparameter", "unless said"], rows))
