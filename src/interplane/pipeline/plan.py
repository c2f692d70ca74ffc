"""What a run will do, and why, before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from interplane.pipeline.reasons import reasons
from interplane.pipeline.seeds import step_seed
from interplane.record import Artifact, Digest, StepKey, StepRun, digest_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.pipeline.fingerprint import Fingerprint
    from interplane.pipeline.inputs import ResolvedInput
    from interplane.pipeline.wiring import Graph

__all__ = ["Known", "Plan", "PlannedStep", "Planner", "Recorded"]

Action = Literal["reuse", "run", "wait"]
_WORDS: dict[Action, str] = {"reuse": "reused", "run": "runs", "wait": "may run"}


class Known(NamedTuple):
    """A recorded run of a step, with its digest."""

    digest: Digest
    run: StepRun


class Recorded(Protocol):
    """What the workspace knows about runs of a pipeline's steps."""

    def last(self, step: str) -> Known | None:
        """Return the last finished run of a step."""
        ...

    def find(self, key: Digest) -> Known | None:
        """Return a finished run with this key."""
        ...

    def label(self, name: str, digest: Digest) -> str:
        """Return what a person calls an earlier state of a declared input."""
        ...


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """What happens with one step.

    Attributes:
        name: the step's name.
        action: ``reuse``, ``run``, or ``wait`` where that shows when other steps have run.
        reasons: why.
        key: its key, where every input is known.
        known: the run that is reused.
    """

    name: str
    action: Action
    reasons: tuple[str, ...] = ()
    key: StepKey | None = None
    known: Known | None = None

    @property
    def because(self) -> str:
        """The reasons in one line."""
        return "; ".join(self.reasons)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run of a pipeline will do.

    Attributes:
        pipeline: the pipeline's name.
        steps: what happens with each step, in the order they run in.
        parameters: the hyperparameters of each step, as plain JSON values.
        inputs: the declared inputs, resolved.
        unfollowed: what the fingerprints could not follow, by step.
        takes: the steps and inputs that each step takes, by name.
    """

    pipeline: str
    steps: Mapping[str, PlannedStep]
    parameters: Mapping[str, Mapping[str, Any]]
    inputs: Mapping[str, ResolvedInput]
    unfollowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    takes: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    @property
    def to_run(self) -> tuple[str, ...]:
        """The steps that run, or may run."""
        return tuple(name for name, step in self.steps.items() if step.action != "reuse")

    def to_text(self) -> str:
        """Return the plan for a person, one line a step."""
        width = max((len(name) for name in self.steps), default=0)
        lines = [
            f"{name:<{width}}  {_WORDS[step.action]:<7}  {step.because}".rstrip()
            for name, step in self.steps.items()
        ]
        counts = f"{len(self.to_run)} to run, {len(self.steps) - len(self.to_run)} reused"
        labels = ", ".join(_said(item) for item in self.inputs.values())
        heading = f"{self.pipeline}: {counts}" + (f", from {labels}" if labels else "")
        notes = [
            f"note: {step} depends on what cannot be followed: {', '.join(what)}"
            for step, what in self.unfollowed.items()
        ]
        return "\n".join([heading, *(f"  {line}" for line in lines), *notes])

    def _repr_html_(self) -> str:
        from interplane.pipeline.graph_card import plan_html

        return plan_html(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain JSON values."""
        return {
            "pipeline": self.pipeline,
            "steps": {
                name: {
                    "action": step.action,
                    "reasons": list(step.reasons),
                    "key": None if step.key is None else digest_value(step.key),
                    "parameters": dict(self.parameters[name]),
                    "unfollowed": list(self.unfollowed.get(name, ())),
                }
                for name, step in self.steps.items()
            },
            "inputs": {name: item.to_dict() for name, item in self.inputs.items()},
        }


def _said(item: ResolvedInput) -> str:
    """Return ``flights@3``, or ``champion flights@1`` where the input is not named like that."""
    plain = item.target is None or item.label.startswith(f"{item.name}@")
    return item.label if plain else f"{item.name} {item.label}"


