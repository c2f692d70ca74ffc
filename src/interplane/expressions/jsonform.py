"""The JSON form of expressions: versioned, exact, and checked against the table when it is read.

::

    {
        "version": 1,
        "nodes": [
            {"column": "distance", "type": "int"},
            {"op": "to_float", "args": [0], "type": "float"},
            {"op": "ln", "args": [1], "type": "float"},
        ],
    }

A node refers to earlier ones by position; the last is the whole. Numbers are exact text. Reading it
runs nothing: what is not in the table of operations is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError, UsageError
from interplane.expressions.constants import constant_from_text, constant_to_text, type_of
from interplane.expressions.graph import Graph
from interplane.expressions.nodes import Call, Column, Literal, Lookup, Reduce
from interplane.expressions.operations import call
from interplane.expressions.reductions import reduce
from interplane.record.tables import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interplane.expressions.nodes import Constant, Node
    from interplane.record import Type

__all__ = ["VERSION", "from_json", "to_json"]

VERSION = 1
_MOST_NODES = 100_000
_DEEPEST = 250
_LARGEST = 100_000


def to_json(node: Node) -> dict[str, Any]:
    """Return an expression as plain JSON values.

    >>> to_json(Literal(0.5, "float"))
    {'version': 1, 'nodes': [{'value': '0.5', 'type': 'float'}]}
    """
    graph = Graph([node])
    return {
        "version": VERSION,
        "nodes": [_write(part.node, part.below) for part in graph.parts],
    }


def _write(node: Node, below: tuple[int, ...]) -> dict[str, Any]:
    match node:
        case Column():
            return {"column": node.name, "type": node.type}
        case Literal():
            return {"value": constant_to_text(node.value), "type": node.type}
        case Call():
            plain = {"op": node.op, "args": list(below), "type": node.type}
            return plain | _write_options(node.options)
        case Lookup():
            default = constant_to_text(node.default.value)
            return {
                "lookup": node.table, "keys": list(below), "default": default, "type": node.type,
            }  # fmt: skip
        case Reduce():
            return _write_reduce(node, below)


def _write_reduce(node: Reduce, below: tuple[int, ...]) -> dict[str, Any]:
    count = len(node.args)
    plain: dict[str, Any] = {"reduce": node.function, "args": list(below[:count])}
    if node.where is not None:
        plain["where"] = below[count]
        count += 1
    return plain | {"by": list(below[count:]), "type": node.type} | _write_options(node.options)


def _write_options(options: Any) -> dict[str, Any]:
    if not options:
        return {}
    return {"options": {name: _write_option(value) for name, value in options}}


def _write_option(value: Any) -> dict[str, Any]:
    items = value if isinstance(value, tuple) else (value,)
    kind = type_of(items[0])
    texts = [constant_to_text(item) for item in items]
    return {"type": kind, "values" if isinstance(value, tuple) else "value": (
        texts if isinstance(value, tuple) else texts[0]
    )}  # fmt: skip


def from_json(plain: Any) -> Node:
    """Read an expression from its JSON form; everything in it is checked.

    Raises:
        ExpressionError: if it is not one: a newer version, an unknown operation, wrong types, a
            node that refers to itself or to a later one, a constant that is not exact …

    >>> from_json({"version": 1, "nodes": [{"value": "0.5", "type": "float"}]})
    Literal(value=0.5, type='float')
    """
    if not isinstance(plain, dict) or set(plain) != {"version", "nodes"}:
        raise _refused("$", plain, "an object with version and nodes")
    if plain["version"] != VERSION or isinstance(plain["version"], bool):
        raise ExpressionError(
            f"an expression of version {plain['version']!r} at $.version",
            expected=f"version {VERSION}",
            do="Read it with the Interplane that wrote it, or a newer one",
        )
    items = plain["nodes"]
    if not isinstance(items, list) or not 0 < len(items) <= _MOST_NODES:
        raise _refused("$.nodes", items, f"a list of 1 to {_MOST_NODES} nodes")
    reader = _Reader()
    for index, item in enumerate(items):
        reader.read(item, f"$.nodes[{index}]")
    _check_written(reader.nodes[-1], items)
    return reader.nodes[-1]


def _check_written(node: Node, items: list[Any]) -> None:
    """Refuse nodes that nothing uses, that stand twice or elsewhere: one expression has one form."""
    written = to_json(node)["nodes"]
    for index, (ours, item) in enumerate(zip(written, items, strict=False)):
        if ours != item:
            raise _refused(f"$.nodes[{index}]", item, f"{ours}, as the expression is written")
    if len(written) != len(items):
        item = items[len(written)]
        raise _refused(f"$.nodes[{len(written)}]", item, "no more nodes: nothing uses this one")


class _Reader:
    """Reads nodes one after the other; each may only refer to those before it."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._depths: list[int] = []
        self._sizes: list[int] = []

    def read(self, item: Any, place: str) -> None:
        kinds: dict[str, Callable[[Mapping[str, Any], str], tuple[Node, Sequence[int]]]] = {
            "column": self._column,
            "value": self._literal,
            "op": self._call,
            "lookup": self._lookup,
            "reduce": self._reduce,
        }
        found = [name for name in kinds if isinstance(item, dict) and name in item]
        if len(found) != 1:
            raise _refused(place, item, f"a node with one of {', '.join(kinds)}")
        try:
            node, below = kinds[found[0]](item, place)
        except UsageError as error:
            if error.details.get("place") or error.details.get("own"):
                raise  # nothing is wrong with the file, where an operation is not registered
            raise ExpressionError(
                f"{error.what} at {place}", expected=error.expected, do=error.do, place=place
            ) from error
        if node.type != item.get("type"):
            raise _refused(f"{place}.type", item.get("type"), f"{node.type!r}")
        depth = 1 + max((self._depths[position] for position in below), default=0)
        if depth > _DEEPEST:
            raise _refused(place, f"depth {depth}", f"at most {_DEEPEST} nodes inside one another")
        # Written out as a tree: a short list of nodes that all refer twice to the one before
        # would take for ever to walk.
        size = 1 + sum(self._sizes[position] for position in below)
        if size > _LARGEST:
            raise _refused(place, f"size {size}", f"at most {_LARGEST} nodes in one expression")
        self._sizes.append(size)
        self.nodes.append(node)
        self._depths.append(depth)

    def _column(self, item: Mapping[str, Any], place: str) -> tuple[Node, Sequence[int]]:
        _only(item, {"column", "type"}, place)
        return Column(_text(item["column"], f"{place}.column"), _kind(item, place)), ()

    def _literal(self, item: Mapping[str, Any], place: str) -> tuple[Node, Sequence[int]]:
        _only(item, {"value", "type"}, place)
        kind = _kind(item, place)
        return Literal(_constant(item["value"], kind, f"{place}.value"), kind), ()

    def _call(self, item: Mapping[str, Any], place: str) -> tuple[Node, Sequence[int]]:
        _only(item, {"op", "args", "options", "type"}, place)
        below = self._below(item.get("args"), f"{place}.args")
        args = tuple(self.nodes[position] for position in below)
        node = call(_text(item["op"], f"{place}.op"), *args, **_options(item, place))
        if any(new is not old for new, old in zip(node.args, args, strict=True)):
            raise _refused(f"{place}.args", [arg.type for arg in args], "types without a cast")
        return node, below

    def _lookup(self, item: Mapping[str, Any], place: str) -> tuple[Node, Sequence[int]]:
        _only(item, {"lookup", "keys", "default", "type"}, place)
        below = self._below(item.get("keys"), f"{place}.keys")
        kind = _kind(item, place)
        keys = tuple(self.nodes[position] for position in below)
        if not keys or any(key.type == "float" for key in keys):
            raise _refused(f"{place}.keys", [key.type for key in keys], "keys, none of them floats")
        default = Literal(_constant(item.get("default"), kind, f"{place}.default"), kind)
        return Lookup(_text(item["lookup"], f"{place}.lookup"), keys, default, kind), below

    def _reduce(self, item: Mapping[str, Any], place: str) -> tuple[Node, Sequence[int]]:
        _only(item, {"reduce", "args", "where", "by", "options", "type"}, place)
        args = self._below(item.get("args"), f"{place}.args")
        by = self._below(item.get("by"), f"{place}.by")
        where = self._below([item["where"]], f"{place}.where") if "where" in item else ()
        if len(args) != 1:
            raise _refused(f"{place}.args", list(args), "one argument")
        node = reduce(
            _text(item["reduce"], f"{place}.reduce"),
            self.nodes[args[0]],
            where=self.nodes[where[0]] if where else None,
            by=tuple(self.nodes[position] for position in by),
            **_options(item, place),
        )
        return node, (*args, *where, *by)

    def _below(self, positions: Any, place: str) -> tuple[int, ...]:
        count = len(self.nodes)
        if not isinstance(positions, list) or not all(
            type(position) is int and 0 <= position < count for position in positions
        ):
            raise _refused(place, positions, "a list of the positions of earlier nodes")
        return tuple(positions)


