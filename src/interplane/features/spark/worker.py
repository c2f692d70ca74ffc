"""What Spark's Python workers run: a program that came as JSON, over batches of rows.

Spark sends these functions by their names and their arguments as bytes. Nothing that is sent is code
of ours, and PySpark is not imported here.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from importlib import import_module
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from interplane.data.rowhash import sum_rows
from interplane.data.types import arrow_type, normalise
from interplane.expressions.jsonform import from_json, to_json
from interplane.expressions.own_operations import trusting
from interplane.expressions.row_program import RowProgram, compile_row
from interplane.features.lookups import LookupTable
from interplane.features.spark.own_modules import modules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from interplane.expressions.nodes import Node
    from interplane.record import Type

__all__ = [
    "compute",
    "digest",
    "fold",
    "join",
    "pack_folds",
    "pack_names",
    "pack_program",
    "sum_hashes",
]

_MANY_ROWS = 100_000


def pack_program(
    outputs: Mapping[str, Node],
    *,
    inputs: Mapping[str, Type],
    lookups: Mapping[str, LookupTable],
) -> bytes:
    """Return expressions and the tables that they look values up in as JSON, for `compute`.

    Of operations of a user's own it names the modules that declare them: a worker imports those, and
    compares digests.
    """
    plain = {
        "modules": modules_of(outputs.values()),
        "inputs": list(inputs.items()),
        "outputs": [(name, to_json(node)) for name, node in outputs.items()],
        "lookups": {name: table.to_dict() for name, table in lookups.items()},
    }
    return json.dumps(plain).encode()


def compute(payload: bytes, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield for each batch the outputs of a program, c0, c1 …, and what is carried along after them.

    Args:
        payload: what `pack_program` gave.
        batches: rows with the program's inputs, in order, and then what is carried along.

    >>> from interplane.expressions.expr import Row
    >>> outputs = {"more": (Row({"x": "int"}).x + 1).node}
    >>> payload = pack_program(outputs, inputs={"x": "int"}, lookups={})
    >>> batch = pa.record_batch({"c0": pa.array([41]), "c1": pa.array(["carried"])})
    >>> [out.to_pylist() for out in compute(payload, [batch])]
    [[{'c0': 42, 'c1': 'carried'}]]
    """
    program, types = _program(payload)
    for batch in batches:
        width = len(program.inputs)
        rows = _rows(batch, list(program.inputs))
        values = (
            zip(*(column.to_pylist() for column in rows.columns), strict=True)
            if width
            else repeat((), batch.num_rows)
        )
        made = _floats(program, values) if set(types) == {"float"} else _any(program, values, types)
        yield _numbered([*made, *batch.columns[width:]])


def pack_folds(inputs: Sequence[str], *, key: Sequence[str], folds: Iterable[int]) -> bytes:
    """Return what `fold` needs to know as JSON."""
    plain = {"inputs": list(inputs), "key": list(key), "folds": sorted(set(folds))}
    return json.dumps(plain).encode()


