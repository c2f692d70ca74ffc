"""Adding outcomes to a project: from plain rows, and from tables."""

from __future__ import annotations

from itertools import islice
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
    return _add(project, model, outcomes, len(outcomes))


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

    def read() -> Iterator[Outcome | RequestRejected]:
        for place, row in _plain_rows(chosen, value, key, prediction_id, known_at):
            try:
                yield reader.read(row, _ROW.format(place), now_us=now_us)
            except RequestRejected as error:
                yield error

    told = progress or _silent
    _check_all(read(), table.rows, lambda share: told(share / 3))
    # Read again rather than kept: outcomes are ten times as large as the rows that say them.
    good = (each for each in read() if not isinstance(each, RequestRejected))
    return _add(project, model, good, table.rows, lambda share: told((1 + 2 * share) / 3))


def _silent(share: float) -> None:
    del share


def _check_all(
    read: Iterable[Outcome | RequestRejected], rows: int, progress: Callable[[float], None]
) -> None:
    """Refuse all rows if one is wrong."""
    shown: list[RequestRejected] = []
    wrong = 0
    for place, each in enumerate(read):
        if isinstance(each, RequestRejected):
            wrong += 1
            if wrong <= _SHOWN:
                shown.append(each)
        if place % _AT_ONCE == 0:
            progress(place / rows)
    if wrong:
        raise _wrong_rows(shown, wrong, rows)


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


def _wrong_rows(shown: Sequence[RequestRejected], wrong: int, rows: int) -> DataError:
    said = "; ".join(f"{error.what} (expected {error.expected})" for error in shown)
    more = f"; and {wrong - len(shown):,} more" if wrong > len(shown) else ""
    return DataError(
        f"{wrong:,} of {rows:,} rows are no outcomes: {said}{more}",
        expected="an outcome in every row",
        do="Nothing was added. Correct these rows, or leave them out, and add all again",
        refused=[error.to_dict() for error in shown],
        rows=wrong,
    )


def _reader(project: Project, model: str, *, name: str, replay: bool) -> Reader:
    return Reader(
        model, key_types(project.store, model), actor=project.actor, name=name, replay=replay
    )


def _add(
    project: Project,
    model: str,
    outcomes: Iterable[Outcome],
    rows: int,
    progress: Callable[[float], None] = _silent,
) -> Added:
    """Add outcomes, a part in each transaction: the call is made again where it was cut off."""
    count = new = null = 0
    left = iter(outcomes)
    store = project.open_outcomes()
    try:
        while some := list(islice(left, _AT_ONCE)):
            new += sum(store.add(some, bulk=len(some) >= _BULK))
            null += sum(outcome.value is None for outcome in some)
            count += len(some)
            progress(count / rows)
    finally:
        store.close()
    return Added(model=model, new=new, known=count - new, null=null)
