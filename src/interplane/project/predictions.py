"""The prediction log of a project: where it lies, and its rows as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.errors import UnknownName
from interplane.models.request_schema import RequestSchema
from interplane.record import Crossing
from interplane.storage.names import series_name

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from interplane.data.table import Table
    from interplane.project.project import Project
    from interplane.record import Type
    from interplane.storage.store import Store

__all__ = ["log_folder", "logged", "request_types"]


def log_folder(project: Project) -> Path:
    """Return the folder of a project's prediction log; a server makes it."""
    return project.workspace / "predictions"


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
    from interplane.predictions.table import read_log

    types = {} if model is None else request_types(project.store, model)
    return read_log(log_folder(project), model=model, since=since, until=until, types=types)


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
