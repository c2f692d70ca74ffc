"""A step as its function declares it: edges, hyperparameters, outputs."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from interplane.errors import GraphError, UsageError
from interplane.pipeline.hyperparameters import Hyperparameter
from interplane.record import check_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Step", "read_step", "resolve_annotation"]

_EDGE_KINDS = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True, kw_only=True)
class Step:
    """A node of a pipeline.

    Attributes:
        name: the function's name.
        function: the function itself, unchanged.
        edges: its positional parameters: names of inputs and of other steps' outputs, in order.
        hyperparameters: its keyword-only parameters, by name.
        outputs: the names of what it returns, in order; its own name unless declared.
        retries: how often it is tried again after it raised.
        is_gate: whether what it returns is judged into a verdict.
    """

    name: str
    function: Callable[..., Any] = field(repr=False)
    edges: tuple[str, ...]
    hyperparameters: Mapping[str, Hyperparameter]
    outputs: tuple[str, ...]
    retries: int = 0
    is_gate: bool = False

    @property
    def kind(self) -> Literal["step", "gate"]:
        """What it is called in messages."""
        return "gate" if self.is_gate else "step"

    def annotation(self, parameter: str) -> Any:
        """Return the type that an edge's parameter is annotated with, or None.

        Raises:
            GraphError: if the annotation names something that is not there at run time.
        """
        return _resolved(self.function, parameter, self.name)

    def returns(self) -> Any:
        """Return the type that the function says it returns, or None."""
        return _resolved(self.function, "return", self.name)


def read_step(
    function: Callable[..., Any],
    *,
    outputs: tuple[str, ...] | None = None,
    retries: int = 0,
    is_gate: bool = False,
) -> Step:
    """Read a function's signature into a step.

    Raises:
        GraphError: if the function cannot be a step; names it and the parameter.
    """
    name = _name_of(function)
    edges: list[str] = []
    hyperparameters: dict[str, Hyperparameter] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in _EDGE_KINDS:
            edges.append(_edge(name, parameter))
        elif parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            hyperparameters[parameter.name] = _hyperparameter(function, name, parameter)
        else:
            raise GraphError(
                f"step {name!r} takes {parameter}",
                expected="named parameters only: positional for edges, keyword-only for settings",
                do="Write out each parameter",
            )
    return Step(
        name=name,
        function=function,
        edges=tuple(edges),
        hyperparameters=hyperparameters,
        outputs=_outputs(name, outputs),
        retries=_retries(name, retries),
        is_gate=is_gate,
    )


def _name_of(function: Callable[..., Any]) -> str:
    name = getattr(function, "__name__", None)
    if not isinstance(function, types.FunctionType) or not isinstance(name, str):
        raise GraphError(
            f"{function!r} is no step",
            expected="a function made with def",
            do="Put @pipeline.step directly above a def",
        )
    return _checked(name, of="step")


def _checked(name: Any, *, of: str) -> str:
    if isinstance(name, str):
        try:
            return check_name(name, of=of)
        except UsageError as error:
            raise GraphError(error.what, expected=error.expected, do=error.do) from error
    raise GraphError(f"{name!r} cannot name a {of}", expected="a text", do="Mend it")


def _outputs(step: str, outputs: object) -> tuple[str, ...]:
    if outputs is None:
        return (step,)
    if not isinstance(outputs, tuple | list) or not outputs:
        raise GraphError(
            f"the outputs of step {step!r} are {outputs!r}",
            expected='several names, for example outputs=("train", "test")',
            do="Leave outputs away if the step returns one thing",
        )
    return tuple(_checked(output, of="output") for output in outputs)


def _retries(step: str, retries: int) -> int:
    if type(retries) is not int or retries < 0:
        raise GraphError(
            f"retries of step {step!r} is {retries!r}", expected="0 or more", do="Mend it"
        )
    return retries


def _edge(step: str, parameter: inspect.Parameter) -> str:
    if parameter.default is not inspect.Parameter.empty:
        raise GraphError(
            f"step {step!r} has a default for its positional parameter {parameter.name!r}",
            expected="an input or a step's output, which have none",
            do=f"If {parameter.name} is a setting, put it behind a * in the signature",
        )
    return parameter.name


def _hyperparameter(
    function: Callable[..., Any], step: str, parameter: inspect.Parameter
) -> Hyperparameter:
    try:
        annotation = _resolved(function, parameter.name, step)
        required = parameter.default is inspect.Parameter.empty
        return Hyperparameter.read(
            parameter.name,
            annotation,
            default=None if required else parameter.default,
            required=required,
        )
    except UsageError as error:
        raise GraphError(
            f"step {step!r}: {error.what}", expected=error.expected, do=error.do
        ) from error


def _resolved(function: Callable[..., Any], parameter: str, step: str) -> Any:
    try:
        return resolve_annotation(function, parameter)
    except (NameError, AttributeError, SyntaxError, TypeError) as error:
        annotation = function.__annotations__.get(parameter)
        raise GraphError(
            f"step {step!r}: the annotation {annotation!r} of {parameter} cannot be read ({error})",
            expected="a type that is there when the pipeline runs",
            do="Import it outside of TYPE_CHECKING: what a step receives follows its annotation",
        ) from error


def resolve_annotation(owner: Any, name: str) -> Any:
    """Evaluate one annotation of a function or class where it was defined; others are left alone.

    Raises:
        NameError: if it names something that is not there.
    """
    holder, names = _holder(owner, name)
    annotation = holder.__annotations__.get(name)
    if not isinstance(annotation, str):
        return annotation
    around = getattr(holder, "__globals__", None) or vars(sys.modules[holder.__module__])
    only = types.SimpleNamespace(__annotations__={name: annotation})
    return typing.get_type_hints(only, around, names)[name]


def _holder(owner: Any, name: str) -> tuple[Any, dict[str, Any]]:
    """Return what has the annotation (a base of a class may), and the names of its closure."""
    if isinstance(owner, type):
        above = [base for base in owner.__mro__ if name in vars(base).get("__annotations__", {})]
        return (above or [owner])[0], {}
    cells = zip(owner.__code__.co_freevars, owner.__closure__ or (), strict=True)
    return owner, {key: cell.cell_contents for key, cell in cells}
