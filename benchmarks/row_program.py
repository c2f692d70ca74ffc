"""The row program: 12 inputs to 25 features, one row and batches, beside those who write them by hand."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np

import interplane as ip
from benchmarks.harness import Row, best_times
from benchmarks.trips.by_hand import Fitted, by_hand
from benchmarks.trips.peers import DuckDB, Polars, ScikitLearn
from benchmarks.trips.rows import ORDER, trip_features, trips
from interplane.expressions.expr import Row as Columns
from interplane.expressions.row_program import compile_row
from interplane.features.batch import FEW_ROWS, matrix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROWS = 20_000
BATCHES = (1, 64, 4_096)
RATES = (19, 20)
"""The two target encodings: scikit-learn's take a null for a group of its own."""

UNLIKE = (0, 1, 2, *RATES)
"""Where scikit-learn's values are others: it divides by the deviation of a population as well."""


def run() -> Iterator[Row]:
    """Medians of one row, over 2,000 different rows, and of batches of rows."""
    warnings.simplefilter("ignore")
    table = trips(ROWS)
    frozen, x, y = trip_features.fit_transform(table)
    fitted = Fitted.of(frozen)
    yield from one_row(table, frozen, by_hand(fitted), _booster(x, y))
    rows = [tuple(row[name] for name in ORDER) for row in table.to_rows()]
    polars, duck = Polars(fitted), DuckDB(fitted)
    sklearn = ScikitLearn(rows, y.tolist())
    for size in BATCHES:
        yield batch(size, rows, frozen, fitted, {
            "Polars": polars, "DuckDB (one thread)": duck, "scikit-learn": sklearn,
        })  # fmt: skip
    yield whole(table, frozen)
    yield one_hot()
    yield from wide_one_hot()


def _booster(x: ip.Table, y: np.ndarray) -> lightgbm.Booster:
    matrix = np.column_stack([x.numpy(name) for name in x.names])
    return lightgbm.train(
        ip.lightgbm_params(objective="binary", verbose=-1, num_threads=1),
        lightgbm.Dataset(matrix, y, feature_name=list(x.names)),
        num_boost_round=100,
    )


def one_row(
    table: ip.Table, frozen: ip.Frozen, hand: Callable[..., Any], booster: lightgbm.Booster
) -> Iterator[Row]:
    """One row: values to vector, dict to dict, and with a model behind it."""
    rows = table.head(2_000).to_rows()
    values = [tuple(row[name] for name in frozen.inputs) for row in rows]
    plain = [tuple(row[name] for name in ORDER) for row in rows]
    dicts = [{name: row[name] for name in frozen.inputs} for row in rows]
    program, vector = frozen.program, frozen.program.vector
    predict = ip.Model(booster, features=frozen).predictor.predict_one
    vectors = [vector(row) for row in values]
    arrays = [np.array([row]) for row in vectors]
    times = best_times(
        {
            "vector": lambda: [vector(row) for row in values],
            "dict": lambda: [program(row) for row in dicts],
            "hand": lambda: [hand(*row) for row in plain],
            "both": lambda: [predict(vector(row)) for row in values],
            "c": lambda: [predict(row) for row in vectors],
            "python": lambda: [booster.predict(row, num_threads=1) for row in arrays],
        },
        repeats=9,
    )
    us = {name: value / len(rows) * 1e6 for name, value in times.items()}
    yield Row(
        f"row program, 12 inputs to {len(frozen.names)} features, values to vector", "µs",
        us["vector"], {"written by hand (the limit of plain Python)": us["hand"]},
    )  # fmt: skip
    yield Row("the same, dict to dict", "µs", us["dict"], {"written by hand, values": us["hand"]})
    yield Row(
        "row program + LightGBM of 100 trees", "µs", us["both"],
        {"the C API alone": us["c"], "booster.predict alone": us["python"]},
    )  # fmt: skip


def batch(
    size: int,
    rows: Sequence[tuple[Any, ...]],
    frozen: ip.Frozen,
    fitted: Fitted,
    peers: dict[str, Any],
) -> Row:
    """Some rows, as tuples of values, to a matrix; peers also with their own table ready."""
    some = rows[:size]
    places = [ORDER.index(name) for name in frozen.inputs]
    values = [tuple(row[place] for place in places) for row in some]
    hand, many, width = by_hand(fitted), frozen.program.many, len(frozen.names)
    ours = lambda: np.frombuffer(many(values)).reshape(size, width)  # noqa: E731
    works: dict[str, Callable[[], Any]] = {
        "ours": ours,
        "written by hand, row by row": lambda: np.array([hand(*row) for row in some]),
    }
    expected = ours()
    for name, peer in peers.items():
        _check(name, expected, peer.matrix(peer.table(some)))
        works[f"{name}, its table made of the rows"] = lambda p=peer: p.matrix(p.table(some))
        works[f"{name}, its table ready"] = lambda p=peer, t=peer.table(some): p.matrix(t)
    number = {1: 20, 64: 5}.get(size, 1)
    times = {name: t * 1e6 for name, t in best_times(works, repeats=9, number=number).items()}
    return Row(f"{size:,} rows to a matrix, RowProgram.many", "µs", times.pop("ours"), times)


