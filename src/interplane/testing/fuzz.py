"""Engine against row program: random expressions over random tables, compared bit for bit.

::

    python -m interplane.testing.fuzz --values 1e6 --seed 7

Each round draws a table and some expressions, computes them on DuckDB and by a row program, and
compares every value: floats by their bytes. NaN is never a result. A difference is reported with
the smallest part of the expression that shows it.
"""

from __future__ import annotations

import argparse
import secrets
import struct
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from interplane.expressions.duckdb_sql import SETTINGS, quoted, select_sql, to_sql
from interplane.expressions.graph import Graph
from interplane.expressions.nodes import Lookup, walk
from interplane.expressions.operations import TABLE
from interplane.expressions.render import render
from interplane.expressions.row_program import compile_row
from interplane.record.tables import TYPES
from interplane.testing.random_expressions import Draw

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from interplane.expressions.nodes import Node
    from interplane.record import Type
    from interplane.testing.random_expressions import LookupTable

__all__ = ["Bench", "Difference", "fuzz", "fuzz_operation", "same"]

_ARROW: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "str": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
_SMALL = 12
_MOST_DIFFERENCES = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that engine and row program do not agree on.

    Attributes:
        expression: the smallest part that shows it, as text.
        row: the values of the columns it reads.
        engine: what the engine gave, or the error it raised.
        program: what the row program gave, or the error it raised.
    """

    expression: str
    row: dict[str, Any]
    engine: Any
    program: Any

    def __str__(self) -> str:
        return (
            f"{self.expression}\n    row     {self.row}\n"
            f"    engine  {self.engine!r}\n    program {self.program!r}"
        )


def same(one: Any, other: Any) -> bool:
    """Return whether two results are the same bits; NaN is the same as nothing.

    >>> same(0.0, -0.0), same(1, 1.0), same(None, None), same(0.1, 0.1)
    (False, False, True, True)
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one == one and struct.pack("<d", one) == struct.pack("<d", other)  # noqa: PLR0124
    return bool(one == other)


class Bench:
    """A table in DuckDB and in Python, on which expressions are computed both ways."""

    def __init__(
        self,
        columns: Mapping[str, Type],
        rows: Mapping[str, Sequence[Any]],
        lookups: Mapping[str, LookupTable],
    ) -> None:
        self._columns = dict(columns)
        self._lookups = lookups
        self._rows = [
            dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)
        ]
        self._engine = duckdb.connect()
        for setting in (*SETTINGS, "SET threads = 1"):
            self._engine.execute(setting)
        table = {name: pa.array(rows[name], _ARROW[kind]) for name, kind in columns.items()}
        self._engine.register("rows", pa.table({"n": pa.array(range(len(self._rows))), **table}))
        for name, (kinds, kind, entries) in lookups.items():
            keys = {
                f"k{index}": pa.array([key[index] for key in entries], _ARROW[each])
                for index, each in enumerate(kinds)
            }
            values = pa.array(list(entries.values()), _ARROW[kind])
            self._engine.register(name, pa.table({**keys, "v": values}))

    def close(self) -> None:
        """Close the engine's connection."""
        self._engine.close()

    def compare(self, nodes: Sequence[Node]) -> list[Difference]:
        """Return the differences between both ways, at most one for each expression."""
        outputs = {str(index): node for index, node in enumerate(nodes)}
        try:
            engine = self.on_engine(outputs)
        except duckdb.Error:
            return [found for node in nodes for found in self._alone(node)]
        program = self.in_python(outputs)
        found = []
        for index, node in enumerate(nodes):
            for row, one, other in zip(self._rows, engine, program, strict=True):
                if not same(one[index], other[index]):
                    found.append(self._smallest(node, row))
                    break
        return found

    def on_engine(self, outputs: Mapping[str, Node]) -> list[tuple[Any, ...]]:
        """Return what the engine gives for each row: by stages, and for small ones at once."""
        query = select_sql(
            outputs, source="rows", carry=["n"], lookup=lambda node: quoted(node.table)
        )
        plain = {
            f"plain {name}": to_sql(node)
            for name, node in outputs.items()
            if len(list(walk(node))) <= _SMALL and not _looks_up(node)
        }
        rows = self._sorted(query)
        if plain:
            # The one-expression form has to agree as well; a value that does not is put in.
            columns = ", ".join(f"{text} AS {quoted(name)}" for name, text in plain.items())
            others = self._sorted(f"SELECT n, {columns} FROM rows")
            positions = [int(name.removeprefix("plain ")) for name in plain]
            rows = [_merged(row, other, positions) for row, other in zip(rows, others, strict=True)]
        return rows

    def _sorted(self, query: str) -> list[tuple[Any, ...]]:
        rows = self._engine.execute(f"SELECT * FROM ({query}) ORDER BY n").fetchall()
        return [row[1:] for row in rows]

    def in_python(self, outputs: Mapping[str, Node]) -> list[tuple[Any, ...]]:
        """Return what the row program gives for each row: as a dict, and numbers as a vector."""
        tables = {name: entries for name, (_, _, entries) in self._lookups.items()}
        program = compile_row(outputs, inputs=self._columns, lookups=tables)
        rows = [tuple(program(row).values()) for row in self._rows]
        numbers = {
            name: node for name, node in outputs.items() if node.type in {"bool", "int", "float"}
        }
        if numbers:
            vector = compile_row(numbers, inputs=self._columns, lookups=tables).vector
            positions = [int(name) for name in numbers]
            for index, row in enumerate(self._rows):
                floats = vector(list(row.values()))
                rows[index] = _merged_floats(rows[index], floats, positions)
        return rows

    def _alone(self, node: Node) -> Iterable[Difference]:
        """Compare one expression when a query of several failed."""
        try:
            self.on_engine({"0": node})
        except duckdb.Error:
            yield self._smallest(node, None)

    def _smallest(self, node: Node, row: dict[str, Any] | None) -> Difference:
        """Return the difference of the first part, from below, that shows one."""
        rows = self._rows if row is None else [row]
        columns = {name: [each[name] for each in rows] for name in self._columns}
        bench = Bench(self._columns, columns, self._lookups)
        try:
            for part in Graph([node]).parts:
                for found in bench.first(part.node):
                    return found
        finally:
            bench.close()
        return Difference(f"{render(node)} (none of its parts by itself)", row or {}, "?", "?")

    def first(self, node: Node) -> Iterable[Difference]:
        """Yield the first difference of one expression."""
        names = {each.name for each in walk(node) if hasattr(each, "name")}
        program = self.in_python({"0": node})
        try:
            engine = self.on_engine({"0": node})
        except duckdb.Error as error:
            yield Difference(render(node), {}, str(error), program[0][0])
            return
        for row, one, other in zip(self._rows, engine, program, strict=True):
            if not same(one[0], other[0]):
                shown = {name: value for name, value in row.items() if name in names}
                yield Difference(render(node), shown, one[0], other[0])
                return


