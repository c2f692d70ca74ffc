"""Outcomes of a project's models: counted, and matched to the predictions of the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from interplane.errors import UnknownName
from interplane.models.request_schema import RequestSchema
from interplane.outcomes.outcome import LABEL
from interplane.project.predictions import logged
from interplane.record import Crossing
from interplane.record.base import Value
from interplane.storage.names import named_pointer, series_name
from interplane.views.view import micros

if TYPE_CHECKING:
    from interplane.data.table import Table
    from interplane.outcomes.counts import Counts
    from interplane.outcomes.store import SqliteOutcomes
    from interplane.outcomes.unmatched import Unmatched
    from interplane.project.project import Project
    from interplane.record import Type
    from interplane.storage.store import Store

__all__ = [
    "Day",
    "counted",
    "coverage",
    "drop_known_before",
    "key_types",
    "matched",
    "not_matched",
    "pack_outcomes",
]


class Day(Value, frozen=True, kw_only=True):
    """How many predictions of a day have an outcome.

    Attributes:
        day: the day of the prediction time, UTC.
        predictions: how many there are.
        covered: how many have an outcome, null or not.
        labelled: how many have one that is not null.
    """

    day: str
    predictions: int
    covered: int
    labelled: int

    @property
    def coverage(self) -> float:
        """The share of the predictions that have an outcome."""
        return self.covered / self.predictions


# ---- keys ---------------------------------------------------------------------------------


def key_types(store: Store, model: str) -> dict[str, Type]:
    """Return the type of each column of a model's request key.

    It is the key of the live crossing, or of the newest that has one where none is live: outcomes
    come late, when their model may not be served any more.

    Returns:
        The types by column; empty where requests have no key.

    Raises:
        UnknownName: if there is no such model.
    """
    known = [name.partition("/")[2] for name in store.catalog.names("model/")]
    if model not in known:
        shown = model[:100].encode(errors="backslashreplace").decode()
        raise UnknownName.of("model", shown, known, do='See them with "interplane models"')
    live = store.catalog.pointer(named_pointer("model", model, "live"))
    members = store.catalog.series(series_name("model", model))
    for digest in (live, *(member.digest for member in reversed(members))):
        plain = None if digest is None else store.record(digest, Crossing).request_schema
        schema = None if plain is None else RequestSchema.from_dict(plain)
        if schema is not None and (schema.key or digest == live):
            types = {field.name: field.type for field in schema.fields}
            return {name: types[name] for name in schema.key}
    return {}


# ---- reading ------------------------------------------------------------------------------


def matched(
    project: Project,
    model: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    as_of: datetime | None = None,
    name: str = LABEL,
) -> Table:
    """Return the logged predictions of a model with what came true; see `Project.matched`."""
    from interplane.outcomes.matching import match

    key = list(key_types(project.store, model))
    predictions = logged(project, model, since=since, until=until)
    store = _opened(project)
    try:
        return match(predictions, store, model=model, key=key, name=name, as_of=as_of)
    finally:
        store.close()


def counted(project: Project, model: str) -> list[Counts]:
    """Return how many outcomes of a model there are, by name; see `outcomes.counts`.

    Raises:
        UnknownName: if there is no such model.
    """
    from interplane.outcomes.counts import counts

    key = list(key_types(project.store, model))
    predictions = logged(project, model)
    store = _opened(project)
    try:
        return counts(predictions, store, model=model, key=key)
    finally:
        store.close()


def not_matched(
    project: Project, model: str, *, name: str = LABEL, limit: int = 10
) -> list[Unmatched]:
    """Return outcomes of a model that belong to no prediction; see `outcomes.unmatched`.

    Raises:
        UnknownName: if there is no such model.
    """
    from interplane.outcomes.unmatched import unmatched

    key = list(key_types(project.store, model))
    predictions = logged(project, model)
    store = _opened(project)
    try:
        return unmatched(predictions, store, model=model, key=key, name=name, limit=limit)
    finally:
        store.close()


def coverage(project: Project, model: str, *, name: str = LABEL, days: int = 14) -> list[Day]:
    """Return for each of the last days that have predictions how many of them have an outcome.

    Args:
        project: the project.
        model: the model's name.
        name: ``label``, or a proxy's name.
        days: how many days, counted back from the day of the last prediction.
    """
    newest = logged(project, model).sql('SELECT max("time") AS last FROM self').to_rows()[0]["last"]
    if newest is None:
        return []
    since = datetime(newest.year, newest.month, newest.day) - timedelta(days=days - 1)  # noqa: DTZ001 - UTC, and naive, as timestamps are
    table = matched(project, model, since=since, name=name)
    rows = table.sql(
        """SELECT CAST(date_trunc('day', "time") AS DATE) AS day, count(*) AS predictions,
        count(*) FILTER (has_outcome) AS covered, count(outcome) AS labelled
        FROM self GROUP BY day ORDER BY day"""
    ).to_rows()
    return [Day(**{**row, "day": row["day"].isoformat()}) for row in rows]


def pack_outcomes(project: Project) -> int:
    """Bring the outcomes that servers wrote into columns, where there are many; return how many."""
    store = project.open_outcomes()
    try:
        return store.pack()
    finally:
        store.close()


def drop_known_before(project: Project, moment: datetime) -> int:
    """Let go of every outcome of every model that was known before a time; return how many.

    Args:
        project: the project.
        moment: the time; UTC where there is no zone.
    """
    store = project.open_outcomes()
    try:
        return store.drop_before(micros(_utc(moment)))
    finally:
        store.close()


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _opened(project: Project) -> SqliteOutcomes:
    """Open the outcomes to read many of them."""
    store = project.open_outcomes()
    store.pack()
    return store
