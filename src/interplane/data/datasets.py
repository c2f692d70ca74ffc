"""What a workspace holds: datasets, their versions, and how two versions differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interplane.data.engine import connect, identifier
from interplane.data.history import History, resolve_version
from interplane.data.parts import parts_table
from interplane.data.profile import profile
from interplane.errors import UnknownName
from interplane.record import DataVersion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.data.profile import ColumnProfile, Profile
    from interplane.record import Addition, Column, Digest, Part, Verdict
    from interplane.storage.store import Store

__all__ = [
    "ColumnChange",
    "DatasetInfo",
    "Difference",
    "VersionInfo",
    "diff",
    "list_datasets",
    "profile_of",
    "versions",
]


@dataclass(frozen=True)
class VersionInfo:
    """A version of a dataset, with how it came about.

    Attributes:
        number: its number in the dataset.
        digest: its digest.
        version: the version.
        at: when it was first added.
        actor: who added it.
        addition: how it was last added.
        verdict: the latest verdict on it, if it was ever checked.
        is_latest: whether the pointer ``latest`` is here.
    """

    number: int
    digest: Digest
    version: DataVersion
    at: str
    actor: str
    addition: Addition | None
    verdict: Verdict | None
    is_latest: bool


@dataclass(frozen=True)
class DatasetInfo:
    """A dataset: its name, how many versions it has, and the latest one."""

    name: str
    versions: int
    latest: VersionInfo


@dataclass(frozen=True)
class ColumnChange:
    """A column of which something differs between two versions.

    Attributes:
        name: the column.
        change: added, removed, type, or statistics.
        before: its statistics before, if it was there.
        after: its statistics after, if it is there.
    """

    name: str
    change: str
    before: ColumnProfile | None
    after: ColumnProfile | None


@dataclass(frozen=True)
class Difference:
    """How a version differs from an earlier one.

    Attributes:
        rows_before: rows of the earlier version.
        rows_after: rows of the later one.
        rows_removed: rows of the earlier one that the later does not have; None where the columns
            differ, so that rows cannot be compared.
        rows_added: rows of the later one that the earlier does not have.
        parts_shared: how many parts both have.
        parts_new: how many parts only the later one has.
        new_bytes: the bytes of those.
        columns: the columns of which something differs.
    """

    rows_before: int
    rows_after: int
    rows_removed: int | None
    rows_added: int | None
    parts_shared: int
    parts_new: int
    new_bytes: int
    columns: tuple[ColumnChange, ...]

    def to_text(self) -> str:
        """Return the difference for a person."""
        from interplane.data.difference_text import difference_text

        return difference_text(self)

    def _repr_html_(self) -> str:
        from interplane.data.difference_card import difference_html

        return difference_html(self)


def list_datasets(store: Store) -> list[DatasetInfo]:
    """Return the datasets of a workspace, by name."""
    found = []
    for series in store.catalog.names("data/"):
        name = series.partition("/")[2]
        members = versions(store, name)
        latest = next((m for m in members if m.is_latest), members[-1])
        found.append(DatasetInfo(name=name, versions=len(members), latest=latest))
    return found


def versions(store: Store, name: str) -> list[VersionInfo]:
    """Return the versions of a dataset, oldest first.

    Raises:
        UnknownName: there is no such dataset.
    """
    history = History(store, name)
    if not history.versions:
        known = [series.partition("/")[2] for series in store.catalog.names("data/")]
        raise UnknownName.of("dataset", name, known, do='See "interplane data list"')
    latest = history.latest or history.versions[-1].digest
    return [
        VersionInfo(
            number=member.number,
            digest=member.digest,
            version=store.record(member.digest, DataVersion),
            at=member.at,
            actor=member.actor,
            addition=next(iter(history.of(member.digest)), None),
            verdict=history.verdict(member.digest),
            is_latest=member.digest == latest,
        )
        for member in history.versions
    ]


def profile_of(store: Store, ref: str) -> Profile:
    """Return the profile of a version such as ``flights@3``; computed if none was recorded."""
    digest, version = resolve_version(store, ref)
    name = ref.partition("@")[0]
    known = History(store, name).profile(digest) if name else None
    return known or profile(parts_table(version, store.blobs))


def diff(store: Store, before: str, after: str) -> Difference:
    """Return how the version ``after`` differs from ``before``; both as references.

    Only parts that the two do not share are read for the rows.
    """
    (_, old), (_, new) = resolve_version(store, before), resolve_version(store, after)
    held_old, held_new = set(old.parts), set(new.parts)
    fresh = [part for part in new.parts if part not in held_old]
    removed, added = (
        _row_changes(store, old, new, [part for part in old.parts if part not in held_new], fresh)
        if old.columns == new.columns
        else (None, None)
    )
    return Difference(
        rows_before=old.rows,
        rows_after=new.rows,
        rows_removed=removed,
        rows_added=added,
        parts_shared=len(new.parts) - len(fresh),
        parts_new=len(fresh),
        new_bytes=sum(part.size_bytes for part in fresh),
        columns=tuple(
            _column_changes(
                old.columns, new.columns, profile_of(store, before), profile_of(store, after)
            )
        ),
    )


def _row_changes(
    store: Store,
    old: DataVersion,
    new: DataVersion,
    gone: Sequence[Part],
    fresh: Sequence[Part],
) -> tuple[int, int]:
    """Count rows that only one side has, as bags: a row that is there twice counts twice."""
    sides = {
        "before": parts_table(DataVersion(columns=old.columns, parts=tuple(gone)), store.blobs),
        "after": parts_table(DataVersion(columns=new.columns, parts=tuple(fresh)), store.blobs),
    }
    columns = ", ".join(identifier(column.name) for column in old.columns)
    # Columns go by position, so that none is taken for another name in the query.
    places = ", ".join(f"c{index}" for index, _ in enumerate(old.columns))
    both = " UNION ALL ".join(f"SELECT {columns}, '{side}' FROM {side}" for side in sides)
    query = (
        "SELECT sum(greatest(b - a, 0)), sum(greatest(a - b, 0)) FROM (SELECT"
        " count(*) FILTER (side = 'before'), count(*) FILTER (side = 'after')"
        f" FROM ({both}) AS rows({places}, side) GROUP BY {places}) AS counts(b, a)"
    )
    with connect() as connection:
        for side, table in sides.items():
            table.register(connection, side)
        row: tuple[Any, Any] = connection.sql(query).fetchall()[0]
    return int(row[0] or 0), int(row[1] or 0)


def _column_changes(
    old: Sequence[Column], new: Sequence[Column], before: Profile, after: Profile
) -> list[ColumnChange]:
    changes = []
    types_old = {column.name: column.type for column in old}
    types_new = {column.name: column.type for column in new}
    for name in dict.fromkeys([*types_old, *types_new]):
        was = before[name] if name in types_old else None
        now = after[name] if name in types_new else None
        if was == now:
            continue
        word = "statistics"
        if was is None or now is None:
            word = "added" if was is None else "removed"
        elif was.type != now.type:
            word = "type"
        changes.append(ColumnChange(name=name, change=word, before=was, after=now))
    return changes
