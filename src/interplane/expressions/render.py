"""An expression as text, for people: ``(distance - mean(distance)) / std(distance)``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from interplane.expressions.nodes import Call, Column, Literal, Lookup, Reduce

if TYPE_CHECKING:
    from interplane.expressions.nodes import Node, Options

__all__ = ["described", "render"]

_INFIX = {
    "add": ("+", 6), "sub": ("-", 6), "concat": ("+", 6), "mul": ("*", 7), "div": ("/", 7),
    "floor_div": ("//", 7), "mod": ("%", 7), "pow": ("**", 9),
    "and": ("&", 5), "xor": ("^", 4), "or": ("|", 3),
    "eq": ("==", 2), "ne": ("!=", 2), "lt": ("<", 2), "le": ("<=", 2), "gt": (">", 2), "ge": (">=", 2),
}  # fmt: skip
_PREFIX = {"neg": "-", "not": "~"}
_FUNCTIONS = {"if_else", "coalesce", "greatest", "least"}
_CASTS = {"to_int", "to_float", "to_str", "to_bool", "to_date", "to_timestamp"}
_WRITTEN = {"target_mean": "target_encode", "index": "ordinal", "quantile_bucket": "bucketize"}
"""Statistics that encodings are made of, by what authors write for them."""

_TIGHT = 10
_LONGEST = 400


def described(node: Node) -> str:
    """Return the text of a node and its type, as messages name it.

    >>> described(Column("carrier", "str"))
    "'carrier' (str)"
    """
    return f"{render(node)!r} ({node.type})"


def render(node: Node) -> str:
    """Return the text of a node, cut in the middle where it is very long."""
    text = _render(node, 0)
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"


def _render(node: Node, level: int) -> str:
    match node:
        case Column():
            return node.name
        case Literal():
            return repr(node.value) if node.type not in {"date", "timestamp"} else f"{node.value}"
        case Call():
            return _render_call(node, level)
        case Reduce():
            return _render_reduce(node)
        case Lookup():
            default = "" if node.default.value is None else f", {_render(node.default, 0)}"
            return f"{node.table}.get({_keys(node.keys)}{default})"


def _render_call(node: Call, level: int) -> str:
    if node.op in _INFIX:
        symbol, own = _INFIX[node.op]
        left, right = _render(node.args[0], own), _render(node.args[1], own + 1)
        text = f"{left} {symbol} {right}"
        return f"({text})" if own < level else text
    if node.op in _PREFIX:
        text = _PREFIX[node.op] + _render(node.args[0], 8)
        return f"({text})" if level > 8 else text
    if node.op in _CASTS:
        return f"{_render(node.args[0], _TIGHT)}.cast({node.type!r})"
    if node.op == "shift":
        shift = timedelta(microseconds=dict(node.options)["microseconds"])  # type: ignore[arg-type]
        return f"({_render(node.args[0], 6)} + {shift})"
    if node.op in _FUNCTIONS or node.op.startswith("own."):
        name = node.op.removeprefix("own.")
        return f"{name}({', '.join(_render(arg, 0) for arg in node.args)})"
    rest = [_render(arg, 0) for arg in node.args[1:]]
    options = node.options if node.op != "to_local" else _zone(node)
    rest += [f"{name}={_short(value)}" for name, value in options]
    return f"{_render(node.args[0], _TIGHT)}.{node.op}({', '.join(rest)})"


def _zone(node: Call) -> Options:
    """Return what tells zones apart for people: the name, and not its hundreds of changes."""
    return tuple(item for item in node.options if item[0] == "zone")


def _short(value: object) -> str:
    text = repr(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= 80 else f"{text[:77]}…]"


def _render_reduce(node: Reduce) -> str:
    if node.function in _WRITTEN:
        return _render_encoding(node)
    # Rows have no value that is counted: count(by=[carrier]).
    parts = [_render(arg, 0) for arg in node.args if not isinstance(arg, Literal)]
    parts += [f"{name}={_short(value)}" for name, value in node.options]
    if node.where is not None:
        parts.append(f"where={_render(node.where, 0)}")
    if node.by:
        parts.append(f"by=[{', '.join(_render(key, 0) for key in node.by)}]")
    return f"{node.function}({', '.join(parts)})"


def _render_encoding(node: Reduce) -> str:
    """Return an encoding as it is written, its settings by the names that they have there."""
    of, options = _render(node.args[0], 0), dict(node.options)
    match node.function:
        case "target_mean":
            parts = [_keys(node.by), of]
        case "index":
            parts, options = [_keys(node.by)], {**options, "unseen": options.get("unseen")}
        case _:
            parts, options = [of], {"quantiles": options["buckets"]}
    parts += [f"{name}={_short(value)}" for name, value in options.items()]
    return f"{_WRITTEN[node.function]}({', '.join(parts)})"


def _keys(keys: tuple[Node, ...]) -> str:
    texts = ", ".join(_render(key, 0) for key in keys)
    return texts if len(keys) == 1 else f"[{texts}]"
