"""Datasets and their versions: how each came, what its checks said, and what is in its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.data.datasets import list_datasets, profile_of, versions
from interplane.record import Digest, Value, Verdict
from interplane.web.charts.histogram import Histogram, draw_histogram
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.data.datasets import VersionInfo
    from interplane.data.profile import ColumnProfile
    from interplane.storage.store import Store

__all__ = ["PAGES", "DataPage", "DatasetPage", "VersionPage"]


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
    """A dataset with its versions, newest first."""

    name: str
    versions: tuple[VersionRow, ...]


class ColumnCard(Value, frozen=True, kw_only=True):
    """A column: its type, how often it is null, what is usual in it."""

    name: str
    type: str
    null_share: float
    distinct: int
    is_exact: bool
    low: str
    high: str
    mean: float | None
    std: float | None
    median: str
    top: tuple[tuple[str, int], ...]
    histogram: Histogram | None


class VersionPage(Value, frozen=True, kw_only=True):
    """A version: what its checks said, and its columns."""

    version: VersionRow
    verdict: Verdict | None
    columns: tuple[ColumnCard, ...]


def read_datasets(asked: Asked) -> DataPage:
    """Return all datasets."""
    found = list_datasets(asked.project.store)
    rows = [
        DatasetRow(
            name=each.name,
            versions=each.versions,
            columns=len(each.latest.version.columns),
            latest=_row(each.name, each.latest),
        )
        for each in found
    ]
    return DataPage(datasets=tuple(rows))


def read_dataset(asked: Asked) -> DatasetPage:
    """Return a dataset with its versions, newest first."""
    name = asked.path["dataset"]
    found = versions(asked.project.store, name)
    return DatasetPage(name=name, versions=tuple(_row(name, each) for each in reversed(found)))


def read_version(asked: Asked) -> VersionPage:
    """Return a version with what its checks said, and its columns."""
    store, name, number = asked.project.store, asked.path["dataset"], asked.path["number"]
    profile = profile_of(store, f"{name}@{number}")
    found = _find(store, name, number)
    rows = max(found.version.rows, 1)
    return VersionPage(
        version=_row(name, found),
        verdict=found.verdict,
        columns=tuple(_cards(profile.columns, rows)),
    )


def _find(store: Store, name: str, number: str) -> VersionInfo:
    from interplane.data.history import resolve_version

    digest, _ = resolve_version(store, f"{name}@{number}")
    return next(each for each in versions(store, name) if each.digest == digest)


def _row(name: str, info: VersionInfo) -> VersionRow:
    addition, verdict = info.addition, info.verdict
    return VersionRow(
        dataset=name,
        number=info.number,
        digest=info.digest,
        is_latest=info.is_latest,
        rows=info.version.rows,
        new_rows=0 if addition is None else addition.rows,
        size_bytes=info.version.size_bytes,
        check="" if verdict is None else "passed" if verdict.passed else "broken",
        source="" if addition is None else addition.source_name,
        at=info.at,
        actor=info.actor,
    )


def _cards(columns: tuple[ColumnProfile, ...], rows: int) -> Iterator[ColumnCard]:
    for each in columns:
        middle = each.quantiles[len(each.quantiles) // 2] if each.quantiles else None
        yield ColumnCard(
            name=each.name,
            type=each.type,
            null_share=each.nulls / rows,
            distinct=each.distinct,
            is_exact=each.distinct_exact,
            low=_text(each.low),
            high=_text(each.high),
            mean=each.mean,
            std=each.std,
            median=_text(middle),
            top=tuple((_text(value), count) for value, count in each.top[:6]),
            histogram=draw_histogram(each),
        )


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)


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
