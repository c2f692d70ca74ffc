"""The states of entities that a process keeps in memory, exactly as new as the online store.

A state is a `History` of what matters from some time on. Before each read the store is asked whether
anything was written; if so, what was taken in since is taken in here as well. So whatever was
acknowledged before a read began is seen by it, whoever wrote it.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from interplane.views.history import FOREVER
from interplane.views.ports import StateGone
from interplane.views.shelves import Shelf
from interplane.views.statuses import AGE, MASK
from interplane.views.walks import walk_all, walk_one

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.record import Digest
    from interplane.views.history import Event
    from interplane.views.ports import OnlineState, OnlineStore
    from interplane.views.shelves import EntityState
    from interplane.views.statuses import Counts
    from interplane.views.view import View
    from interplane.views.walks import Asked, StatesOf, Walk, Walked

__all__ = ["Seen", "States"]

T = TypeVar("T")

_MOST_ENTITIES: Final = 100_000
_OFTEN: Final = 64
_CHANGES: Final = 256
_CHANGES_PER_STATE: Final = 4
_CHANGES_OF_EVENTS: Final = 20_000
_TRIES: Final = 8
_BATCHED: Final = 2


class Seen(NamedTuple):
    """What is known of an entity under a view at a time.

    Attributes:
        values: the values of the view's features.
        status: a place in `STATUSES`, or `NO_ENTITY`.
        happened: when its newest event happened; None if none is known.
        until: the first time at which all that may differ though nothing is written; `FOREVER` if
            there is none.
    """

    values: tuple[Constant, ...]
    status: int
    happened: int | None
    until: int


class States:
    """The states that one process keeps of one online store; shared by its threads.

    Args:
        store: the store.
        most_entities: how many states are kept. When there are more, those that were not asked for
            longest go.
        counts: gives where a view's look-ups are counted, as `statuses.COUNTS` has it.
    """

    def __init__(
        self,
        store: OnlineStore,
        *,
        most_entities: int = _MOST_ENTITIES,
        counts: Callable[[View], Counts | None] = lambda _view: None,
    ) -> None:
        self._counts = counts
        self._reader = store.reader()
        self._turn = threading.Lock()
        self._most = max(most_entities // 2, 1)
        self._often = min(self._most, _OFTEN)
        self._loads = 0
        self._version: int | None = None
        self._last = 0
        self._shelves: dict[Digest, Shelf] = {}

    def shelf(self, view: View) -> Shelf:
        """Return the shelf of a view."""
        with self._turn:
            found = self._shelves.get(view.digest)
            if found is None:
                found = self._shelves[view.digest] = Shelf(view, self._counts(view))
                self._version = None
            return found

    def read(self, asked: Sequence[Asked], time: int) -> list[Constant]:
        """Return the values of several views for their entities, all of one state of the store.

        Args:
            asked: the views and entities.
            time: for when, in microseconds.

        Raises:
            RequestRejected: if the time is before the horizon of a view.
            NotFound: if nothing was materialized of a view.
            StorageError: if the store cannot be read.
        """
        with self._turn:
            values: list[Constant] = []
            for state in self._of_one_state(asked, time):
                values += state.values if state.begin <= time < state.until else state.read(time)
                counts = state.counts
                counts[state.status] += 1
                if time > state.happened:
                    counts[AGE] = (counts[AGE] + (time - state.happened) // 1000) & MASK
            return values

    def look(self, asked: Sequence[Asked], time: int) -> list[Seen]:
        """Return what is known of entities, and how they were found; all of one state of the store.

        Args:
            asked: the views and entities.
            time: for when, in microseconds.

        Raises:
            RequestRejected: if the time is before the horizon of a view.
            NotFound: if nothing was materialized of a view.
            StorageError: if the store cannot be read.
        """
        with self._turn:
            seen = []
            for state in self._of_one_state(asked, time):
                values = state.at(time)
                state.count(time)
                seen.append(_seen(values, state))
            return seen

    def read_in_rounds(self, begin: Callable[[], Walk], time: int) -> list[Constant]:
        """Return what a walk returns; all that it was told is of one state of the store.

        Args:
            begin: begins the walk. It is begun anew where the store has moved on meanwhile.
            time: for when, in microseconds.

        Raises:
            RequestRejected: if the time is before the horizon of a view.
            NotFound: if nothing was materialized of a view.
            StorageError: if the store cannot be read.
        """
        with self._turn:
            told: list[EntityState] = []

            def walked(of: StatesOf) -> list[Constant]:
                told.clear()
                return walk_one(begin(), of, time, told)

            values = None
            with suppress(_NotAtHandError):
                values = walked(self._at_hand)
            if values is None or self._reader.version() != self._version:
                values = self._in_one_state(walked)
            for state in told:
                state.count(time)
            return values

    def look_in_rounds(
        self, begins: Sequence[Callable[[], Walk]], time: int
    ) -> list[tuple[list[Constant], dict[Asked, Seen]]]:
        """Return what each walk returns, and of all that it asked how it was found.

        What all walks ask in a round is read at once, and everything is of one state of the store.

        Args:
            begins: each begins a walk. It is begun anew where the store has moved on meanwhile.
            time: for when, in microseconds.

        Raises:
            RequestRejected: if the time is before the horizon of a view.
            NotFound: if nothing was materialized of a view.
            StorageError: if the store cannot be read.
        """
        with self._turn:
            found = []
            for values, told in self._in_rounds(begins, time):
                for state in told.values():
                    state.count(time)
                seen = {asked: _seen(state.values, state) for asked, state in told.items()}
                found.append((values, seen))
            return found

    def check(self, shelves: Sequence[Shelf]) -> None:
        """Refuse views of which the store has no history.

        Raises:
            NotFound: if nothing was materialized of one.
        """
        with self._turn:
            with self._reader.state() as store:
                self._catch_up(store)
            for shelf in shelves:
                if shelf.registered is None or shelf.registered.horizon is None:
                    raise shelf.refusal(0)

    def close(self) -> None:
        """Give back the connection."""
        with self._turn:
            self._reader.close()

    def _in_rounds(self, begins: Sequence[Callable[[], Walk]], time: int) -> list[Walked]:
        """Return walks that were all told of one state of the store."""

        def walked(of: StatesOf) -> list[Walked]:
            return walk_all([begin() for begin in begins], of, time)

        for _ in range(_BATCHED):
            with suppress(_NotAtHandError):
                found = walked(self._at_hand)
                if self._reader.version() == self._version:
                    return found
            self._in_one_state(_nothing)  # then what is missing is loaded at once, not one by one
        return self._in_one_state(walked)

    def _of_one_state(self, asked: Sequence[Asked], time: int) -> list[EntityState]:
        """Return the states, all of one state of the store."""
        states, version = self._quick(asked, time)
        if states is None or (version or self._reader.version()) != self._version:
            return self._sure(asked, time)
        return states

    def _quick(
        self, asked: Sequence[Asked], time: int
    ) -> tuple[list[EntityState] | None, int | None]:
        """Return the states, and the version of the store after loading any.

        They are of the version that this process knows, if that is the store's. A state that was
        loaded of a later version is kept all the same: what the store has taken in meanwhile is
        taken in twice, which changes nothing.
        """
        states: list[Any] = []
        missing = []
        for shelf, name in asked:
            if name is None:
                states.append(shelf.nobody)
                continue
            if time < shelf.horizon:
                return None, None
            state = shelf.lately.get(name) or shelf.find(name)
            if state is None or time < state.since:
                missing.append(len(states))
                state = None
            states.append(state)
        version = self._load(asked, missing, states, time) if missing else None
        return states, version

    def _load(
        self, asked: Sequence[Asked], missing: Sequence[int], states: list[Any], time: int
    ) -> int:
        """Load the states that are missing; return the version that the store has then."""
        wanted = [asked[place][0].asks(asked[place][1], time) for place in missing]
        loaded, version = self._reader.load_all(wanted, time)
        for place, events in zip(missing, loaded, strict=True):
            shelf, name = asked[place]
            states[place] = self._put(shelf, name, events, time)
        return version

    def _at_hand(self, asked: Sequence[Asked], time: int) -> list[EntityState]:
        states, _ = self._quick(asked, time)
        if states is None:
            raise _NotAtHandError
        return states

    def _sure(self, asked: Sequence[Asked], time: int) -> list[EntityState]:
        """Return the states, all of one state of the store."""
        return self._in_one_state(lambda of: of(asked, time), asked, time)

    def _in_one_state(
        self, work: Callable[[StatesOf], T], asked: Sequence[Asked] = (), time: int = 0
    ) -> T:
        """Return what becomes of one state of the store; of a new one where that has passed.

        Args:
            work: is given what returns the states of entities.
            asked: what it will ask, where that is known.
            time: for when.
        """
        for _ in range(_TRIES):
            wanted = [
                shelf.asks(name, time)
                for shelf, name in asked
                if name is not None and shelf.registered is not None
                if (state := shelf.find(name)) is None or time < state.since
            ]
            following = {"since": self._last, "most": self._most_changes()}
            with suppress(StateGone), self._reader.state(wanted, time=time, **following) as store:
                self._catch_up(store)
                return work(partial(self._of, store))
        raise StateGone(
            f"the online store was written to while it was read, {_TRIES} times",
            expected="a moment in which what is asked for can be read",
            do="Try again",
        )

    def _of(self, store: OnlineState, asked: Sequence[Asked], time: int) -> list[EntityState]:
        """Return the states of one state of the store, which this process has caught up with."""
        for shelf, name in asked:
            if name is not None and time < shelf.horizon:
                raise shelf.refusal(time)
        states = []
        for shelf, name in asked:
            state = shelf.nobody if name is None else shelf.find(name)
            if state is None or time < state.since:
                state = self._put(shelf, name, store.load(*shelf.asks(name, time), time), time)
            states.append(state)
        return states

    def _put(self, shelf: Shelf, name: Any, events: Sequence[Event], time: int) -> EntityState:
        self._loads += 1
        if self._loads >= self._often:
            self._make_room()
        return shelf.put(name, events, time)

    def _most_changes(self) -> int:
        """Return how many changes are taken in one by one; more, and all states are let go.

        As many as there are events in the states are taken in sooner than the states are made anew;
        so what an entity with a long history costs is what comes, not what was there.
        """
        shelves = self._shelves.values()
        held = sum(len(each.lately) + len(each.sooner) for each in shelves)
        if not held:
            return 0
        events = min(sum(each.events for each in shelves), _CHANGES_OF_EVENTS)
        return _CHANGES + _CHANGES_PER_STATE * held + events

    def _catch_up(self, store: OnlineState) -> None:
        """Bring all states to a state of the store."""
        if store.version == self._version:
            return
        registered = store.registered()
        numbers = {}
        for digest, shelf in self._shelves.items():
            shelf.update(registered.get(digest))
            if shelf.registered is not None:
                numbers[shelf.registered.number] = shelf
        self._take_changes(store, numbers)
        self._last = store.last()
        self._version = store.version

    def _take_changes(self, store: OnlineState, numbers: dict[int, Shelf]) -> None:
        most = self._most_changes()
        if not most:
            return
        facts = store.changes(self._last, most=most)
        if facts is None:
            for shelf in self._shelves.values():
                shelf.clear()
            return
        for number, entity, event in facts:
            if number in numbers:
                shelf = numbers[number]
                shelf.take(shelf.name(entity), event)

    def _make_room(self) -> None:
        """Let the states go that were not asked for since the last time, if they are too many."""
        self._loads = 0
        shelves = self._shelves.values()
        if sum(len(shelf.lately) for shelf in shelves) > self._most:
            for shelf in shelves:
                shelf.let_go()


class _NotAtHandError(Exception):
    """What is asked cannot be answered before this process has caught up with the store."""


def _nothing(_of: StatesOf) -> None:
    """Ask nothing of a state: to have caught up with it is enough."""


def _seen(values: tuple[Constant, ...], state: EntityState) -> Seen:
    happened = None if state.happened == FOREVER else state.happened
    return Seen(values, state.status, happened, state.until)
