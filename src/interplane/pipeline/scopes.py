"""Which names a definition reads from outside itself, by Python's rules of scope."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Read", "Reads", "bindings", "reads_of"]

_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BLIND: Final = frozenset({"exec", "eval", "__import__", "globals"})


class Read(NamedTuple):
    """A dotted name that is read from outside: ``helpers.clean`` is ``("helpers", "clean")``.

    Attributes:
        path: the name and the attributes read from it.
        module: the module that the path starts in, if the definition imports it itself.
        level: the dots of a relative import.
        is_import: whether it is the import itself, which uses nothing of a module yet.
    """

    path: tuple[str, ...]
    module: str | None = None
    level: int = 0
    is_import: bool = False


class Reads(NamedTuple):
    """Everything that a definition reads, and what hides further reads from us."""

    names: tuple[Read, ...]
    blind: tuple[str, ...]


class _Scope(NamedTuple):
    bound: dict[str, Read | None]  # a name bound by an import knows what it stands for
    is_class: bool = False


def _order(read: Read) -> tuple[object, ...]:
    return (read.path, read.module or "", read.level, read.is_import)


def reads_of(nodes: Iterable[ast.AST]) -> Reads:
    """Return what the given pieces of syntax read from outside themselves.

    >>> found = reads_of(ast.parse("def f(x, n=K): return [clean(y) for y in x] + g.h").body)
    >>> [".".join(read.path) for read in found.names]
    ['K', 'clean', 'g.h']
    """
    reader = _Reader()
    for node in nodes:
        reader.visit(node)
    return Reads(tuple(sorted(reader.names, key=_order)), tuple(sorted(reader.blind)))


class _Reader:
    def __init__(self) -> None:
        self.names: set[Read] = set()
        self.blind: set[str] = set()
        self._scopes: list[_Scope] = []

    def visit(self, node: ast.AST) -> None:
        special = self._SPECIAL.get(type(node))
        if special is not None:
            special(self, node)
        else:
            self._inner(node)

    def _inner(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self.visit(child)

    def _name(self, node: ast.Name | ast.Attribute) -> None:
        path: list[str] = []
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            path.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            self.visit(inner)
        elif isinstance(inner.ctx, ast.Load):
            self._read(inner.id, tuple(reversed(path)))

    def _read(self, name: str, path: tuple[str, ...]) -> None:
        if (name, *path[:1]) == ("sys", "modules"):
            self.blind.add("sys.modules")
        if "__subclasses__" in path:
            self.blind.add("__subclasses__")
        for depth, scope in enumerate(reversed(self._scopes)):
            if scope.is_class and depth:
                continue  # the body of a class is no scope for what is defined in it
            if name in scope.bound:
                imported = scope.bound[name]
                if imported is not None:
                    self.names.add(imported._replace(path=imported.path + path))
                return
        if name in _BLIND and not path:
            self.blind.add(name)
        self.names.add(Read((name, *path)))

    def _import(self, node: ast.ImportFrom) -> None:
        self.names.update(item._replace(is_import=True) for item in _imports(node).values())

    def _call(self, node: ast.Call) -> None:
        self._inner(node)
        self._getattr(node)

    def _getattr(self, node: ast.Call) -> None:
        """See through ``getattr(helpers, "clean")``; one with a computed name cannot be followed."""
        function = node.func
        if not (isinstance(function, ast.Name) and function.id == "getattr" and node.args[1:]):
            return
        target, attribute = node.args[:2]
        if not (isinstance(attribute, ast.Constant) and isinstance(attribute.value, str)):
            self.blind.add("getattr with a computed name")
        elif isinstance(target, ast.Name | ast.Attribute):
            self.visit(ast.Attribute(target, attribute.value, ast.Load()))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        if not isinstance(node, ast.Lambda):
            self._all(node.decorator_list)
            self._all([_annotation(node.returns)])
        arguments = node.args
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        parameters += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
        self._all([*arguments.defaults, *arguments.kw_defaults])
        self._all(_annotation(parameter.annotation) for parameter in parameters)
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        bound: dict[str, Read | None] = dict.fromkeys(item.arg for item in parameters)
        self._inside(_Scope({**bindings(body), **bound}), body)

    def _class(self, node: ast.ClassDef) -> None:
        self._all([*node.decorator_list, *node.bases, *node.keywords])
        self._inside(_Scope(bindings(node.body), is_class=True), node.body)

    def _comprehension(self, node: ast.AST) -> None:
        loops = [child for child in ast.iter_child_nodes(node) if _is_for(child)]
        self.visit(loops[0].iter)  # the first one is evaluated outside
        bound: dict[str, Read | None] = {
            inner.id: None
            for loop in loops
            for inner in ast.walk(loop.target)
            if isinstance(inner, ast.Name)
        }
        self._inside(_Scope(bound), list(ast.iter_child_nodes(node)))

    def _inside(self, scope: _Scope, body: Iterable[ast.AST]) -> None:
        self._scopes.append(scope)
        for item in body:
            self.visit(item)
        self._scopes.pop()

    def _all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    _SPECIAL: ClassVar[dict[type[ast.AST], Callable[[_Reader, Any], None]]] = {
        ast.Name: _name,
        ast.Attribute: _name,
        ast.Call: _call,
        ast.ImportFrom: _import,
        ast.ClassDef: _class,
        **dict.fromkeys(_FUNCTIONS, _function),
        **dict.fromkeys(_COMPREHENSIONS, _comprehension),
    }


def _annotation(node: ast.expr | None) -> ast.expr | None:
    """Return an annotation; one that is written as a text is read."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return node
    try:
        return ast.parse(node.value.strip(), mode="eval").body
    except SyntaxError:
        return node


def _is_for(node: ast.AST) -> TypeGuard[ast.comprehension]:
    return isinstance(node, ast.comprehension)


def bindings(body: Iterable[ast.AST]) -> dict[str, Read | None]:
    """Return the names that a body binds in its own scope; imports say what they bring."""
    bound: dict[str, Read | None] = {}
    elsewhere: set[str] = set()
    for node in _same_scope(body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound.update(_imports(node))
        elif isinstance(node, ast.Global | ast.Nonlocal):
            elsewhere.update(node.names)
        else:
            name = _bound_name(node)
            if name is not None:
                bound.setdefault(name, None)
    return {name: read for name, read in bound.items() if name not in elsewhere}


def _bound_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return None if isinstance(node.ctx, ast.Load) else node.id
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        return node.name
    return node.rest if isinstance(node, ast.MatchMapping) else None


def _same_scope(body: Iterable[ast.AST], *, only_walrus: bool = False) -> Iterator[ast.AST]:
    """Yield the nodes whose bindings belong to the scope of ``body``."""
    for node in body:
        if isinstance(node, ast.NamedExpr):
            yield node.target
        if not only_walrus:
            yield node
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            continue  # what is inside has a scope of its own
        inside = only_walrus or isinstance(node, _COMPREHENSIONS)
        yield from _same_scope(ast.iter_child_nodes(node), only_walrus=inside)


def _imports(node: ast.Import | ast.ImportFrom) -> dict[str, Read]:
    """Return what an import binds, and what each name stands for: ``import a.b`` binds ``a``."""
    if isinstance(node, ast.Import):
        return {alias.asname or alias.name.partition(".")[0]: _whole(alias) for alias in node.names}
    return {
        alias.asname or alias.name: Read((alias.name,), node.module or "", node.level)
        for alias in node.names
    }


def _whole(alias: ast.alias) -> Read:
    return Read((), alias.name if alias.asname else alias.name.partition(".")[0])
