"""The table of operations, and the typed call that builds a node from it.

Everything an expression can do stands in ``TABLE``, once: types, DuckDB SQL, Python, documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError, UnknownName
from interplane.expressions import (
    arithmetic,
    casts,
    dates,
    local_times,
    logic,
    mathematics,
    ngrams,
    strings,
    texts,
    times,
)
from interplane.expressions.nodes import Call, Literal
from interplane.expressions.own_operations import PREFIX, find_own, known_own, other_definition
from interplane.expressions.render import described, render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.expressions.form import Form, Operation
    from interplane.expressions.nodes import Node

__all__ = ["TABLE", "call", "form_of", "get_operation", "is_operation"]

TABLE: dict[str, Operation] = {
    operation.name: operation
    for part in (
        *(arithmetic, mathematics, logic, casts),
        *(strings, texts, ngrams),
        *(times, dates, local_times),
    )
    for operation in part.OPERATIONS
}
"""Every operation by name."""


def get_operation(name: str) -> Operation:
    """Return the operation of this name.

    Raises:
        UnknownName: if there is none.
        ExpressionError: if it is somebody's own (``own.name``) and not registered.
    """
    if name.startswith(PREFIX):
        return find_own(name)
    if name not in TABLE:
        raise UnknownName.of("operation", name, TABLE, do='See "docs/operations.md"')
    return TABLE[name]


def is_operation(name: str) -> bool:
    """Return whether there is an operation of this name, in the table or of somebody's own."""
    return name in TABLE or name.removeprefix(PREFIX) in known_own()


def form_of(node: Call) -> Form:
    """Return the form that a call of the table uses."""
    operation = get_operation(node.op)
    form = operation.form(tuple(arg.type for arg in node.args))
    if form is None:
        raise _no_form(operation, node.args)
    return form


def call(name: str, *args: Node, **options: Any) -> Call:
    """Build a node: find the form for these types, turning integers to floats where it needs them.

    Raises:
        ExpressionError: if the operation does not take these types or options.

    >>> from interplane.expressions.nodes import Column
    >>> call("ln", Column("distance", "int")).args[0].op
    'to_float'
    """
    operation = get_operation(name)
    typed = args
    form = operation.form(tuple(arg.type for arg in args))
    if form is None:
        typed = tuple(map(_to_float, args))
        form = operation.form(tuple(arg.type for arg in typed))
    if form is None:
        raise _no_form(operation, args)
    _check_options(operation, args, form, options)
    return Call(name, typed, tuple(sorted(options.items())), form.result)


def _to_float(node: Node) -> Node:
    if node.type != "int":
        return node
    if isinstance(node, Literal):
        return Literal(None if node.value is None else float(node.value), "float")  # type: ignore[arg-type]
    return Call("to_float", (node,), (), "float")


def _no_form(operation: Operation, args: tuple[Node, ...]) -> ExpressionError:
    kinds = " or ".join(sorted({f"({', '.join(form.args)})" for form in operation.forms}))
    given = ", ".join(described(arg) for arg in args)
    return ExpressionError(
        f"{operation.name!r} (written {operation.written}) cannot take {given}",
        expected=f"arguments of the types {kinds}",
        do=_hint(operation, args),
        operation=operation.name,
    )


def _hint(operation: Operation, args: tuple[Node, ...]) -> str:
    wanted = {kind for form in operation.forms for kind in form.args}
    for arg in args:
        if arg.type not in wanted:
            if arg.type == "bool" and wanted & {"int", "float"}:
                return f'Write {render(arg)}.cast("int") for a number'
            if arg.type == "str" and wanted & {"int", "float"}:
                return f'Write {render(arg)}.cast("float") for a number'
    return 'Cast one of them: .cast("int"), .cast("float"), .cast("str"), …'


def _check_options(
    operation: Operation, args: tuple[Node, ...], form: Form, options: Mapping[str, Any]
) -> None:
    if operation.name.startswith(PREFIX):
        other = other_definition(operation.name, options.get("definition"))
        if other is not None:
            raise other
    known = {option.name: option for option in operation.options}
    for name in (*options, *known):
        if name not in known:
            raise UnknownName.of("option", name, known, where=operation.name)
        if name not in options or not known[name].accepts(options[name], form.args[0]):
            shown = repr(options[name]) if name in options else "nothing"
            raise ExpressionError(
                f"{operation.name!r} (written {operation.written}) on {described(args[0])}"
                f" cannot take {name} = {shown:.200}",
                expected=known[name].expected,
                do="Give such a constant",
                operation=operation.name,
            )
    wrong = operation.check(options) if operation.check is not None else ""
    if wrong:
        raise ExpressionError(
            f"{operation.name!r} (written {operation.written}) on {described(args[0])} got {wrong}",
            expected="settings that go together",
            do="Mend one of them",
            operation=operation.name,
        )
