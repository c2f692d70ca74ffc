"""Datasets and their versions: how each came, what its checks said, and what is in its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.charts.column_card import ColumnCard, column_card
from interplane.data.datasets import profile_of
from interplane.data.history import History, resolve_version
from interplane.errors import UnknownName
from interplane.record import DataVersion, Digest, Value, Verdict
from interplane.storage.names import named_pointer
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.project.chronicle import DataPoint
    from interplane.storage.store import Store

__all__ = ["PAGES", "DataPage", "DatasetPage", "VersionPage"]


_MOST: Final = 200


class VersionRow(Value, frozen=True, kw_only=True):
    """A version in a list."""

    dataset: str
    number: int
    digest: Digest
    is_latest: bool
    rows: int
    new_rows: int
    size_bytes: int
    check: str
    source: str
    at: str
    actor: str


class DatasetRow(Value, frozen=True, kw_only=True):
    """A dataset in a list: its latest version, and how many there are."""

    name: str
    versions: int
    columns: int
    latest: VersionRow


class DataPage(Value, frozen=True, kw_only=True):
    """All datasets."""

    datasets: tuple[DatasetRow, ...]


class DatasetPage(Value, frozen=True, kw_only=True):
    """A dataset with its versions, newest first; ``left_out`` is how many came before them."""

    name: str
    versions: tuple[VersionRow, ...]
    left_out: int


class VersionPage(Value, frozen=True, kw_only=True):
    """A version: what its checks said, and its columns."""

    version: VersionRow
    verdict: Verdict | None
    columns: tuple[ColumnCard, ...]


def read_datasets(asked: Asked) -> DataPage:
    """Return all datasets."""
    store = asked.project.store
    rows = []
    for name, points in sorted(_by_dataset(asked).items()):
        latest = _latest(store, name, points)
        row = _row(store, latest, is_latest=True)
        columns = len(store.record(latest.version, DataVersion).columns)
        rows.append(DatasetRow(name=name, versions=len(points), columns=columns, latest=row))
    return DataPage(datasets=tuple(rows))


def read_dataset(asked: Asked) -> DatasetPage:
    """Return a dataset with its versions, newest first."""
    store, name, by_name = asked.project.store, asked.path["dataset"], _by_dataset(asked)
    points = by_name.get(name)
    if points is None:
        raise UnknownName.of("dataset", name, by_name)
    latest = _latest(store, name, points)
    shown = points[: -_MOST - 1 : -1]
    return DatasetPage(
        name=name,
        versions=tuple(_row(store, each, is_latest=each is latest) for each in shown),
        left_out=len(points) - len(shown),
    )


def read_version(asked: Asked) -> VersionPage:
    """Return a version with what its checks said, and its columns."""
    store, name, number = asked.project.store, asked.path["dataset"], asked.path["number"]
    profile = profile_of(store, f"{name}@{number}")
    digest, version = resolve_version(store, f"{name}@{number}")
    points = _by_dataset(asked).get(name, [])
    point = next(each for each in points if each.version == digest)
    return VersionPage(
        version=_row(store, point, is_latest=point is _latest(store, name, points)),
        verdict=History(store, name).verdict(digest),
        columns=tuple(column_card(each, version.rows) for each in profile.columns),
    )


def _by_dataset(asked: Asked) -> dict[str, list[DataPoint]]:
    """Return the versions of each dataset, oldest first."""
    found: dict[str, list[DataPoint]] = {}
    for point in asked.chronicle.planes().data:
        found.setdefault(point.dataset, []).append(point)
    return found


def _latest(store: Store, name: str, points: Sequence[DataPoint]) -> DataPoint:
    digest = store.catalog.pointer(named_pointer("data", name, "latest"))
    return next((each for each in reversed(points) if each.version == digest), points[-1])


def _row(store: Store, point: DataPoint, *, is_latest: bool) -> VersionRow:
    version = store.record(point.version, DataVersion)
    return VersionRow(
        dataset=point.dataset,
        number=point.number,
        digest=point.version,
        is_latest=is_latest,
        rows=version.rows,
        new_rows=point.rows,
        size_bytes=version.size_bytes,
        check=point.check,
        source=point.source,
        at=point.at,
        actor=point.actor,
    )


PAGES: Final = (
    Page(
        name="datasets", path="/data", permission="look", read=read_datasets, template="data.html"
    ),
    Page(
        name="dataset",
        path="/data/{dataset}",
        permission="look",
        read=read_dataset,
        template="dataset.html",
    ),
    Page(
        name="version",
        path="/data/{dataset}/{number}",
        permission="look",
        read=read_version,
        template="version.html",
    ),
)
