"""A pipeline: steps, declared inputs, gates and what is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload, runtime_checkable

from interplane.errors import GraphError, UsageError
from interplane.pipeline.steps import read_step
from interplane.pipeline.wiring import Graph, wire
from interplane.record import check_name
from interplane.record.arguments import checked_methods

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interplane.pipeline.steps import Step

__all__ = ["DatasetInput", "Input", "Learned", "Live", "Pipeline", "Publication"]

Function = TypeVar("Function", bound="Callable[..., Any]")


@runtime_checkable
class DatasetInput(Protocol):
    """What a pipeline asks of a declared dataset; `interplane.data.Dataset` has it."""

    @property
    def name(self) -> str:
        """The dataset's name."""
        ...

    @property
    def schema(self) -> Any:
        """Where its schema file is, or None."""
        ...


@dataclass(frozen=True)
class Live:
    """The live crossing's model as an input; None before the first one is deployed."""

    model: str

    def __fingerprint__(self) -> Mapping[str, object]:
        """Return what a step that names it depends on."""
        return {"live": self.model}


@dataclass(frozen=True)
class Learned:
    """What the learner of a model has learned, as a model; None before its first example.

    A step takes it, evaluates it beside the champion, and it is gated and published like any other
    model. The checkpoint that is the latest when a run begins is the one that the run takes.
    """

    model: str

    def __fingerprint__(self) -> Mapping[str, object]:
        """Return what a step that names it depends on."""
        return {"learned": self.model}


Input = DatasetInput | Live | Learned


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What a pipeline publishes under a model's name.

    Attributes:
        name: the model's name.
        model: the output that is the model.
        gate: the gate whose verdict lets it pass.
        evaluation: the output that is its evaluation.
        rows: the output whose rows the model reads; batch prediction runs the pipeline up to it.
        train: the output that it was fitted on: it tells what requests look like.
        baseline: the output whose rows, scored, its windows are compared with.
    """

    name: str
    model: str
    gate: str
    evaluation: str | None = None
    rows: str | None = None
    train: str | None = None
    baseline: str | None = None

    @property
    def names(self) -> dict[str, str]:
        """The outputs that it stands on, by role."""
        roles = ("model", "gate", "evaluation", "rows", "train", "baseline")
        return {role: name for role in roles if (name := getattr(self, role)) is not None}


@checked_methods()
class Pipeline:
    """Steps and how they hang together. Decorators return the function unchanged.

    A positional parameter of a step is an edge: the name of a declared input or of a step's
    output. A keyword-only parameter is a hyperparameter.

    Args:
        name: the pipeline's name.
        inputs: the declared inputs, by the name that steps use for them.

    >>> pipeline = Pipeline("sums")
    >>> @pipeline.step
    ... def numbers(*, count: int = 3):
    ...     return list(range(count))
    >>> @pipeline.step
    ... def total(numbers):
    ...     return sum(numbers)
    >>> total([1, 2]), pipeline.graph().order
    (3, ('numbers', 'total'))
    """

    def __init__(self, name: str, inputs: Mapping[str, Input] | None = None) -> None:
        try:
            self.name = check_name(name, of="pipeline")
        except UsageError as error:
            raise GraphError(error.what, expected=error.expected, do=error.do) from error
        self.inputs: dict[str, Input] = dict(inputs or {})
        for key, declared in self.inputs.items():
            _check_input(key, declared)
        self._steps: list[Step] = []
        self._publications: list[Publication] = []
        self._graph: Graph | None = None

    @overload
    def step(self, function: Function) -> Function: ...

    @overload
    def step(
        self, *, outputs: tuple[str, ...] | None = None, retries: int = 0
    ) -> Callable[[Function], Function]: ...

    def step(
        self,
        function: Function | None = None,
        *,
        outputs: tuple[str, ...] | None = None,
        retries: int = 0,
    ) -> Function | Callable[[Function], Function]:
        """Add a function as a step and return it unchanged.

        Args:
            function: the function; absent when the decorator is given options.
            outputs: the names of what it returns, if that is a tuple of several things.
            retries: how often it is tried again after it raised.

        Raises:
            GraphError: if the function cannot be a step.
        """

        def add(function: Function) -> Function:
            self._add(read_step(function, outputs=outputs, retries=retries))
            return function

        return add if function is None else add(function)

    def gate(self, function: Function) -> Function:
        """Add a function that returns rules as a gate, and return it unchanged.

        Raises:
            GraphError: if the function cannot be a gate.
        """
        self._add(read_step(function, is_gate=True))
        return function

    def publish(
        self,
        name: str,
        *,
        model: str,
        gate: str,
        evaluation: str | None = None,
        rows: str | None = None,
        train: str | None = None,
        baseline: str | None = None,
    ) -> None:
        """Publish a step's output as a model: each run that reaches it records a crossing.

        Args:
            name: the model's name.
            model: the output that is the model.
            gate: the gate whose verdict lets it pass.
            evaluation: the output that is its evaluation.
            rows: the output whose rows the model reads; batch prediction runs up to it.
            train: the output that it was fitted on: it tells what requests look like.
            baseline: the output whose rows, with their scores and labels, monitors compare windows
                with. Rows that it was not fitted on (``test``): on those a model looks better than
                it is.

        Raises:
            GraphError: if the name is none, or a baseline is named without ``train``.
        """
        try:
            check_name(name, of="model")
        except UsageError as error:
            raise GraphError(error.what, expected=error.expected, do=error.do) from error
        if baseline is not None and train is None:
            raise GraphError(
                f"publish({name!r}, baseline={baseline!r}) names no train",
                expected="the rows that it was fitted on beside it: they tell what requests look like",
                do="Pass train=, the output that the features were fitted on",
            )
        self._publications.append(
            Publication(
                name=name,
                model=model,
                gate=gate,
                evaluation=evaluation,
                rows=rows,
                train=train,
                baseline=baseline,
            )
        )
        self._graph = None

    def graph(self) -> Graph:
        """Return the graph, checked.

        Raises:
            GraphError: for an unknown or doubly defined name, a cycle, or a hyperparameter that
                two steps declare differently.
        """
        if self._graph is None:
            self._graph = wire(self.name, self.inputs, self._steps, self._publications)
        return self._graph

    def __fingerprint__(self) -> Mapping[str, object]:
        """Return what a step that names the pipeline depends on: its name alone."""
        return {"pipeline": self.name}

    def __repr__(self) -> str:
        return f"<Pipeline {self.name}, {len(self._steps)} steps>"

    def _repr_html_(self) -> str:
        from interplane.pipeline.graph_card import pipeline_html

        return pipeline_html(self)

    def _add(self, step: Step) -> None:
        self._steps.append(step)
        self._graph = None


def _check_input(key: str, declared: object) -> None:
    if not key.isidentifier():
        raise GraphError(
            f"{key!r} cannot name an input", expected="a name that a parameter can have"
        )
    if not isinstance(declared, Live | Learned | DatasetInput):
        raise GraphError(
            f"the input {key!r} is a {type(declared).__name__}",
            expected="a dataset, a live model or what a learner learned",
            do=f'Declare it, for example inputs={{"{key}": ip.dataset("{key}")}}',
        )
