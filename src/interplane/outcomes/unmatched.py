"""Outcomes that belong to no prediction: what to look at where keys were mistaken."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from interplane.outcomes.asking import asking
from interplane.outcomes.outcome import LABEL
from interplane.outcomes.targets import KNOWN_AT, OUTCOME, check_columns, what_counts
from interplane.predictions.columns import ROW
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.data.table import Table
    from interplane.outcomes.ports import Outcomes
    from interplane.outcomes.targets import Targets

__all__ = ["Unmatched", "unmatched"]


class Unmatched(Value, frozen=True, kw_only=True):
    """What counts of a target that no prediction has.

    Attributes:
        target: the target: ``{"prediction_id": …}``, or the values of the key by column.
        outcome: what was said.
        known_at: when it was known, UTC.
    """

    target: dict[str, Any]
    outcome: bool | float | None
    known_at: datetime


def unmatched(
    predictions: Table,
    outcomes: Outcomes,
    *,
    model: str,
    key: Sequence[str],
    name: str = LABEL,
    limit: int = 10,
) -> list[Unmatched]:
    """Return some outcomes that belong to no prediction, those that were known last first.

    They may come before their predictions: they are kept, and match when these turn up.

    Args:
        predictions: rows of the prediction log of the model, with ``prediction_id``, and
            ``row.NAME`` for each column of the key.
        outcomes: where outcomes are kept.
        model: the model's name.
        key: the columns of the request's key; outcomes by other columns are left out.
        name: ``label``, or a proxy's name.
        limit: how many at most.

    Raises:
        UnknownName: if the predictions lack a column that names targets.
    """
    check_columns(predictions, key)
    pieces = outcomes.read(model, name=name)
    found = [
        each
        for targets in what_counts(pieces, predictions, key)
        for each in _without(predictions, targets, limit)
    ]
    return sorted(found, key=lambda each: each.known_at, reverse=True)[:limit]


def _without(predictions: Table, targets: Targets, limit: int) -> list[Unmatched]:
    if not targets.rows.num_rows:
        return []
    with asking() as connection:
        connection.register("targets", targets.rows)
        anti = ""
        if predictions.rows:
            predictions.select(*targets.columns).register(connection, "predictions")
            anti = f"ANTI JOIN predictions AS p ON {targets.joined('p', 't')}"
        rows = connection.sql(
            f"FROM targets AS t {anti} ORDER BY {KNOWN_AT} DESC LIMIT {int(limit)}"
        ).to_arrow_table()
    return [
        Unmatched(
            target={column.removeprefix(ROW): row[column] for column in targets.columns},
            outcome=row[OUTCOME],
            known_at=row[KNOWN_AT],
        )
        for row in rows.to_pylist()
    ]
