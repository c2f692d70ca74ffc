"""The events of feature views, from Spark DataFrames."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from interplane.errors import UnknownName
from interplane.features.joining import combined, digest_of_sum
from interplane.features.spark.rows import SparkRows, types_of, utc
from interplane.features.spark.worker import pack_names, sum_hashes
from interplane.views.derived import stored_views
from interplane.views.union import check_source
from interplane.views.view import SOURCE_COLUMN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame

    from interplane.views.derived import AnyUse
    from interplane.views.view import View

__all__ = ["digests_of", "events_of", "given_frame"]


def events_of(view: View, sources: Mapping[str, DataFrame] | None) -> SparkRows:
    """Return the columns that a view reads, of all its sources.

    Raises:
        UnknownName: if a source is not given, or lacks a column.
        DataError: if a column has another type, or one that no type of ours holds.
    """
    from pyspark.sql import functions

    found: DataFrame | None = None
    for name in view.sources:
        rows = _read(view, name, given_frame(name, sources, by=view.name))
        columns = [
            functions.lit(name) if column == SOURCE_COLUMN else utc(rows, column)
            for column in view.columns
        ]
        piece = rows.frame.select(
            *(column.alias(f"c{place}") for place, column in enumerate(columns))
        )
        found = piece if found is None else found.unionAll(piece)
    assert found is not None  # noqa: S101 - a view has a source
    return SparkRows(found, dict(view.columns))


def digests_of(
    uses: Mapping[str, AnyUse], sources: Mapping[str, DataFrame] | None
) -> dict[str, str]:
    """Return what each view's columns of its sources are told apart by, by parameter.

    Rows of Spark have no order, and none shows: `source_digests` gives the same of a table
    (``any_order=True``).
    """
    return {
        parameter: combined([_digest(events_of(view, sources)) for view in stored_views(use.view)])
        for parameter, use in uses.items()
    }


def _digest(events: SparkRows) -> str:
    from pyspark.sql import functions

    rows = events.select(sorted(events.types))
    sums = rows.frame.mapInArrow(
        partial(sum_hashes, pack_names(rows.types)), "c0 bigint, c1 decimal(38, 0)"
    )
    found = sums.agg(functions.sum("c0"), functions.sum("c1")).first()
    count, total = (0, 0) if found is None else (int(value or 0) for value in found)
    return digest_of_sum(count, total % 2**64)


def _read(view: View, name: str, frame: DataFrame) -> SparkRows:
    own = {column: kind for column, kind in view.columns.items() if column != SOURCE_COLUMN}
    there = types_of(frame, needed=own)
    named = {SOURCE_COLUMN: view.columns[SOURCE_COLUMN]} if SOURCE_COLUMN in view.columns else {}
    check_source(view, name, {**there, **named})
    return SparkRows.read(frame, own)


def given_frame(name: str, sources: Mapping[str, DataFrame] | None, *, by: str) -> DataFrame:
    """Return the frame of a source that a view reads.

    Raises:
        UnknownName: if it is not given.
    """
    if sources is None or name not in sources:
        raise UnknownName.of(
            *("source", name, sources or ()),
            where="sources",
            do=f"The feature view {by} reads it: pass sources={{{name!r}: its Spark DataFrame}}",
        )
    return sources[name]
