"""Kinds of arguments: what an annotation takes, and what it is called in a message."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from inspect import Parameter
from numbers import Integral, Real
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

__all__ = ["Kind", "kind_of"]


class Kind(NamedTuple):
    """What is taken, and what it is called."""

    words: str
    takes: Callable[[Any], bool]


def kind_of(annotation: Any, names: Mapping[str, Any], ours: tuple[str, ...] = ()) -> Kind | None:
    """Return what an annotation takes; None where it takes everything, or nobody here can tell.

    Args:
        annotation: its text, as ``from __future__ import annotations`` leaves it.
        names: what the names in it mean where it was written.
        ours: classes of Interplane in it that are imported for types alone.

    >>> kind_of("Sequence[str] | None", {}).words
    'a list of texts, or None'
    >>> kind_of("int", {}).takes(True), kind_of("Thing", {})
    (False, None)
    """
    if annotation is Parameter.empty or not isinstance(annotation, str):
        return None
    return _read(ast.parse(annotation, mode="eval").body, names, ours)


def _read(node: ast.expr, names: Mapping[str, Any], ours: tuple[str, ...]) -> Kind | None:
    if isinstance(node, ast.BinOp):
        sides = (_read(node.left, names, ours), _read(node.right, names, ours))
        return _either(*sides) if all(sides) else None  # type: ignore[arg-type]
    if isinstance(node, ast.Constant) and node.value is None:
        return Kind("None", lambda value: value is None)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        if node.value.id == "Literal":
            return _choice(ast.literal_eval(node.slice))
        return _made_of(node.value.id, node.slice, names, ours)
    if isinstance(node, ast.Name):
        return _SIMPLE.get(node.id) or _named(node.id, names, ours)
    return None


def _either(one: Kind, other: Kind) -> Kind:
    return Kind(
        f"{one.words}, or {other.words}", lambda value: one.takes(value) or other.takes(value)
    )


def _choice(values: Any) -> Kind:
    given = values if isinstance(values, tuple) else (values,)
    kinds = tuple({type(value) for value in given})
    words = ", ".join(repr(value) for value in given)
    return Kind(
        f"one of {words}" if len(given) > 1 else words,
        lambda value: isinstance(value, kinds) and value in given,
    )


def _named(name: str, names: Mapping[str, Any], ours: tuple[str, ...]) -> Kind | None:
    """Return the kind of a class, which may be known by its name alone, or of a choice."""
    found = names.get(name)
    if found is Any:
        return None
    if get_origin(found) is Literal:
        return _choice(get_args(found))
    if isinstance(found, type) and not getattr(found, "_is_protocol", False):
        return Kind(_words_of(name), lambda value: isinstance(value, found))
    if name in ours:
        return Kind(_words_of(name), lambda value: _is_ours(value, name))
    return None


def _words_of(name: str) -> str:
    return f"{'an' if name[0] in 'AEIO' else 'a'} {name}"


def _is_ours(value: Any, name: str) -> bool:
    return any(
        each.__name__ == name and each.__module__.startswith("interplane.")
        for each in type(value).__mro__
    )


def _made_of(
    outer: str, inner: ast.expr, names: Mapping[str, Any], ours: tuple[str, ...]
) -> Kind | None:
    """Return the kind of a container; of the inner ones, no more than the container is looked at."""
    whole = _SIMPLE.get(outer)
    if whole is None:
        return None
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if outer == "Mapping":
        is_text = isinstance(parts[0], ast.Name) and parts[0].id == "str"
        value = _SIMPLE.get(parts[1].id) if isinstance(parts[1], ast.Name) else None
        return _mapping(is_text=is_text, value=value)
    each = _outer(parts[0], names, ours) if outer in {"Sequence", "tuple"} else None
    if outer == "tuple" and not (len(parts) == 2 and isinstance(parts[1], ast.Constant)):
        return _tuple(len(parts))
    return whole if each is None else _sequence(whole, each)


def _outer(node: ast.expr, names: Mapping[str, Any], ours: tuple[str, ...]) -> Kind | None:
    if isinstance(node, ast.BinOp):
        return _read(node, names, ours)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        return _SIMPLE.get(node.value.id)
    return _read(node, names, ours)


def _sequence(whole: Kind, each: Kind) -> Kind:
    plural = "texts" if each.words == "text" else f"which each is {each.words}"
    return Kind(
        f"{whole.words} of {plural}",
        lambda value: whole.takes(value) and all(each.takes(item) for item in value),
    )


def _tuple(length: int) -> Kind:
    return Kind(
        f"a tuple of {length}", lambda value: isinstance(value, tuple) and len(value) == length
    )


def _mapping(*, is_text: bool, value: Kind | None) -> Kind:
    def takes(given: Any) -> bool:
        return (
            isinstance(given, Mapping)
            and (not is_text or all(isinstance(key, str) for key in given))
            and (value is None or all(value.takes(each) for each in given.values()))
        )

    words = "a dict by name" if is_text else "a dict"
    return Kind(words if value is None else f"{words}, of which each value is {value.words}", takes)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)


def _is_text(value: Any) -> bool:
    """Return whether it is text that can be written: halves of a character cannot."""
    if not isinstance(value, str):
        return False
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _is_flag(value: Any) -> bool:
    return type(value).__name__ in {"bool", "bool_"}  # also NumPy's, which is not imported here


_SIMPLE: Final[Mapping[str, Kind]] = {
    "str": Kind("text", _is_text),
    "bytes": Kind("bytes", lambda value: isinstance(value, bytes)),
    "int": Kind(
        "a whole number",
        lambda value: isinstance(value, Integral) and not isinstance(value, bool),
    ),
    "float": Kind(
        "a number", lambda value: isinstance(value, Real) and not isinstance(value, bool)
    ),
    "bool": Kind("True or False", _is_flag),
    "datetime": Kind("a datetime", lambda value: isinstance(value, datetime)),
    "date": Kind("a date or a datetime", lambda value: isinstance(value, date)),
    "timedelta": Kind("a timedelta", lambda value: isinstance(value, timedelta)),
    "Path": Kind("a path", lambda value: isinstance(value, os.PathLike)),
    "Mapping": Kind("a dict", lambda value: isinstance(value, Mapping)),
    "dict": Kind("a dict", lambda value: isinstance(value, dict)),
    "Sequence": Kind("a list", _is_list),
    "list": Kind("a list", lambda value: isinstance(value, list)),
    "tuple": Kind("a tuple", lambda value: isinstance(value, tuple)),
    "Iterable": Kind(
        "a list",
        lambda value: (
            hasattr(type(value), "__iter__") and not isinstance(value, str | bytes | Mapping)
        ),
    ),
    "Callable": Kind("a function", callable),
    "type": Kind("a class", lambda value: isinstance(value, type)),
}
