"""Adding outcomes to a project: from plain rows, and from tables."""

from __future__ import annotations

from time import time_ns
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import DataError, RequestRejected
from interplane.outcomes.decode import Reader
from interplane.outcomes.outcome import LABEL
from interplane.project.outcomes import key_types
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from interplane.data.table import Table
    from interplane.outcomes.outcome import Outcome
    from interplane.project.project import Project
    from interplane.record import Type

__all__ = ["Added", "add_rows", "add_table"]

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
