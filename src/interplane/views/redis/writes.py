"""What a write does to the events of each entity: decided here, by what Redis says it has.

A decision that an event matters no more stays right, whatever others write meanwhile: events only
ever hide others. That one is the latest at some time holds for what was read; so the script that
writes looks whether that is still there, and what has moved is decided anew.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from interplane.views.encoding import encode
from interplane.views.redis.members import after, event_of, member_of, up_to
from interplane.views.retention import is_reached, keeps_every_event, windows_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.views.encoding import Encoding
    from interplane.views.history import Event
    from interplane.views.ports import Entity, Registered

__all__ = ["EntityWrite", "Found", "Taken"]


class Taken(NamedTuple):
    """An event that is written: its place among the facts, and where it goes."""

    place: int
    member: bytes
    is_latest: bool
    is_version: bool


class Found(NamedTuple):
    """What Redis has of an entity that a write has to know.

    Attributes:
        latest: of the latest events the last one known before all that are written, and all after.
        versions: the versions that may replace one that is written.
    """

    latest: Sequence[bytes]
    versions: Sequence[bytes]


class EntityWrite:
    """The events of one entity in one write.

    Args:
        registered: the view.
        encoding: reads its members.
        entity: the entity.
    """

    def __init__(self, registered: Registered, encoding: Encoding, entity: Entity) -> None:
        self._view, self.number, self._horizon = registered
        self._encoding = encoding
        self.entity = encode(entity)
        self._events: list[tuple[int, Event]] = []
        self._first = 0

    def add(self, place: int, event: Event) -> None:
        """Add an event that is to be written."""
        self._first = min(self._first, event.known) if self._events else event.known
        self._events.append((place, event))

    def asks(self) -> tuple[Any, ...]:
        """Return what the script ``read`` is asked about it."""
        latest = versions = (b"", b"")
        if self._view.has_latest:
            latest = (up_to(self._first), after(self._first))
        horizon = self._horizon
        if horizon is not None and keeps_every_event(self._view) and self._first <= horizon:
            versions = (after(self._first), up_to(horizon))
        return (str(self.number).encode(), self.entity, *latest, *versions)

    def decide(self, found: Found) -> tuple[Any, ...] | None:
        """Return what the script ``write`` is told; None if nothing changes."""
        line = _Line(found.latest, self._encoding)
        replacing = self._replacing(found.versions)
        taken = []
        for place, event in self._events:
            is_latest = self._view.has_latest and line.reach(event, self._horizon)
            is_version = self._view.has_windows and self._counts(replacing, event)
            if is_latest or is_version:
                taken.append(Taken(place, member_of(event), is_latest, is_version))
        if not taken:
            return None
        bounds, guard = (b"", b""), b""
        if line.is_changed:
            bounds = (up_to(self._first), after(self._first))
            guard = _digest(found.latest)
        return (str(self.number).encode(), self.entity, *bounds, guard, line.hidden, taken)

    def _replacing(self, versions: Sequence[bytes]) -> dict[tuple[Any, ...], int]:
        """Return by key when the last version known at the horizon was known."""
        found: dict[tuple[Any, ...], int] = {}
        for member in versions:
            event = event_of(member, self._encoding)
            found[event.key] = event.known
        return found

    def _counts(self, replacing: dict[tuple[Any, ...], int], event: Event) -> bool:
        """Return whether a version can be in a window from the horizon on, or end one that is."""
        horizon = self._horizon
        if horizon is None or event.known > horizon or not keeps_every_event(self._view):
            return event.known > windows_after(self._view, horizon)
        if replacing.get(event.key, event.known) > event.known:
            return False
        replacing[event.key] = event.known
        return True


class _Line:
    """The latest events of an entity, by when they were known, as they are and as they become."""

    def __init__(self, members: Sequence[bytes], encoding: Encoding) -> None:
        self._events = [event_of(member, encoding) for member in members]
        self._knowns = [event.known for event in self._events]
        self.hidden: list[bytes] = []
        self.is_changed = False

    def reach(self, event: Event, horizon: int | None) -> bool:
        """Put an event in its place if it is the latest at some time, and take out what it hides."""
        events, knowns = self._events, self._knowns
        begin = end = bisect_right(knowns, event.known)
        before = events[begin - 1] if begin else None
        following = events[end] if end < len(events) else None
        if not is_reached(event, before, following, horizon=horizon):
            return False
        is_past = horizon is not None and event.known <= horizon
        if before is not None and (before.known == event.known or is_past):
            begin -= 1
        while end < len(events) and events[end].event < event.event:
            end += 1
        self.hidden += [member_of(each) for each in events[begin:end]]
        events[begin:end] = [event]
        knowns[begin:end] = [event.known]
        self.is_changed = True
        return True


def _digest(members: Sequence[bytes]) -> bytes:
    return hashlib.sha1(b"".join(members), usedforsecurity=False).hexdigest().encode()
