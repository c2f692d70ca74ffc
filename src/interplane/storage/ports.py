"""What a catalog and a blob store can do: the ports that every implementation passes the laws of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from interplane.record import Digest, Record

__all__ = [
    "INLINE_LIMIT",
    "Append",
    "Batch",
    "Blobs",
    "Catalog",
    "Entry",
    "Lease",
    "Move",
    "MoveRequest",
    "Numbered",
    "Receipt",
    "Writer",
]

INLINE_LIMIT = 16 * 1024
"""Values up to this many bytes live in the catalog's row, so that a small step costs one commit."""


class Writer(NamedTuple):
    """Who writes: an actor, and a fencing number that only grows.

    Attributes:
        actor: a person or a program, for the record.
        fence: the number that the catalog gave this writer.
        lease: the name of the lease that must still be held under this fence, if any.
    """

    actor: str
    fence: int
    lease: str | None = None


class Lease(NamedTuple):
    """A named right to write, held until ``release`` or until it is ``expired``."""

    name: str
    fence: int
    actor: str
    expired: bool


class Entry(NamedTuple):
    """A record with what the catalog adds to it: when, by whom, in which order."""

    digest: Digest
    record: Record
    at: str
    actor: str
    sequence: int


class Numbered(NamedTuple):
    """A member of a series: its local number, its digest, when and by whom it was appended."""

    number: int
    digest: Digest
    at: str
    actor: str


class Move(NamedTuple):
    """One line of the dated log of pointer moves."""

    pointer: str
    previous: Digest | None
    target: Digest | None
    at: str
    actor: str
    reason: str
    sequence: int


class Append(NamedTuple):
    """A request to append a digest to a series; appending the same digest again is no change."""

    series: str
    digest: Digest


class MoveRequest(NamedTuple):
    """A request to move a pointer.

    Attributes:
        expected: if given, the pointer must be there (or at ``None``) now, else the whole batch
            is refused with Fenced: somebody else moved it first.
        check: whether ``expected`` is looked at.
    """

    pointer: str
    target: Digest | None
    reason: str = ""
    expected: Digest | None = None
    check: bool = False


class Batch(NamedTuple):
    """What one transaction writes: all of it or none."""

    values: Mapping[Digest, bytes] = {}
    entries: Sequence[Record] = ()
    appends: Sequence[Append] = ()
    moves: Sequence[MoveRequest] = ()


class Receipt(NamedTuple):
    """What a committed batch gave: the number of each append, in order, and which were new."""

    numbers: tuple[int, ...]
    new: tuple[bool, ...]


class Catalog(Protocol):
    """The append-only record: entries named by digest, series of numbers, a dated log of moves.

    Everything acknowledged is durable. Writing what is there already changes nothing, so a
    retry after an unknown outcome gives the same result.
    """

    def writer(self, actor: str) -> Writer:
        """Return a writer with a fresh fencing number."""
        ...

    def write(self, batch: Batch, *, writer: Writer) -> Receipt:
        """Write a batch in one transaction.

        Raises:
            Fenced: the writer's lease has ended, or a checked pointer was moved by somebody else.
            StorageError: the outcome is unknown; the same call may be made again.
        """
        ...

    def get(self, digest: Digest) -> Entry:
        """Return an entry, or raise NotFound."""
        ...

    def find(self, digest: Digest) -> Entry | None:
        """Return an entry or None."""
        ...

    def resolve(self, prefix: str) -> Sequence[Digest]:
        """Return the digests of entries that begin with ``prefix`` (at most 10)."""
        ...

    def list(
        self, kind: str | None = None, *, limit: int | None = None, before: int | None = None
    ) -> Iterator[Entry]:
        """Yield entries, newest first; with ``before`` those whose sequence is less than it."""
        ...

    def value(self, digest: Digest) -> bytes | None:
        """Return the bytes of an inline value, or None. Not verified here: `Store.read` does."""
        ...

    def values(self) -> Iterator[Digest]:
        """Yield the digest of every inline value."""
        ...

    def series(self, name: str) -> Sequence[Numbered]:
        """Return the members of a series in order; empty if there is none."""
        ...

    def names(self, prefix: str) -> Sequence[str]:
        """Return the names of all series that begin with ``prefix``, sorted."""
        ...

    def pointer(self, name: str, *, at: str | None = None) -> Digest | None:
        """Return where a pointer is now, or where it was ``at`` a time (ISO 8601, UTC)."""
        ...

    def pointers(self, names: Iterable[str]) -> Mapping[str, Digest]:
        """Return where each of many pointers is now, in one read; absent ones are left out."""
        ...

    def moves(self, name: str) -> Sequence[Move]:
        """Return the log of a pointer, oldest first."""
        ...

    def all_moves(self) -> Iterator[Move]:
        """Yield the whole log of moves, oldest first."""
        ...

    def acquire(self, name: str, *, actor: str) -> Writer:
        """Take a lease and return a writer that holds it.

        Raises:
            Fenced: somebody else holds it and has not expired.
        """
        ...

    def beat(self, writer: Writer) -> None:
        """Say that the holder is alive. Raises Fenced if the lease is no longer its own."""
        ...

    def release(self, writer: Writer) -> None:
        """Give a lease back; no change if it is no longer held."""
        ...

    def lease(self, name: str) -> Lease | None:
        """Return who holds a lease, and whether it has expired; None if nobody does."""
        ...

    def present(self, digests: Iterable[Digest]) -> frozenset[Digest]:
        """Return those of ``digests`` that name an entry or an inline value, in one read."""
        ...

    def standing_on(self, digest: Digest) -> Sequence[Digest]:
        """Return the entries whose records link to ``digest``, oldest first."""
        ...

    def bodies(self) -> Iterator[tuple[Digest, bytes]]:
        """Yield every entry as it is stored, oldest first, unverified."""
        ...

    def inspect(self) -> Sequence[str]:
        """Return what is wrong with the catalog's own structure, in words; empty if nothing is."""
        ...

    def close(self) -> None:
        """Give back connections and handles."""
        ...


class Blobs(Protocol):
    """Bytes named by their digest. Never overwritten; verified when they enter a process."""

    def put(self, data: bytes) -> Digest:
        """Store bytes durably and return their digest; no change if they are there."""
        ...

    def adopt(self, path: Path) -> Digest:
        """Store a file's bytes durably; the file itself may be moved away or copied."""
        ...

    def get(self, digest: Digest) -> bytes:
        """Return verified bytes. Raises NotFound or Corrupt."""
        ...

    def path(self, digest: Digest) -> Path:
        """Return a path for engines that read in place, verified once per process and file state.

        Raises NotFound or Corrupt.
        """
        ...

    def check(self, digest: Digest) -> None:
        """Hash the stored bytes again, whatever was verified before.

        Raises NotFound or Corrupt.
        """
        ...

    def has(self, digest: Digest) -> bool:
        """Return whether the blob is there (not whether it is intact)."""
        ...

    def size(self, digest: Digest) -> int:
        """Return the size in bytes, or raise NotFound."""
        ...

    def list(self) -> Iterator[Digest]:
        """Yield every blob."""
        ...

    def scratch(self) -> Path:
        """Return a new empty folder on the same file system, for files to be adopted."""
        ...
