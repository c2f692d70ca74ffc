"""What of a table's rows is read and counted, settled before the first row; and one batch counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from interplane.data.evaluating import evaluate
from interplane.errors import DataError, UnknownName, UsageError
from interplane.expressions.nodes import Column, walk
from interplane.monitoring.calendar import HOUR_US
from interplane.monitoring.counting.coding import Coder
from interplane.monitoring.counting.columns import FEATURES, resolve_column, spoken
from interplane.monitoring.counting.expressions import as_meant, compile_expressions, meant_types
from interplane.monitoring.counting.slicing import Coded, cross, group, slice_values
from interplane.monitoring.counting.tallying import Batch, read_outcomes, read_scores, tally_batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.data.table import Table
    from interplane.expressions.nodes import Node
    from interplane.monitoring.counting.expressions import Expression
    from interplane.monitoring.counting.grid import Arrays, Values
    from interplane.monitoring.layout import Bins, Layout
    from interplane.record import Type

__all__ = ["Counting", "Part", "Piece", "plan_count"]

_ALWAYS = frozenset({"score", "took_us"})
_OUTCOME = ("outcome", "has_outcome")


class Part(NamedTuple):
    """A part of the rows: of a crossing (or all, ``""``), in an hour since 1970 UTC (or all, 0)."""

    crossing: str
    hour: int


class Piece(NamedTuple):
    """The counts of a batch for one slicing: of each part and slice that have rows together."""

    slicing: tuple[str, ...]
    groups: list[tuple[Part, Values]]
    arrays: Arrays


@dataclass(frozen=True, kw_only=True)
class Counting:
    """What is counted.

    Attributes:
        layout: the bins.
        coders: the columns that are watched.
        types: the types of the rows' columns.
        slicings: the slicings, without all rows where there are others.
        spellings: the column of each name that is sliced by; None where no row has it.
        nodes: the expressions that are sliced by.
        by_hour: whether each hour is a part.
        by_crossing: whether each crossing is.
    """

    layout: Layout
    coders: tuple[Coder, ...]
    types: Mapping[str, Type]
    slicings: tuple[tuple[str, ...], ...]
    spellings: Mapping[str, str | None]
    nodes: Mapping[str, Node]
    by_hour: bool
    by_crossing: bool

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that have to be read."""
        wanted = {coder.bins.column for coder in self.coders}
        wanted.update(column for column in self.spellings.values() if column is not None)
        wanted.update(self._inputs.values())
        wanted.update(("score", *_OUTCOME))
        wanted.update(["time"] if self.by_hour else [])
        wanted.update(["crossing"] if self.by_crossing else [])
        # Without any column a batch would not know how many rows it has.
        return tuple(name for name in self.types if name in wanted) or tuple(self.types)[:1]

    @property
    def _inputs(self) -> dict[str, str]:
        """The columns that the expressions read, by what these call them."""
        names = spoken(self.types)
        read = (each for node in self.nodes.values() for each in walk(node))
        return {each.name: names[each.name] for each in read if isinstance(each, Column)}

    def count(self, rows: pa.RecordBatch) -> list[Piece]:
        """Return the counts of some rows, slicing by slicing."""
        batch = self._batch(rows)
        parts = self._parts(rows)
        computed = self._computed(rows)
        pieces = []
        for slicing in self.slicings:
            columns = [self._slice_column(name, rows, computed) for name in slicing]
            slices = slice_values(columns, rows=rows.num_rows)
            groups = group(parts, slices)
            there = zip(*(pair.tolist() for pair in groups.pairs), strict=True)
            named = [(parts.values[part], slices.values[place]) for part, place in there]
            pieces.append(Piece(slicing, named, tally_batch(batch, groups)))
        return pieces

    def _batch(self, rows: pa.RecordBatch) -> Batch:
        there = set(rows.schema.names)
        columns = {}
        for coder in self.coders:
            name = coder.bins.column
            values = rows.column(name) if name in there else pa.nulls(rows.num_rows, pa.string())
            columns[name] = (coder.bins.size, coder.codes(values))
        score = rows.column("score") if "score" in there else None
        outcomes = None
        if there.issuperset(_OUTCOME):
            known = pa.nulls(rows.num_rows, pa.float64()) if score is None else score
            outcomes = read_outcomes(
                rows.column("outcome"), rows.column("has_outcome"), known, self.layout
            )
        scores = None if score is None else read_scores(score, self.layout)
        return Batch(columns=columns, scores=scores, outcomes=outcomes)

    def _parts(self, rows: pa.RecordBatch) -> Coded:
        size = rows.num_rows
        hours, crossings = (
            Coded(np.zeros(size, np.int64), [0]),
            Coded(np.zeros(size, np.int64), [""]),
        )
        if self.by_hour:
            hours = _hours(rows.column("time"))
        if self.by_crossing:
            coded = slice_values([rows.column("crossing")], rows=size)
            crossings = Coded(coded.codes, [value for (value,) in coded.values])
        if len(crossings.values) == 1:
            return Coded(hours.codes, [Part(crossings.values[0], hour) for hour in hours.values])
        crossed = cross(crossings, hours)
        return Coded(crossed.codes, [Part(*pair) for pair in crossed.values])

    def _computed(self, rows: pa.RecordBatch) -> pa.Table | None:
        if not self.nodes:
            return None
        inputs = self._inputs
        types = {
            n.name: n.type for v in self.nodes.values() for n in walk(v) if isinstance(n, Column)
        }
        table = pa.table(
            {name: as_meant(rows.column(inputs[name]), kind) for name, kind in types.items()}
        )
        return evaluate(self.nodes, table, {}).combine_chunks()

    def _slice_column(self, name: str, rows: pa.RecordBatch, computed: pa.Table | None) -> pa.Array:
        if computed is not None and name in self.nodes:
            return computed.column(name).combine_chunks()
        column = self.spellings[name]
        return pa.nulls(rows.num_rows, pa.string()) if column is None else rows.column(column)


