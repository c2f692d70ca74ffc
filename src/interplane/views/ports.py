"""What the look-ups of a server ask of an online store: facts go in, the states of entities come out.

The store keeps for each registered view the events that can still matter: whatever `History` says
of a time from the view's *horizon* on, it says the same of the events that are kept. More may be kept
than that; less never is. `interplane.testing.online_laws` has the laws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from interplane.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from interplane.expressions.nodes import Constant
    from interplane.record import Digest
    from interplane.views.history import Event
    from interplane.views.view import View

__all__ = [
    "Entity",
    "Fact",
    "Known",
    "OnlineReader",
    "OnlineState",
    "OnlineStore",
    "Registered",
    "StateGone",
]

Entity = tuple["Constant", ...]
"""The values of the columns that name an entity, in the view's order; none is null."""


class Registered(NamedTuple):
    """A view that a store keeps events of.

    Attributes:
        view: the view.
        number: its number in this store; never used again, not even after `forget`.
        horizon: from when on its history is whole, in microseconds; None until it was said.
    """

    view: View
    number: int
    horizon: int | None


class Known(NamedTuple):
    """The registered views of a source.

    Attributes:
        edition: grows whenever any view is registered or forgotten.
        views: the views, in the order in which they were registered.
    """

    edition: int
    views: tuple[Registered, ...]


class Fact(NamedTuple):
    """An event of an entity, under the view of a number."""

    number: int
    entity: Entity
    event: Event


class StateGone(StorageError):
    """A state that has passed before all was read of it; a new one can be opened."""

    code = "state-gone"


class OnlineState(Protocol):
    """One state of a store: nothing that is asked of it changes while it is open."""

    @property
    def version(self) -> int:
        """The version of this state, as `OnlineReader.version` has it."""
        ...

    def registered(self) -> Mapping[Digest, Registered]:
        """Return the registered views by digest."""
        ...

    def last(self) -> int:
        """Return the place of the newest event in the order in which they were taken in."""
        ...

    def changes(self, after: int, *, most: int) -> Sequence[Fact] | None:
        """Return the events that were taken in after a place; None if they are more than ``most``.

        Those that matter no more, because of others that came after them, may be left out.
        """
        ...

    def load(self, registered: Registered, entity: Entity, time: int) -> Sequence[Event]:
        """Return of an entity's events at least those that matter at any time from ``time`` on.

        Args:
            registered: the view.
            entity: the entity.
            time: a time that is not before the view's horizon.

        Raises:
            StateGone: if it was not said, when the state was opened, that this would be asked, and
                the store cannot go back to it.
        """
        ...


class OnlineReader(Protocol):
    """Reads a store, for one thread at a time. It reads what is there at the moment."""

    def version(self) -> int:
        """Return a number that is another one after any write that was acknowledged before.

        Asked for every request: it takes microseconds.
        """
        ...

    def load_all(
        self, asked: Sequence[tuple[Registered, Entity]], time: int
    ) -> tuple[list[Sequence[Event]], int]:
        """Return of each entity what `OnlineState.load` returns, and the version after reading.

        If that is the version that was known before, all is of that state; else they may be of
        several.
        """
        ...

    def state(
        self,
        asked: Sequence[tuple[Registered, Entity]] = (),
        *,
        time: int = 0,
        since: int = 0,
        most: int = 0,
    ) -> AbstractContextManager[OnlineState]:
        """Open the state of now.

        A store that keeps no state for its readers reads at once what is said here; then that can
        be asked of the state, whatever is written meanwhile.

        Args:
            asked: what will be loaded.
            time: for which time.
            since: after which place changes will be asked for.
            most: how many of them.
        """
        ...

    def close(self) -> None:
        """Give back what the reader holds."""
        ...


class OnlineStore(Protocol):
    """The events of feature views that can still matter, shared by processes and threads.

    Whatever returns from a method that writes is durable, and seen by every read that begins then.
    """

    def register(self, view: View) -> Registered:
        """Keep events of a view from now on; a view that is registered already stays as it is."""
        ...

    def known(self, source: str | None = None) -> Known:
        """Return the registered views, or those of one source."""
        ...

    def write(self, facts: Sequence[Fact], *, edition: int | None = None) -> Sequence[bool] | None:
        """Take events in, all or none, in any order and any number of times.

        Args:
            facts: the events. Those of a view that is not registered any more are let go.
            edition: what `known` said when it was decided which views take them.

        Returns:
            For each whether it changed anything that can be read; None if views were registered or
            forgotten since ``edition``: then nothing was written.

        Raises:
            StorageError: the outcome is unknown; the same call may be made again.
        """
        ...

    def advance(self, view: View, horizon: int) -> int:
        """Move a registered view's horizon forward and let go of what matters no more.

        Args:
            view: the view.
            horizon: from when on its history is whole. One before the present horizon changes
                nothing.

        Returns:
            The horizon that the view has now.

        Raises:
            NotFound: if the view is not registered.
        """
        ...

    def forget(self, view: View) -> None:
        """Keep no events of a view any more, and drop those that are there."""
        ...

    def newest(self, view: View, *, by_us: int | None = None) -> int | None:
        """Return when the newest event of a view that is kept was known, in microseconds.

        None if there is none, or the view is not registered. An event that never was the latest of
        its entity, or in no window, is not kept and does not count.

        Args:
            view: the view.
            by_us: pass over what is known only later. Of a time before its last write a store may return
                None: it cannot tell.
        """
        ...

    def reader(self) -> OnlineReader:
        """Return a reader."""
        ...

    def close(self) -> None:
        """Close the store; its readers are closed by whoever asked for them."""
        ...
