"""How the versions of a dataset came about: its additions, newest last, and the chain behind one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from interplane.data.profile import Profile
from interplane.record import Addition, DataVersion, Ref, Verdict
from interplane.storage.names import additions_series, named_pointer, series_name

if TYPE_CHECKING:
    from interplane.record import Digest
    from interplane.storage.store import Store

__all__ = ["History", "resolve_version"]


class History:
    """What a workspace knows of one dataset; read once, when made."""

    def __init__(self, store: Store, dataset: str) -> None:
        self._store = store
        self.dataset = dataset
        self.versions = store.catalog.series(series_name("data", dataset))
        self.latest = store.catalog.pointer(named_pointer("data", dataset, "latest"))
        self.additions = [
            store.record(member.digest, Addition)
            for member in store.catalog.series(additions_series(dataset))
        ]
        self._of: dict[Digest, list[Addition]] = {}
        for added in reversed(self.additions):
            self._of.setdefault(added.version, []).append(added)

    def number(self, version: Digest) -> int | None:
        """Return the number of a version, or None if it is no version of this dataset."""
        return next((m.number for m in self.versions if m.digest == version), None)

    def of(self, version: Digest) -> list[Addition]:
        """Return the additions that resulted in a version, newest first."""
        return [*self._of.get(version, ())]

    def chain(self, version: Digest) -> list[Addition]:
        """Return every addition that a version stands on, itself and its parents."""
        found: list[Addition] = []
        todo, seen = [version], set()
        while todo:
            here = todo.pop()
            if here in seen:
                continue
            seen.add(here)
            for added in self.of(here):
                found.append(added)
                if added.parent is not None:
                    todo.append(added.parent)
        return found

    def profile(self, version: Digest) -> Profile | None:
        """Return the profile of a version, if one was recorded."""
        digest = next((added.profile for added in self.of(version) if added.profile), None)
        return None if digest is None else Profile.from_bytes(self._store.read(digest))

    def verdict(self, version: Digest) -> Verdict | None:
        """Return the latest verdict on a version, if it was ever checked."""
        plain = next((added.verdict for added in self.of(version) if added.verdict), None)
        return None if plain is None else msgspec.convert(plain, Verdict)


def resolve_version(store: Store, ref: str) -> tuple[Digest, DataVersion]:
    """Return the version that a reference such as ``flights@3`` means.

    Raises:
        UnknownName: there is no such dataset or version.
    """
    digest = store.resolve(Ref.parse(ref), series="data")
    return digest, store.record(digest, DataVersion)
