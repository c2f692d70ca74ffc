"""Which feature a line of the author's function is of, for errors that are raised while it runs."""

from __future__ import annotations

import ast
import inspect
import linecache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplane.errors import NotFreezable, UsageError
from interplane.expressions.changing import refuse_changing
from interplane.expressions.surroundings import Reading, position, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import CodeType, TracebackType

__all__ = ["called"]


def called(
    function: Callable[..., Any], *rows: Any, of: str, views: Mapping[str, Any] | None = None
) -> Any:
    """Return what an author's function of features returns for its rows: the same when it is called twice.

    Args:
        function: the function.
        rows: the rows that it takes by position.
        of: the name that the features go by.
        views: those that it takes by name.

    Raises:
        UsageError: what it raised of such errors, with the feature and the line.
        NotFreezable: if Python itself knew no such operation, or no such arguments of one; or if a
            feature is another one when the function is called again, or it reads the clock, the
            environment or a file (`surroundings.py`); or if it is no plain function.
    """
    if _is_deferred(function):
        raise NotFreezable(
            f"{of} is asynchronous, or yields",
            expected="a plain function, which returns a dict from feature names to expressions",
            do="Write it with def and return: nothing in it waits for anything",
        )
    first, reading = _called(function, *rows, of=of, views=views)
    if reading is not None:
        raise _reads(reading, function, of)
    again, _ = _called(function, *rows, of=of, views=views)
    refuse_changing(first, again, of=of)
    return first


def _is_deferred(function: Any) -> bool:
    """Return whether a call of a function would only begin it."""
    kinds = (inspect.iscoroutinefunction, inspect.isasyncgenfunction, inspect.isgeneratorfunction)
    return any(is_kind(function) for is_kind in kinds)


def _called(
    function: Callable[..., Any], *rows: Any, of: str, views: Mapping[str, Any] | None
) -> tuple[Any, Reading | None]:
    try:
        return watched(function, *rows, **(views or {}))
    except UsageError as error:
        _place(error, function, of)
        raise
    except (AttributeError, TypeError) as error:
        refused = _unwritable(error)
        _place(refused, function, of)
        raise refused from error


def _reads(reading: Reading, function: Any, of: str) -> NotFreezable:
    refused = NotFreezable(
        f"its function {reading.verb} {reading.call}: {reading.why}",
        expected="what it is given, and constants: what it reads elsewhere would be frozen by chance",
        do=reading.instead,
        call=reading.call,
    )
    _place(refused, function, of, at=reading.place)
    return refused


def _unwritable(error: Exception) -> NotFreezable:
    """Return what Python said of a line (too many arguments, no such operator) as an error of ours."""
    uncalled = 'A method is called with parentheses; a column of its name is row["count"]. '
    return NotFreezable(
        f"{error}",
        expected="what expressions have: their operators and methods, with the arguments that they take",
        do=uncalled
        * ("'method'" in str(error))
        + "Write it as docs/operations.md does; what expressions "
        "cannot say belongs in a data step",
    ).with_traceback(error.__traceback__)


def _place(
    error: UsageError, function: Any, name: str, *, at: tuple[int, int] | None = None
) -> None:
    """Say in an error that a function raised which feature it is, and on which line."""
    code = getattr(function, "__code__", None)
    if code is None or "feature" in error.details:
        return
    found = at or _position(error.__traceback__, code)
    if found is None:
        return
    line, column = found
    feature = "_".join(_keys(code.co_filename, line, column))
    what = f"the feature {feature!r}" if feature else name
    error.what = f"{what} ({Path(code.co_filename).name}, line {line}): {error.what}"
    if feature:
        error.details["feature"] = feature


def _position(trace: TracebackType | None, code: CodeType) -> tuple[int, int] | None:
    """Return the line and the column that a call of ``code`` had come to."""
    while trace is not None:
        if trace.tb_frame.f_code is code:
            return position(code, trace.tb_lasti, trace.tb_lineno)
        trace = trace.tb_next
    return None


def _keys(file: str, line: int, column: int) -> Iterator[str]:
    """Yield the texts that a place in a file is the value of, from the outer mapping to the inner."""
    try:
        tree: ast.AST = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return
    for node in ast.walk(tree):  # outer ones come first
        if isinstance(node, ast.FunctionDef | ast.Lambda) and _spans(node, line, column):
            tree = node
    for node in ast.walk(tree):
        for key, value in _entries(node):
            if isinstance(key, ast.Constant) and _spans(value, line, column):
                yield str(key.value)


def _spans(node: ast.expr | ast.stmt, line: int, column: int) -> bool:
    last = (node.end_lineno or 0, node.end_col_offset or 0)
    return (node.lineno, node.col_offset) <= (line, column) < last


def _entries(node: ast.AST) -> Iterator[tuple[ast.expr | None, ast.expr]]:
    """Yield the entries that a part of a program writes: ``{"a": x}``, ``found["a"] = x``, ``dict(a=x)``."""
    match node:
        case ast.Dict(keys, values):
            yield from zip(keys, values, strict=True)
        case ast.Assign([ast.Subscript(slice=key)], value):
            yield key, value
        case ast.Call(func=ast.Name("dict"), keywords=named):
            yield from ((ast.Constant(each.arg), each.value) for each in named if each.arg)
        case _:
            pass
