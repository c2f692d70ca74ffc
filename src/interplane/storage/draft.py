"""A draft: what one commit will write, collected piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.record import canonical, digest_bytes
from interplane.storage.ports import INLINE_LIMIT, Append, Batch, MoveRequest

if TYPE_CHECKING:
    from pathlib import Path

    from interplane.record import Digest, Record
    from interplane.storage.ports import Blobs

__all__ = ["Draft"]


class Draft:
    """Values, records, appends and moves of one transaction.

    Large values go into the blobs at once, before the commit: a draft that is dropped leaves
    harmless orphans there and nothing else. A draft belongs to one thread.
    """

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._values: dict[Digest, bytes] = {}
        self._stored: set[Digest] = set()
        self._entries: dict[Digest, Record] = {}
        self._appends: list[Append] = []
        self._moves: list[MoveRequest] = []

    def put(self, data: bytes, *, as_blob: bool = False) -> Digest:
        """Add bytes and return their digest: small ones in the catalog's row, others as a blob.

        Args:
            data: the bytes.
            as_blob: store even few bytes as a blob, for an engine that reads the file in place.
        """
        if as_blob or len(data) > INLINE_LIMIT:
            return self._keep(self._blobs.put(data))
        digest = digest_bytes(data)
        self._values[digest] = data
        return digest

    def put_json(self, value: Any) -> Digest:
        """Add the canonical JSON of a record, or of plain JSON values."""
        return self.put(canonical(value))

    def adopt(self, path: Path) -> Digest:
        """Add a file's bytes as a blob; the file itself may be moved away or copied."""
        return self._keep(self._blobs.adopt(path))

    def record(self, record: Record) -> Digest:
        """Add an entry and return its digest."""
        digest = record.digest
        self._entries[digest] = record
        return digest

    def append(self, series: str, digest: Digest) -> int:
        """Append to a series; return where in the receipt its number will be."""
        self._appends.append(Append(series, digest))
        return len(self._appends) - 1

    def move(self, pointer: str, target: Digest | None, *, reason: str = "") -> None:
        """Move a pointer, wherever it is."""
        self._moves.append(MoveRequest(pointer, target, reason))

    def move_from(
        self, pointer: str, expected: Digest | None, target: Digest | None, *, reason: str = ""
    ) -> None:
        """Move a pointer if it is where it is expected; else the commit is refused with Fenced."""
        self._moves.append(MoveRequest(pointer, target, reason, expected, check=True))

    def holds(self, digest: Digest) -> bool:
        """Return whether the draft itself brings what ``digest`` names."""
        return digest in self._values or digest in self._stored or digest in self._entries

    def batch(self) -> Batch:
        """Return the draft as one batch for the catalog."""
        return Batch(
            values=dict(self._values),
            entries=tuple(self._entries.values()),
            appends=tuple(self._appends),
            moves=tuple(self._moves),
        )

    def _keep(self, digest: Digest) -> Digest:
        self._stored.add(digest)
        return digest
