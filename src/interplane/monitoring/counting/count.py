"""Counting: from rows in the form of the prediction log to tallies of all of them and of each slice."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interplane.monitoring.counting.gathering import Gathering
from interplane.monitoring.counting.grid import Grid, merge
from interplane.monitoring.counting.plan import Part, plan_count
from interplane.monitoring.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from interplane.data.table import Table
    from interplane.monitoring.counting.expressions import Expression
    from interplane.monitoring.counting.grid import Values
    from interplane.monitoring.counting.plan import Counting, Piece
    from interplane.monitoring.layout import Layout

__all__ = ["Counted", "count"]

_BATCH_ROWS: Final = 262_144
_FEW_ROWS: Final = 16_384
_THREADS: Final = 2


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What was counted of some rows.

    Attributes:
        rows: how many rows there were.
        layout: the bins that they were counted by.
        slicings: the slicings; the first is all rows, ``()``.
        grids: the slices of each slicing, for each part of the rows: an hour, a crossing, or all.
    """

    rows: int
    layout: Layout
    slicings: tuple[tuple[str, ...], ...]
    grids: Mapping[tuple[str, ...], Mapping[Part, Grid]]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that have rows, by crossing and hour."""
        return tuple(sorted(self.grids[()]))

    @property
    def hours(self) -> dict[int, int]:
        """How many rows each hour has, where they were counted by hours."""
        found: dict[int, int] = {}
        for part, grid in sorted(self.grids[()].items(), key=lambda each: each[0].hour):
            found[part.hour] = found.get(part.hour, 0) + grid.rows
        return found

    def grid(
        self,
        slicing: tuple[str, ...] = (),
        *,
        hour: int | None = None,
        crossing: str | None = None,
    ) -> Grid:
        """Return the slices of a slicing over all parts, or those of an hour or a crossing."""
        return merge(
            grid
            for part, grid in self.grids[slicing].items()
            if hour in (None, part.hour) and crossing in (None, part.crossing)
        )

    def tallies(
        self,
        slicing: tuple[str, ...] = (),
        *,
        hour: int | None = None,
        crossing: str | None = None,
    ) -> dict[Values, Tally]:
        """Return the tally of each slice, by the values of the slicing's columns."""
        return self.grid(slicing, hour=hour, crossing=crossing).tallies()

    def tally(self, *, hour: int | None = None, crossing: str | None = None) -> Tally:
        """Return the tally of all rows."""
        return self.tallies(hour=hour, crossing=crossing).get((), Tally())


def count(
    rows: Table,
    layout: Layout,
    *,
    slicings: Sequence[tuple[str, ...]] = (),
    expressions: Mapping[str, Expression] | None = None,
    columns: Sequence[str] | None = None,
    by_hour: bool = False,
    by_crossing: bool = False,
) -> Counted:
    """Count rows by the bins of a layout: all of them, and each slice of each slicing.

    Rows are read in batches of their needed columns, so memory holds a few batches and the counts.
    A column that the layout has and these rows have not is null in all of them; where they have no
    ``took_us``, no ``score``, or no ``outcome``, nothing is said of these.

    Args:
        rows: rows in the form of the log; outcomes as ``outcome`` and ``has_outcome``.
        layout: the bins.
        slicings: tuples of columns by what people call them (`columns.resolve_column`), and of names
            of expressions. All rows are counted in any case.
        expressions: further names to slice by: functions of a row, as `evaluation.slices` takes them.
        columns: the columns that are watched, by what people call them; all of the layout if not
            given. ``score`` and ``took_us`` are watched always.
        by_hour: whether each hour (of UTC, by ``time``) is a part of its own.
        by_crossing: whether the rows of each crossing are.

    Raises:
        UnknownName: for a column that neither the rows nor the layout have.
        UsageError: for a slicing with more than 5,000 slices, or a name that is taken.

    >>> from interplane.data.table import Table
    >>> from interplane.monitoring.counting.layouts import make_layout
    >>> rows = Table.from_columns({"row.origin": ["JFK", "LGA", "JFK"], "score": [0.2, 0.4, 0.9]})
    >>> counted = count(rows, make_layout(rows), slicings=[("origin",)])
    >>> {values: tally.rows for values, tally in counted.tallies(("origin",)).items()}
    {('JFK',): 2, ('LGA',): 1}
    >>> counted.tally().positive
    1
    """
    plan = plan_count(
        rows,
        layout,
        slicings=slicings,
        expressions=expressions or {},
        columns=columns,
        by_hour=by_hour,
        by_crossing=by_crossing,
    )
    gatherings = {slicing: Gathering(slicing) for slicing in plan.slicings}
    total = 0
    for size, pieces in _counted(rows, plan):
        total += size
        for piece in pieces:
            gatherings[piece.slicing].add(piece)
    grids = {slicing: gathering.grids() for slicing, gathering in gatherings.items()}
    if () not in grids:
        # Each row is in one slice of any slicing, so all rows are the sum of the first one's.
        first = grids[plan.slicings[0]]
        grids[()] = {part: grid.whole() for part, grid in first.items()}
    named = ((), *(slicing for slicing in plan.slicings if slicing))
    return Counted(rows=total, layout=layout, slicings=named, grids=grids)


def _counted(rows: Table, plan: Counting) -> Iterator[tuple[int, list[Piece]]]:
    """Yield the counts of each batch in order, with as many under way as there are threads."""
    pending: deque[tuple[int, Future[list[Piece]]]] = deque()
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="counting") as pool:
        for batch in rows.select(*plan.needed).batches(rows=_BATCH_ROWS):
            if batch.num_rows < _FEW_ROWS and not pending:
                yield batch.num_rows, plan.count(batch)  # quicker than a thread starts
                continue
            pending.append((batch.num_rows, pool.submit(plan.count, batch)))
            if len(pending) > _THREADS:
                size, counted = pending.popleft()
                yield size, counted.result()
        while pending:
            size, counted = pending.popleft()
            yield size, counted.result()
