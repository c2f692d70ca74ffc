"""Writes the Python source of a row program: numbered names, each part once, nulls tracked.

What is null is known by name: a part is a text together with the variables that must not be None
for it to be run. Parts are merged into one text until one is needed twice or may itself be None;
then it gets a variable.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, replace
from functools import partial
from struct import Struct
from typing import TYPE_CHECKING, Any

from interplane.errors import NotFreezable
from interplane.expressions.form import mentions
from interplane.expressions.nodes import Call, Column, Literal, Lookup, Reduce
from interplane.expressions.one_hots import find_one_hots, parts_in_use
from interplane.expressions.operations import form_of
from interplane.expressions.render import render
from interplane.expressions.runtime import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from interplane.expressions.form import Form
    from interplane.expressions.graph import Graph, Part
    from interplane.expressions.nodes import Constant
    from interplane.expressions.one_hots import OneHot
    from interplane.record import Type

    Lookups = Mapping[str, Mapping[tuple[Constant, ...], Constant]]

__all__ = ["write_columns", "write_many", "write_row", "write_vector"]

_DEEPEST = 20
_NAME = re.compile("[a-z_][a-z_0-9]*")


def write_row(
    graph: Graph, names: Sequence[str], inputs: Mapping[str, Type], lookups: Lookups
) -> tuple[str, list[Any]]:
    """Return source and constants of the function from a mapping to a dict of outputs."""
    one_hots = find_one_hots(graph)
    writer = _Writer(graph, lookups, used=parts_in_use(graph, one_hots))
    used = _used(graph)
    reads = [
        f"{writer.name_input(name)} = row[{writer.constant(name)}]"
        for name in inputs
        if name in used
    ]
    writer.write_parts(inputs)
    result = writer.named(names, one_hots) if one_hots else writer.dict_of(names)
    return writer.source("row", reads, result), writer.constants


def write_vector(
    graph: Graph, inputs: Mapping[str, Type], lookups: Lookups
) -> tuple[str, list[Any]]:
    """Return source and constants of the function from a sequence to a list of floats."""
    one_hots = find_one_hots(graph)
    writer = _Writer(graph, lookups, used=parts_in_use(graph, one_hots))
    targets = "".join(f"{writer.name_input(name)}, " for name in inputs)
    reads = [f"{targets}= values"] if targets else []
    writer.write_parts(inputs)
    items = writer.items(one_hots, writer.as_number)
    result = writer.with_ones(items, one_hots) if one_hots else f"[{items}]"
    return writer.source("values", reads, result), writer.constants


def write_many(graph: Graph, inputs: Mapping[str, Type], lookups: Lookups) -> tuple[str, list[Any]]:
    """Return source and constants of the function from sequences to the floats of all of them.

    Each row is packed to bytes at once: its floats are given back before the next row makes new ones,
    which takes less time than a list of all of them does.
    """
    one_hots = find_one_hots(graph)
    writer = _Writer(graph, lookups, used=parts_in_use(graph, one_hots))
    targets = "".join(f"{writer.name_input(name)}, " for name in inputs)
    writer.write_parts(inputs)
    new = writer.constant(partial(array, "d"))
    pack = writer.constant(Struct(f"{len(graph.roots)}d").pack)
    items = writer.items(one_hots, writer.as_number)
    row = f"*{writer.with_ones(items, one_hots)}" if one_hots else items
    source = writer.loop(targets, start=f"{new}()", add="frombytes", result=f"{pack}({row})")
    return source, writer.constants


def write_columns(
    graph: Graph, inputs: Mapping[str, Type], lookups: Lookups
) -> tuple[str, list[Any]]:
    """Return source and constants of the function from sequences to the outputs of each."""
    one_hots = find_one_hots(graph)
    writer = _Writer(graph, lookups, used=parts_in_use(graph, one_hots))
    targets = "".join(f"{writer.name_input(name)}, " for name in inputs)
    writer.write_parts(inputs)
    items = writer.items(one_hots, writer.wrapped)
    row = writer.with_ones(items, one_hots) if one_hots else f"[{items}]"
    source = writer.loop(targets, start="[]", add="append", result=row)
    return source, writer.constants


def _used(graph: Graph) -> set[str]:
    return {part.node.name for part in graph.parts if isinstance(part.node, Column)}


@dataclass(frozen=True, slots=True)
class _Value:
    """Python of a part.

    Attributes:
        text: an expression that may be run if none of ``nulls`` is None.
        nulls: variables; the part is null where one of them is None.
        partial: the text may be None itself.
        nan: the text may be NaN, which is null.
        atom: the text is a single name.
        depth: how many operations are inside one another in it.
    """

    text: str
    nulls: tuple[str, ...] = ()
    partial: bool = False
    nan: bool = False
    atom: bool = False
    depth: int = 0

    @property
    def nullable(self) -> bool:
        return bool(self.nulls) or self.partial or self.nan


_NOT_WRITTEN = _Value("")
"""In the place of a part that nothing reads."""


def _wrap(value: _Value) -> str:
    """Return a text that is None where the part is null (but for NaN)."""
    if not value.nulls or (value.atom and value.nulls == (value.text,)):
        return value.text
    return f"(None if {_any_none(value.nulls)} else {value.text})"


def _is_none_at_the_end(text: str) -> bool:
    """Return whether the text is None in its last branch only, so that NaN can stand there."""
    return text.endswith(" else None)") and text.count("None") == 1


def _any_none(names: Iterable[str]) -> str:
    return " or ".join(f"{name} is None" for name in names)


class _Writer:
    """Writes the parts of a graph, one after the other, as statements."""

    def __init__(self, graph: Graph, lookups: Lookups, used: set[int] | None = None) -> None:
        self.constants: list[Any] = []
        self._used = set(range(len(graph.parts))) if used is None else used
        self._lookups = lookups
        self._graph = graph
        self._lines: list[str] = []
        self._values: list[_Value] = []
        self._cleaned: dict[int, _Value] = {}
        self._inputs: dict[str, str] = {}
        self._names = 0

    # ---- names ----------------------------------------------------------------------------

    def constant(self, value: Any) -> str:
        """Return the name of a new constant."""
        self.constants.append(value)
        return f"k{len(self.constants) - 1}"

    def name_input(self, name: str) -> str:
        """Return the variable of an input column."""
        return self._inputs.setdefault(name, f"c{len(self._inputs)}")

    def _fresh(self) -> str:
        self._names += 1
        return f"v{self._names}"

    # ---- outputs --------------------------------------------------------------------------

    def wrapped(self, position: int) -> str:
        """Return an output: None where it is null."""
        return _wrap(self._clean(position))

    def as_number(self, position: int) -> str:
        """Return an output as a float: NaN where it is null."""
        value = self._values[position]
        kind = self._graph.parts[position].node.type
        if value.partial and kind == "float" and _is_none_at_the_end(value.text):
            value = replace(value, text=f"{value.text.removesuffix('None)')}nan)", partial=False)
        if value.partial:
            value = self._atom(position)
        text = {
            "bool": f"1.0 if {value.text} else 0.0",
            "int": f"float({value.text})",
            "float": value.text,
        }[kind]
        return f"nan if {_any_none(value.nulls)} else {text}" if value.nulls else text

    def items(self, one_hots: Sequence[OneHot], each: Callable[[int], str]) -> str:
        """Return all outputs, as ``each`` writes them; those of one-hots as zeros."""
        zeros = {run.start: self.constant((0.0,) * len(run.values)) for run in one_hots}
        fused = {place for run in one_hots for place in range(run.start, run.stop)}
        return ", ".join(
            f"*{zeros[place]}" if place in zeros else each(root)
            for place, root in enumerate(self._graph.roots)
            if place in zeros or place not in fused
        )

    def dict_of(self, names: Sequence[str]) -> str:
        """Return the dict of outputs by name."""
        items = (
            f"{self.constant(name)}: {self.wrapped(root)}"
            for name, root in zip(names, self._graph.roots, strict=True)
        )
        return f"{{{', '.join(items)}}}"

    def named(self, names: Sequence[str], one_hots: Sequence[OneHot]) -> str:
        """Return the name of the dict of outputs: a copy of zeros, into which the others are put."""
        fused = {place for run in one_hots for place in range(run.start, run.stop)}
        zeros = {name: 0.0 if place in fused else None for place, name in enumerate(names)}
        others = [
            f"out[{self.constant(name)}] = {self.wrapped(root)}"
            for place, (name, root) in enumerate(zip(names, self._graph.roots, strict=True))
            if place not in fused
        ]
        self._lines += [f"out = {self.constant(zeros.copy)}()", *others]
        for run in one_hots:
            self._put_one(run, {value: names[place] for value, place in run.places.items()})
        return "out"

    def with_ones(self, items: str, one_hots: Sequence[OneHot]) -> str:
        """Return the name of the list of outputs, after the ones of one-hots are put into it."""
        self._lines.append(f"out = [{items}]")
        for run in one_hots:
            self._put_one(run, run.places)
        return "out"

    def _put_one(self, run: OneHot, places: Mapping[Constant, int | str]) -> None:
        find, x = self.constant(places.get), _wrap(self._clean(run.x))
        self._lines += [f"at = {find}({x})", "if at is not None: out[at] = 1.0"]

    def source(self, argument: str, reads: Sequence[str], result: str) -> str:
        """Return the whole source: ``make(constants)`` returns ``run``."""
        names = "".join(f"k{index}, " for index in range(len(self.constants)))
        unpack = [f"    {names}= K"] if names else []
        body = [f"        {line}" for line in (*reads, *self._lines, f"return {result}")]
        lines = ["def make(K):", *unpack, f"    def run({argument}):", *body, "    return run"]
        return "\n".join(lines)

    def loop(self, targets: str, *, start: str, add: str, result: str) -> str:
        """Return the source of a function of many rows, which adds ``result`` for each to ``start``.

        Constants and the functions that are called are variables of its own: they are found faster.
        """
        names = "".join(f"k{index}, " for index in range(len(self.constants)))
        unpack = [f"        {names}= K"] if names else []
        body = [f"            {line}" for line in (*self._lines, f"add({result})")]
        called = sorted({*_NAME.findall("\n".join(body))} & NAMESPACE.keys())
        local = "".join(f", {name}={name}" for name in called)
        lines = [
            "def make(K):",
            f"    def run(rows{local}):",
            *unpack,
            f"        found = {start}",
            f"        add = found.{add}",
            f"        for {targets or '_ '}in rows:",
            *body,
            "        return found",
            "    return run",
        ]
        return "\n".join(lines)

    # ---- values ---------------------------------------------------------------------------

    def _clean(self, position: int) -> _Value:
        """Return the value of a part with NaN made None."""
        if not self._values[position].nan:
            return self._values[position]
        if position not in self._cleaned:
            value = self._atom(position)
            name = self._fresh()
            test = f"{value.text} is None or " if value.nulls else ""
            self._lines.append(
                f"{name} = None if {test}{value.text} != {value.text} else {value.text}"
            )
            self._cleaned[position] = _Value(name, (name,), atom=True)
        return self._cleaned[position]

    def _atom(self, position: int, *, clean: bool = False) -> _Value:
        """Return the value of a part as a single name, giving it a variable if it has none."""
        value = self._clean(position) if clean else self._values[position]
        if value.atom:
            return value
        name = self._fresh()
        self._lines.append(f"{name} = {_wrap(value)}")
        nulls = (name,) if value.nulls or value.partial else ()
        self._values[position] = _Value(name, nulls, nan=value.nan, atom=True)
        return self._values[position]

    # ---- parts ----------------------------------------------------------------------------

    def write_parts(self, inputs: Mapping[str, Type]) -> None:
        """Write every part; columns first are made what their type says."""
        for name in sorted(_used(self._graph), key=list(inputs).index):
            if inputs[name] == "float":
                x = self._inputs[name]
                self._lines.append(f"{x} = None if {x} is None or {x} != {x} else {x} * 1.0")
        for position, part in enumerate(self._graph.parts):
            if position not in self._used:
                self._values.append(_NOT_WRITTEN)
                continue
            self._values.append(self._write(part))
            if self._graph.uses[position] > 1 or self._values[-1].depth > _DEEPEST:
                self._atom(position)

    def _write(self, part: Part) -> _Value:
        match part.node:
            case Column(name):
                text = self._inputs[name]
                return _Value(text, (text,), atom=True)
            case Literal(value):
                name = self.constant(value)
                return _Value(name, (name,) if value is None else (), atom=True)
            case Lookup():
                return self._write_lookup(part.node, part.below)
            case Call():
                return self._write_call(part.node, part)
            case Reduce():
                raise NotFreezable(
                    f"the statistic {render(part.node)} has no value for one row",
                    expected="an expression whose statistics fit has replaced",
                    do="Fit the features first",
                )

    def _write_lookup(self, node: Lookup, below: tuple[int, ...]) -> _Value:
        """Look a value up; None is in no key, so a null key finds the default."""
        table = self._lookups[node.table]
        plain = {key[0]: value for key, value in table.items()} if len(below) == 1 else dict(table)
        keys = [_wrap(self._clean(position)) for position in below]
        key = keys[0] if len(keys) == 1 else f"({', '.join(keys)})"
        text = f"{self.constant(plain.get)}({key}, {self.constant(node.default.value)})"
        partial = node.default.value is None or None in plain.values()
        return _Value(text, partial=partial)

    def _write_call(self, node: Call, part: Part) -> _Value:
        form = form_of(node)
        return (
            self._write_strict(node, form, part)
            if form.strict
            else self._write_open(node, form, part)
        )

    def _write_strict(self, node: Call, form: Form, part: Part) -> _Value:
        """Write an operation that only ever sees values."""
        template, partial = form.python, form.partial
        if form.safe is not None and self._graph.parts[part.below[-1]].facts.safe:
            template, partial = form.safe[1], False
        args = []
        for index, position in enumerate(part.below):
            value = self._values[position] if form.absorbs else self._clean(position)
            if value.partial or mentions(template)[str(index)] > 1:
                value = self._atom(position, clean=not form.absorbs)
            args.append(value)
        nulls = tuple(dict.fromkeys(name for arg in args for name in arg.nulls))
        text = self._filled(template, args, node, form)
        depth = 1 + max(arg.depth for arg in args)
        return _Value(text, nulls, partial=partial, nan=part.facts.nan, depth=depth)

    def _write_open(self, node: Call, form: Form, part: Part) -> _Value:
        """Write an operation that sees nulls, as None."""
        cleaned = [self._clean(position) for position in part.below]
        nullable = [value.nullable for value in cleaned]
        template = form.plain if form.plain is not None and not any(nullable) else form.python
        args = []
        for index, position in enumerate(part.below):
            value = cleaned[index]
            if mentions(template)[str(index)] > 1:
                value = self._atom(position, clean=True)
            args.append(replace(value, text=_wrap(value)))
        partial = {
            "any": any(nullable),
            "all": all(nullable),
            "branches": any(nullable[1:]),
            "always": True,
            "never": False,
        }[form.null]
        text = self._filled(template, args, node, form)
        return _Value(text, partial=partial, depth=1 + max(arg.depth for arg in args))

    def _filled(self, template: str, args: Sequence[_Value], node: Call, form: Form) -> str:
        constants = form.constants(dict(node.options)) if form.constants else dict(node.options)
        names = {
            name: self.constant(constants[name]) for name in mentions(template) if name in constants
        }
        return template.format(*(arg.text for arg in args), t=self._fresh(), **names)
