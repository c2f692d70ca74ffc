"""The catalog in memory: the twin that tests use, under the same laws as the one on disk."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from interplane.errors import NotFound
from interplane.record import short
from interplane.storage.clock import SystemClock, time_text
from interplane.storage.entries import read_record
from interplane.storage.host import SystemHost
from interplane.storage.leases import Holding, begin, refuse_held, refuse_lost
from interplane.storage.moves import refuse_moved
from interplane.storage.ports import Entry, Lease, Move, Numbered, Receipt, Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from interplane.record import Digest
    from interplane.storage.clock import Clock
    from interplane.storage.host import Host
    from interplane.storage.ports import Append, Batch, MoveRequest

__all__ = ["MemoryCatalog"]


class MemoryCatalog:
    """The append-only record in dictionaries; shared by the threads of one process.

    Args:
        clock: the clocks.
        host: what tells whether the holder of a lease is still there.
    """

    def __init__(self, *, clock: Clock | None = None, host: Host | None = None) -> None:
        self._clock = clock or SystemClock()
        self._host = host or SystemHost()
        self._turn = threading.RLock()
        self._fence = 0
        self._entries: dict[Digest, tuple[bytes, str, str, int]] = {}
        self._sources: dict[Digest, list[Digest]] = {}
        self._values: dict[Digest, bytes] = {}
        self._series: dict[str, list[Numbered]] = {}
        self._log: list[Move] = []
        self._pointers: dict[str, Digest | None] = {}
        self._leases: dict[str, Holding] = {}

    def writer(self, actor: str) -> Writer:
        """Return a writer with a fresh fencing number."""
        return Writer(actor, self._next_fence())

    def write(self, batch: Batch, *, writer: Writer) -> Receipt:
        """Write a batch: refuse first, then change, so that a refusal leaves no trace."""
        with self._turn:
            if writer.lease is not None:
                refuse_lost(self._leases.get(writer.lease), writer)
            self._refuse_moves(batch.moves)
            at = self._clock.now_utc()
            for digest, data in batch.values.items():
                self._values.setdefault(digest, data)
            for record in batch.entries:
                digest = record.digest
                if digest not in self._entries:
                    body, sequence = record.to_bytes(), len(self._entries) + 1
                    self._entries[digest] = (body, at, writer.actor, sequence)
                    for target in dict.fromkeys(record.links()):
                        self._sources.setdefault(target, []).append(digest)
            appended = [self._append(append, at, writer.actor) for append in batch.appends]
            for move in batch.moves:
                self._move(move, at, writer.actor)
            return Receipt(
                tuple(number for number, _ in appended), tuple(new for _, new in appended)
            )

    def get(self, digest: Digest) -> Entry:
        """Return an entry, or raise NotFound."""
        entry = self.find(digest)
        if entry is None:
            raise NotFound(
                f"there is no entry {short(digest)} in memory",
                do="Record it first",
                digest=digest,
            )
        return entry

    def find(self, digest: Digest) -> Entry | None:
        """Return an entry or None."""
        if digest not in self._entries:
            return None
        body, at, actor, sequence = self._entries[digest]
        return Entry(digest, read_record(digest, body), at, actor, sequence)

    def resolve(self, prefix: str) -> Sequence[Digest]:
        """Return the digests of entries that begin with ``prefix`` (at most 10)."""
        return sorted(digest for digest in self._entries if digest.startswith(prefix))[:10]

    def list(
        self, kind: str | None = None, *, limit: int | None = None, before: int | None = None
    ) -> Iterator[Entry]:
        """Yield entries, newest first; with ``before`` those whose sequence is less than it."""
        entries = (self.get(digest) for digest in reversed(list(self._entries)))
        wanted = (
            entry
            for entry in entries
            if kind in {None, entry.record.kind} and (before is None or entry.sequence < before)
        )
        for position, entry in enumerate(wanted):
            if position == limit:
                return
            yield entry

    def value(self, digest: Digest) -> bytes | None:
        """Return the bytes of an inline value, or None."""
        return self._values.get(digest)

    def values(self) -> Iterator[Digest]:
        """Yield the digest of every inline value."""
        yield from list(self._values)

    def present(self, digests: Iterable[Digest]) -> frozenset[Digest]:
        """Return those of ``digests`` that name an entry or an inline value."""
        return frozenset(
            digest for digest in digests if digest in self._entries or digest in self._values
        )

    def standing_on(self, digest: Digest) -> Sequence[Digest]:
        """Return the entries whose records link to ``digest``, oldest first."""
        return list(self._sources.get(digest, ()))

    def bodies(self) -> Iterator[tuple[Digest, bytes]]:
        """Yield every entry as it is stored, oldest first, unverified."""
        for digest, (body, *_) in list(self._entries.items()):
            yield digest, body

    def series(self, name: str) -> Sequence[Numbered]:
        """Return the members of a series in order; empty if there is none."""
        return list(self._series.get(name, ()))

    def names(self, prefix: str) -> Sequence[str]:
        """Return the names of all series that begin with ``prefix``, sorted."""
        return sorted(name for name in self._series if name.startswith(prefix))

    def pointer(self, name: str, *, at: str | None = None) -> Digest | None:
        """Return where a pointer is now, or where it was ``at`` a time (ISO 8601, UTC)."""
        if at is None:
            return self._pointers.get(name)
        limit = time_text(at)
        earlier = [move.target for move in self.moves(name) if move.at <= limit]
        return earlier[-1] if earlier else None

    def pointers(self, names: Iterable[str]) -> Mapping[str, Digest]:
        """Return where each of many pointers is now; absent ones are left out."""
        with self._turn:
            found = ((name, self._pointers.get(name)) for name in names)
            return {name: target for name, target in found if target is not None}

    def moves(self, name: str) -> Sequence[Move]:
        """Return the log of a pointer, oldest first."""
        return [move for move in self._log if move.pointer == name]

    def all_moves(self) -> Iterator[Move]:
        """Yield the whole log of moves, oldest first."""
        yield from list(self._log)

    def acquire(self, name: str, *, actor: str) -> Writer:
        """Take a lease and return a writer that holds it."""
        with self._turn:
            refuse_held(self._leases.get(name), clock=self._clock, host=self._host)
            fence = self._next_fence()
            self._leases[name] = begin(
                name, actor=actor, fence=fence, clock=self._clock, host=self._host
            )
            return Writer(actor, fence, name)

    def beat(self, writer: Writer) -> None:
        """Say that the holder is alive. Raises Fenced if the lease is no longer its own."""
        with self._turn:
            held = self._leases.get(writer.lease or "")
            refuse_lost(held, writer)
            if held is not None:
                self._leases[held.name] = held._replace(beat=self._clock.monotonic())

    def release(self, writer: Writer) -> None:
        """Give a lease back; no change if it is no longer held."""
        with self._turn:
            held = self._leases.get(writer.lease or "")
            if held is not None and held.fence == writer.fence:
                del self._leases[held.name]

    def lease(self, name: str) -> Lease | None:
        """Return who holds a lease, and whether it has expired; None if nobody does."""
        held = self._leases.get(name)
        return held.to_lease(clock=self._clock, host=self._host) if held is not None else None

    def inspect(self) -> Sequence[str]:
        """Return what is wrong with the structure: nothing."""
        return []

    def close(self) -> None:
        """Nothing is held."""

    def _next_fence(self) -> int:
        with self._turn:
            self._fence += 1
            return self._fence

    def _refuse_moves(self, moves: Iterable[MoveRequest]) -> None:
        seen: dict[str, Digest | None] = {}
        for move in moves:
            refuse_moved(move, seen.get(move.pointer, self._pointers.get(move.pointer)))
            seen[move.pointer] = move.target

    def _append(self, append: Append, at: str, actor: str) -> tuple[int, bool]:
        members = self._series.setdefault(append.series, [])
        for member in members:
            if member.digest == append.digest:
                return member.number, False
        members.append(Numbered(len(members) + 1, append.digest, at, actor))
        return len(members), True

    def _move(self, move: MoveRequest, at: str, actor: str) -> None:
        now = self._pointers.get(move.pointer)
        if now == move.target:
            return
        self._pointers[move.pointer] = move.target
        sequence = len(self._log) + 1
        self._log.append(Move(move.pointer, now, move.target, at, actor, move.reason, sequence))
