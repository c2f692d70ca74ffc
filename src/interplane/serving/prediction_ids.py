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


def derived_id(model: str, client_id: str, place: int) -> str:
    """Return the id of a row of a request that brought its own id: the same in every worker.

    Args:
        model: the model's name.
        client_id: the client's own id.
        place: the place of the row in its request, from 0.

    >>> derived_id("flights", "a7", 0)
    'b8a34ccbcf3e2ec063a56739c773c806'
    """
    parts = f"{model}\0{client_id}\0{place}".encode()
    return blake3(parts).hexdigest(length=_BYTES)