def _check(name: str, expected: np.ndarray, found: np.ndarray) -> None:
    """Hold a peer to the values; to the last digit is not asked of it."""
    kept = np.ones(expected.shape[1], dtype=bool)
    if name == "scikit-learn":
        kept[list(UNLIKE)] = False
    np.testing.assert_allclose(
        found[:, kept], expected[:, kept], rtol=1e-9, atol=1e-9, err_msg=name
    )


def whole(table: ip.Table, frozen: ip.Frozen) -> Row:
    """A table of as many rows as are still given to the row program, both ways."""
    some = trips(FEW_ROWS)
    times = best_times(
        {
            "loop": lambda: matrix_of(frozen, some),
            "engine": lambda: matrix_of(frozen, some, few_rows=0),
            "loop twice": lambda: matrix_of(frozen, table.head(2 * FEW_ROWS), few_rows=ROWS),
            "engine twice": lambda: matrix_of(frozen, table.head(2 * FEW_ROWS), few_rows=0),
        },
        repeats=9,
    )
    ms = {name: value * 1e3 for name, value in times.items()}
    return Row(
        f"Frozen.matrix of a table of {FEW_ROWS:,} rows, by the loop", "ms", ms["loop"],
        {"the engine (opened for it)": ms["engine"]},
        note=f"twice as many rows: {ms['loop twice']:.3g} ms by the loop, "
        f"{ms['engine twice']:.3g} ms on the engine",
    )  # fmt: skip


def one_hot() -> Row:
    """A one-hot of 40 values beside 40 comparisons."""
    ways = [f"way {n}" for n in range(40)]
    table = ip.Table.from_columns({"way": ways * 50})

    @ip.features()
    def hot(trip):
        return {"way": ip.one_hot(trip.way, top=40)}

    @ip.features()
    def compared(trip):
        return {way: (trip.way == way).fill_null(False) & True for way in ways}

    fused, plain = (each.fit(table).program for each in (hot, compared))
    rows = [(way,) for way in ways * 50]
    times = best_times(
        {
            "fused": lambda: [fused.vector(row) for row in rows],
            "plain": lambda: [plain.vector(row) for row in rows],
        }
    )
    us = {name: value / len(rows) * 1e6 for name, value in times.items()}
    return Row(
        "one-hot of 40 values, one row", "µs", us["fused"], {"compared one by one": us["plain"]}
    )


def wide_one_hot(values: int = 10_000) -> Iterator[Row]:
    """A one-hot of thousands of values: its compilation, and a row, beside a dict that is copied."""
    ways = [f"way {n}" for n in range(values)]
    row = Columns({"way": "str"})
    hot = {f"way_{way}": ip.if_else(row.way == way, 1.0, 0.0).node for way in ways}
    program = compile_row(hot, inputs={"way": "str"})
    zeros, place = dict.fromkeys(hot, 0.0), dict(zip(ways, hot, strict=True))

    def hand(way: str) -> dict[str, float]:
        found = zeros.copy()
        name = place.get(way)
        if name is not None:
            found[name] = 1.0
        return found

    some = ways[:: values // 20]
    if [hand(way) for way in some] != [program({"way": way}) for way in some]:
        raise ValueError("the dict by hand has other values")
    times = best_times(
        {
            "dict": lambda: [program({"way": way}) for way in some],
            "hand": lambda: [hand(way) for way in some],
            "vector": lambda: [program.vector((way,)) for way in some],
        }
    )
    us = {name: value / len(some) * 1e6 for name, value in times.items()}
    yield Row(
        f"one-hot of {values:,} values, dict to dict", "µs", us["dict"],
        {"a dict copied and looked into, by hand": us["hand"]},
        note=f"value to vector {us['vector']:.3g} µs",
    )  # fmt: skip
    made = best_times(
        {
            "compile": lambda: compile_row(hot, inputs={"way": "str"}),
            "hand": lambda: (dict.fromkeys(hot, 0.0), dict(zip(ways, hot, strict=True))),
        },
        repeats=5,
    )
    ms = {name: value * 1e3 for name, value in made.items()}
    yield Row("the same, compiled", "ms", ms["compile"], {"the two dicts by hand": ms["hand"]})
