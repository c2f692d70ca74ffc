"""Makes the crossing of a model version: a pure function of what a run made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from interplane.pipeline.baseline_rows import BASELINE_ROWS
from interplane.pipeline.graph import Live
from interplane.record import Crossing, DataUse, digest_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.pipeline.graph import Publication
    from interplane.pipeline.inputs import ResolvedInput
    from interplane.pipeline.wiring import Graph
    from interplane.record import Artifact, Digest, Snapshot, StepKey, Verdict

__all__ = ["Described", "Made", "crossing_of", "ingredients", "is_live_again"]


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a run made that a publication stands on.

    Attributes:
        keys: the key of each step of the pipeline.
        artifacts: what the steps made, by output.
        inputs: the declared inputs, resolved.
        snapshot: the state of the code plane.
    """

    keys: Mapping[str, StepKey]
    artifacts: Mapping[str, Artifact]
    inputs: Mapping[str, ResolvedInput]
    snapshot: Snapshot


@dataclass(frozen=True, kw_only=True)
class Described:
    """What is read out of the artifacts for the crossing.

    Attributes:
        verdict: the outcome of the gate.
        frozen: the artifact of the frozen features.
        request_schema: what one request must look like.
        parity: the proof that engine and row program agree.
        baselines: blobs of what monitors compare with.
        as_of: the latest time in each dataset, by input.
        views: the versions of the feature views that the features read, by parameter.
        golden: the blob of inputs with the outputs that they had.
    """

    verdict: Verdict
    frozen: Artifact | None = None
    request_schema: dict[str, Any] | None = None
    parity: dict[str, Any] | None = None
    baselines: Mapping[str, Digest] = field(default_factory=dict)
    as_of: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, Digest] = field(default_factory=dict)
    golden: Digest | None = None


def ingredients(publication: Publication, graph: Graph, made: Made) -> Digest:
    """Return the digest of what decides which crossing it is: the keys and the artifacts.

    Where they are equal, the crossing is there already and keeps the snapshot that it was first
    made with: a commit that changes no step, or a library that none imports, makes no new version.
    """
    steps = graph.ancestors(publication.names.values())
    return digest_value(
        {
            "publication": {"name": publication.name, **publication.names},
            "pipeline": graph.name,
            "keys": {name: digest_value(made.keys[name]) for name in steps},
            "artifacts": {
                role: made.artifacts[output].digest for role, output in publication.names.items()
            },
        }
    )


def crossing_of(
    publication: Publication, graph: Graph, made: Made, described: Described
) -> Crossing:
    """Make the crossing.

    It stands on the steps that the publication needs, and on no other step of the pipeline: a
    change elsewhere makes no new version.
    """
    steps = graph.ancestors(publication.names.values())
    keys = {name: made.keys[name] for name in graph.steps if name in steps}
    inputs = {name: made.inputs[name] for name in _inputs(graph, steps)}
    evaluation = publication.evaluation
    return Crossing(
        model_name=publication.name,
        pipeline=graph.name,
        steps=keys,
        commit=made.snapshot.commit,
        diff=made.snapshot.diff,
        environment=made.snapshot.environment,
        data={
            name: _use(item, described.as_of.get(name))
            for name, item in inputs.items()
            if not item.is_model
        },
        parameters={name: key.parameters for name, key in keys.items()},
        seeds={name: key.seed for name, key in keys.items()},
        frozen=described.frozen,
        model=made.artifacts[publication.model],
        request_schema=described.request_schema,
        evaluation=None if evaluation is None else made.artifacts[evaluation],
        verdict=described.verdict,
        baselines=dict(described.baselines),
        parity=described.parity,
        champion=next((item.target for item in inputs.values() if item.is_live), None),
        views=dict(described.views),
        golden=described.golden,
        archive=made.snapshot.archive,
    )


def is_live_again(live: Crossing, publication: Publication, graph: Graph, made: Made) -> bool:
    """Return whether a run made what is live already, but for having met it as its champion.

    A model that is compared with itself is no new version: steps that look at a live model may
    differ in that, and in what follows from it, and in nothing else.
    """
    steps = graph.ancestors(publication.names.values())
    looking = _looking_at_live(graph, made.inputs)
    return (
        live.model == made.artifacts[publication.model]
        and (BASELINE_ROWS in live.baselines) == (publication.baseline is not None)
        and live.steps.keys() == steps
        and graph.producer(publication.model) not in looking
        and all(
            _without(live.steps[name], graph, looking) == _without(made.keys[name], graph, looking)
            for name in steps
        )
    )


def _looking_at_live(graph: Graph, inputs: Mapping[str, ResolvedInput]) -> set[str]:
    found: set[str] = set()
    for name, step in graph.steps.items():
        direct = any(edge in inputs and inputs[edge].is_live for edge in step.edges)
        if direct or found.intersection(graph.parents[name]):
            found.add(name)
    return found


def _without(key: StepKey, graph: Graph, looking: set[str]) -> StepKey:
    """Return a key without the inputs that a live model decides."""
    if key.step not in looking:
        return key
    kept = {
        name: digest
        for name, digest in key.inputs.items()
        if not isinstance(graph.inputs.get(name), Live) and graph.producers.get(name) not in looking
    }
    return msgspec.structs.replace(key, inputs=kept)


def _inputs(graph: Graph, steps: frozenset[str]) -> list[str]:
    read = {edge for step in steps for edge in graph.steps[step].edges}
    return [name for name in graph.inputs if name in read]


def _use(item: ResolvedInput, as_of: str | None) -> DataUse:
    if item.target is None:
        raise ValueError(item.name)
    return DataUse(
        dataset=item.series.partition("/")[2],
        version=item.target,
        schema=item.schema_digest,
        as_of=as_of,
    )