@dataclass(frozen=True, kw_only=True)
class Planner:
    """Decides for each step whether it runs: before a run for all, during a run as outputs appear.

    Args:
        graph: the pipeline.
        fingerprints: the fingerprint of each step.
        parameters: the hyperparameters of each step, as plain JSON values.
        inputs: the declared inputs, resolved.
        recorded: what the workspace knows.
        seed: the seed that each step's own is derived from.
        seeds: seeds of steps that are to be as they were, by name.
    """

    graph: Graph
    fingerprints: Mapping[str, Fingerprint]
    parameters: Mapping[str, Mapping[str, Any]]
    inputs: Mapping[str, ResolvedInput]
    recorded: Recorded
    seed: int = 0
    seeds: Mapping[str, int] = field(default_factory=dict)

    def plan(self) -> Plan:
        """Decide for every step."""
        steps: dict[str, PlannedStep] = {}
        made: dict[str, Artifact] = {}
        for name in self.graph.steps:
            decided = steps[name] = self.decide(name, made)
            if decided.known is not None:
                made.update(decided.known.run.outputs)
        return Plan(
            pipeline=self.graph.name,
            steps=steps,
            parameters=self.parameters,
            inputs=self.inputs,
            unfollowed={
                name: found.unfollowed
                for name in self.graph.steps
                if (found := self.fingerprints[name]).unfollowed
            },
            takes={
                name: tuple(dict.fromkeys(self.graph.producers.get(e, e) for e in step.edges))
                for name, step in self.graph.steps.items()
            },
        )

    def decide(self, name: str, made: Mapping[str, Artifact]) -> PlannedStep:
        """Decide for one step.

        Args:
            name: the step.
            made: the artifacts that are known, by output.
        """
        step = self.graph.steps[name]
        missing = [edge for edge in step.edges if edge not in self.inputs and edge not in made]
        last = self.recorded.last(name)
        if missing:
            return self._waiting(name, missing, made, last)
        key = self.key(name, made)
        digest = digest_value(key)
        # Keys that Python takes for equal may differ: 2 and 2.0, 1 and True.
        if last is not None and last.run.key == key and digest_value(last.run.key) == digest:
            return PlannedStep(name=name, action="reuse", key=key, known=last)
        found = self.recorded.find(digest)
        if found is not None:
            return PlannedStep(
                name=name, action="reuse", reasons=("as in an earlier run",), key=key, known=found
            )
        before = None if last is None else last.run.key
        why = reasons(before, key, self._labels)
        return PlannedStep(name=name, action="run", reasons=why, key=key)

    def key(self, name: str, made: Mapping[str, Artifact]) -> StepKey:
        """Return the key of a step whose inputs are all known."""
        step = self.graph.steps[name]
        fingerprint = self.fingerprints[name]
        inputs: dict[str, Digest] = {}
        for edge in step.edges:
            declared = self.inputs.get(edge)
            inputs.update({edge: made[edge].digest} if declared is None else declared.key(edge))
        return StepKey(
            step=name,
            code=fingerprint.code,
            distributions=fingerprint.distributions,
            parameters=dict(self.parameters[name]),
            inputs=inputs,
            outputs=step.outputs,
            seed=self.seeds.get(name, step_seed(self.seed, self.graph.name, name)),
            unfollowed=fingerprint.unfollowed,
        )

    def _waiting(
        self,
        name: str,
        missing: list[str],
        made: Mapping[str, Artifact],
        last: Known | None,
    ) -> PlannedStep:
        """Plan a step behind others that run: its own changes show now, theirs when they ran."""
        makers = dict.fromkeys(self.graph.producers[edge] for edge in missing)
        before = tuple(f"{maker} runs before it" for maker in makers)
        if last is None:
            return PlannedStep(name=name, action="run", reasons=("first run",))
        # As if what is missing came out as it was: what still differs makes it run in any case.
        same = {
            edge: Artifact(kind="", digest=last.run.key.inputs.get(edge, Digest("")))
            for edge in missing
        }
        own = reasons(last.run.key, self.key(name, {**made, **same}), self._labels)
        return PlannedStep(name=name, action="run" if own else "wait", reasons=own or before)

    def _labels(self, parameter: str, before: Digest | None, now: Digest | None) -> str:
        name, _, part = parameter.partition(".")
        if part:
            return f"the schema of {name} changed"
        if name not in self.inputs:
            if before is None:
                return f"it takes {name} now"
            return f"{name} came out differently" if now is not None else f"it takes no {name} now"
        if now is None or before is None:
            return f"it takes {name} now" if before is None else f"it takes no {name} now"
        return f"{self.inputs[name].label} instead of {self.recorded.label(name, before)}"