def _only(item: Mapping[str, Any], known: set[str], place: str) -> None:
    unknown = sorted(set(item) - known)
    if unknown:
        raise _refused(place, unknown, f"only {', '.join(sorted(known))}")


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise _refused(place, value, "a name")
    return value


def _kind(item: Mapping[str, Any], place: str) -> Type:
    kind = item.get("type")
    if kind not in TYPES:
        raise _refused(f"{place}.type", kind, f"one of {', '.join(TYPES)}")
    return kind  # type: ignore[no-any-return]


def _constant(value: Any, kind: Type, place: str) -> Constant:
    try:
        return constant_from_text(value, kind)
    except ValueError as error:
        raise _refused(place, value, f"the exact text of a constant of type {kind}") from error


def _options(item: Mapping[str, Any], place: str) -> dict[str, Any]:
    options = item.get("options", {})
    if not isinstance(options, dict):
        raise _refused(f"{place}.options", options, "an object")
    return {name: _option(value, f"{place}.options.{name}") for name, value in options.items()}


def _option(value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise _refused(place, value, "an object with type and value (or values)")
    kind = _kind(value, place)
    if set(value) == {"type", "value"}:
        return _constant(value["value"], kind, f"{place}.value")
    if set(value) == {"type", "values"} and isinstance(value["values"], list):
        return tuple(_constant(each, kind, f"{place}.values") for each in value["values"])
    raise _refused(place, value, "an object with type and value (or values)")


def _refused(place: str, value: Any, expected: str) -> ExpressionError:
    return ExpressionError(
        f"{value!r:.200} at {place} of a stored expression",
        expected=expected,
        do="The file is damaged or was edited: restore it, or make the features again",
        place=place,
    )
