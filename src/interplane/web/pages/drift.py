"""Two versions of a dataset side by side: rows, columns, how each is spread, and what moved first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.charts.column_card import ColumnCard, column_card
from interplane.charts.heat import HeatMap, draw_heat
from interplane.charts.overlay import Overlay, draw_overlay
from interplane.data.datasets import diff, profile_of
from interplane.data.distance import distance
from interplane.data.history import History, resolve_version
from interplane.errors import UnknownName
from interplane.record import DataVersion, Digest, Value
from interplane.web.places import Whole
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from interplane.data.profile import Profile
    from interplane.storage.store import Store

__all__ = ["PAGES", "DataComparePage"]

_MOST_VERSIONS: Final = 60
_MOST_COLUMNS: Final = 200
_MOST_READ: Final = 64 << 20
_MOST_KEPT: Final = 200
_QUIET: Final = 0.05
_LOUD: Final = 0.5
_MOVED: Final = 0.1


class _Counted(NamedTuple):
    rows: tuple[int, int] | None


class ColumnPair(Value, frozen=True, kw_only=True):
    """A column of both versions.

    Attributes:
        name: its name.
        change: added, removed, type, or empty.
        moved: how far it moved, from 0 to 1; None where that cannot be told.
        first: the first version in between, of those of the heat map, in which it had moved; None if
            it never had.
        before: it in the first version.
        after: it in the second.
        overlay: both over each other.
    """

    name: str
    change: str
    moved: float | None
    first: int | None
    before: ColumnCard | None
    after: ColumnCard | None
    overlay: Overlay | None


class DataSide(Value, frozen=True, kw_only=True):
    """One of the two versions."""

    number: int
    digest: Digest
    rows: int
    size_bytes: int
    at: str


class DataComparePage(Value, frozen=True, kw_only=True):
    """Two versions of a dataset.

    Attributes:
        dataset: the dataset.
        a: the first.
        b: the second.
        numbers: what could be compared, the newest first.
        rows_added: rows that only the second has; None where they were not counted.
        rows_removed: rows that only the first has.
        why_not: why rows were not counted.
        parts_shared: how many parts both have.
        parts_new: how many only the second has.
        columns: the columns, those that moved first and furthest first.
        heat: how far each was from the first version, in each version up to the second.
        columns_left_out: how many more there are, which moved later or less.
        versions_left_out: how many versions between them the heat map leaves out: the oldest ones.
    """

    dataset: str
    a: DataSide
    b: DataSide
    numbers: tuple[int, ...]
    rows_added: int | None
    rows_removed: int | None
    why_not: str
    parts_shared: int
    parts_new: int
    columns: tuple[ColumnPair, ...]
    columns_left_out: int
    heat: HeatMap
    versions_left_out: int


def read_data_compare(asked: Asked) -> DataComparePage:
    """Return how two versions of a dataset differ, and which columns moved first."""
    store, name = asked.project.store, asked.path["dataset"]
    history = History(store, name)
    numbers = sorted({member.number for member in history.versions}, reverse=True)
    if not numbers:
        known = [series.partition("/")[2] for series in store.catalog.names("data/")]
        raise UnknownName.of("dataset", name, known)
    b = int(asked.query.get("b") or numbers[0])
    a = int(asked.query.get("a") or max((each for each in numbers if each < b), default=b))
    sides = [_side(store, history, name, number) for number in (a, b)]
    profiles = _profiles(store, history, name, a, b)
    first, last = profiles[a], profiles[b]
    moves = _moves(profiles, a, [number for number in profiles if number != a])
    old, new = (store.record(side.digest, DataVersion) for side in sides)
    counted, why_not = _counted(asked, name, sides, old, new)
    shared = len(set(old.parts) & set(new.parts))
    every = sorted(_pairs(first, last, moves, b), key=_order)
    columns, between = every[:_MOST_COLUMNS], sum(min(a, b) < each < max(a, b) for each in numbers)
    shown = [number for number in profiles if number != a]
    lines = [(pair.name, [moves[number].get(pair.name) for number in shown]) for pair in columns]
    return DataComparePage(
        dataset=name,
        a=sides[0],
        b=sides[1],
        numbers=tuple(numbers),
        rows_added=None if counted is None else counted[0],
        rows_removed=None if counted is None else counted[1],
        why_not=why_not,
        parts_shared=shared,
        parts_new=len(set(new.parts)) - shared,
        columns=tuple(columns),
        columns_left_out=len(every) - len(columns),
        heat=draw_heat(lines, [f"@{number}" for number in shown], quiet=_QUIET, loud=_LOUD),
        versions_left_out=max(between - _MOST_VERSIONS, 0),
    )


def _side(store: Store, history: History, name: str, number: int) -> DataSide:
    digest, version = resolve_version(store, f"{name}@{number}")
    member = next(each for each in history.versions if each.digest == digest)
    return DataSide(
        number=number,
        digest=digest,
        rows=version.rows,
        size_bytes=version.size_bytes,
        at=member.at,
    )


def _profiles(store: Store, history: History, name: str, a: int, b: int) -> dict[int, Profile]:
    """Return the profiles of both and of those between that have one; of many the last."""
    low, high = min(a, b), max(a, b)
    between = [each for each in history.versions if low < each.number < high]
    found = {a: profile_of(store, f"{name}@{a}")}
    for member in sorted(between, key=lambda each: each.number)[-_MOST_VERSIONS:]:
        known = history.profile(member.digest)
        if known is not None:
            found[member.number] = known
    found[b] = profile_of(store, f"{name}@{b}")
    return found


def _moves(
    profiles: Mapping[int, Profile], a: int, numbers: Sequence[int]
) -> dict[int, dict[str, float | None]]:
    """Return how far each column of each version is from the first."""
    first = profiles[a]
    return {
        number: {
            column.name: distance(
                column, profiles[number][column.name], rows=(first.rows, profiles[number].rows)
            )
            for column in first.columns
            if column.name in profiles[number]
        }
        for number in numbers
    }


def _pairs(
    first: Profile, last: Profile, moves: Mapping[int, Mapping[str, float | None]], b: int
) -> Iterator[ColumnPair]:
    rows = first.rows, last.rows
    olds, news = ({each.name: each for each in side.columns} for side in (first, last))
    for name in dict.fromkeys([*olds, *news]):
        old, new = olds.get(name), news.get(name)
        change = "added" if old is None else "removed" if new is None else ""
        if old is not None and new is not None and old.type != new.type:
            change = "type"
        far = [number for number, moved in moves.items() if (moved.get(name) or 0.0) >= _MOVED]
        yield ColumnPair(
            name=name,
            change=change,
            moved=moves.get(b, {}).get(name),
            first=far[0] if far else None,
            before=None if old is None else column_card(old, first.rows),
            after=None if new is None else column_card(new, last.rows),
            overlay=draw_overlay(old, new, rows=rows) if old and new and not change else None,
        )


def _order(pair: ColumnPair) -> tuple[bool, float, float]:
    """Return what changed altogether first, then what moved first, then what moved furthest."""
    first = float("inf") if pair.first is None else pair.first
    return not pair.change, first, -(pair.moved or 0.0)


def _counted(
    asked: Asked, name: str, sides: Sequence[DataSide], old: DataVersion, new: DataVersion
) -> tuple[tuple[int, int] | None, str]:
    """Return how many rows came and went; None with the reason where that is much to read."""
    a, b = sides
    command = f"interplane data diff {name}@{a.number} {name}@{b.number}"
    if old.columns != new.columns:
        return None, "The columns differ, so rows are not compared."
    size = sum(part.size_bytes for part in set(old.parts) ^ set(new.parts))
    if size > _MOST_READ:
        return None, f"Rows were not counted: {size >> 20} MiB differ. {command} counts them."

    def count() -> _Counted:
        found = diff(asked.project.store, f"{name}@{a.number}", f"{name}@{b.number}")
        both = found.rows_added, found.rows_removed
        return _Counted(None if both[0] is None or both[1] is None else (both[0], both[1]))

    return asked.kept.get(_Counted, (a.digest, b.digest), count, most=_MOST_KEPT).rows, ""


PAGES: Final = (
    Page(
        name="data-compare",
        path="/data/{dataset}/compare",
        permission="look",
        read=read_data_compare,
        template="data-compare.html",
        query={
            "a": Whole("the first; the one before the second if not given", 1, 999_999_999),
            "b": Whole("the second; the newest if not given", 1, 999_999_999),
        },
    ),
)
