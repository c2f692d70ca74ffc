"""The online store in memory: the twin that tests use, under the same laws as the one on disk."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from interplane.errors import NotFound
from interplane.views.ports import Known, Registered
from interplane.views.retention import is_reached, keeps_every_event, windows_after

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from interplane.record import Digest
    from interplane.views.history import Event
    from interplane.views.ports import Entity, Fact
    from interplane.views.view import View

__all__ = ["MemoryOnline"]


class _Kept(NamedTuple):
    """What is kept of one entity: the latest events by known-at time, and versions for windows."""

    latest: list[Event]
    versions: set[Event]


class MemoryOnline:
    """The events of feature views in dictionaries; shared by the threads of one process."""

    def __init__(self) -> None:
        self.turn = threading.RLock()
        self.version = 0
        self.views: dict[Digest, Registered] = {}
        self.taken: list[Fact] = []
        self._edition = 0
        self._numbers = 0
        self._kept: dict[tuple[int, Entity], _Kept] = {}

    # views -------------------------------------------------------------------------------------

    def register(self, view: View) -> Registered:
        """Keep events of a view from now on; a view that is registered already stays as it is."""
        with self.turn:
            if view.digest not in self.views:
                self._numbers += 1
                self._edition += 1
                self.version += 1
                self.views[view.digest] = Registered(view, self._numbers, None)
            return self.views[view.digest]

    def known(self, source: str | None = None) -> Known:
        """Return the registered views, or those of one source."""
        with self.turn:
            views = tuple(
                each
                for each in self.views.values()
                if source is None or source in each.view.sources
            )
            return Known(self._edition, views)

    def advance(self, view: View, horizon: int) -> int:
        """Move a registered view's horizon forward and let go of what matters no more."""
        with self.turn:
            found = self.views.get(view.digest)
            if found is None:
                raise NotFound(
                    f"the online store keeps no events of {view.name}",
                    do='Bring its history there with "interplane materialize"',
                )
            now = horizon if found.horizon is None else max(horizon, found.horizon)
            self.views[view.digest] = found._replace(horizon=now)
            self.version += 1
            for (number, _), kept in self._kept.items():
                if number == found.number:
                    _prune(kept, view, now)
            return now

    def forget(self, view: View) -> None:
        """Keep no events of a view any more, and drop those that are there."""
        with self.turn:
            found = self.views.pop(view.digest, None)
            if found is not None:
                self._edition += 1
                self.version += 1
                self._kept = {
                    name: kept for name, kept in self._kept.items() if name[0] != found.number
                }

    # events ------------------------------------------------------------------------------------

    def write(self, facts: Sequence[Fact], *, edition: int | None = None) -> Sequence[bool] | None:
        """Take events in, all or none, in any order and any number of times."""
        with self.turn:
            if edition is not None and edition != self._edition:
                return None
            views = {each.number: each for each in self.views.values()}
            self.version += 1
            return [
                fact.number in views and self._write(views[fact.number], fact) for fact in facts
            ]

    def _write(self, registered: Registered, fact: Fact) -> bool:
        view, _, horizon = registered
        kept = self._kept.setdefault((fact.number, fact.entity), _Kept([], set()))
        changed = view.has_latest and _reach(kept.latest, fact.event, horizon)
        if view.has_windows and _counts(kept.versions, fact.event, view, horizon):
            changed = changed or fact.event not in kept.versions
            kept.versions.add(fact.event)
        if changed:
            self.taken.append(fact)
        return changed

    def kept(self, number: int, entity: Entity) -> list[Event]:
        """Return the events that are kept of an entity, in no particular order."""
        found = self._kept.get((number, entity), _Kept([], set()))
        return [*found.latest, *found.versions.difference(found.latest)]

    def newest(self, view: View, *, by_us: int | None = None) -> int | None:
        """Return when the newest event of a view that is kept was known, by a time; None without any."""
        with self.turn:
            found = self.views.get(view.digest)
            return max(
                (
                    event.known
                    for number, entity in self._kept
                    if found is not None and number == found.number
                    for event in self.kept(number, entity)
                    if by_us is None or event.known <= by_us
                ),
                default=None,
            )

    def reader(self) -> MemoryReader:
        """Return a reader."""
        return MemoryReader(self)

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""


class MemoryReader:
    """Reads a store in memory; itself the state, in which nobody else writes.

    Args:
        store: the store.
    """

    def __init__(self, store: MemoryOnline) -> None:
        self._store = store

    def version(self) -> int:
        """Return how many writes there were."""
        return self._store.version

    def load_all(
        self, asked: Sequence[tuple[Registered, Entity]], time: int
    ) -> tuple[list[Sequence[Event]], int]:
        """Return what is kept of some entities now."""
        del time
        with self._store.turn:
            found = [self._store.kept(registered.number, entity) for registered, entity in asked]
            return list(found), self._store.version

    @contextmanager
    def state(
        self,
        asked: Sequence[tuple[Registered, Entity]] = (),
        *,
        time: int = 0,
        since: int = 0,
        most: int = 0,
    ) -> Iterator[MemoryState]:
        """Open the state of now; whatever will be asked of it."""
        del asked, time, since, most
        with self._store.turn:
            yield MemoryState(self._store)

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""


class MemoryState:
    """The state of a store in memory while nobody else has its turn.

    Attributes:
        version: the number of writes.
    """

    def __init__(self, store: MemoryOnline) -> None:
        self._store = store
        self.version = store.version

    def registered(self) -> Mapping[Digest, Registered]:
        """Return the registered views by digest."""
        return dict(self._store.views)

    def last(self) -> int:
        """Return how many events were taken in."""
        return len(self._store.taken)

    def changes(self, after: int, *, most: int) -> Sequence[Fact] | None:
        """Return the events that were taken in after a place; None if they are too many."""
        taken = self._store.taken[after:]
        return taken if len(taken) <= most else None

    def load(self, registered: Registered, entity: Entity, time: int) -> Sequence[Event]:
        """Return of an entity's events at least those that matter at any time from ``time`` on."""
        del time
        return self._store.kept(registered.number, entity)


def _reach(latest: list[Event], event: Event, horizon: int | None) -> bool:
    """Put an event among the latest ones if it is one, in the place of those that it hides."""
    before = [each for each in latest if each.known <= event.known]
    after = latest[len(before) :]
    last = before[-1] if before else None
    following = after[0] if after else None
    if not is_reached(event, last, following, horizon=horizon):
        return False
    if last is not None and last.known == event.known:
        before.pop()
    latest[:] = [*before, event, *(each for each in after if each.event >= event.event)]
    return True


def _counts(versions: set[Event], event: Event, view: View, horizon: int | None) -> bool:
    """Return whether a version can be in a window from the horizon on, or end one that is."""
    if horizon is None or event.known > horizon or not keeps_every_event(view):
        return event.known > windows_after(view, horizon)
    return not any(
        each.key == event.key and event.known < each.known <= horizon for each in versions
    )


def _prune(kept: _Kept, view: View, horizon: int) -> None:
    last = max((each.known for each in kept.latest if each.known <= horizon), default=horizon)
    kept.latest[:] = [each for each in kept.latest if each.known >= last]
    versions = kept.versions
    versions.intersection_update(
        [each for each in versions if _counts(versions, each, view, horizon)]
    )