def _looks_up(node: Node) -> bool:
    return any(isinstance(part, Lookup) for part in walk(node))


def _merged(row: tuple[Any, ...], other: tuple[Any, ...], positions: list[int]) -> tuple[Any, ...]:
    """Return the row, but where the other one differs a pair of both, which equals nothing."""
    made = list(row)
    for position, value in zip(positions, other, strict=True):
        if not same(made[position], value):
            made[position] = ("one expression gives", value, "stages give", made[position])
    return tuple(made)


def _merged_floats(
    row: tuple[Any, ...], floats: list[float], positions: list[int]
) -> tuple[Any, ...]:
    """Return the row, but where the vector differs a pair of both, which equals nothing."""
    made = list(row)
    for position, number in zip(positions, floats, strict=True):
        value = made[position]
        agrees = number != number if value is None else same(float(value), number)  # noqa: PLR0124
        if not agrees:
            made[position] = ("vector gives", number, "row gives", value)
    return tuple(made)


def fuzz(
    *, seed: int, values: int, depth: int = 5, expressions: int = 12, rows: int = 250
) -> tuple[int, list[Difference]]:
    """Compare about so many values; return how many were, and the differences.

    Args:
        seed: the seed of everything drawn.
        values: how many values to compare, at least.
        depth: how many operations deep an expression may be.
        expressions: how many expressions a round has.
        rows: how many rows a round has.
    """
    compared, found, round_ = 0, list[Difference](), 0
    while compared < values and len(found) < _MOST_DIFFERENCES:
        draw = Draw(seed * 1_000_003 + round_)
        kinds = [TYPES[index % len(TYPES)] for index in range(expressions)]
        nodes = [draw.expression(kind, depth=1 + index % depth) for index, kind in enumerate(kinds)]
        found += _compared(draw, nodes, rows)
        compared += len(nodes) * rows
        round_ += 1
    return compared, found


def fuzz_operation(name: str, *, seed: int, rows: int = 400) -> list[Difference]:
    """Compare every form of one operation on columns and on constants."""
    draw = Draw(seed)
    operation = TABLE[name]
    nodes: list[Node] = [
        draw.call(operation, form, depth=depth)
        for form in operation.forms
        for depth in (0, 0, 0, 0, 1)
    ]
    return _compared(draw, nodes, rows)


def _compared(draw: Draw, nodes: Sequence[Node], rows: int) -> list[Difference]:
    bench = Bench(draw.columns, draw.rows(rows), draw.lookups)
    try:
        return bench.compare(nodes)
    finally:
        bench.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the fuzzer from the command line; 0 if there was no difference."""
    parser = argparse.ArgumentParser(prog="python -m interplane.testing.fuzz", description=__doc__)
    parser.add_argument("--values", type=float, default=1e6, help="how many values to compare")
    parser.add_argument("--seed", type=int, default=None, help="a new one each time by default")
    parser.add_argument("--depth", type=int, default=5, help="how deep expressions are")
    parser.add_argument("--rows", type=int, default=1000, help="how many rows a round has")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    sys.stdout.write(f"seed {seed}, DuckDB {duckdb.__version__}\n")
    sys.stdout.flush()
    start = time.perf_counter()
    compared, found = fuzz(
        seed=seed, values=int(options.values), depth=options.depth, rows=options.rows
    )
    took = time.perf_counter() - start
    for difference in found:
        sys.stdout.write(f"{difference}\n")
    sys.stdout.write(f"{compared:,} values compared in {took:.1f} s, {len(found)} differences\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
