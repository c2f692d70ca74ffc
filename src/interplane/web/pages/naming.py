"""What a record is called, and where it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.record import (
    Addition,
    Crossing,
    DataVersion,
    Digest,
    Run,
    RunEnd,
    Snapshot,
    StepRun,
    Value,
    ViewVersion,
    short,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.record import Record
    from interplane.storage.ports import Entry
    from interplane.storage.store import Store

__all__ = ["Named", "Names"]


_SERIES: Final = ("data/", "model/", "view/")
_NUMBERED: Final[Mapping[type[Record], tuple[str, str]]] = {
    Crossing: ("crossing", "models"),
    DataVersion: ("data version", "data"),
    ViewVersion: ("view", ""),
}
"""What a member of a series is called, and where it is shown; a view's place is its lineage."""


class Named(Value, frozen=True, kw_only=True):
    """Something on record: what kind it is, what it is called, where it is shown."""

    digest: Digest
    kind: str
    name: str
    at: str
    href: str


def _of_run(digest: Digest, record: Run | RunEnd | StepRun) -> tuple[str, str, str]:
    run = digest if isinstance(record, Run) else record.run
    path = f"/runs/{run[:12]}"
    if isinstance(record, Run):
        return "run", f"{record.pipeline} {short(run)}", path
    if isinstance(record, StepRun):
        return "step", f"{record.key.step} of {short(run)}", path
    return "end of a run", f"{record.status} {short(run)}", path


class Names:
    """Calls records by their names; reads each series once.

    Args:
        store: where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._numbers: dict[Digest, tuple[str, int]] | None = None

    def of(self, entry: Entry) -> Named:
        """Return what an entry is called."""
        kind, name, href = self._describe(entry.digest, entry.record)
        return Named(
            digest=entry.digest,
            kind=kind,
            name=name,
            at=entry.at,
            href=href or f"/lineage/{entry.digest[:16]}",
        )

    def _describe(self, digest: Digest, record: Record) -> tuple[str, str, str]:
        """Return kind, name and path."""
        if isinstance(record, Crossing | DataVersion | ViewVersion):
            return self._numbered(digest, record)
        if isinstance(record, Run | RunEnd | StepRun):
            return _of_run(digest, record)
        if isinstance(record, Snapshot):
            commit = record.commit
            return "code", f"commit {short(commit)}" if commit else "files that are in no git", ""
        if isinstance(record, Addition):
            name = f"{record.source_name} to {record.dataset}"
            return "addition", name, f"/data/{record.dataset}"
        return type(record).__name__.lower(), short(digest), ""

    def _numbered(
        self, digest: Digest, record: Crossing | DataVersion | ViewVersion
    ) -> tuple[str, str, str]:
        kind, place = _NUMBERED[type(record)]
        found = self._known().get(digest)
        if found is None:
            return kind, f"{kind} {short(digest)}", ""
        name, number = found
        return kind, f"{name}@{number}", f"/{place}/{name}/{number}" if place else ""

    def _known(self) -> dict[Digest, tuple[str, int]]:
        """Return the name and number of each data version, crossing and version of a view."""
        if self._numbers is None:
            self._numbers = {}
            catalog = self._store.catalog
            for series in (name for kind in _SERIES for name in catalog.names(kind)):
                name = series.partition("/")[2]
                for member in catalog.series(series):
                    self._numbers.setdefault(member.digest, (name, member.number))
        return self._numbers
