"""Rows of Spark whose values are known only after the prediction: found by the row program, and refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.data.row_keys import leak
from interplane.expressions.expr import Row
from interplane.features.hindsight import with_moments
from interplane.features.spark.programs import evaluate

if TYPE_CHECKING:
    from interplane.expressions.expr import Expr
    from interplane.features.spark.definitions import Asked
    from interplane.features.spark.rows import SparkRows

__all__ = ["as_timestamp", "refuse_late"]

_SHOWN = 5


def refuse_late(asked: Asked, rows: SparkRows) -> None:
    """Refuse features of columns that are known only after the prediction, as any fit does.

    Raises:
        Leak: if a value is known after the prediction time of its row; names feature, column and rows.
    """
    definition = asked.definition
    for column, at in with_moments(definition.known_at).items():
        readers = [name for name, columns in asked.reads.items() if column in columns]
        if readers and definition.time is not None:
            _refuse(asked, rows, column, at=at, time=definition.time, readers=readers)


def _refuse(
    asked: Asked, rows: SparkRows, column: str, *, at: str, time: str, readers: list[str]
) -> None:
    import numpy as np

    row = Row(rows.types)
    value, known, moment = row[column], as_timestamp(row[at]), as_timestamp(row[time])
    late = value.not_null() & moment.not_null() & (known.is_null() | (known > moment))
    names = tuple(dict.fromkeys((*asked.definition.key, time, at)))
    outputs = {"late": late.node, **{name: row[name].node for name in names}}
    found = evaluate(outputs, rows, {}).where("late")
    count = found.frame.count()
    if not count:
        return
    of, examples = rows.frame.count(), found.select(names).first(_SHOWN).collect()
    more = f" (and {len(readers) - 1} more)" if len(readers) > 1 else ""
    raise leak(
        f"the feature {readers[0]!r}{more} of {asked.definition.name} reads {column!r}, which is "
        f"known at {at!r}: after the prediction time {time!r} in {count:,} of "
        f"{of:,} rows, among them",
        examples,
        columns=names,
        rows=np.ones(examples.rows, dtype=bool),
        counted=(count, of),
        expected="values that are known when the prediction is made",
        do="Take it out; or give what was known of it by then, with a feature view",
        column=column,
        features=readers,
    )


def as_timestamp(moment: Expr) -> Expr:
    """Return a date as its first moment, and a moment as it is."""
    return moment.cast("timestamp") if moment.node.type == "date" else moment
