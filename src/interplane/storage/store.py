"""The store: a catalog and its blobs, the pair that everything above works with."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from interplane.errors import Corrupt, NotFound, UnknownName, UsageError
from interplane.record import digest_bytes, short
from interplane.storage.draft import Draft
from interplane.storage.names import KIND_WORDS, named_pointer, series_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from interplane.record import Digest, Record, Ref
    from interplane.storage.names import SeriesKind
    from interplane.storage.ports import Batch, Blobs, Catalog, Receipt, Writer

__all__ = ["Store"]

R = TypeVar("R", bound="Record")

_REMEMBERED = 4096

_COMMANDS: dict[SeriesKind, tuple[str, str]] = {
    "data": ("interplane data list", "interplane data add {name} FILE"),
    "model": ("interplane models", "interplane run"),
    "view": ("interplane views", "interplane run"),
}
"""What shows the names of a kind, and what makes the first."""


class Store:
    """A catalog and blobs that belong together.

    What is written together stands in one `Draft`; what is read is verified, wherever it lies.

    Args:
        catalog: the record.
        blobs: the bytes.

    >>> from interplane.testing.stores import memory_store
    >>> store = memory_store()
    >>> draft = store.draft()
    >>> digest = draft.put(b"some bytes")
    >>> store.commit(draft, writer=store.catalog.writer("me"))
    Receipt(numbers=(), new=())
    >>> store.read(digest)
    b'some bytes'
    """

    def __init__(self, catalog: Catalog, blobs: Blobs) -> None:
        self.catalog = catalog
        self.blobs = blobs
        self._read: dict[Digest, bytes] = {}
        self._there: set[Digest] = set()

    def draft(self) -> Draft:
        """Return an empty draft."""
        return Draft(self.blobs)

    def commit(self, draft: Draft, *, writer: Writer) -> Receipt:
        """Write a draft in one transaction: all of it or nothing, durable when this returns.

        Raises:
            NotFound: the draft links to something that is neither in it nor in the store.
            Fenced: the writer's lease has ended, or a checked pointer was moved by somebody else.
            StorageError: the outcome is unknown; the same call may be made again.
        """
        batch = draft.batch()
        self._refuse_dangling(draft, batch)
        return self.catalog.write(batch, writer=writer)

    def read(self, digest: Digest) -> bytes:
        """Return the verified bytes of a value. Raises NotFound or Corrupt."""
        known = self._read.get(digest)
        if known is not None:
            return known
        data = self.catalog.value(digest)
        if data is None:
            return self.blobs.get(digest)
        if digest_bytes(data) != digest:
            raise Corrupt(
                f"the bytes of value {short(digest)} are not those that it is named by",
                do='Put the workspace back from a copy. "interplane verify" lists all damage',
                digest=digest,
            )
        if len(self._read) >= _REMEMBERED:
            self._read.clear()
        self._read[digest] = data
        return data

    def path(self, digest: Digest) -> Path:
        """Return a verified path to a value's bytes, for engines that read in place.

        A value that lies in the catalog's row is put into the blobs first.
        """
        if not self.blobs.has(digest) and self.catalog.value(digest) is not None:
            self.blobs.put(self.read(digest))
        return self.blobs.path(digest)

    def has(self, digest: Digest) -> bool:
        """Return whether an entry, value or blob of this name is there."""
        return bool(self.catalog.present([digest])) or self.blobs.has(digest)

    def record(self, digest: Digest, kind: type[R]) -> R:
        """Return the record of an entry, which must be of the class ``kind``.

        Raises:
            NotFound: there is no such entry.
            UsageError: the entry is of another kind.
        """
        record = self.catalog.get(digest).record
        if not isinstance(record, kind):
            raise UsageError(
                f"{short(digest)} is a {record.kind}",
                expected=f"a {kind.__struct_config__.tag}",
                do=f'Look at it with "interplane show @{short(digest)}"',
            )
        return record

    def resolve(self, ref: Ref, *, series: SeriesKind) -> Digest:
        """Return the digest that a reference means now.

        ``NAME@latest`` is the pointer of that name, or else the last of the series.

        Raises:
            UnknownName: there is no such name, number, pointer or digest.
            UsageError: the beginning of a digest fits several.
        """
        if ref.prefix is not None:
            return self._by_prefix(ref.prefix)
        name = ref.name or ""
        members = self.catalog.series(series_name(series, name))
        if not members:
            known = [item.partition("/")[2] for item in self.catalog.names(f"{series}/")]
            listing, first = _COMMANDS[series]
            do = f'See what there is with "{listing}"' if known else f'Make it with "{first}"'
            raise UnknownName.of(KIND_WORDS[series], name, known, do=do.format(name=name))
        if ref.number is not None:
            if ref.number > len(members):
                raise UnknownName(
                    f"there is no {name}@{ref.number}",
                    expected=f"a number from 1 to {len(members)}",
                    do=f"The last one is {name}@{len(members)}",
                    name=f"{name}@{ref.number}",
                )
            return members[ref.number - 1].digest
        target = self.catalog.pointer(named_pointer(series, name, ref.pointer or "latest"))
        if target is not None:
            return target
        if ref.pointer == "latest":
            return members[-1].digest
        raise UnknownName(
            f"there is no {name}@{ref.pointer}",
            expected=f"a pointer that was set, {name}@latest, or a number from 1 to {len(members)}",
            do=f"The last one is {name}@{len(members)}",
            name=f"{name}@{ref.pointer}",
        )

    def close(self) -> None:
        """Give back connections and handles."""
        self.catalog.close()

    def _by_prefix(self, prefix: str) -> Digest:
        found = self.catalog.resolve(prefix)
        if not found:
            raise UnknownName(
                f"there is no entry whose digest begins with {prefix}",
                expected="the beginning of the digest of a version, run or model",
                do='See what there is with "interplane runs", "interplane models" and '
                '"interplane data list"',
                name=prefix,
            )
        if len(found) > 1:
            raise UsageError(
                f"@{prefix} fits {', '.join(short(digest) for digest in found)}",
                expected="a digest's beginning that fits one entry",
                do="Give more digits",
            )
        return found[0]

    def _refuse_dangling(self, draft: Draft, batch: Batch) -> None:
        """No row without its object: refuse a draft that names what is nowhere."""
        foreign = {digest for digest in _named(batch) if not draft.holds(digest)} - self._there
        if not foreign:
            return
        present = self.catalog.present(foreign)
        if len(self._there) >= _REMEMBERED:
            self._there.clear()
        # The catalog only grows: the run that each step names need not be looked for each time.
        self._there.update(present)
        missing = foreign - present
        lost = sorted(digest for digest in missing if not self.blobs.has(digest))
        if lost:
            raise NotFound(
                f"a record, series or pointer names {short(lost[0])}, which is nowhere",
                expected="what it names in the same draft, or stored before",
                do="Nothing was written. Put the value, or record the entry, first",
                digests=lost,
            )


def _named(batch: Batch) -> Iterator[Digest]:
    for record in batch.entries:
        yield from record.links()
    for append in batch.appends:
        yield append.digest
    for move in batch.moves:
        if move.target is not None:
            yield move.target
