"""What a Python function is made of, as plain values that a digest can be taken of.

Its syntax tree without names of types, documentation and decorators, and the same of every function
of its own package that it calls; constants of modules by value; everything else by name.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import types
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["function_parts"]

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
    if not isinstance(function, types.FunctionType) or function.__name__ == "<lambda>":
        raise ExpressionError(
            f"{function!r:.100} is no function that is written with def",
            expected="a function whose source can be read",
            do="Write it with def, in a module of the project",
        )
    own = function.__module__.partition(".")[0]
    parts: dict[str, Any] = {}
    waiting: list[tuple[str, types.FunctionType]] = [(function.__name__, function)]
    while waiting:
        name, each = waiting.pop()
        parts[name] = _shape(_syntax(each))
        for read, value in _reads(each):
            if read in parts:
                continue
            if isinstance(value, types.FunctionType) and value.__module__.partition(".")[0] == own:
                parts[read] = None
                waiting.append((read, value))
            else:
                parts[read] = _text(value, read, function.__name__)
    return parts


def _syntax(function: types.FunctionType) -> ast.AST:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError) as error:
        raise ExpressionError(
            f"the source of {function.__qualname__} cannot be read ({error})",
            expected="a function whose source can be read",
            do="Write it with def, in a module of the project",
        ) from error
    if isinstance(tree, ast.FunctionDef) and ast.get_docstring(tree) is not None:
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


def _reads(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield the names of its module and of the functions around it that a function reads."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    yield from ((name, cell.cell_contents) for name, cell in cells)
    codes = [function.__code__]
    while codes:
        code = codes.pop()
        codes += [each for each in code.co_consts if isinstance(each, types.CodeType)]
        for name in code.co_names:
            if name in function.__globals__:
                yield name, function.__globals__[name]


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
