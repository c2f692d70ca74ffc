"""How a process reads the online store in Redis: one script, so one moment, and one round trip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from interplane.views.encoding import encode
from interplane.views.ports import Fact, Registered, StateGone
from interplane.views.redis.members import after, event_of, up_to
from interplane.views.retention import windows_after

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.record import Digest
    from interplane.views.history import Event
    from interplane.views.ports import Entity
    from interplane.views.redis.link import RedisLink
    from interplane.views.redis.registry import Registry

__all__ = ["RedisReader"]

_Asked = tuple[bytes, bytes, bytes, bytes, bytes, bytes]
_LIFE_BITS = 64


class RedisReader:
    """Reads on a connection of its own.

    Args:
        link: the connection.
        registry: knows the registered views.
    """

    def __init__(self, link: RedisLink, registry: Registry) -> None:
        self._link = link
        self._registry = registry
        self._life = 0

    def version(self) -> int:
        """Return the store's number, and which life of the server it is of."""
        version = self._link.version()
        return self._link.epoch << _LIFE_BITS | version

    def load_all(
        self, asked: Sequence[tuple[Registered, Entity]], time: int
    ) -> tuple[list[Sequence[Event]], int]:
        """Return what `OnlineState.load` returns of several entities, and their version."""
        said = self._link.read("read", _questions(asked, time), False, 0)
        version = self._link.epoch << _LIFE_BITS | int(said[0])
        return self._events(asked, said[1]), version

    def state(
        self, asked: Sequence[tuple[Registered, Entity]] = (), *, time: int = 0, since: int = 0,
        most: int = 0,
    ) -> RedisState:  # fmt: skip
        """Open the state of now, with what will be asked of it."""
        said = self._link.read("read", _questions(asked, time), f"{since}-1", most)
        is_other_life = self._life not in {0, self._link.epoch}
        self._life = self._link.epoch
        version, found, place, horizons, changes = said
        return RedisState(
            self,
            version=self._life << _LIFE_BITS | int(version),
            loaded={
                (registered.number, entity): events
                for (registered, entity), events in zip(
                    asked, self._events(asked, found), strict=True
                )
            },
            time=time,
            registered=self._registry.registered(self._link, horizons),
            place=int(place),
            followed=(since, most),
            changes=None if is_other_life else changes,
        )

    def close(self) -> None:
        """Close the connection."""
        self._link.close()

    def facts(self, changes: Sequence[Any]) -> list[Fact]:
        """Return entries of the feed as facts, but for those of views that were forgotten."""
        found = []
        for _, (_, number, _, entity, _, member) in changes:
            encoding = self._registry.encoding(int(number))
            if encoding is not None:
                event = event_of(member, encoding)
                found.append(Fact(int(number), encoding.entity(entity), event))
        return found

    def _events(
        self, asked: Sequence[tuple[Registered, Entity]], found: Sequence[Any]
    ) -> list[Sequence[Event]]:
        return [
            [
                event_of(member, self._registry.learn(registered).encoding)
                for member in (*latest, *versions)
            ]
            for (registered, _), (latest, versions) in zip(asked, found, strict=True)
        ]


class RedisState:
    """One state: all that will be asked of it was read in one step.

    Attributes:
        version: what `RedisReader.version` says of it.
    """

    def __init__(
        self,
        reader: RedisReader,
        *,
        version: int,
        loaded: Mapping[tuple[int, Entity], Sequence[Event]],
        time: int,
        registered: Sequence[Registered],
        place: int,
        followed: tuple[int, int],
        changes: Sequence[Any] | None,
    ) -> None:
        self.version = version
        self._reader = reader
        self._loaded = loaded
        self._time = time
        self._registered = {each.view.digest: each for each in registered}
        self._place = place
        self._followed = followed
        self._changes = changes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def registered(self) -> Mapping[Digest, Registered]:
        """Return the registered views by digest."""
        return self._registered

    def last(self) -> int:
        """Return the place of the newest event."""
        return self._place

    def changes(self, after: int, *, most: int) -> Sequence[Fact] | None:
        """Return the events that were taken in after a place.

        None if they are too many, or were let go of, or if the server may have lost some since the
        last state: then nothing that is in memory can be brought to this one.
        """
        found = self._changes
        if found is None or after > self._place:
            return None
        if (after, most) != self._followed:
            other = self._reader.state(since=after, most=most)
            self._expect(other.version)
            return other.changes(after, most=most)
        is_whole = len(found) == self._place - after
        return self._reader.facts(found) if is_whole and len(found) <= most else None

    def load(self, registered: Registered, entity: Entity, time: int) -> Sequence[Event]:
        """Return of an entity's events at least those that matter at any time from ``time`` on.

        Raises:
            StateGone: if it was not said that this would be asked, and the state has passed.
        """
        found = self._loaded.get((registered.number, entity))
        if found is not None and self._time <= time:
            return found
        (events,), version = self._reader.load_all([(registered, entity)], time)
        self._expect(version)
        return events

    def _expect(self, version: int) -> None:
        if version != self.version:
            raise StateGone(
                "the online store was written to while its state was read",
                expected="a pause in which the same state can be read again",
                do="Try again",
            )


def _questions(asked: Sequence[tuple[Registered, Entity]], time: int) -> list[_Asked]:
    return [_question(registered, entity, time) for registered, entity in asked]


def _question(registered: Registered, entity: Entity, time: int) -> _Asked:
    view, number, _ = registered
    latest = (up_to(time), after(time)) if view.has_latest else (b"", b"")
    versions = (after(windows_after(view, time)), b"+") if view.has_windows else (b"", b"")
    return (str(number).encode(), encode(entity), *latest, *versions)
