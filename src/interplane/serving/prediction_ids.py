"""Ids of predictions: 32 hexadecimal digits, unlike any other in any worker."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Final

from blake3 import blake3

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NewIds", "derived_id"]

_BYTES: Final = 16
_MASK: Final = (1 << 64) - 1
_ODD: Final = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio: consecutive numbers end up far from each other."""


class NewIds:
    """Makes ids without asking the operating system for each.

    The first half numbers the ids of this object, mixed by a bijection of 64 bits, so that no two are
    equal; the second half is random, drawn once. Make it in the process that uses it.

    Args:
        draw: gives so many random bytes.

    >>> new_id = NewIds(draw=lambda size: bytes(size))
    >>> new_id(), new_id()
    ('00000000000000000000000000000000', '9e3779b97f4a7c150000000000000000')
    """

    def __init__(self, draw: Callable[[int], bytes] = os.urandom) -> None:
        self._next = itertools.count().__next__
        self._mask = int.from_bytes(draw(8), "big")
        self._half = draw(8).hex()

    def __call__(self) -> str:
        """Return an id; from any thread."""
        return f"{(self._next() * _ODD & _MASK) ^ self._mask:016x}{self._half}"


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
