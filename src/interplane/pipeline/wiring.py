"""The graph of a pipeline: names to steps, checked, in an order that can run."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from interplane.errors import GraphError, UnknownName, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from interplane.pipeline.graph import Input, Publication
    from interplane.pipeline.hyperparameters import Hyperparameter
    from interplane.pipeline.steps import Step

__all__ = ["Graph", "wire"]


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A checked pipeline.

    Attributes:
        name: the pipeline's name.
        inputs: its declared inputs.
        steps: its steps by name, in an order that can run.
        producers: for each output the step that makes it.
        publications: what it publishes.
    """

    name: str
    inputs: Mapping[str, Input]
    steps: Mapping[str, Step]
    producers: Mapping[str, str]
    publications: tuple[Publication, ...] = ()
    parents: Mapping[str, tuple[str, ...]] = field(repr=False)

    @property
    def order(self) -> tuple[str, ...]:
        """The names of the steps, each after those that it needs."""
        return tuple(self.steps)

    @cached_property
    def options(self) -> dict[str, Hyperparameter]:
        """Every hyperparameter by its name, for a command line."""
        return {
            name: parameter
            for step in self.steps.values()
            for name, parameter in step.hyperparameters.items()
        }

    def ancestors(self, outputs: Iterable[str]) -> frozenset[str]:
        """Return the steps that the given outputs (or gates) need, their makers included.

        Raises:
            UnknownName: if no step makes an output.
        """
        found: set[str] = set()
        waiting = [self.producer(output) for output in outputs]
        while waiting:
            step = waiting.pop()
            if step not in found:
                found.add(step)
                waiting.extend(self.parents[step])
        return frozenset(found)

    def producer(self, output: str) -> str:
        """Return the step that makes an output, or raise UnknownName."""
        if output not in self.producers:
            raise UnknownName.of("output", output, self.producers, where=f"pipeline {self.name!r}")
        return self.producers[output]

    def up_to(self, outputs: Iterable[str]) -> Graph:
        """Return the part of the graph that makes the given outputs; it publishes nothing."""
        kept = self.ancestors(outputs)
        return Graph(
            name=self.name,
            inputs=self.inputs,
            steps={name: step for name, step in self.steps.items() if name in kept},
            producers={output: step for output, step in self.producers.items() if step in kept},
            parents={name: self.parents[name] for name in kept},
        )

    def used_inputs(self) -> tuple[str, ...]:
        """Return the declared inputs that some step reads, in order of declaration."""
        read = {edge for step in self.steps.values() for edge in step.edges}
        return tuple(name for name in self.inputs if name in read)

    def bind(self, given: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
        """Return the hyperparameters of each step: the given ones, else the defaults.

        Args:
            given: values, or text to be parsed, by ``name`` or by ``step.name``; the longer form
                wins.

        Raises:
            UsageError: for an unknown name, a wrong value, or a missing one without a default.
        """
        given = dict(given or {})
        self._check_given(given)
        bound = {
            name: {
                key: _chosen(name, parameter, given)
                for key, parameter in step.hyperparameters.items()
            }
            for name, step in self.steps.items()
        }
        missing = [
            f"{step}.{name}"
            for step, values in bound.items()
            for name, value in values.items()
            if value is _MISSING
        ]
        if missing:
            options = ", ".join(f"--{name.partition('.')[2].replace('_', '-')}" for name in missing)
            raise UsageError(
                f"no value for {', '.join(missing)}, which have no default",
                do=f"Give {options}",
                missing=missing,
            )
        return bound

    def _check_given(self, given: Mapping[str, Any]) -> None:
        addressed = {
            f"{step.name}.{name}" for step in self.steps.values() for name in step.hyperparameters
        }
        known = set(self.options) | addressed
        for name in given:
            if name not in known:
                raise UnknownName.of(
                    "hyperparameter",
                    name,
                    self.options if "." not in name else addressed,
                    where=f"pipeline {self.name!r}",
                )


_MISSING = object()


def _chosen(step: str, parameter: Hyperparameter, given: Mapping[str, Any]) -> Any:
    for name in (f"{step}.{parameter.name}", parameter.name):
        if name in given:
            value = given[name]
            if isinstance(value, str) and parameter.type is not str:
                return parameter.parse(value)
            return parameter.check(value)
    return _MISSING if parameter.required else parameter.default


def wire(
    name: str,
    inputs: Mapping[str, Input],
    steps: Sequence[Step],
    publications: Sequence[Publication],
) -> Graph:
    """Build the graph of a pipeline.

    Raises:
        GraphError: for an unknown or doubly defined name, a cycle, or a hyperparameter that two
            steps declare differently.
    """
    producers = _producers(inputs, steps)
    parents = {step.name: _parents(step, inputs, producers) for step in steps}
    _check_hyperparameters(steps)
    _check_publications(publications, {step.name: step for step in steps}, producers)
    by_name = {step.name: step for step in steps}
    return Graph(
        name=name,
        inputs=inputs,
        steps={step: by_name[step] for step in _ordered(parents)},
        producers=producers,
        publications=tuple(publications),
        parents=parents,
    )


def _producers(inputs: Mapping[str, Input], steps: Sequence[Step]) -> dict[str, str]:
    names: set[str] = set()
    producers: dict[str, str] = {}
    for step in steps:
        if step.name in names:
            raise GraphError(
                f"two steps are called {step.name!r}", expected="one", do="Rename one of them"
            )
        names.add(step.name)
        for output in step.outputs:
            if output in inputs:
                raise GraphError(
                    f"step {step.name!r} makes {output!r}, which is a declared input too",
                    expected="one meaning for each name",
                    do="Rename one of them",
                )
            if output in producers:
                raise GraphError(
                    f"the steps {producers[output]!r} and {step.name!r} both make {output!r}",
                    expected="one maker for each output",
                    do="Rename one of them",
                )
            producers[output] = step.name
    return producers


def _parents(
    step: Step, inputs: Mapping[str, Input], producers: Mapping[str, str]
) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for edge in step.edges:
        if edge in inputs:
            continue
        if edge not in producers:
            known = sorted({*inputs, *producers})
            raise GraphError(
                f"{step.kind} {step.name!r} reads {edge!r}, which nothing makes",
                expected=f"a declared input or a step's output: {', '.join(known) or 'none yet'}",
                do=f"{did_you_mean(edge, known)}A setting belongs behind a * in the signature",
            )
        found[producers[edge]] = None
    return tuple(found)


def _ordered(parents: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Order steps so that each comes after its parents; else as they were declared."""
    done: dict[str, None] = {}
    for start in parents:
        path: dict[str, int] = {}  # step -> how many of its parents were looked at
        waiting = [start]
        while waiting:
            step = waiting[-1]
            position = path.setdefault(step, 0)
            if step in done or position == len(parents[step]):
                done[step] = None
                path.pop(step, None)
                waiting.pop()
                continue
            path[step] = position + 1
            parent = parents[step][position]
            if parent in path:
                circle = [*waiting[waiting.index(parent) :], parent]
                raise GraphError(
                    f"the steps {' needs '.join(repr(name) for name in circle)}",
                    expected="no step that needs itself",
                    do="Split one of them, or rename a parameter",
                )
            if parent not in done:
                waiting.append(parent)
    return list(done)


def _check_hyperparameters(steps: Sequence[Step]) -> None:
    first: dict[str, Step] = {}
    for step in steps:
        for name, parameter in step.hyperparameters.items():
            other = first.setdefault(name, step)
            if not parameter.same_as(other.hyperparameters[name]):
                raise GraphError(
                    f"the hyperparameter {name!r} differs between the steps {other.name!r} and "
                    f"{step.name!r}",
                    expected="one type and one default for a name",
                    do="Make them the same, or rename one",
                )


def _check_publications(
    publications: Sequence[Publication], steps: Mapping[str, Step], producers: Mapping[str, str]
) -> None:
    seen: set[str] = set()
    for publication in publications:
        if publication.name in seen:
            raise GraphError(
                f"{publication.name!r} is published twice", expected="once", do="Rename one"
            )
        seen.add(publication.name)
        for role, output in publication.names.items():
            if output not in producers:
                raise GraphError(
                    f"publish({publication.name!r}, {role}={output!r}): nothing makes {output!r}",
                    expected=f"a step's output: {', '.join(sorted(producers)) or 'none yet'}",
                    do=f"{did_you_mean(output, producers)}Name one of them",
                )
        if not steps[producers[publication.gate]].is_gate:
            gates = [name for name, step in steps.items() if step.is_gate]
            raise GraphError(
                f"publish({publication.name!r}, gate={publication.gate!r}): that is no gate",
                expected=f"a function under @pipeline.gate: {', '.join(gates) or 'none yet'}",
                do=f"{did_you_mean(publication.gate, gates)}Name one of them",
            )
