"""What was made before and would be made the same again, for all threads of one application."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Kept"]

_Made = TypeVar("_Made")


class Kept:
    """Values by what they were made of: digests, or whatever else never changes what it means.

    >>> kept = Kept()
    >>> kept.get(str, 7, lambda: "seven", most=10), kept.get(str, 7, lambda: "new", most=10)
    ('seven', 'seven')
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._kinds: dict[type, dict[Hashable, Any]] = defaultdict(dict)

    def get(
        self, kind: type[_Made], key: Hashable, make: Callable[[], _Made], *, most: int
    ) -> _Made:
        """Return what is kept, or is made now and kept.

        Two threads may make the same at once: it is the same.

        Args:
            kind: its type, which has keys of its own.
            key: what it is made of.
            make: makes it.
            most: how many of a kind are kept; when there are as many, the oldest goes.
        """
        inside = self._kinds[kind]
        found = inside.get(key)
        if found is None:
            found = make()
            self.put(kind, key, found, most=most)
        made: _Made = found
        return made

    def find(self, kind: type[_Made], key: Hashable) -> _Made | None:
        """Return what is kept."""
        found: _Made | None = self._kinds[kind].get(key)
        return found

    def put(self, kind: type[_Made], key: Hashable, value: _Made, *, most: int) -> None:
        """Keep something; when there are as many as may be, the oldest goes."""
        with self._turn:
            inside = self._kinds[kind]
            while len(inside) >= most and key not in inside:
                del inside[next(iter(inside))]
            inside[key] = value
