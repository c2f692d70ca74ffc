"""The rows that a recorded crossing reads, made again of other data by its own steps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import msgspec

from interplane.errors import UsageError
from interplane.record import short
from interplane.storage.names import series_name
from interplane.views.derived import sources_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.data.table import Table
    from interplane.features.frozen import Frozen
    from interplane.models.model import Model
    from interplane.pipeline.inputs import ResolvedInput
    from interplane.pipeline.plan import Planner
    from interplane.project.crossings import Recorded
    from interplane.project.running import Running
    from interplane.record import Crossing, Digest
    from interplane.storage.store import Store

__all__ = ["frozen_of", "recorded_rows", "recorded_tables"]


def frozen_of(model: Model) -> Frozen:
    """Return a model's features as what they are here; `models` asks less of them."""
    return cast("Frozen", model.features)


def recorded_rows(
    running: Running,
    found: Recorded,
    output: str,
    model: Model,
    pins: Mapping[str, str] | None = None,
) -> tuple[Table, dict[str, Table]]:
    """Return an output of the crossing's pipeline and the tables of its views' sources."""
    sources = sources_of(frozen_of(model).uses)
    tables = recorded_tables(running, found, [output, *sources], pins)
    return tables[output], {name: tables[name] for name in sources}


def recorded_tables(
    running: Running, found: Recorded, names: Sequence[str], pins: Mapping[str, str] | None = None
) -> dict[str, Table]:
    """Return outputs and inputs of the crossing's pipeline, made of the latest or pinned data.

    The steps that make them run (or are reused) with the crossing's own parameters and seeds.

    Raises:
        UsageError: if their code, schemas or datasets are no longer those of the crossing.
        UnknownName: if a name is neither an output nor an input of the pipeline.
    """
    from interplane.pipeline.inputs import resolve_inputs
    from interplane.pipeline.view_sources import load_sources

    store, whole = running.project.store, running.pipeline.graph()
    outputs = [name for name in dict.fromkeys(names) if name in whole.producers]
    graph = whole.up_to(outputs)
    planner = running.prepare(graph, parameters=_parameters(found.crossing, graph.order), pins=pins)
    inputs = planner.inputs
    if len(outputs) < len(set(names)):
        inputs = resolve_inputs(whole, store, root=running.project.root, pins=pins)
    _refuse_changed(store, found, planner, inputs)
    outcome = running.run(replace(planner, seeds=found.crossing.seeds))
    artifacts = {name: outcome.artifact(name) for name in outputs}
    return load_sources(names, artifacts=artifacts, inputs=inputs, store=store)


def _parameters(crossing: Crossing, steps: Sequence[str]) -> dict[str, Any]:
    return {
        f"{step}.{name}": value
        for step in steps
        for name, value in crossing.parameters.get(step, {}).items()
    }


def _refuse_changed(
    store: Store, found: Recorded, planner: Planner, inputs: Mapping[str, ResolvedInput]
) -> None:
    """Refuse to make rows with other code than the crossing's: they might mean something else."""
    for step, fingerprint in planner.fingerprints.items():
        recorded = found.crossing.steps.get(step)
        if recorded is None:
            raise _changed(found, step, "is new")
        changed = sorted(
            name
            for name in {*recorded.code, *fingerprint.code}
            if recorded.code.get(name) != fingerprint.code.get(name)
        )
        if changed:
            raise _changed(found, step, f"{changed[0]} has changed since")
    for name, use in found.crossing.data.items():
        item = inputs.get(name)
        if item is not None and item.series != series_name("data", use.dataset):
            raise UsageError(
                f"the input {name!r} was the dataset {use.dataset!r} when {found.name} was made, "
                f"and is {item.series.partition('/')[2]!r} now",
                expected="the inputs that the crossing was made with",
                do="Run the pipeline to record a new crossing, or check out its commit",
            )
        if item is not None and not _reads_alike(store, use.schema, item):
            raise UsageError(
                f"the schema of {use.dataset!r} has changed since {found.name} was made: its rows "
                "read otherwise",
                expected="the types, and the rules that make a value null, of that time",
                do="Run the pipeline to record a new crossing, or put the schema file back",
            )


def _reads_alike(store: Store, before: Digest | None, item: ResolvedInput) -> bool:
    """Return whether values read as they did; rules that only refuse rows may have changed."""
    from interplane.data.schema import Schema

    if before == item.schema_digest:
        return True
    if before is None or item.schema is None:
        return False
    then = msgspec.json.decode(store.read(before), type=Schema)
    return then.reading == msgspec.convert(item.schema, Schema).reading


def _changed(found: Recorded, step: str, how: str) -> UsageError:
    return UsageError(
        f"step {step!r} makes the rows of {found.name}, and {how}",
        expected="the code that the crossing was made with",
        do=f"Run the pipeline to record a new crossing, or check out commit "
        f"{short(found.crossing.commit or 'unknown')}",
    )
