"""Datasets and their versions: how each came, what its checks said, and what is in its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.data.datasets import list_datasets, profile_of, versions
from interplane.record import Digest, Value, Verdict
from interplane.web.pages.columns import ColumnCard, column_card
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from interplane.data.datasets import VersionInfo
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
    return VersionPage(
        version=_row(name, found),
        verdict=found.verdict,
        columns=tuple(column_card(each, found.version.rows) for each in profile.columns),
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
