"""The rows behind an alert: what was predicted in its worst window and slice, with what came true.

Only rows that are shown are matched with outcomes; the others are counted.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interplane.data.engine import identifier, string
from interplane.errors import UnknownName
from interplane.monitoring.counting.columns import resolve_column, spoken_name
from interplane.outcomes.matching import Matching
from interplane.predictions.columns import LOOKED_UP, ROW
from interplane.predictions.table import LogReading
from interplane.project.outcomes import key_types
from interplane.project.predictions import log_folder, request_types
from interplane.storage.clock import iso_of
from interplane.storage.names import series_name

if TYPE_CHECKING:
    from interplane.data.table import Table
    from interplane.monitoring.alerts.alert import Alert
    from interplane.record import Type
    from interplane.web.routes import Asked

__all__ = ["AlertRows", "read_rows_of"]

_MOST_ROWS: Final = 50
_MOST_KEPT: Final = 200
_SAID: Final = ("time", "score", "outcome")


class AlertRows(NamedTuple):
    """The first rows behind an alert.

    Attributes:
        columns: what the columns are called.
        rows: the cells of each, as text.
        in_all: how many rows there are.
        missing: why there are none to show; empty if there are.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    in_all: int
    missing: str


def read_rows_of(asked: Asked, alert: Alert) -> AlertRows:
    """Return the logged rows of an alert's worst window, in its slice, with what came true."""
    begin, end = (
        datetime.fromisoformat(iso_of(us)) for us in (alert.worst.begin_us, alert.worst.end_us)
    )
    model = alert.cell.model
    try:
        types = _types(asked, model)
        log = LogReading(log_folder(asked.project), model=model, types=types)
        inside = _inside(log.between(begin, end), alert)
        matching = _matching(asked, model)
    except UnknownName as error:  # the model is not of this workspace, or an expression slices
        return AlertRows((), (), 0, f"It cannot be shown: {error.what}")
    shown = matching.match(inside.head(_MOST_ROWS))
    found = shown.select(*sorted(shown.names, key=_rank)).to_rows()
    return AlertRows(
        columns=tuple(map(spoken_name, sorted(shown.names, key=_rank))),
        rows=tuple(tuple(map(_cell, each.values())) for each in found),
        in_all=inside.rows,
        missing="",
    )


class _Types(NamedTuple):
    types: dict[str, Type]


def _types(asked: Asked, model: str) -> dict[str, Type]:
    """Return the types of a model's requests: crossings are only ever added."""
    store = asked.project.store
    key = model, len(store.catalog.series(series_name("model", model)))
    made = asked.kept.get(_Types, key, lambda: _Types(request_types(store, model)), most=_MOST_KEPT)
    return made.types


def _matching(asked: Asked, model: str) -> Matching:
    """Return what finds outcomes: it reads them again when there are new ones."""
    key = tuple(key_types(asked.project.store, model))
    return asked.kept.get(
        Matching,
        (model, key),
        lambda: Matching(asked.project.open_outcomes(), model=model, key=key),
        most=_MOST_KEPT,
    )


def _inside(rows: Table, alert: Alert) -> Table:
    """Return the rows of an alert's slice.

    Raises:
        UnknownName: if the rows lack a column that it is sliced by.
    """
    by = [resolve_column(name, rows.names) for name in alert.cell.by]
    if not by:
        return rows
    parts = (_is(name, value) for name, value in zip(by, alert.cell.values, strict=True))
    return rows.sql(f"FROM self WHERE {' AND '.join(parts)}")


def _is(name: str, value: Any) -> str:
    """Return the condition that a column has a value."""
    if value is None:
        return f"{identifier(name)} IS NULL"
    if isinstance(value, str):
        return f"{identifier(name)} = {string(value)}"
    kind = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE"}[type(value)]
    return f"{identifier(name)} = CAST({string(repr(value).lower())} AS {kind})"


def _rank(name: str) -> int:
    """Return where a column of the log stands: what was said first, then of what, then the rest."""
    if name in _SAID:
        return _SAID.index(name)
    return len(_SAID) + (0 if name.startswith((ROW, LOOKED_UP)) else 1)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)
