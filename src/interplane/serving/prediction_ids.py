"""Ids of predictions: 32 hexadecimal digits, unlike any other in any worker."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from blake3 import blake3

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NewIds", "derived_id"]

_BYTES: Final = 16
_AT_ONCE: Final = 256


class NewIds:
    """Makes random ids, asking the operating system once for many.

    Make it in the process that uses it: two that share what was drawn would give the same ids.

    Args:
        draw: gives so many random bytes.

    >>> new_id = NewIds()
    >>> len(new_id()), new_id() == new_id()
    (32, False)
    """

    __slots__ = ("_draw", "_ready")

    def __init__(self, draw: Callable[[int], bytes] = os.urandom) -> None:
        self._draw = draw
        self._ready: list[str] = []

    def __call__(self) -> str:
        """Return an id; from any thread."""
        try:
            return self._ready.pop()
        except IndexError:
            first, *others = self._draw(_BYTES * _AT_ONCE).hex("-", -_BYTES).split("-")
            self._ready = others
            return first


def derived_id(model: str, client_id: str, place: int, row: bytes) -> str:
    """Return the id of a row of a request that brought its own id: the same in every worker.

    The row is part of it: an id that a client uses again much later, for something else, is another
    prediction.

    Args:
        model: the model's name.
        client_id: the client's own id.
        place: the place of the row in its request, from 0.
        row: the row as it is logged.

    >>> derived_id("flights", "a7", 0, b"{}") == derived_id("flights", "a7", 0, b"{}")
    True
    """
    hasher = blake3(f"{model}\0{client_id}\0{place}\0".encode())
    hasher.update(row)
    return hasher.hexdigest(length=_BYTES)
