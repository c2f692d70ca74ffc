"""What kind of values a logged column has: found from the values, exactly, and widened by need.

======== ===============================================================  =======
kind     the values                                                       type
======== ===============================================================  =======
``null``  none but null                                                   str
``bool``  true and false                                                  bool
``int``   whole numbers that a 64-bit float holds, too                    int
``wide``  whole numbers of 64 bits                                        int
``float`` floats, or whole numbers beside floats                          float
``str``   texts                                                           str
``json``  anything else, or of several kinds: each value as JSON text     str
======== ===============================================================  =======

JSON has no form for NaN and the infinities: in a ``json`` column they are null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from interplane.record.tables import Type

__all__ = ["TYPES", "Kind", "in_common", "kind_of", "to_json", "widen"]

Kind = Literal["null", "bool", "int", "wide", "float", "str", "json"]

TYPES: Final[Mapping[Kind, Type]] = {
    "null": "str",
    "bool": "bool",
    "int": "int",
    "wide": "int",
    "float": "float",
    "str": "str",
    "json": "str",
}
"""The type of a table's column of each kind."""

_EXACT: Final = 2**53
_INT64: Final = 2**63
_NONE: Final = type(None)
_SIMPLE: Final[Mapping[frozenset[type], Kind]] = {
    frozenset(): "null",
    frozenset({bool}): "bool",
    frozenset({float}): "float",
    frozenset({str}): "str",
}
_NUMBERS: Final = (frozenset({int}), frozenset({int, float}))
_WIDER: Final[Mapping[frozenset[Kind], Kind]] = {
    frozenset({"int", "wide"}): "wide",
    frozenset({"int", "float"}): "float",
}


def kind_of(values: Sequence[Any]) -> Kind:
    """Return the kind of a column's values.

    >>> kind_of([1, None]), kind_of([1, 2.5]), kind_of([2**60]), kind_of([2**60, 2.5])
    ('int', 'float', 'wide', 'json')
    >>> kind_of([None]), kind_of(["a", True])
    ('null', 'json')
    """
    found = frozenset(map(type, values)) - {_NONE}
    if found in _SIMPLE:
        return _SIMPLE[found]
    if found not in _NUMBERS:
        return "json"
    whole = [value for value in values if type(value) is int]
    least, most = min(whole), max(whole)
    if least >= -_EXACT and most <= _EXACT:
        return "int" if len(found) == 1 else "float"
    return "wide" if len(found) == 1 and least >= -_INT64 and most < _INT64 else "json"


def in_common(kinds: Iterable[Kind]) -> Kind:
    """Return the narrowest kind that holds the values of all these.

    >>> in_common(["int", "null", "float"]), in_common(["wide", "float"]), in_common([])
    ('float', 'json', 'null')
    """
    found = frozenset(kinds) - {"null"}
    if len(found) <= 1:
        return next(iter(found), "null")
    if found <= {"int", "float"} or found <= {"int", "wide"}:
        return _WIDER[found]
    return "json"


def widen(first: Mapping[str, Kind], then: Mapping[str, Kind]) -> dict[str, Kind]:
    """Return the kinds of columns that hold the values of both.

    >>> widen({"a": "int"}, {"a": "float", "b": "str"})
    {'a': 'float', 'b': 'str'}
    """
    names = dict.fromkeys((*first, *then))
    return {name: in_common((first.get(name, "null"), then.get(name, "null"))) for name in names}


def to_json(value: Any) -> str | None:
    """Return a value as JSON text; null stays null.

    >>> to_json("5"), to_json([1, 2.5]), to_json(None)
    ('"5"', '[1,2.5]', None)
    """
    return None if value is None else msgspec.json.encode(value).decode()
