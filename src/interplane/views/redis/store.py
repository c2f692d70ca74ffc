"""The online store in Redis: shared by servers and pushers on many machines."""

from __future__ import annotations

import random
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.errors import NotFound, StorageError
from interplane.storage.clock import system_token
from interplane.views.ports import Fact, Known, Registered
from interplane.views.redis.link import RedisLink
from interplane.views.redis.members import time_bytes, time_of
from interplane.views.redis.pruning import drop_forgotten, prune
from interplane.views.redis.reads import RedisReader
from interplane.views.redis.registry import Registry
from interplane.views.redis.writes import EntityWrite, Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.views.ports import Entity
    from interplane.views.redis.settings import RedisSettings
    from interplane.views.view import View

__all__ = ["RedisOnline"]

_PATIENCE_S: Final = 60.0
_POLITE: Final = 3
_LEASE_MS: Final = 2000
_LONGEST_PAUSE_S: Final = 0.01


class RedisOnline:
    """The events of feature views in Redis, shared by any number of processes and threads.

    Nothing is connected until it is needed, and a connection that broke is made again: a server
    that is away for a while is no reason to end.

    Args:
        settings: where it is, and what it has to promise.
        patience_s: how long a write is tried while others write the same entities.

    Raises:
        MissingExtra: if the client library is not installed.
        ConfigError: if the address is none.
    """

    def __init__(self, settings: RedisSettings, *, patience_s: float = _PATIENCE_S) -> None:
        self._settings = settings
        self._patience_s = patience_s
        self._registry = Registry()
        self._idle: deque[RedisLink] = deque([RedisLink(settings)])
        self._is_closed = False

    # views -------------------------------------------------------------------------------------

    def register(self, view: View) -> Registered:
        """Keep events of a view from now on; a view that is registered already stays as it is."""
        definition = msgspec.json.encode(view.to_dict())
        with self._link() as link:
            number, horizon = link.change("register", view.digest.encode(), definition)
        found = Registered(view, number, time_of(horizon) if horizon else None)
        self._registry.learn(found)
        return found

    def known(self, source: str | None = None) -> Known:
        """Return the registered views, or those of one source."""
        with self._link() as link:
            edition, horizons = link.read("known")
            views = self._registry.registered(link, horizons)
        if source is not None:
            views = tuple(each for each in views if source in each.view.sources)
        return Known(int(edition), views)

    def advance(self, view: View, horizon: int) -> int:
        """Move a registered view's horizon forward and let go of what matters no more.

        Raises:
            NotFound: if the view is not registered.
        """
        with self._link() as link:
            found = link.change("advance", view.digest.encode(), time_bytes(horizon))
            if found is None:
                raise NotFound(
                    f"the online store keeps no events of {view.name}",
                    expected="a view that was materialized",
                    do='Bring its history there with "interplane materialize"',
                    view=view.digest,
                )
            now = time_of(found[1])
            known = self._registry.learn(Registered(view, found[0], now))
            prune(link, Registered(view, found[0], now), now, known.encoding)
        return now

    def forget(self, view: View) -> None:
        """Keep no events of a view any more, and drop those that are there."""
        with self._link() as link:
            gone = link.change("forget", view.digest.encode())
            drop_forgotten(link, gone)

    # events ------------------------------------------------------------------------------------

    def write(self, facts: Sequence[Fact], *, edition: int | None = None) -> Sequence[bool] | None:
        """Take events in, all or none, in any order and any number of times.

        Raises:
            StorageError: the outcome is unknown; the same call may be made again.
        """
        changed = [False] * len(facts)
        with self._link() as link:
            now, horizons = link.read("known")
            if edition is not None and edition != int(now):
                return None
            views = {each.number: each for each in self._registry.registered(link, horizons)}
            writes = list(self._by_entity(facts, views).values())
            if not writes:
                return changed
            asked = b"" if edition is None else str(edition).encode()
            places = self._commit(link, writes, asked)
        if places is None:
            return None
        for place in places:
            changed[place] = True
        return changed

    def newest(self, view: View, *, by_us: int | None = None) -> int | None:
        """Return when the newest event of a view was known that was kept; None if there was none.

        What came before that is noted down from the time of the last write on, by the clock of Redis: of
        a ``by_us`` before that nobody can tell, and None is returned.
        """
        by = b"" if by_us is None else time_bytes(by_us)
        with self._link() as link:
            found = link.read("newest", view.digest.encode(), by)
        return time_of(found) if found else None

    def reader(self) -> RedisReader:
        """Return a reader."""
        self._refuse_closed()
        return RedisReader(RedisLink(self._settings), self._registry)

    def close(self) -> None:
        """Close the store's own connections."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()

    # ---- writing --------------------------------------------------------------------------

    def _by_entity(
        self, facts: Sequence[Fact], views: dict[int, Registered]
    ) -> dict[tuple[int, Entity], EntityWrite]:
        found: dict[tuple[int, Entity], EntityWrite] = {}
        for place, (number, entity, event) in enumerate(facts):
            if number not in views:
                continue
            write = found.get((number, entity))
            if write is None:
                registered = views[number]
                encoding = self._registry.learn(registered).encoding
                write = found[number, entity] = EntityWrite(registered, encoding, entity)
            write.add(place, event)
        return found

    def _commit(
        self, link: RedisLink, writes: Sequence[EntityWrite], edition: bytes
    ) -> Sequence[int] | None:
        """Write; decide anew what others have moved meanwhile, and after a few times write alone.

        Returns:
            The places of the facts that changed anything; None if the edition is another one.
        """
        decided: list[Any] = [None] * len(writes)
        places: Sequence[int] = range(len(writes))
        until = time.monotonic() + self._patience_s
        attempts, lease = 0, _Lease(link)
        try:
            while time.monotonic() < until:
                self._decide(link, writes, decided, places)
                told = [place for place, each in enumerate(decided) if each is not None]
                if not told:
                    return ()
                lines = [decided[place] for place in told]
                answer, *more = link.write(
                    "write", edition, lease.token, self._settings.feed, lines
                )
                if answer == b"edition":
                    return None
                if answer == b"done":
                    return list(more[0])
                places = [told[index] for index in more[0]] if answer == b"moved" else ()
                attempts += 1
                if answer == b"busy" or (attempts > _POLITE and not lease.token):
                    lease.ask()
        finally:
            lease.end()
        raise StorageError(
            f"others keep writing the same entities since {self._patience_s:g} s",
            expected="a pause in which this can be written",
            do="Nothing was written. Try again",
        )

    def _decide(
        self,
        link: RedisLink,
        writes: Sequence[EntityWrite],
        decided: list[Any],
        places: Sequence[int],
    ) -> None:
        """Decide about some entities by what Redis has of them now."""
        if not places:
            return
        _, found = link.read("read", [writes[place].asks() for place in places], False, 0)
        for place, of in zip(places, found, strict=True):
            decided[place] = writes[place].decide(Found(*of))

    # ---- connections ----------------------------------------------------------------------

    @contextmanager
    def _link(self) -> Iterator[RedisLink]:
        self._refuse_closed()
        try:
            link = self._idle.pop()
        except IndexError:
            link = RedisLink(self._settings)
        try:
            yield link
        finally:
            if self._is_closed:
                link.close()
            else:
                self._idle.append(link)

    def _refuse_closed(self) -> None:
        if self._is_closed:
            raise StorageError(
                "this online store was closed",
                expected="an open online store",
                do="Open it again",
            )


class _Lease:
    """The right to write alone for a moment; it ends by itself if its holder dies.

    It is about fairness alone: whoever has lost it without knowing writes nothing wrong.
    """

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._own = system_token().encode()
        self.token = b""

    def ask(self) -> None:
        """Take it, or wait for a moment: somebody else has it."""
        self.token = self._own if self._link.write("lease", self._own, _LEASE_MS) else b""
        if not self.token:
            time.sleep(random.uniform(0, _LONGEST_PAUSE_S))  # noqa: S311 - no secret

    def end(self) -> None:
        """Give it back."""
        if self.token:
            self._link.write("release", self._own)
