"""What feature views say before it is known, found on Spark: the rule is that of any fit (`Found`).

When an event is given is computed by the row program; the rows that are events themselves are found by
a join of Spark.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from interplane.expressions.expr import Row, greatest
from interplane.expressions.nodes import Column
from interplane.expressions.trees import parts_of
from interplane.features.hindsight import with_moments
from interplane.features.hindsight_views import Found, named_by, reaches
from interplane.features.spark.hindsight import as_timestamp
from interplane.features.spark.programs import evaluate
from interplane.features.spark.rows import SparkRows, types_of, utc
from interplane.features.spark.sources import given_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyspark.sql import DataFrame

    from interplane.data.table import Table
    from interplane.expressions.expr import Expr
    from interplane.features.hindsight_views import Reach
    from interplane.features.spark.definitions import Asked
    from interplane.record import Type

__all__ = ["refuse_views_hindsight"]

_SHOWN = 5


def refuse_views_hindsight(
    asked: Asked, frame: DataFrame, sources: Mapping[str, DataFrame] | None
) -> None:
    """Refuse features that read through a view what is not known when the view gives it.

    Args:
        asked: what the features ask.
        frame: the training rows.
        sources: the frame of each source.

    Raises:
        Leak: naming feature, view, column and rows.
    """
    for reach, features in reaches(asked.reads, asked.uses).items():
        for source in reach.view.sources:
            events = given_frame(source, sources, by=reach.view.name)
            types = types_of(events)
            if reach.column not in types:
                continue  # of several sources, the column that says which it is
            found = Found(asked.definition, reach, source, features)
            if reach.column == asked.definition.label:
                _refuse_own_label(found, frame, events, types)
            _refuse_early(found, events, types)


def _refuse_own_label(
    found: Found, frame: DataFrame, events: DataFrame, types: Mapping[str, Type]
) -> None:
    """Refuse a view that gives rows their own label; a row is told by what names an event."""
    from pyspark.sql import functions

    reach, time = found.reach, found.definition.time
    named, own = named_by(reach.view), types_of(frame)
    if time is None or any(own.get(name, "") != types.get(name) for name in named):
        return
    kept = list(dict.fromkeys((*named, time)))
    rows = SparkRows.read(frame, {name: own[name] for name in kept})
    event = Row(types)
    there = event[reach.column].not_null() & event[reach.view.known_at].not_null()
    asked = {name: event[name] for name in named}
    given = _evaluate({**asked, "@given": _given(reach, event), "@there": there}, events, types)
    given = given.where("@there")
    left = rows.frame.select(*(utc(rows, name).alias(f"l{n}") for n, name in enumerate(kept)))
    right = given.frame.select(
        *(utc(given, name).alias(f"r{n}") for n, name in enumerate((*named, "@given")))
    )
    pairs = [(f"l{kept.index(name)}", f"r{n}") for n, name in enumerate(named)]
    met = functions.col(f"r{len(named)}") <= functions.col(f"l{kept.index(time)}")
    for here, there_too in pairs:
        met = met & (functions.col(here) == functions.col(there_too))
    columns = [f"c{place}" for place in range(len(kept))]
    own_events = SparkRows(left.join(right, met, "left_semi").toDF(*columns), rows.types)
    count, examples = _some(own_events)
    if count:
        of = rows.frame.count()
        raise found.own_label(
            f"{count:,} of {of:,} rows, among them",
            examples,
            columns=tuple(kept),
            rows=_all(examples),
            counted=(count, of),
        )


def _refuse_early(found: Found, events: DataFrame, types: Mapping[str, Type]) -> None:
    """Refuse a column that is known later than the view says of its event."""
    reach, view = found.reach, found.reach.view
    said = {name: at for name, at in found.definition.known_at.items() if {name, at} <= set(types)}
    at = with_moments(said).get(reach.column)
    if at is None or at == view.known_at:
        return
    event = Row(types)
    known = as_timestamp(event[at])
    late = event[reach.column].not_null() & event[view.known_at].not_null()
    late = late & (known.is_null() | (known > _given(reach, event)))
    names = tuple(dict.fromkeys((*view.entity, view.known_at, at)))
    early = _evaluate({"@late": late, **{name: event[name] for name in names}}, events, types)
    count, examples = _some(early.where("@late").select(names))
    if count:
        of = early.frame.count()
        raise found.early(
            at,
            f"{count:,} of {of:,} events, among them",
            examples,
            columns=names,
            rows=_all(examples),
            counted=(count, of),
        )


def _given(reach: Reach, event: Row) -> Expr:
    """Return from when on a view gives an event: when it is known, and has happened so long ago."""
    known = as_timestamp(event[reach.view.known_at])
    if not reach.delay_us:
        return known
    happened = as_timestamp(event[reach.view.event_time])
    return greatest(known, happened + timedelta(microseconds=reach.delay_us))


def _evaluate(
    outputs: Mapping[str, Expr], frame: DataFrame, types: Mapping[str, Type]
) -> SparkRows:
    nodes = {name: each.node for name, each in outputs.items()}
    parts: Iterable[object] = (part for node in nodes.values() for part in parts_of(node))
    read = {part.name for part in parts if isinstance(part, Column)}
    rows = SparkRows.read(frame, {name: kind for name, kind in types.items() if name in read})
    return evaluate(nodes, rows, {})


def _some(rows: SparkRows) -> tuple[int, Table]:
    """Return how many rows there are, and some of them."""
    count = rows.frame.count()
    return count, rows.first(_SHOWN if count else 0).collect()


def _all(examples: Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.ones(examples.rows, dtype=bool)
