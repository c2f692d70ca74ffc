"""Engine, row program and its loop: random expressions over random tables, compared bit for bit.

::

    python -m interplane.testing.fuzz --values 1e6 --seed 7

Each round draws a table and some expressions, computes them in every way there is (see
`parity_bench`), and compares every value: floats by their bytes. NaN is never a result. A difference
is reported with the smallest part of the expression that shows it, and the seed of its round.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

import duckdb

from interplane.expressions.operations import TABLE
from interplane.testing.parity_bench import Bench, Compared, Difference
from interplane.testing.random_expressions import Draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.expressions.nodes import Node

__all__ = ["Bench", "Compared", "Difference", "fuzz", "fuzz_operation"]

_MOST_DIFFERENCES = 20
_PIECE = 250_000
"""How many values a process compares before it tells what it found."""


def fuzz(
    *, seed: int, values: int, depth: int = 5, expressions: int = 12, rows: int = 250
) -> Compared:
    """Compare at least so many values; return how many were, and the differences.

    Args:
        seed: the seed of everything drawn.
        values: how many values to compare, at least.
        depth: how many operations deep an expression may be; some are long chains beyond it.
        expressions: how many expressions a round has, but for those of a one-hot encoding.
        rows: how many rows a round has.
    """
    compared, round_ = Compared(), 0
    while compared.values < values and len(compared.differences) < _MOST_DIFFERENCES:
        draw = Draw(seed * 1_000_003 + round_)
        compared.add(_compared(draw, draw.round(expressions, depth=depth), rows))
        round_ += 1
    return compared


def fuzz_operation(name: str, *, seed: int, rows: int = 400) -> list[Difference]:
    """Compare every form of one operation on columns and on constants."""
    draw = Draw(seed)
    operation = TABLE[name]
    nodes: list[Node] = [
        draw.call(operation, form, depth=depth)
        for form in operation.forms
        for depth in (0, 0, 0, 0, 1)
    ]
    return _compared(draw, nodes, rows).differences


def _compared(draw: Draw, nodes: Sequence[Node], rows: int) -> Compared:
    bench = Bench(draw.columns, draw.rows(rows), draw.lookups)
    try:
        return bench.compare(nodes)
    finally:
        bench.close()


def _piece(seed: int, *, values: int, depth: int, rows: int) -> tuple[int, Compared]:
    """Compare some values from a seed of their own; the work of a process."""
    return seed, fuzz(seed=seed, values=values, depth=depth, rows=rows, expressions=24)


def _pieces(
    seed: int, *, values: int, depth: int, rows: int, processes: int
) -> Iterator[tuple[int, Compared]]:
    """Yield what pieces of the work found, each with its seed, until there are enough values."""
    work = partial(_piece, values=min(values, _PIECE), depth=depth, rows=rows)
    seeds = (seed + step for step in range(-(-values // _PIECE)))
    if processes == 1:
        yield from map(work, seeds)
        return
    # A new process each: an engine with threads does not survive a fork.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, seeds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the fuzzer from the command line; 0 if there was no difference."""
    parser = argparse.ArgumentParser(prog="python -m interplane.testing.fuzz", description=__doc__)
    parser.add_argument("--values", type=float, default=1e6, help="how many values to compare")
    parser.add_argument("--seed", type=int, default=None, help="a new one each time by default")
    parser.add_argument("--depth", type=int, default=5, help="how deep expressions are")
    parser.add_argument("--rows", type=int, default=2000, help="how many rows a round has")
    parser.add_argument(
        *("--processes", "-j"),
        type=int,
        default=None,
        help="all cores by default, one for few values",
    )
    options = parser.parse_args(arguments)
    values = int(options.values)
    processes = options.processes or min(len(os.sched_getaffinity(0)), -(-values // _PIECE))
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    _say(
        f"seed {seed}, DuckDB {duckdb.__version__}, {len(TABLE)} operations, {processes} processes\n"
    )
    start, total = time.perf_counter(), Compared()
    pieces = _pieces(
        seed, values=values, depth=options.depth, rows=options.rows, processes=processes
    )
    for place, (own, compared) in enumerate(pieces, start=1):
        total.add(compared)
        for difference in compared.differences:
            _say(f"--seed {own}: {difference}\n")
        if place % 20 == 0:
            _say(f"{total.values:,} values, {time.perf_counter() - start:.0f} s\n")
        if len(total.differences) >= _MOST_DIFFERENCES:
            break
    _say(
        f"{total.values:,} values compared in {time.perf_counter() - start:.1f} s, each on the engine, "
        f"in the row program and in its loop: {total.comparisons:,} comparisons of two values, "
        f"{len(total.differences)} differences\n"
    )
    return 1 if total.differences else 0


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
