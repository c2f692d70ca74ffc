"""Fit on Spark: the definition, what statistics are made of, and the proof are those of any fit."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from interplane.data.table import Table
from interplane.errors import UsageError
from interplane.features.batch import table_from_arrow
from interplane.features.found import sayable
from interplane.features.freezing import freeze
from interplane.features.frozen import Frozen
from interplane.features.nulls import with_null_features
from interplane.features.parity import prove
from interplane.features.spark.aggregates import SparkAggregates
from interplane.features.spark.definitions import Asked
from interplane.features.spark.hindsight import refuse_late
from interplane.features.spark.hindsight_views import refuse_views_hindsight
from interplane.features.spark.keys import remembered
from interplane.features.spark.programs import evaluate, with_folds
from interplane.features.spark.rows import SparkRows
from interplane.features.spark.sources import digests_of
from interplane.features.spark.training_rows import facts_of, sample_of
from interplane.features.spark.transform import beside
from interplane.features.spark.views import widen
from interplane.features.statistics import Passes
from interplane.features.targets import training_form
from interplane.features.training import Training

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa
    from pyspark.sql import DataFrame

    from interplane.features.definition import Features
    from interplane.features.freezing import FrozenParts
    from interplane.features.lookups import LookupTable
    from interplane.features.spark.training_rows import Facts

__all__ = ["fit", "fit_transform"]

_SAMPLE = 1000


def fit(
    definition: Features, frame: DataFrame, *, sources: Mapping[str, DataFrame] | None = None
) -> Frozen:
    """Return the features with every statistic computed on Spark, and proved on a sample of the rows.

    Args:
        definition: the features as written.
        frame: the training rows.
        sources: the frame of each source that feature views read, by its name.
    """
    asked = Asked.of(definition, frame, sources)
    refuse_views_hindsight(asked, frame, sources)
    with _kept(_read(asked, frame, sources)) as rows:
        facts = _checked(asked, rows)
        parts = freeze(asked.written, Passes(SparkAggregates(rows), label=asked.label))
        return _frozen(asked, parts, rows, facts, sources)


def fit_transform(
    definition: Features, frame: DataFrame, *, sources: Mapping[str, DataFrame] | None = None
) -> tuple[Frozen, DataFrame, str]:
    """Return the frozen features, the training rows' features out of fold, and the label's column.

    Returns:
        The frozen features; a frame with the columns of the key, the label and the features of each
        row that has a label; and the name of the label's column in it.
    """
    label = definition.label
    if label is None:
        raise UsageError(
            f"{definition.name} has no label",
            expected="one, to return with the training rows",
            do="Declare label=..., or call fit and transform",
        )
    asked = Asked.of(definition, frame, sources)
    refuse_views_hindsight(asked, frame, sources)
    folded = with_folds(_read(asked, frame, sources), definition.key, folds=asked.folds)
    with _kept(folded) as rows:
        facts = _checked(asked, rows)
        aggregates = SparkAggregates(rows)
        parts = freeze(asked.written, Passes(aggregates, label=asked.label))
        features, tables = training_form(parts, aggregates, asked.label)
        frozen = _frozen(asked, parts, rows, facts, sources)
    columns = dict.fromkeys([*definition.key, label])
    lookups = {name: _lookup(table) for name, table in tables.items()}
    found = evaluate(beside(features, columns, folded), folded.known(label), lookups)
    return frozen, found.named(), label


def _read(asked: Asked, frame: DataFrame, sources: Mapping[str, DataFrame] | None) -> SparkRows:
    rows = SparkRows.read(frame, asked.types)
    return widen(rows, asked.uses, sources, time=asked.definition.time)


@contextmanager
def _kept(rows: SparkRows) -> Iterator[SparkRows]:
    """Keep rows while a fit goes over them: every pass then sees the same ones, made once."""
    kept = replace(rows, frame=rows.frame.persist())
    try:
        yield kept
    finally:
        kept.frame.unpersist()


def _checked(asked: Asked, rows: SparkRows) -> Facts:
    definition = asked.definition
    facts = facts_of(rows, name=definition.name, label=definition.label, time=definition.time)
    refuse_late(asked, rows)
    return facts


def _frozen(
    asked: Asked,
    parts: FrozenParts,
    rows: SparkRows,
    facts: Facts,
    sources: Mapping[str, DataFrame] | None,
) -> Frozen:
    """Return the frozen features, proved on a sample of the rows."""
    definition = asked.definition
    seen = remembered(rows, definition.key)
    frozen = Frozen(
        features=parts.features,
        lookups=parts.lookups,
        uses=asked.uses,
        label=definition.label,
        time=definition.time,
        key=definition.key,
        context=definition.context,
        training=Training(
            rows=facts.rows,
            null_labels=facts.rows - facts.labels,
            fast=True,
            last=None if facts.last is None else facts.last.isoformat(),
            sources=digests_of(asked.uses, sources),
            seen=tuple(seen),
            stages=parts.stages,
            written=dict(parts.written),
        ),
        read_seen=dict(seen).__getitem__,
    )
    sample = sample_of(rows, frozen.columns or list(rows.types)[:1], size=_SAMPLE)
    frozen = with_null_features(frozen, sample, SparkAggregates(rows))
    proof = prove(frozen, sample, sample=_SAMPLE, wide=True)
    return frozen.with_parity(structs.replace(proof, of_rows=facts.rows))


def _lookup(table: pa.Table) -> LookupTable:
    """Return a table of keys and, in its last column, values as a lookup table.

    Like any lookup table it has no text with NUL in its keys: such a row gets the default.
    """
    table = sayable(table)
    *keys, value = Table.from_arrow(table, name="a lookup table").types.values()
    return table_from_arrow(table, keys=tuple(keys), value=value)
