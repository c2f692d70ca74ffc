"""Entities, keys and values of events as bytes: exact, and equal bytes for equal values."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.record import Type
    from interplane.views.view import View

__all__ = ["Encoding", "encode"]

_KINDS: Final[Mapping[Type, Any]] = {
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "date": date,
    "timestamp": datetime,
}

encode: Final[Callable[[Sequence[Constant]], bytes]] = msgspec.msgpack.Encoder().encode
"""Return values as bytes."""


class Encoding:
    """Reads the bytes of one view.

    Attributes:
        entity: from bytes to the values that name an entity.
        key: from bytes to the values that name an event.
        values: from bytes to the view's arguments.

    >>> from interplane.views.view import example
    >>> Encoding(example()).values(encode((0.1,)))
    (0.1,)
    """

    __slots__ = ("entity", "key", "values")

    def __init__(self, view: View) -> None:
        self.entity = _decoder([view.columns[name] for name in view.entity])
        self.key = _decoder([view.columns[name] for name in view.key])
        self.values = _decoder([node.type for node in view.arguments])


def _decoder(types: Sequence[Type]) -> Callable[[bytes], tuple[Any, ...]]:
    kinds: Any = tuple(_KINDS[kind] | None for kind in types)
    kind: Any = tuple.__class_getitem__(kinds)
    return msgspec.msgpack.Decoder(kind).decode