def fold(payload: bytes, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield for each batch its columns, and after them a column for each number of folds.

    A row's fold is what it is where the features are fitted without Spark, by the same code.

    Args:
        payload: what `pack_folds` gave.
        batches: rows with the inputs, in order.
    """
    from interplane.data.key_hashes import key_hashes
    from interplane.data.table import Table
    from interplane.features.training_rows import with_folds

    plain = json.loads(payload)
    for batch in _gathered(batches):
        rows = _rows(batch, plain["inputs"])
        keyed = Table.from_arrow(rows.select(list(dict.fromkeys(plain["key"]))))
        hashes = key_hashes(keyed, plain["key"])
        found = with_folds(rows, hashes, folds=plain["folds"])
        added = [
            found.column(place).combine_chunks()
            for place in range(rows.num_columns, found.num_columns)
        ]
        yield _numbered([*batch.columns, *added])


def pack_names(names: Iterable[str]) -> bytes:
    """Return names of columns as JSON, for `digest`."""
    return json.dumps(list(names)).encode()


def digest(payload: bytes, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield for each batch the 64-bit digests of the rows' keys, null where a key has a null.

    Args:
        payload: the names of the key's columns, from `pack_names`.
        batches: rows with those columns.
    """
    from interplane.data.row_keys import key_digests
    from interplane.data.table import Table

    names = json.loads(payload)
    for batch in _gathered(batches):
        found, named = key_digests(Table.from_arrow(_rows(batch, names)), names)
        yield _numbered([pa.array(found.view(np.int64), mask=~named)])


def sum_hashes(payload: bytes, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield for each batch how many rows it has and the sum of their hashes.

    Args:
        payload: the names of the columns, from `pack_names`.
        batches: rows with those columns.
    """
    names = json.loads(payload)
    for batch in batches:
        rows, total = sum_rows(_rows(batch, names).combine_chunks().to_batches())
        yield _numbered([pa.array([rows]), pa.array([Decimal(total)], pa.decimal128(38, 0))])


def join(payload: bytes, left: pa.Table, right: pa.Table) -> pa.Table:
    """Return rows with the features of a view after their columns.

    Args:
        payload: the view's JSON form, where in the rows its entity and the time are, and the names of
            the events' columns.
        left: the rows of some entities.
        right: all events of those entities.
    """
    from interplane.data.table import Table
    from interplane.views.join import join as look_up
    from interplane.views.view import View, ViewUse

    plain = json.loads(payload)
    by = [f"e{place}" for place in range(len(plain["by"]))]
    asked = {name: left.column(place) for name, place in zip(by, plain["by"], strict=True)}
    rows = Table.from_columns({**asked, "t": left.column(plain["time"])})
    names = plain["events"]
    events = Table.from_arrow(right.select(range(len(names))).rename_columns(names))
    use = ViewUse(View.from_dict(plain["view"]), tuple(by))
    found = look_up(rows, use, events, time="t")
    carried = left.num_columns - 1  # the last one is the bucket
    columns = [*(_in_utc(column) for column in left.columns[:carried]), *found.columns]
    return pa.table(columns, names=[f"c{place}" for place in range(len(columns))])


def _in_utc(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return instants labelled as UTC, as Spark takes them back; they come by the session's zone."""
    zoned = pa.types.is_timestamp(values.type) and values.type.tz is not None
    return values.cast(pa.timestamp("us", tz="UTC")) if zoned else values


@lru_cache(maxsize=16)
def _program(payload: bytes) -> tuple[RowProgram, tuple[Type, ...]]:
    """Return the program of a payload and the types of its outputs; a worker compiles it once."""
    plain: dict[str, Any] = json.loads(payload)
    with trusting():  # the digests of the operations say what was proved
        for module in plain["modules"]:
            import_module(module)
    outputs = {name: from_json(node) for name, node in plain["outputs"]}
    tables = {
        name: LookupTable.from_dict(table, name=name).entries
        for name, table in plain["lookups"].items()
    }
    program = compile_row(outputs, inputs=dict(plain["inputs"]), lookups=tables)
    return program, tuple(node.type for node in outputs.values())


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield larger batches of the same rows, for what opens an engine for each."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.num_rows for each in waiting) >= _MANY_ROWS:
            yield from _one(waiting)
            waiting = []
    yield from _one(waiting)


def _one(batches: Sequence[pa.RecordBatch]) -> list[pa.RecordBatch]:
    return pa.Table.from_batches(batches).combine_chunks().to_batches() if batches else []


def _rows(batch: pa.RecordBatch, names: Sequence[str]) -> pa.Table:
    """Return the first columns of a batch as ours, under these names."""
    columns = batch.columns[: len(names)]
    return normalise(pa.table(columns, names=list(names)), where="the Spark DataFrame")


def _floats(program: RowProgram, values: Iterable[Sequence[Any]]) -> list[pa.Array]:
    numbers = np.array(program.many(values), dtype=np.float64).reshape(-1, len(program.names))
    # Floats of ours are never NaN: it is how a vector says null.
    return [
        pa.array(np.ascontiguousarray(column), from_pandas=True) for column in numbers.transpose()
    ]


def _any(
    program: RowProgram, values: Iterable[Sequence[Any]], types: Sequence[Type]
) -> list[pa.Array]:
    columns = program.many_columns(values).values()
    return [pa.array(column, arrow_type(kind)) for column, kind in zip(columns, types, strict=True)]


def _numbered(columns: Sequence[pa.Array]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        list(columns), names=[f"c{place}" for place in range(len(columns))]
    )
