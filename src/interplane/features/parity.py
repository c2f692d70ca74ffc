"""The parity gate: engine and row program give the same bits, or there is no crossing."""

from __future__ import annotations

import math
import random
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interplane.data.evaluating import evaluate, read
from interplane.errors import ParityBroken
from interplane.expressions.expr import Expr
from interplane.expressions.nodes import children
from interplane.expressions.row_program import compile_row
from interplane.features.batch import rows_to_arrow, tables_to_arrow
from interplane.features.edges import edge_rows
from interplane.features.training import Parity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from interplane.data.table import Table
    from interplane.expressions.nodes import Node
    from interplane.expressions.row_program import RowProgram
    from interplane.features.frozen import Frozen

__all__ = ["prove", "same_bits"]

_SHOWN_COLUMNS = 20


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
    """Compare engine and row program on a sample of rows and on edge rows; return the proof.

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
    usual = _sample(read(table, inputs), sample, seed) if inputs else []
    edges = edge_rows(inputs, usual, seed=seed)
    _Comparison(frozen, compiler).run([*usual, *edges])
    values = (len(usual) + len(edges)) * len(frozen.features)
    return Parity(rows=len(usual), edge_rows=len(edges), values=values, seed=seed)


def same_bits(one: Any, other: Any) -> bool:
    """Return whether two values are the same: floats by their bits, but for the kinds of NaN.

    >>> same_bits(0.0, -0.0), same_bits(None, float("nan")), same_bits(1, 1.0)
    (False, False, False)
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return struct.pack("<d", one) == struct.pack("<d", other) or (one != one and other != other)  # noqa: PLR0124  NaN
    return bool(one == other)


def _sample(rows: pa.Table, size: int, seed: int) -> list[dict[str, Any]]:
    if size < rows.num_rows:
        draw = random.Random(seed)  # noqa: S311  a reproducible draw, no secret
        rows = rows.take(sorted(draw.sample(range(rows.num_rows), size)))
    sampled: list[dict[str, Any]] = rows.to_pylist()
    return sampled


@dataclass(frozen=True)
class _Comparison:
    frozen: Frozen
    compiler: Callable[..., RowProgram]

    def run(self, rows: Sequence[Mapping[str, Any]]) -> None:
        features = self.frozen.features
        for row, engine, program in self._results(features, rows):
            for name in features:
                if not same_bits(engine[name], program[name]):
                    raise self._broken(name, row, engine[name], program[name])
        self._run_vectors(rows)

    def _run_vectors(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Hold the vector that a model is served from against the row, which equals the engine."""
        program = self._compile(self.frozen.features)
        for row in rows:
            vector = program.vector([row[name] for name in self.frozen.columns])
            for (name, value), number in zip(program(row).items(), vector, strict=True):
                if not same_bits(math.nan if value is None else value, number):
                    raise self._broken(name, row, value, number)

    def _compile(self, nodes: Mapping[str, Node]) -> RowProgram:
        tables = {name: table.entries for name, table in self.frozen.lookups.items()}
        return self.compiler(nodes, inputs=self.frozen.columns, lookups=tables)

    def _results(
        self, nodes: Mapping[str, Node], rows: Sequence[Mapping[str, Any]]
    ) -> Iterator[tuple[Mapping[str, Any], dict[str, Any], dict[str, Any]]]:
        """Yield each row with what the engine and what the row program make of it."""
        inputs = self.frozen.columns
        program = self._compile(nodes)
        arrow = tables_to_arrow(self.frozen.lookups)
        engine = evaluate(nodes, rows_to_arrow(rows, inputs), arrow)
        for row, result in zip(rows, engine.to_pylist(), strict=True):
            yield row, result, program(row)

    def _broken(self, feature: str, row: Mapping[str, Any], engine: Any, program: Any) -> Exception:
        first = self._first_difference(self.frozen.features[feature], row)
        shown = ", ".join(f"{name}={row[name]!r}" for name in list(row)[:_SHOWN_COLUMNS])
        return ParityBroken(
            f"the feature {feature!r} is {engine!r} on the engine and {program!r} in the row "
            f"program, for the row {shown}. First difference: {first}",
            expected="the same bits from both",
            do="Write the feature without that operation, and report the row: this is a fault "
            "of Interplane or of the engine's version, not of the data",
            feature=feature,
            engine=repr(engine),
            program=repr(program),
        )

    def _first_difference(self, feature: Node, row: Mapping[str, Any]) -> str:
        """Evaluate every part of the feature for this row, those below others first."""
        parts = {str(place): node for place, node in enumerate(_bottom_up(feature))}
        ((_, engine, program),) = self._results(parts, [row])
        for place, node in parts.items():
            if not same_bits(engine[place], program[place]):
                return f"{Expr(node)!r} is {engine[place]!r} and {program[place]!r}"
        return "none of its parts differs by itself"


def _bottom_up(node: Node) -> list[Node]:
    found: dict[Node, None] = {}
    for child in children(node):
        found.update(dict.fromkeys(_bottom_up(child)))
    found[node] = None
    return list(found)
