"""The normalised syntax of one definition: what stays the same when only its looks change."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from interplane.record import Digest, digest_bytes

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["digest_syntax"]

_DOCUMENTED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
# Where a name is read or written follows from its place; the rest is looks.
_SKIPPED: Final = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


def digest_syntax(node: ast.AST, *, without: Collection[str] = ()) -> Digest:
    r"""Return the digest of a syntax tree without comments, docstrings, layout and positions.

    Args:
        node: the tree.
        without: fields of the topmost node to leave out (``decorator_list`` …).

    >>> one = ast.parse("def f(x):\n    'Twice.'\n    return (2*x)  # double")
    >>> two = ast.parse("def f(x): return 2 * x")
    >>> digest_syntax(one) == digest_syntax(two)
    True
    """
    parts: list[str] = []
    _write(node, parts, without)
    return digest_bytes("\0".join(parts).encode("utf-8", "surrogatepass"))


def _write(node: ast.AST, parts: list[str], without: Collection[str] = ()) -> None:
    parts.append(type(node).__name__)
    if isinstance(node, ast.Constant):
        parts.append(f"{type(node.value).__name__} {node.value!r}")
        return
    for name in node._fields:
        if name in _SKIPPED or name in without:
            continue
        value = getattr(node, name, None)
        if name == "body" and isinstance(node, _DOCUMENTED):
            value = _body(node)
        # Empty fields are left out, so that a field that a later Python adds changes nothing.
        if value is None or value == []:
            continue
        parts.append(name)
        if isinstance(value, ast.AST):
            _write(value, parts)
        elif isinstance(value, list):
            parts.append(str(len(value)))
            for item in value:
                if isinstance(item, ast.AST):
                    _write(item, parts)
                else:
                    parts.append(repr(item))
        else:
            parts.append(repr(value))


def _body(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module,
) -> list[ast.stmt]:
    match node.body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest or [ast.Pass()]
        case body:
            return body
