"""Frozen features of a Spark DataFrame: the row program, in Spark's Python workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.data.evaluating import check_columns
from interplane.errors import UsageError
from interplane.expressions.nodes import Column
from interplane.features.spark.programs import evaluate
from interplane.features.spark.rows import SparkRows, types_of
from interplane.features.spark.views import widen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyspark.sql import DataFrame

    from interplane.expressions.nodes import Node
    from interplane.features.frozen import Frozen

__all__ = ["beside", "transform"]


def transform(
    frozen: Frozen, frame: DataFrame, *, sources: Mapping[str, DataFrame] | None = None
) -> DataFrame:
    """Return the features of each row, null where undefined, and the columns of the key before them.

    Rows of Spark have no order: the key says which row is which. A key's column that the frame has
    not is left out.

    Args:
        frozen: the features.
        frame: the rows.
        sources: the frame of each source that feature views read, by its name.

    Raises:
        UnknownName: if the frame lacks a column that the features read.
        DataError: if a column has another type, or one that no type of ours holds exactly.
        UsageError: if a feature has the name of a column of the key.
    """
    needed = dict.fromkeys([*frozen.inputs, *frozen.by])
    types = types_of(frame, needed=needed)
    check_columns(types, frozen.inputs)
    keys = [name for name in frozen.key if name in types]
    time = [] if frozen.time is None or not frozen.uses else [frozen.time]
    kept = [name for name in dict.fromkeys([*needed, *time, *keys]) if name in types]
    read = SparkRows.read(frame, {name: frozen.inputs.get(name, types[name]) for name in kept})
    rows = widen(read, frozen.uses, sources, time=frozen.time)
    outputs = beside(frozen.features, keys, rows)
    return evaluate(outputs, rows, frozen.lookups).named()


def beside(
    features: Mapping[str, Node], columns: Iterable[str], rows: SparkRows
) -> dict[str, Node]:
    """Return features with columns of the rows before them.

    Raises:
        UsageError: if a feature has the name of one of them, also in lower case.
    """
    carried = {name: Column(name, rows.types[name]) for name in columns}
    taken = {name.lower(): name for name in carried}
    for name in features:
        if name.lower() in taken:
            raise UsageError(
                f"the feature {name!r} has the name of the column {taken[name.lower()]!r}, which "
                "stands beside the features on Spark: it says which row is which",
                expected="another name, also in lower case",
                do="Rename the feature, or the column",
            )
    return {**carried, **features}
