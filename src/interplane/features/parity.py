"""The parity gate: engine, row program and its loop give the same bits, or there is no crossing."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from interplane.data.evaluating import evaluate, read
from interplane.errors import ParityBroken
from interplane.expressions.bits import as_numbers, first_unlike, same_bits
from interplane.expressions.expr import Expr
from interplane.expressions.nodes import children
from interplane.expressions.row_program import compile_row
from interplane.features.batch import rows_to_arrow, tables_to_arrow
from interplane.features.edges import edge_rows
from interplane.features.special_values import special_values
from interplane.features.training import Parity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from interplane.data.table import Table
    from interplane.expressions.nodes import Node
    from interplane.expressions.row_program import RowProgram
    from interplane.features.frozen import Frozen

__all__ = ["EXECUTORS", "Difference", "both", "first_difference", "prove", "same_bits"]

EXECUTORS = ("engine", "row", "many rows")
"""What is compared: whole tables on the engine, one row, and the loop of the row program."""

_SHOWN_COLUMNS = 20


class Difference(NamedTuple):
    """The first operation of a feature that differs.

    Attributes:
        operation: the operation, as it is written.
        engine: what the engine makes of it.
        program: what the row program makes of it.
    """

    operation: str
    engine: Any
    program: Any


def prove(
    frozen: Frozen,
    table: Table,
    *,
    sample: int = 1000,
    seed: int = 0,
    sources: Mapping[str, Table] | None = None,
    wide: bool = False,
    compiler: Callable[..., RowProgram] = compile_row,
) -> Parity:
    """Compare all executors on a sample of rows and on edge rows; return the proof.

    They are the engine, the row program (as a dict and as the vector for a model) and its loop (as
    columns and as numbers for a model). Edge rows are made from the columns and their types, and
    from what the features, their lookup tables and the training rows single out.

    Args:
        frozen: the features.
        table: the rows to draw from, usually those of the fit.
        sample: how many rows to draw; all of them if there are fewer.
        seed: what they, and the mixed edge rows, are drawn by.
        sources: the table of each source that feature views read.
        wide: the rows have what the views give already.
        compiler: makes the row program that is put to the test.

    Raises:
        ParityBroken: at the first difference; names the feature, the row's values, both results,
            and the first operation that differs.
    """
    inputs = frozen.columns
    if not wide:
        table = frozen.widen(table, sources=sources)
    rows = read(table, inputs)
    usual = _sample(rows, sample, seed) if inputs else []
    special = special_values(frozen.features, frozen.lookups, rows) if inputs else {}
    edges = edge_rows(inputs, usual, seed=seed, special=special)
    _Comparison(frozen, compiler).run([*usual, *edges])
    return Parity(
        rows=len(usual),
        edge_rows=len(edges),
        values=(len(usual) + len(edges)) * len(frozen.features),
        seed=seed,
        of_rows=table.rows,
        executors=EXECUTORS,
    )


def both(
    frozen: Frozen,
    nodes: Mapping[str, Node],
    rows: Sequence[Mapping[str, Any]],
    *,
    served: Sequence[Mapping[str, Any]] | None = None,
    compiler: Callable[..., RowProgram] = compile_row,
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield for each row what the engine and what the row program make of expressions.

    Args:
        frozen: the features that the expressions are, or are parts of.
        nodes: the expressions by name.
        rows: every column that the features take, for the engine.
        served: the same rows for the row program, where it was given others.
        compiler: makes the row program.
    """
    program = _compile(frozen, nodes, compiler)
    engine = evaluate(nodes, rows_to_arrow(rows, frozen.columns), tables_to_arrow(frozen.lookups))
    for row, result in zip(rows if served is None else served, engine.to_pylist(), strict=True):
        yield result, program(row)


def first_difference(
    frozen: Frozen,
    feature: str,
    row: Mapping[str, Any],
    *,
    served: Mapping[str, Any] | None = None,
    compiler: Callable[..., RowProgram] = compile_row,
) -> Difference | None:
    """Return the first part of a feature, from below, of which engine and row program differ.

    None if no part differs by itself. The arguments are those of `both`, of one row.
    """
    parts = {str(place): node for place, node in enumerate(_bottom_up(frozen.features[feature]))}
    given = None if served is None else [served]
    ((engine, program),) = both(frozen, parts, [row], served=given, compiler=compiler)
    for place, node in parts.items():
        if not same_bits(engine[place], program[place]):
            return Difference(repr(Expr(node)), engine[place], program[place])
    return None


