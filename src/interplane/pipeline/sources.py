"""Source files of the project: parsed once per file state, searched for definitions."""

from __future__ import annotations

import ast
import functools
import linecache
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.pipeline.scopes import Reads, bindings, reads_of
from interplane.pipeline.syntax import digest_syntax

if TYPE_CHECKING:
    import types
    from collections.abc import Iterator

    from interplane.record import Digest

__all__ = ["Definition", "SourceFile", "is_inside", "source_file"]

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

# What a caller gets by value instead: a default is what it was when the function was defined.
_SIGNATURE: Final = ("defaults", "kw_defaults")


_BODIES: Final = ("body", "orelse", "handlers", "finalbody", "cases")


class Definition(NamedTuple):
    """What a definition is: its digest, what it reads, and its decorators apart."""

    digest: Digest
    reads: Reads
    decorators: tuple[tuple[Digest, Reads], ...] = ()


class SourceFile:
    """The syntax of one file.

    Args:
        text: its bytes, or its text.

    Raises:
        SyntaxError: if it is no Python.
    """

    def __init__(self, text: str | bytes) -> None:
        self._tree = ast.parse(text)
        self._codes = frozenset(_codes(compile(text, "<source>", "exec", dont_inherit=True)))
        self._functions: dict[tuple[int, str], list[Function]] = {}
        self._classes: dict[str, list[ast.ClassDef]] = {}
        self._known: dict[ast.AST, Definition] = {}
        self._index(self._tree, "")

    @functools.cached_property
    def module(self) -> Definition:
        """The whole file."""
        return Definition(digest_syntax(self._tree), reads_of(self._tree.body))

    def has(self, code: types.CodeType) -> bool:
        """Return whether the text, as it is, compiles to a code object among others."""
        return code in self._codes

    def function(self, code: types.CodeType) -> Definition | None:
        """Return the definition that a code object was compiled from, if it is still there.

        A file can have changed since it was imported: then its syntax is not what runs.
        """
        if not self.has(code):
            return None
        index = self._lambdas if code.co_name == "<lambda>" else self._functions
        found = index.get((code.co_firstlineno, code.co_name), [])
        if len(found) > 1:
            found = [node for node in found if _holds(node, code)]
        return self._define(found[0]) if len(found) == 1 else None

    def classes(self, qualname: str) -> list[Definition]:
        """Return every class with a qualified name; there are several where one is conditional."""
        return [self._define(node) for node in self._classes.get(qualname, [])]

    def bindings(self, name: str) -> list[Definition]:
        """Return every statement of the module that binds a name of it."""
        return [self._define(node) for node in self._bound.get(name, [])]

    @functools.cached_property
    def _bound(self) -> dict[str, list[ast.stmt]]:
        found: dict[str, list[ast.stmt]] = {}
        for node in self._tree.body:
            for name in bindings([node]):
                found.setdefault(name, []).append(node)
        return found

    def _define(self, node: ast.stmt | ast.Lambda) -> Definition:
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = _definition(node)
        return known

    def _index(self, parent: ast.AST, prefix: str) -> None:
        """Index functions and classes; lambdas stand in expressions and wait until one is asked for."""
        for node in _statements(parent):
            inside = prefix
            if isinstance(node, ast.ClassDef):
                self._classes.setdefault(prefix + node.name, []).append(node)
                inside = f"{prefix}{node.name}."
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
                self._functions.setdefault((first, node.name), []).append(node)
                inside = f"{prefix}{node.name}.<locals>."
            self._index(node, inside)

    @functools.cached_property
    def _lambdas(self) -> dict[tuple[int, str], list[Function]]:
        found: dict[tuple[int, str], list[Function]] = {}
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Lambda):
                found.setdefault((node.lineno, "<lambda>"), []).append(node)
        return found


def _statements(parent: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements directly inside a statement, its handlers and cases included."""
    for name in _BODIES:
        yield from getattr(parent, name, ())


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield a code object and all those inside it."""
    yield code
    for item in code.co_consts:
        if hasattr(item, "co_code"):
            yield from _codes(item)


def _definition(node: ast.stmt | ast.Lambda) -> Definition:
    if not isinstance(node, Function):
        return Definition(digest_syntax(node), reads_of([node]))
    arguments = node.args
    bare = ast.arguments(
        **{name: getattr(arguments, name) for name in arguments._fields if name not in _SIGNATURE},
        defaults=[],
        kw_defaults=[],
    )
    shown = _replaced(node, args=bare)
    return Definition(
        digest_syntax(shown, without=("decorator_list",)),
        reads_of([_replaced(shown, decorator_list=[])]),
        tuple(
            (digest_syntax(item), reads_of([item])) for item in getattr(node, "decorator_list", ())
        ),
    )


def _replaced(node: Function, **fields: object) -> Function:
    new = type(node).__new__(type(node))
    for name in node._fields:
        setattr(new, name, fields.get(name, getattr(node, name, None)))
    return new


def _holds(node: Function, code: types.CodeType) -> bool:
    """Whether all of the code stands between the columns of the node: tells lambdas of a line apart."""
    body = node.body if isinstance(node, ast.Lambda) else node
    start = (body.lineno, body.col_offset)
    end = (body.end_lineno or body.lineno, body.end_col_offset or 0)
    places = [place for place in code.co_positions() if None not in place and place[3]]
    return all(
        start <= (line or 0, column or 0) and (last or 0, right or 0) <= end
        for line, last, column, right in places
    )


_FILES: dict[str, tuple[tuple[int, int], SourceFile | None]] = {}


def source_file(path: str) -> SourceFile | None:
    """Return the syntax of a file, or of the cell of a notebook; None where it cannot be read."""
    try:
        stat = Path(path).stat()
    except OSError:
        # A notebook keeps the text of its cells in linecache, under names that are no files.
        return _parsed("".join(linecache.getlines(path)) or None)
    state = (stat.st_mtime_ns, stat.st_size)
    known = _FILES.get(path)
    if known is None or known[0] != state:
        known = _FILES[path] = (state, _parsed(Path(path).read_bytes()))
    return known[1]


def _parsed(text: str | bytes | None) -> SourceFile | None:
    if text is None:
        return None
    try:
        return SourceFile(text)
    except (SyntaxError, ValueError):  # changed since it was imported, or no Python
        return None


@functools.cache
def is_inside(root: Path, file: str) -> bool:
    """Return whether a file belongs to the project at ``root``, and not to its environment."""
    path = Path(file).resolve()
    if not path.is_relative_to(root):
        return False
    environment = Path(sys.prefix).resolve()
    below = environment.is_relative_to(root) and path.is_relative_to(environment)
    return not below and not {"site-packages", "dist-packages"} & set(path.parts)
