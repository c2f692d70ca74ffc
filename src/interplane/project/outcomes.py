"""Outcomes of a project's models: added, counted, and matched to the predictions of the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import time_ns
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import DataError, RequestRejected, UnknownName
from interplane.models.request_schema import RequestSchema
from interplane.outcomes.decode import Reader
from interplane.outcomes.outcome import LABEL
from interplane.project.predictions import logged
from interplane.record import Crossing
from interplane.record.base import Value
from interplane.storage.names import named_pointer, series_name
from interplane.views.view import micros

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from interplane.data.table import Table
    from interplane.outcomes.counts import Counts
    from interplane.outcomes.outcome import Outcome
    from interplane.outcomes.store import SqliteOutcomes
    from interplane.outcomes.unmatched import Unmatched
    from interplane.project.project import Project
    from interplane.record import Type
    from interplane.storage.store import Store

__all__ = [
    "Added",
    "Day",
    "add_rows",
    "add_table",
    "counted",
    "coverage",
    "drop_known_before",
    "key_types",
    "matched",
    "not_matched",
    "pack_outcomes",
]

_AT_ONCE: Final = 100_000
_BULK: Final = 5_000
_SHOWN: Final = 5
_ROW: Final = "rows[{}]"


class Added(Value, frozen=True, kw_only=True):
    """What came of adding outcomes.

    Attributes:
        model: the model's name.
        new: how many were not there.
        known: how many were there already.
        null: how many of all of them are null.
    """

    model: str
    new: int
    known: int
    null: int


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


# ---- adding -------------------------------------------------------------------------------


def add_rows(
    project: Project,
    model: str,
    rows: Iterable[Mapping[str, Any]],
    *,
    name: str = LABEL,
    replay: bool = False,
) -> Added:
    """Add outcomes from plain rows, all or none of them wrong; see `Project.add_outcomes`."""
    reader = _reader(project, model, name=name, replay=replay)
    now_us = time_ns() // 1000
    outcomes = [
        reader.read(row, _ROW.format(place), now_us=now_us) for place, row in enumerate(rows)
    ]
    return _add(project, model, outcomes)


def add_table(
    project: Project,
    model: str,
    table: Table,
    *,
    value: str,
    key: Sequence[str] = (),
    prediction_id: str | None = None,
    known_at: str | None = None,
    name: str = LABEL,
    replay: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Added:
    """Add an outcome for each row of a table; nothing is written if a row is wrong.

    Where ``known_at`` is not given, what counts already is not kept again: a table that grows may be
    added again and again.

    Args:
        project: the project.
        model: the model's name.
        table: the rows.
        value: the column with what came true: of bools or numbers.
        key: the columns of the request's key.
        prediction_id: or the column with the ids of predictions.
        known_at: the column that says when each was known; now if not given.
        name: ``label``, or a proxy's name.
        replay: take known-at times however far ahead of the clock.
        progress: is told the share that is done.

    Raises:
        UnknownName: if there is no such model or column.
        DataError: names the first rows that are wrong, and why.
    """
    reader = _reader(project, model, name=name, replay=replay)
    columns = [*key, *(each for each in (prediction_id, value, known_at) if each is not None)]
    chosen = table.select(*dict.fromkeys(columns))
    _check_value(table.types[value], value)
    now_us = time_ns() // 1000
    outcomes: list[Outcome] = []
    refused: list[RequestRejected] = []
    for place, row in _plain_rows(chosen, value, key, prediction_id, known_at):
        try:
            outcomes.append(reader.read(row, _ROW.format(place), now_us=now_us))
        except RequestRejected as error:
            refused.append(error)
        if progress is not None and place % _AT_ONCE == 0:
            progress(place / (2 * table.rows))
    if refused:
        raise _wrong_rows(refused, table.rows)
    return _add(project, model, outcomes, progress=progress)


def _plain_rows(
    table: Table,
    value: str,
    key: Sequence[str],
    prediction_id: str | None,
    known_at: str | None,
) -> Iterator[tuple[int, dict[str, Any]]]:
    place = 0
    for batch in table.batches():
        for row in batch.to_pylist():
            plain: dict[str, Any] = {"value": row[value]}
            if prediction_id is not None:
                plain["id"] = row[prediction_id]
            if key:
                plain["key"] = {column: row[column] for column in key}
            if known_at is not None:
                plain["known_at"] = row[known_at]
            yield place, plain
            place += 1


def _check_value(kind: Type, value: str) -> None:
    if kind not in {"bool", "int", "float"}:
        raise DataError(
            f"the column {value!r} has values of type {kind}",
            expected="true and false, or numbers",
            do="Name the column with what came true, or convert it",
            column=value,
        )


def _wrong_rows(refused: Sequence[RequestRejected], rows: int) -> DataError:
    shown = "; ".join(f"{error.what} (expected {error.expected})" for error in refused[:_SHOWN])
    more = f"; and {len(refused) - _SHOWN:,} more" if len(refused) > _SHOWN else ""
    return DataError(
        f"{len(refused):,} of {rows:,} rows are no outcomes: {shown}{more}",
        expected="an outcome in every row",
        do="Nothing was added. Correct these rows, or leave them out, and add all again",
        refused=[error.to_dict() for error in refused[:_SHOWN]],
        rows=len(refused),
    )


def _reader(project: Project, model: str, *, name: str, replay: bool) -> Reader:
    return Reader(
        model, key_types(project.store, model), actor=project.actor, name=name, replay=replay
    )


def _add(
    project: Project,
    model: str,
    outcomes: Sequence[Outcome],
    *,
    progress: Callable[[float], None] | None = None,
) -> Added:
    new = 0
    store = project.open_outcomes()
    try:
        for begin in range(0, len(outcomes), _AT_ONCE):
            some = outcomes[begin : begin + _AT_ONCE]
            new += sum(store.add(some, bulk=len(some) >= _BULK))
            if progress is not None:
                progress((1 + (begin + len(some)) / len(outcomes)) / 2)
    finally:
        store.close()
    null = sum(outcome.value is None for outcome in outcomes)
    return Added(model=model, new=new, known=len(outcomes) - new, null=null)


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
