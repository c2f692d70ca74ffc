"""Constants: which Python values may stand in an expression, their types, and their exact text."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from types import MethodType
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError
from interplane.expressions.nodes import Literal

if TYPE_CHECKING:
    from interplane.expressions.nodes import Constant
    from interplane.record import Type

__all__ = [
    "INT_MAX",
    "INT_MIN",
    "constant_from_text",
    "constant_to_text",
    "is_constant_of",
    "refuse_uncalled",
    "to_literal",
    "type_of",
]

_KINDS: tuple[tuple[type, Type], ...] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float"),
    (str, "str"),
    (datetime, "timestamp"),
    (date, "date"),
)
"""Subclasses first: a bool is an int, a datetime is a date."""

_EXACT: dict[Type, Any] = {"int": int, "float": float, "str": str.__str__}

INT_MIN, INT_MAX = -(2**63), 2**63 - 1


def type_of(value: Any) -> Type | None:
    """Return our type of a Python value, or None if it is none of the six (or null).

    >>> [type_of(x) for x in (True, 1, 1.0, "a", date(2013, 1, 1), datetime(2013, 1, 1), b"", None)]
    ['bool', 'int', 'float', 'str', 'date', 'timestamp', None, None]
    """
    return next((name for kind, name in _KINDS if isinstance(value, kind)), None)


def is_constant_of(value: Any, type: Type) -> bool:
    """Return whether ``value`` is a value (not null) that an expression can hold as ``type``."""
    if type_of(value) != type:
        return False
    match type:
        case "int":
            return bool(INT_MIN <= value <= INT_MAX)
        case "float":
            return not math.isnan(value)
        case "str":
            return _is_text(value)
        case "timestamp":
            return value.tzinfo is None and not value.fold
    return True


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in value


def to_literal(value: Any) -> Literal:
    """Turn a Python value into a literal; NumPy numbers become ours, aware timestamps UTC.

    Raises:
        ExpressionError: if it cannot be a constant: NaN, an integer beyond 64 bits, text with NUL
            or half a surrogate pair, or a value of another type.

    >>> to_literal(80)
    Literal(value=80, type='int')
    """
    plain = _plain(value)
    kind = type_of(plain)
    if kind is not None and is_constant_of(plain, kind):
        return Literal(plain, kind)
    if isinstance(plain, float):
        raise ExpressionError(
            "NaN is no constant here: it is null",
            expected="a number",
            do="Write literal(None, 'float') for a null",
        )
    refuse_uncalled(value)
    raise ExpressionError(
        f"{value!r} of type {type(value).__name__} cannot be a constant in an expression",
        expected="a bool, int (64 bits), float, str (without NUL), date or datetime",
        do="Convert it before it enters the expression",
    )


def refuse_uncalled(value: object) -> None:
    """Refuse a method that stands where its value should.

    Raises:
        ExpressionError: says how to call it, and how a column of its name is read.
    """
    if not isinstance(value, MethodType):
        return
    name = value.__name__
    raise ExpressionError(
        f"the method {name!r} is not called",
        expected="the value that it gives",
        do=f'Write {name}() with its arguments; a column of this name is row["{name}"]',
    )


def _plain(value: Any) -> Any:
    """Undo subclasses: NumPy scalars, enums of str or int, aware timestamps."""
    kind = type_of(value)
    if kind == "timestamp":
        aware = value if value.tzinfo is None else value.astimezone(UTC)
        return aware.replace(tzinfo=None, fold=0)
    if kind in _EXACT:
        return _EXACT[kind](value)
    item = getattr(value, "item", None)
    if kind is None and callable(item) and getattr(value, "ndim", None) == 0:
        return item()
    return value


def constant_to_text(value: Constant) -> str | bool | None:
    """Return the JSON form of a constant: null, true and false, and all else as exact text.

    >>> constant_to_text(0.1), constant_to_text(2**62), constant_to_text(date(2013, 1, 31))
    ('0.1', '4611686018427387904', '2013-01-31')
    """
    match value:
        case None | bool() | str():
            return value
        case date():
            return value.isoformat()
        case _:
            return repr(value)


def constant_from_text(text: Any, type: Type) -> Constant:
    """Read a constant of a type from its JSON form.

    Raises:
        ValueError: if it is not one, or not in the one form that `constant_to_text` writes.

    >>> constant_from_text("0.1", "float")
    0.1
    """
    if text is None:
        return None
    value = _read(text, type)
    if not is_constant_of(value, type) or constant_to_text(value) != text:
        raise ValueError(text)
    return value


def _read(text: Any, type: Type) -> Constant:
    if type == "bool":
        return text if isinstance(text, bool) else None
    if not isinstance(text, str):
        raise ValueError(text)  # noqa: TRY004  callers know one kind of wrong text
    match type:
        case "int":
            return int(text)
        case "float":
            return float(text)
        case "date":
            return date.fromisoformat(text)
        case "timestamp":
            return datetime.fromisoformat(text)
        case _:
            return text
