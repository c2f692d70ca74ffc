"""Batches in any order become one table and one matrix in the order of the rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.data.evaluating import evaluate, stream
from interplane.data.placed import Placed, fill_matrix, fill_table
from interplane.expressions.expr import Row

VALUES = st.lists(st.tuples(*[st.none() | st.floats(allow_nan=False)] * 2), min_size=1, max_size=60)


@settings(deadline=None)
@given(VALUES, st.randoms(use_true_random=False), st.integers(1, 20))
def test_rows_come_to_their_places(values, draw, size):
    """Whole batches out of order, rows out of order in them, and rows that follow one another."""
    places = list(range(len(values)))
    pieces = [places[begin : begin + size] for begin in range(0, len(places), size)]
    draw.shuffle(pieces)
    for piece in pieces[::2]:
        draw.shuffle(piece)
    batches = [
        Placed(
            np.array(piece),
            [pa.array([values[place][x] for place in piece], pa.float64()) for x in (0, 1)],
        )
        for piece in pieces
    ]
    expected = pa.table(
        {
            name: pa.array(column, pa.float64())
            for name, column in zip("ab", zip(*values, strict=True), strict=True)
        }
    )
    found = fill_table(batches, rows=len(values), names=["a", "b"])
    found.validate(full=True)
    assert expected.equals(found)
    matrix = fill_matrix(batches, rows=len(values), columns=2)
    numbers = np.column_stack([column.to_numpy() for column in expected.columns])
    assert np.array_equal(numbers.view(np.uint64), matrix.view(np.uint64))


def test_no_columns_and_no_rows():
    """Both have their shape."""
    assert (0, 3) == fill_matrix([], rows=0, columns=3).shape
    assert ["a"] == fill_table([], rows=0, names=["a"]).column_names


def test_what_streams_is_what_is_evaluated():
    """With a lookup, on more rows than one batch has: the same bits on the engine, either way."""
    draw = np.random.default_rng(5)
    rows = pa.table({"x": draw.normal(size=50_000), "k": draw.integers(0, 999, 50_000)})
    row = Row({"x": "float", "k": "int"})
    features = {"ln": row.x.ln().node, "product": (row.x * row.k.cast("float")).node}
    whole = evaluate(features, rows, {})
    assert 0 < whole.column("ln").null_count
    filled = fill_table(stream(features, rows, {}), rows=50_000, names=list(features))
    assert whole.combine_chunks().equals(filled)
