"""What a Python function is made of, as plain values that a digest can be taken of.

Its syntax tree without names of types, documentation and decorators, and the same of every function
and class of its project that it reads: of its own package, and of the modules beside it; constants of
modules by value; everything else by name.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
import types
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError
from interplane.expressions.project_modules import ProjectModules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["function_parts", "functions_of"]

_LEFT_OUT = {
    "ctx",
    "type_comment",
    "type_params",
    "kind",
    "annotation",
    "returns",
    "decorator_list",
}


def function_parts(function: Callable[..., Any]) -> dict[str, Any]:
    """Return what a function is made of: by name, syntax and values.

    Raises:
        ExpressionError: if its source cannot be read, or it reads what has no text of its own.

    >>> sorted(function_parts(textwrap.dedent))
    ['_leading_whitespace_re', '_whitespace_only_re', 'dedent', 're']
    """
    return _read_through(function)[0]


def functions_of(function: Callable[..., Any]) -> list[types.FunctionType]:
    """Return a function and those of its project that it reads, each once.

    Raises:
        ExpressionError: as `function_parts` does.

    >>> [each.__name__ for each in functions_of(textwrap.dedent)]
    ['dedent']
    """
    return _read_through(function)[1]


def _read_through(
    function: Callable[..., Any],
) -> tuple[dict[str, Any], list[types.FunctionType]]:
    if not isinstance(function, types.FunctionType) or function.__name__ == "<lambda>":
        raise ExpressionError(
            f"{function!r:.100} is no function that is written with def",
            expected="a function whose source can be read",
            do="Write it with def, in a module of the project",
        )
    project = ProjectModules.of(function)
    parts: dict[str, Any] = {}
    functions: list[types.FunctionType] = []
    held: dict[str, Any] = {}
    waiting: list[tuple[str, types.FunctionType]] = [(function.__name__, function)]
    while waiting:
        name, each = waiting.pop()
        parts[name] = _shape(_syntax(each))
        functions.append(each)
        for read, value in _reads(each, project):
            key = _key(read, value, held)
            if key in held:
                continue
            held[key] = value
            if isinstance(value, types.FunctionType) and project.has(value.__module__):
                parts[key] = None
                waiting.append((key, value))
            elif isinstance(value, type) and project.has(value.__module__):
                parts[key] = _shape(_syntax(value))
                waiting += [(f"{key}.{name}", method) for name, method in _methods(value)]
            elif key != function.__name__:
                parts[key] = _text(value, read, function.__name__)
    return parts, functions


def _key(read: str, value: Any, held: dict[str, Any]) -> str:
    """Return a name for what is read: with its module where another thing has that name already."""
    there = held.get(read, value)
    if there is value or (_is_plain(there) and repr(there) == repr(value)):
        return read
    return f"{getattr(value, '__module__', type(value).__name__)}.{read} {_constant(value)}".strip()


def _constant(value: Any) -> str:
    return repr(value) if _is_plain(value) else ""


def _methods(made: type) -> Iterator[tuple[str, types.FunctionType]]:
    """Yield the functions that a class is written with."""
    file = getattr(sys.modules.get(made.__module__), "__file__", None)
    for name, value in vars(made).items():
        function = getattr(value, "__func__", value)  # of static methods and those of the class
        function = getattr(function, "fget", function)
        if isinstance(function, types.FunctionType) and function.__code__.co_filename == file:
            yield name, function


def _syntax(made: types.FunctionType | type) -> ast.AST:
    # By its code: a decorator says that it is the function that it decorates.
    source: Any = made.__code__ if isinstance(made, types.FunctionType) else made
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(source))).body[0]
    except (OSError, TypeError, SyntaxError) as error:
        raise ExpressionError(
            f"the source of {made.__qualname__} cannot be read ({error})",
            expected="a function whose source can be read",
            do="Write it with def, in a module of the project",
        ) from error
    if isinstance(tree, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:]
    return tree


def _shape(value: Any) -> Any:
    """Return a syntax tree as plain values, without what is empty: that differs between Pythons."""
    if isinstance(value, ast.AST):
        fields = {
            name: _shape(each)
            for name, each in ast.iter_fields(value)
            if name not in _LEFT_OUT and each not in (None, [])
        }
        return {type(value).__name__: fields}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    return f"{type(value).__name__} {value!r}"


def _reads(function: types.FunctionType, project: ProjectModules) -> Iterator[tuple[str, Any]]:
    """Yield the names of modules and of the functions around it that a function reads."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # empty: its own name, which it has once it is decorated
            yield name, cell.cell_contents
    yield from _defaults(function)
    codes = [function.__code__]
    while codes:
        code = codes.pop()
        codes += [each for each in code.co_consts if isinstance(each, types.CodeType)]
        for name in code.co_names:
            if name in function.__globals__:
                value = function.__globals__[name]
                yield name, value
                yield from _of_module(name, value, code.co_names, project)


def _of_module(
    name: str, value: Any, names: tuple[str, ...], project: ProjectModules
) -> Iterator[tuple[str, Any]]:
    """Yield what is read of a module of the project: ``texts.vowels`` of ``import texts``."""
    if not isinstance(value, types.ModuleType) or not project.has(value.__name__):
        return
    for each in names:
        if each != name and each in vars(value):
            found = vars(value)[each]
            yield f"{name}.{each}", found
            yield from _of_module(f"{name}.{each}", found, names, project)


def _defaults(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield the defaults of arguments that do not stand in the text themselves."""
    tree = _syntax(function)
    written = tree.args if isinstance(tree, ast.FunctionDef | ast.Lambda) else None
    if written is None:
        return
    places = list(zip(written.defaults, function.__defaults__ or (), strict=False))
    named = function.__kwdefaults__ or {}
    places += [
        (default, named[each.arg])
        for each, default in zip(written.kwonlyargs, written.kw_defaults, strict=True)
        if default is not None and each.arg in named
    ]
    for place, (default, value) in enumerate(places):
        if not _is_literal(default):
            yield f"{function.__name__}({place})", value


def _is_literal(tree: ast.expr) -> bool:
    try:
        ast.literal_eval(tree)
    except (ValueError, TypeError):
        return False
    return True


def _text(value: Any, name: str, within: str) -> str:
    if isinstance(value, types.ModuleType):
        return f"module {value.__name__}"
    if isinstance(value, re.Pattern):
        return f"pattern {value.pattern!r} {value.flags}"
    if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType):
        return f"{value.__module__}.{value.__qualname__}"
    if _is_plain(value):
        return repr(value)
    raise ExpressionError(
        f"{within} reads {name!r}, of type {type(value).__name__}, which has no text of its own",
        expected="functions, modules, and constants: numbers, texts, and tuples, lists, dicts of them",
        do="Make it a constant, or build it inside the function",
    )


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(_is_plain(key) and _is_plain(each) for key, each in value.items())
    return value is None or type(value) in {bool, int, float, str, bytes}
