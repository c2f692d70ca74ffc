"""The training rows of a fit on Spark: what is known of them, and a sample for the proof."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from interplane.data.types import normalise
from interplane.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from interplane.data.table import Table
    from interplane.features.spark.rows import SparkRows

__all__ = ["Facts", "facts_of", "sample_of"]


class Facts(NamedTuple):
    """What a fit has to know of its rows besides statistics.

    Attributes:
        rows: how many there are.
        labels: how many have a label; all of them, if none is declared.
        last: the latest prediction time, if one is declared.
    """

    rows: int
    labels: int
    last: date | None


def facts_of(rows: SparkRows, *, name: str, label: str | None, time: str | None) -> Facts:
    """Return what a fit has to know of its rows, in one pass over them.

    Args:
        rows: the rows.
        name: the name of the features, for messages.
        label: the column of the label.
        time: the column of the prediction time.

    Raises:
        DataError: if there is no row, none has a label, the label is no number, or a time is
            outside the years 1 to 9999.
    """
    import pyarrow as pa
    from pyspark.sql import functions

    if label is not None and rows.types[label] not in {"bool", "int", "float"}:
        raise DataError(
            f"the label {label!r} is {rows.types[label]}",
            expected="a number or a bool",
            do="Encode it in the data step, for example as 0 and 1",
            column=label,
        )
    times = [each for each, kind in rows.types.items() if kind in {"date", "timestamp"}]
    counted = functions.lit(1) if label is None else rows.column(label)
    asked = [functions.count(functions.lit(1)), functions.count(counted)]
    for each in times:
        asked += [functions.min(rows.column(each)), functions.max(rows.column(each))]
    numbered = [column.alias(f"a{place}") for place, column in enumerate(asked)]
    found = pa.table(rows.frame.agg(*numbered).toArrow())
    count, labels = found.column(0)[0].as_py(), found.column(1)[0].as_py()
    _check_counts(count, labels, name=name, label=label)
    bounds = [
        pa.chunked_array([*found.column(place).chunks, *found.column(place + 1).chunks])
        for place in range(2, found.num_columns, 2)
    ]
    spans = normalise(pa.table(bounds, names=times), where="the Spark DataFrame")
    last = spans.column(time)[1].as_py() if time in times else None
    return Facts(rows=count, labels=labels, last=last)


def _check_counts(rows: int, labels: int, *, name: str, label: str | None) -> None:
    if rows == 0:
        raise DataError(
            f"there are no rows to fit {name} on",
            expected="at least one",
            do="Look at the step that makes the training table",
        )
    if labels == 0:
        raise DataError(
            f"no row has a label: the column {label!r} is null in all {rows:,}",
            expected="at least one",
            do="Look at the step that makes the training table",
            column=label,
        )


def sample_of(rows: SparkRows, columns: Iterable[str], *, size: int) -> Table:
    """Return some rows with these columns: those with the least hash, wherever they stand.

    So the same rows give the same sample, however they are cut into partitions.
    """
    from pyspark.sql import functions

    chosen = rows.select(columns)
    if not chosen.types:
        return chosen.collect()
    hashed = functions.xxhash64(*chosen.frame.columns)
    return replace(chosen, frame=chosen.frame.orderBy(hashed).limit(size)).collect()