def plan_count(
    rows: Table,
    layout: Layout,
    *,
    slicings: Sequence[tuple[str, ...]],
    expressions: Mapping[str, Expression],
    columns: Sequence[str] | None,
    by_hour: bool,
    by_crossing: bool,
) -> Counting:
    """Settle what is read and counted; see `count.count`."""
    there = rows.types
    _check_own(there, by_hour=by_hour, by_crossing=by_crossing)
    known = list(dict.fromkeys((*there, *(bins.column for bins in layout.columns))))
    divided = tuple(dict.fromkeys(tuple(by) for by in slicings if by)) or ((),)
    named = dict.fromkeys(name for by in divided for name in by)
    asked = {name: each for name, each in expressions.items() if name in named}
    nodes = compile_expressions(asked, meant_types(there, layout)) if asked else {}
    spellings = {name: resolve_column(name, known) for name in named if name not in nodes}
    return Counting(
        layout=layout,
        coders=tuple(map(Coder, _watched(layout, columns, there))),
        types=there,
        slicings=divided,
        spellings={n: column if column in there else None for n, column in spellings.items()},
        nodes=nodes,
        by_hour=by_hour,
        by_crossing=by_crossing,
    )


def _watched(
    layout: Layout, columns: Sequence[str] | None, there: Mapping[str, Type]
) -> list[Bins]:
    known = [bins.column for bins in layout.columns]
    if columns is None:
        wanted = set(known)
    else:
        named = {resolve_column(name, [*known, *layout.left_out]) for name in columns}
        left_out = sorted(named.intersection(layout.left_out))
        if left_out:
            raise UsageError(
                f"the column {left_out[0]!r} has far too many values to be counted by them",
                expected="a column that holds no ids",
                do="Watch another column",
            )
        wanted = named | _ALWAYS
    found = [bins for bins in layout.columns if bins.column in wanted]
    missing = [b.column for b in found if b.column not in there and b.column.startswith(FEATURES)]
    if missing:
        raise UnknownName.of(
            "feature",
            missing[0],
            [name for name in there if name.startswith(FEATURES)],
            where="the rows",
            do="Compute the model's features of them first: features.with_features",
        )
    return [bins for bins in found if bins.column in there or bins.column not in _ALWAYS]


def _check_own(there: Mapping[str, Type], *, by_hour: bool, by_crossing: bool) -> None:
    wanted = {"time": by_hour, "crossing": by_crossing}
    for name, is_wanted in wanted.items():
        if is_wanted and name not in there:
            raise UnknownName.of("column", name, there, where="the rows")
    if ("outcome" in there) != ("has_outcome" in there):
        raise DataError(
            "the rows have one of the columns outcome and has_outcome",
            expected="both, or none",
            do="Match the outcomes to the rows first",
        )


def _hours(time: pa.Array) -> Coded:
    """Return the hour of each row, as hours since 1970 UTC; those between are there without rows."""
    hours = time.cast(pa.int64()).to_numpy(zero_copy_only=False) // HOUR_US
    if not len(hours):
        return Coded(hours, [])
    first, last = int(hours.min()), int(hours.max())
    if last - first <= max(len(hours), 1 << 16):
        return Coded(hours - first, list(range(first, last + 1)))
    there, codes = np.unique(hours, return_inverse=True)
    return Coded(codes.astype(np.int64), there.tolist())
