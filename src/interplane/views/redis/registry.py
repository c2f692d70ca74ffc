"""The views of a store by number: in one life of a server a number stands for one view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from interplane.views.encoding import Encoding
from interplane.views.ports import Registered
from interplane.views.redis.members import time_of
from interplane.views.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.views.redis.link import RedisLink

__all__ = ["Registry"]


class _Known(NamedTuple):
    view: View
    encoding: Encoding


class Registry:
    """The views that a process has seen registered; shared by its threads."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._epoch = 0

    def learn(self, registered: Registered) -> _Known:
        """Return a view and what reads its members."""
        found = self._known.get(registered.number)
        if found is None or found.view != registered.view:
            found = _Known(registered.view, Encoding(registered.view))
            self._known[registered.number] = found
        return found

    def encoding(self, number: int) -> Encoding | None:
        """Return what reads the members of a view that was seen."""
        found = self._known.get(number)
        return None if found is None else found.encoding

    def registered(self, link: RedisLink, horizons: Sequence[Any]) -> tuple[Registered, ...]:
        """Return the registered views in order.

        Args:
            link: where the definitions of unknown ones are read.
            horizons: numbers and horizons in turns, as Redis gives a hash.
        """
        if link.epoch != self._epoch:  # a server that lost what was new may give numbers again
            self._known, self._epoch = {}, link.epoch
        found = {
            int(number): time_of(horizon) if horizon else None
            for number, horizon in zip(horizons[::2], horizons[1::2], strict=True)
        }
        known = self._known
        unknown = [number for number in found if number not in known]
        if unknown:
            fields = [str(number).encode() for number in unknown]
            for number, definition in zip(unknown, link.hash_values(b"views", fields), strict=True):
                if definition is None:  # forgotten at this very moment
                    del found[number]
                    continue
                view = View.from_dict(msgspec.json.decode(definition))
                known[number] = _Known(view, Encoding(view))
        return tuple(
            Registered(known[number].view, number, found[number]) for number in sorted(found)
        )
