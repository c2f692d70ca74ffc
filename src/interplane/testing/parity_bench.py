"""One table in the engine and in Python, on which expressions are computed in every way there is.

The engine computes them by stages, and small ones in one expression too. The row program computes
them row by row and in its loop, each as values and as numbers for a model. Every other way is held
against the engine's stages, value by value, floats by their bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from interplane.expressions.bits import as_numbers, first_unlike
from interplane.expressions.duckdb_sql import SETTINGS, quoted, select_sql, to_sql
from interplane.expressions.graph import Graph
from interplane.expressions.nodes import Column, Lookup, children, walk
from interplane.expressions.render import render
from interplane.expressions.row_program import compile_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from interplane.expressions.nodes import Node
    from interplane.expressions.row_program import RowProgram
    from interplane.record import Type
    from interplane.testing.random_expressions import LookupTable

__all__ = ["Bench", "Compared", "Difference"]

_ARROW: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "str": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
_NUMBERS = {"bool", "int", "float"}
_FOR_MODELS = {"vector", "many"}
_SMALL = 12

Columns = dict[str, list[Any]]
"""The values of each expression, by its name."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that engine and row program do not agree on.

    Attributes:
        expression: the smallest part that shows it, as text.
        row: the values of the columns it reads.
        engine: what the engine gave, or the error it raised.
        program: what the other way gave, or the error it raised.
        way: the other way: ``row``, ``vector``, ``many``, ``many_columns``, ``one expression``.
        arguments: what the engine makes of the parts directly below it.
    """

    expression: str
    row: dict[str, Any]
    engine: Any
    program: Any
    way: str = "row"
    arguments: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.expression}\n    row       {self.row}\n    arguments {self.arguments!r}\n"
            f"    engine    {self.engine!r}\n    {self.way:<9} {self.program!r}"
        )


@dataclass(slots=True)
class Compared:
    """What was compared.

    Attributes:
        values: how many values of the engine; each was held against the row program and its loop.
        comparisons: how many comparisons of two values that were, over all ways.
        differences: what was not the same.
    """

    values: int = 0
    comparisons: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: Compared) -> None:
        """Count what was compared elsewhere in."""
        self.values += other.values
        self.comparisons += other.comparisons
        self.differences += other.differences


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
        self._values = list(zip(*(rows[name] for name in columns), strict=True))
        self._engine = duckdb.connect()
        for setting in (*SETTINGS, "SET threads = 1", "SET enable_progress_bar = false"):
            self._engine.execute(setting)
        table = {name: pa.array(rows[name], _ARROW[kind]) for name, kind in columns.items()}
        self._engine.register("rows", pa.table({"n": pa.array(range(len(self._values))), **table}))
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

    # ---- comparing ------------------------------------------------------------------------

    def compare(self, nodes: Sequence[Node]) -> Compared:
        """Compare every way with the engine; report at most one difference for each expression."""
        outputs = {str(index): node for index, node in enumerate(nodes)}
        compared = Compared(values=len(nodes) * len(self._values))
        try:
            engine = self.on_engine(outputs)
            ways = dict(self._ways(outputs))
        except Exception:  # noqa: BLE001  whatever an expression raises, it is to be named
            for node in nodes:
                compared.differences += self._alone(node)
            return compared
        for name, node in outputs.items():
            expected = (engine[name], _numbers(engine[name], node))
            nan = _first_nan(engine[name], node)
            found = None if nan is None else self._smallest(node, nan)
            for way, columns in ways.items():
                if name in columns:
                    compared.comparisons += len(self._values)
                    place = first_unlike(expected[way in _FOR_MODELS], columns[name])
                    if place is not None and found is None:
                        found = self._smallest(node, place)
            if found is not None:
                compared.differences.append(found)
        return compared

    def on_engine(self, outputs: Mapping[str, Node]) -> Columns:
        """Return what the engine gives, by stages."""
        return self._query(
            select_sql(outputs, source="rows", carry=["n"], lookup=lambda node: quoted(node.table)),
            list(outputs),
        )

    def _ways(self, outputs: Mapping[str, Node]) -> Iterator[tuple[str, Columns]]:
        """Yield what every other way gives: its name, and the values by expression."""
        small = {name: to_sql(node) for name, node in outputs.items() if _is_small(node)}
        if small:
            columns = ", ".join(f"{text} AS {quoted(name)}" for name, text in small.items())
            yield "one expression", self._query(f"SELECT n, {columns} FROM rows", list(small))
        program = self._compile(outputs)
        names = list(self._columns)
        rows = [program(dict(zip(names, values, strict=True))) for values in self._values]
        yield "row", {name: [row[name] for row in rows] for name in outputs}
        yield "many_columns", program.many_columns(self._values)
        numbers = {name: node for name, node in outputs.items() if node.type in _NUMBERS}
        if numbers:
            program = self._compile(numbers)
            vectors = chain.from_iterable(map(program.vector, self._values))
            yield "vector", _by_column(list(numbers), list(vectors))
            yield "many", _by_column(list(numbers), list(program.many(self._values)))

    def _query(self, query: str, names: list[str]) -> Columns:
        rows = self._engine.execute(f"SELECT * FROM ({query}) ORDER BY n").fetchall()
        columns = list(zip(*rows, strict=True))[1:]
        return {name: list(values) for name, values in zip(names, columns, strict=True)}

    def _compile(self, outputs: Mapping[str, Node]) -> RowProgram:
        tables = {name: entries for name, (_, _, entries) in self._lookups.items()}
        return compile_row(outputs, inputs=self._columns, lookups=tables)

    # ---- the smallest difference ----------------------------------------------------------

    def _alone(self, node: Node) -> list[Difference]:
        """Compare one expression when several together raised an error."""
        try:
            outputs = {"0": node}
            self.on_engine(outputs)
            list(self._ways(outputs))
        except Exception:  # noqa: BLE001  whatever it raises
            return [self._smallest(node, None)]
        return self.compare([node]).differences

    def _smallest(self, node: Node, place: int | None) -> Difference:
        """Return the difference of the first part, from below, that shows one by itself."""
        rows = self._values if place is None else [self._values[place]]
        columns = dict(zip(self._columns, map(list, zip(*rows, strict=True)), strict=True))
        bench = Bench(self._columns, columns, self._lookups)
        try:
            for part in Graph([node]).parts:
                found = bench.first(part.node)
                if found is not None:
                    return found
        finally:
            bench.close()
        row = {} if place is None else dict(zip(self._columns, rows[0], strict=True))
        return Difference(f"{render(node)} (none of its parts by itself)", row, "?", "?")

    def first(self, node: Node) -> Difference | None:
        """Return the first difference of one expression."""
        outputs = {"0": node}
        engine = _caught(partial(self.on_engine, outputs))
        ways = _caught(lambda: dict(self._ways(outputs)))
        if isinstance(engine, str) or isinstance(ways, str):
            return self._raising(node, engine, ways)
        for way, columns in ways.items():
            if "0" not in columns:
                continue
            expected = (engine["0"], _numbers(engine["0"], node))[way in _FOR_MODELS]
            place = first_unlike(expected, columns["0"])
            if place is None and way not in _FOR_MODELS:
                place = _first_nan(expected, node)
            if place is not None:
                return self._shown(node, place, way, expected[place], columns["0"][place])
        return None

    def _raising(self, node: Node, engine: Any, ways: Any) -> Difference:
        """Return the difference of an expression that raises, with the first row on which it does."""
        program = _caught(partial(self._compile, {"0": node}))
        row = {}
        for values in self._values:
            row = dict(zip(self._columns, values, strict=True))
            if isinstance(program, str) or isinstance(_caught(partial(program, row)), str):
                break
        shown = [each if isinstance(each, str) else "no error" for each in (engine, ways)]
        return Difference(render(node), _read_by(node, row), shown[0], shown[1])

    def _shown(self, node: Node, place: int, way: str, one: Any, other: Any) -> Difference:
        row = dict(zip(self._columns, self._values[place], strict=True))
        below = {str(index): child for index, child in enumerate(children(node))}
        values = self.on_engine(below) if below else {}
        return Difference(
            render(node),
            _read_by(node, row),
            one,
            other,
            way=way,
            arguments=tuple(column[place] for column in values.values()),
        )


def _caught(work: Callable[[], Any]) -> Any:
    """Return what the work gives, or the error that it raises as text."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001  whatever an expression raises, it is to be shown
        return f"{type(error).__name__}: {error}"


def _read_by(node: Node, row: Mapping[str, Any]) -> dict[str, Any]:
    read = {each.name for each in walk(node) if isinstance(each, Column)}
    return {name: value for name, value in row.items() if name in read}


def _is_small(node: Node) -> bool:
    parts = list(walk(node))
    return len(parts) <= _SMALL and not any(isinstance(part, Lookup) for part in parts)


def _by_column(names: list[str], flat: list[float]) -> Columns:
    return {name: flat[index :: len(names)] for index, name in enumerate(names)}


def _numbers(values: list[Any], node: Node) -> list[float]:
    return as_numbers(values) if node.type in _NUMBERS else []


def _first_nan(values: list[Any], node: Node) -> int | None:
    """Return the place of the first NaN: it is never a result."""
    if node.type != "float" or not any(value != value for value in values):  # noqa: PLR0124
        return None
    return next(place for place, value in enumerate(values) if value != value)  # noqa: PLR0124
