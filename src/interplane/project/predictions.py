"""The prediction log of a project: where it lies, and its rows as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.errors import UnknownName, UsageError
from interplane.models.request_schema import RequestSchema
from interplane.record import Crossing
from interplane.storage.clock import system_token
from interplane.storage.names import series_name

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from interplane.data.table import Table
    from interplane.predictions.table import LogReading
    from interplane.project.project import Project
    from interplane.record import Type
    from interplane.storage.store import Store

__all__ = [
    "crossing_names",
    "export",
    "log_folder",
    "logged",
    "newest",
    "reading_of",
    "request_types",
    "shadow_folder",
    "table_of",
]


def log_folder(project: Project) -> Path:
    """Return the folder of a project's prediction log; a server makes it."""
    return project.workspace / "predictions"


def shadow_folder(project: Project) -> Path:
    """Return the folder of what shadows predict: a log as the other one."""
    return project.workspace / "shadow"


def logged(
    project: Project,
    model: str | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Table:
    """Return logged predictions, each id once; columns of requests are typed by their schemas.

    See `interplane.predictions.table.read_log`.

    Raises:
        UnknownName: if there is no such model.
        StorageError: if the log cannot be read.
    """
    return table_of(project, log_folder(project), model, since=since, until=until)


def table_of(
    project: Project,
    folder: Path,
    model: str | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Table:
    """Return a log of a project as a table; see `logged`."""
    return reading_of(project, folder, model).between(since, until)


def reading_of(project: Project, folder: Path, model: str | None = None) -> LogReading:
    """Return a log of a project as it is now, to be read several times; see `logged`."""
    from interplane.predictions.table import LogReading

    types = {} if model is None else request_types(project.store, model)
    return LogReading(folder, model=model, types=types)


def request_types(store: Store, model: str) -> dict[str, Type]:
    """Return the type of each column that requests to a model have, where all crossings agree.

    Raises:
        UnknownName: if there is no such model.
    """
    members = store.catalog.series(series_name("model", model))
    if not members:
        known = [name.partition("/")[2] for name in store.catalog.names("model/")]
        raise UnknownName.of("model", model, known, do='See them with "interplane models"')
    found: dict[str, set[Type]] = {}
    for member in members:
        schema = store.record(member.digest, Crossing).request_schema
        if schema is not None:
            for field in RequestSchema.from_dict(schema).fields:
                found.setdefault(field.name, set()).add(field.type)
    return {name: next(iter(types)) for name, types in found.items() if len(types) == 1}


def newest(table: Table, rows: int) -> Table:
    """Return the predictions of a log that were made last, the newest first.

    Only their row groups are read in full: the times of all are looked at before.
    """
    in_order = 'ORDER BY "at" DESC, prediction_id'
    times = table.select("at").sql(f'FROM self ORDER BY "at" DESC LIMIT {int(rows)}').to_rows()
    since = f"""WHERE "at" >= TIMESTAMP '{times[-1]["at"]:%Y-%m-%d %H:%M:%S.%f}'""" if times else ""
    return table.sql(f"FROM self {since} {in_order} LIMIT {int(rows)}")


def export(table: Table, path: Path) -> None:
    """Write rows to a new Parquet file, in bounded memory; it has its name when it is whole.

    Raises:
        UsageError: if there is something of that name.
        OSError: if it cannot be written.
    """
    import pyarrow.parquet as pq

    if path.exists() or path.is_symlink():
        raise UsageError(
            f"{path} is there already", expected="a new file", do="Name another one, or remove it"
        )
    building = path.with_name(f".{path.name}.{system_token()}.new")
    try:
        with pq.ParquetWriter(
            building, table.head(0).to_arrow().schema, compression="zstd"
        ) as file:
            for batch in table.batches():
                file.write_batch(batch)
        building.rename(path)
    finally:
        building.unlink(missing_ok=True)


def crossing_names(store: Store, model: str) -> dict[str, str]:
    """Return what people call the crossings of a model, by digest: ``flights@2``."""
    members = store.catalog.series(series_name("model", model))
    return {member.digest: f"{model}@{member.number}" for member in members}