def _compile(
    frozen: Frozen, nodes: Mapping[str, Node], compiler: Callable[..., RowProgram]
) -> RowProgram:
    if compiler is compile_row and nodes is frozen.features:
        return frozen.program
    tables = {name: table.entries for name, table in frozen.lookups.items()}
    return compiler(nodes, inputs=frozen.columns, lookups=tables)


def _sample(rows: pa.Table, size: int, seed: int) -> list[dict[str, Any]]:
    if size < rows.num_rows:
        draw = random.Random(seed)  # noqa: S311  a reproducible draw, no secret
        rows = rows.take(sorted(draw.sample(range(rows.num_rows), size)))
    sampled: list[dict[str, Any]] = rows.to_pylist()
    return sampled


class _Way(NamedTuple):
    """A way in which a row program computes: where a message says it was, and whether for a model."""

    where: str
    for_models: bool


def _ways(
    program: RowProgram, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]
) -> Iterator[tuple[_Way, Mapping[str, Sequence[Any]]]]:
    """Yield what each way of a row program gives, by feature."""
    found = [program(row) for row in rows]
    names = list(found[0])
    values = [tuple(row[name] for name in columns) for row in rows]
    yield (
        _Way("the row program", for_models=False),
        {name: [row[name] for row in found] for name in names},
    )
    yield _Way("the row program's loop", for_models=False), program.many_columns(values)
    for where, flat in (
        ("the row program", list(chain.from_iterable(map(program.vector, values)))),
        ("the row program's loop", list(program.many(values))),
    ):
        numbers = {name: flat[place :: len(names)] for place, name in enumerate(names)}
        yield _Way(f"{where}, for a model", for_models=True), numbers


@dataclass(frozen=True)
class _Comparison:
    frozen: Frozen
    compiler: Callable[..., RowProgram]

    def run(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Hold every way of the row program against the engine, feature by feature."""
        frozen = self.frozen
        found = evaluate(
            frozen.features, rows_to_arrow(rows, frozen.columns), tables_to_arrow(frozen.lookups)
        )
        engine = dict(
            zip(frozen.names, (column.to_pylist() for column in found.columns), strict=True)
        )
        numbers = {name: as_numbers(values) for name, values in engine.items()}
        program = _compile(frozen, frozen.features, self.compiler)
        for way, columns in _ways(program, rows, list(frozen.columns)):
            for name, expected in (numbers if way.for_models else engine).items():
                place = first_unlike(expected, columns[name])
                if place is not None:
                    values = engine[name][place], columns[name][place]
                    raise self._broken(name, rows[place], *values, where=way.where)

    def _broken(
        self, feature: str, row: Mapping[str, Any], engine: Any, program: Any, *, where: str
    ) -> Exception:
        first = self._first(feature, row)
        shown = ", ".join(f"{name}={row[name]!r}" for name in list(row)[:_SHOWN_COLUMNS])
        return ParityBroken(
            f"the feature {feature!r} is {engine!r} on the engine and {program!r} in {where}, "
            f"for the row {shown}. First difference: {first}",
            expected="the same bits from both",
            do="Write the feature without that operation, and report the row: this is a fault "
            "of Interplane or of the engine's version, not of the data",
            feature=feature,
            engine=repr(engine),
            program=repr(program),
        )

    def _first(self, feature: str, row: Mapping[str, Any]) -> str:
        found = first_difference(self.frozen, feature, row, compiler=self.compiler)
        if found is None:
            return "none of its parts differs by itself"
        return f"{found.operation} is {found.engine!r} and {found.program!r}"


def _bottom_up(node: Node) -> list[Node]:
    found: dict[Node, None] = {}
    for child in children(node):
        found.update(dict.fromkeys(_bottom_up(child)))
    found[node] = None
    return list(found)
