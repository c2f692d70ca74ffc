"""Expressions of many rows on Spark: plain columns as they are, everything else by the row program."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from interplane.expressions.nodes import Column, Literal, Lookup
from interplane.expressions.trees import parts_of
from interplane.features.spark.rows import SparkRows, spark_type
from interplane.features.spark.worker import compute, fold, pack_folds, pack_program
from interplane.features.training_rows import fold_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame

    from interplane.expressions.nodes import Node
    from interplane.features.lookups import LookupTable
    from interplane.record import Type

__all__ = ["evaluate", "is_plain", "with_folds"]

_PLAIN_CONSTANTS = ("bool", "int", "float", "str")


def evaluate(
    outputs: Mapping[str, Node], rows: SparkRows, lookups: Mapping[str, LookupTable]
) -> SparkRows:
    """Return the value of each expression for each row.

    A column or a constant needs no program: where there is nothing else, no Python worker is asked.

    Args:
        outputs: the expressions by name, without statistics.
        rows: every column that they read.
        lookups: every table that they look values up in.
    """
    plain = {name: node for name, node in outputs.items() if is_plain(node)}
    made = {name: node for name, node in outputs.items() if name not in plain}
    kept = list(dict.fromkeys(node.name for node in plain.values() if isinstance(node, Column)))
    found = _computed(made, rows, lookups, kept) if made else rows.select(kept).frame
    # Where each output is: those of the program first, then the columns.
    places = {name: place for place, name in enumerate(made)}
    columns = {name: len(made) + place for place, name in enumerate(kept)}
    places |= {name: columns[node.name] for name, node in plain.items() if isinstance(node, Column)}
    chosen = [
        (found[f"c{places[name]}"] if name in places else _constant(node)).alias(f"c{place}")
        for place, (name, node) in enumerate(outputs.items())
    ]
    return SparkRows(found.select(*chosen), {name: node.type for name, node in outputs.items()})


def with_folds(rows: SparkRows, key: Sequence[str], *, folds: Iterable[int]) -> SparkRows:
    """Return the rows with a column for each number of folds, as where there is no Spark."""
    counts = sorted(set(folds))
    if not counts:
        return rows
    types: dict[str, Type] = {**rows.types, **{fold_column(count): "int" for count in counts}}
    payload = pack_folds(list(rows.types), key=key, folds=counts)
    schema = _schema([*_types(rows.frame), *["bigint"] * len(counts)])
    return SparkRows(rows.frame.mapInArrow(partial(fold, payload), schema), types)


def is_plain(node: Node) -> bool:
    """Return whether an expression needs no program: a column, or a constant."""
    return isinstance(node, Column) or (isinstance(node, Literal) and node.type in _PLAIN_CONSTANTS)


def _constant(node: Node) -> SparkColumn:
    from pyspark.sql import functions

    value = node.value if isinstance(node, Literal) else None
    return functions.lit(value).cast(spark_type(node.type))


def _computed(
    outputs: Mapping[str, Node],
    rows: SparkRows,
    lookups: Mapping[str, LookupTable],
    carry: Sequence[str],
) -> DataFrame:
    """Return the outputs of a program as c0, c1 …, and after them some columns as they are."""
    parts = [part for output in outputs.values() for part in parts_of(output)]
    read = dict.fromkeys(part.name for part in parts if isinstance(part, Column))
    tables = dict.fromkeys(part.table for part in parts if isinstance(part, Lookup))
    payload = pack_program(
        outputs,
        inputs={name: rows.types[name] for name in read},
        lookups={name: lookups[name] for name in tables},
    )
    columns = [rows.column(name).alias(f"c{place}") for place, name in enumerate([*read, *carry])]
    given = rows.frame.select(*columns)
    made = [spark_type(node.type) for node in outputs.values()]
    schema = _schema([*made, *_types(given)[len(read) :]])
    return given.mapInArrow(partial(compute, payload), schema)


def _types(frame: DataFrame) -> list[str]:
    return [field.dataType.simpleString() for field in frame.schema.fields]


def _schema(types: Sequence[str]) -> str:
    return ", ".join(f"c{place} {kind}" for place, kind in enumerate(types))
