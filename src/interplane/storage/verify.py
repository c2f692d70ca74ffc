"""Is everything there, and is it what it is named by? ``interplane verify`` asks this.

It reads every entry, value and blob again, hashes it, and follows every name in both directions.
It never writes. Exit codes:

====  =============================================================================
0     sound. Orphans (blobs and values that nothing names) are listed and counted:
      a crash, or a command that was broken off, leaves them by design; they are harmless
6     damaged: something is missing, or its bytes are not those that it is named by
====  =============================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from interplane.errors import Corrupt, NewerFormat, NotFound, StorageError
from interplane.record import digest_bytes, short
from interplane.storage.entries import read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from interplane.record import Digest
    from interplane.storage.store import Store

__all__ = ["Damage", "Report", "verify"]

Kind = Literal["entry", "value", "blob", "catalog"]

_SHOWN = 10
_DAMAGED = 6


@dataclass(frozen=True)
class Damage:
    """One thing that is not as it should be.

    Attributes:
        kind: what it is.
        name: the digest, or the part of the catalog.
        problem: what is wrong with it.
        needed_by: what names it, as far as anything does (at most 10).
    """

    kind: Kind | Literal["missing"]
    name: str
    problem: str
    needed_by: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Return one line for a person."""
        names = ", ".join(self.needed_by)
        needed = f" (named by {names})" if names else ""
        return f"{self.kind} {self.name}: {self.problem}{needed}"


@dataclass(frozen=True)
class Report:
    """What was read, what is damaged, and what nothing names."""

    entries: int
    values: int
    blobs: int
    size_bytes: int
    damage: tuple[Damage, ...] = ()
    orphans: tuple[Digest, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nothing is damaged; orphans are harmless."""
        return not self.damage

    @property
    def exit_code(self) -> int:
        """0 if sound, 6 if damaged."""
        return 0 if self.is_sound else _DAMAGED

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {
            "sound": self.is_sound,
            "entries": self.entries,
            "values": self.values,
            "blobs": self.blobs,
            "size_bytes": self.size_bytes,
            "damage": [
                {
                    "kind": item.kind,
                    "name": item.name,
                    "problem": item.problem,
                    "needed_by": list(item.needed_by),
                }
                for item in self.damage
            ],
            "orphans": list(self.orphans),
        }

    def _counts(self) -> str:
        return (
            f"{self.entries:,} entries, {self.values:,} values and "
            f"{self.blobs:,} blobs ({self.size_bytes:,} bytes)"
        )

    def to_text(self) -> str:
        """Return the report for a person; at most 10 damages and 10 orphans are shown."""
        word = "sound" if self.is_sound else f"DAMAGED in {len(self.damage)} places"
        lines = [
            f"{word}: read {self._counts()}",
            *(f"  {item.to_text()}" for item in self.damage[:_SHOWN]),
        ]
        if len(self.damage) > _SHOWN:
            lines.append(f"  and {len(self.damage) - _SHOWN} more")
        if self.orphans:
            shown = ", ".join(short(digest) for digest in self.orphans[:_SHOWN])
            more = f" and {len(self.orphans) - _SHOWN} more" if len(self.orphans) > _SHOWN else ""
            lines.append(
                f"  {len(self.orphans)} orphans that nothing names, harmless: {shown}{more}"
            )
        return "\n".join(lines)


def verify(store: Store, *, progress: Callable[[int], None] | None = None) -> Report:
    """Read and hash everything again, and follow every name. Never writes.

    Entries and names are read before values and blobs, so that a commit while this runs is not
    taken for damage.

    Args:
        store: the store.
        progress: called with the number of things read since the last call.
    """
    audit = _Audit(store, progress or (lambda _: None))
    return audit.run()


class _Audit:
    """One pass over a store."""

    def __init__(self, store: Store, progress: Callable[[int], None]) -> None:
        self._catalog = store.catalog
        self._blobs = store.blobs
        self._progress = progress
        self._named: dict[Digest, list[str]] = {}
        self._damage: list[Damage] = []
        self._there: set[Digest] = set()
        self._size_bytes = 0

    def run(self) -> Report:
        for problem in self._catalog.inspect():
            self._damage.append(Damage("catalog", "structure", problem))
        entries = self._read_entries()
        self._read_names()
        held = [*self._read_values(), *self._read_blobs()]
        values = sum(kind == "value" for kind, _ in held)
        for digest in sorted(self._named.keys() - self._there):
            self._report("missing", digest, "is nowhere")
        orphans = {digest for _, digest in held} - self._named.keys()
        return Report(
            entries=entries,
            values=values,
            blobs=len(held) - values,
            size_bytes=self._size_bytes,
            damage=tuple(self._damage),
            orphans=tuple(sorted(orphans)),
        )

    def _read_entries(self) -> int:
        count = 0
        for digest, body in self._catalog.bodies():
            count += 1
            self._there.add(digest)
            self._size_bytes += len(body)
            self._progress(1)
            try:
                record = read_record(digest, body)
            except (Corrupt, NewerFormat) as error:
                self._report("entry", digest, error.what)
                continue
            for target in record.links():
                self._name(target, f"{record.kind} {short(digest)}")
        return count

    def _read_names(self) -> None:
        for name in self._catalog.names(""):
            members = self._catalog.series(name)
            for member in members:
                self._name(member.digest, f"{name}@{member.number}")
            if [member.number for member in members] != [*range(1, len(members) + 1)]:
                self._damage.append(Damage("catalog", name, "its numbers are not 1, 2, 3 …"))
        for move in self._catalog.all_moves():
            for digest in (move.previous, move.target):
                if digest is not None:
                    self._name(digest, move.pointer)

    def _read_values(self) -> Iterator[tuple[Kind, Digest]]:
        for digest in self._catalog.values():
            data = self._catalog.value(digest) or b""
            if digest_bytes(data) != digest:
                self._report("value", digest, "its bytes are not those that it is named by")
            self._size_bytes += len(data)
            yield self._seen("value", digest)

    def _read_blobs(self) -> Iterator[tuple[Kind, Digest]]:
        for digest in self._blobs.list():
            try:
                self._blobs.check(digest)
                self._size_bytes += self._blobs.size(digest)
            except NotFound:  # taken away while this runs
                continue
            except StorageError as error:
                self._report("blob", digest, error.what)
            yield self._seen("blob", digest)

    def _seen(self, kind: Kind, digest: Digest) -> tuple[Kind, Digest]:
        self._there.add(digest)
        self._progress(1)
        return kind, digest

    def _name(self, digest: Digest, by: str) -> None:
        names = self._named.setdefault(digest, [])
        if len(names) < _SHOWN and by not in names:
            names.append(by)

    def _report(self, kind: Kind | Literal["missing"], digest: Digest, problem: str) -> None:
        self._damage.append(Damage(kind, digest, problem, tuple(self._named.get(digest, ()))))
