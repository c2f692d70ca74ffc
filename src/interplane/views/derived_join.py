"""Views of all kinds joined to the rows of a table: what `LookUps` gives for one row, for many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from interplane.data.evaluating import no_columns
from interplane.data.table import Table
from interplane.data.types import arrow_type
from interplane.views.computed import evaluate_named
from interplane.views.derived_plan import LookedUp, Plan
from interplane.views.join import join
from interplane.views.joined import column_of
from interplane.views.union import source_table
from interplane.views.view import ViewUse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.views.derived import AnyUse
    from interplane.views.derived_plan import Computed, Ref

__all__ = ["look_up"]


def look_up(
    rows: Table, uses: Mapping[str, AnyUse], sources: Mapping[str, Table] | None, *, time: str
) -> dict[str, pa.ChunkedArray]:
    """Return what views say of each row, as it was known at the row's time.

    A stored view is joined; the features of a derived one are computed on the engine from those of
    the views that it stands on. Each stored view is joined once for the columns that it is joined by.

    Args:
        rows: the rows.
        uses: the views by parameter, and the columns of the rows that name their entities.
        sources: the table of each source, by its name.
        time: the column of the rows with the time, a timestamp.

    Returns:
        A column for each feature of each view, by ``parameter.feature``, in the order of the rows.

    Raises:
        UnknownName: if a source, or a column that a view reads or is joined by, is missing.
        DataError: if such a column has another type, or an event was known before it happened and
            the view is no forecast.
    """
    plan = Plan.of(uses)
    known: list[pa.Table] = []
    for step in plan.steps:
        if isinstance(step, LookedUp):
            known.append(_joined(step, rows, known, sources, time))
        else:
            known.append(_computed(step, rows, known))
    return {
        column_of(parameter, name): known[result].column(slot)
        for (parameter, use), result in zip(uses.items(), plan.results, strict=True)
        for slot, name in enumerate(use.view.types)
    }


def _joined(
    step: LookedUp,
    rows: Table,
    known: Sequence[pa.Table],
    sources: Mapping[str, Table] | None,
    time: str,
) -> pa.Table:
    source = source_table(step.view, sources)
    own = tuple(ref for ref in step.by if isinstance(ref, str))
    if len(own) == len(step.by):
        return join(rows, ViewUse(step.view, own), source, time=time)
    columns = {f"e{place}": _column(ref, rows, known) for place, ref in enumerate(step.by)}
    asking = Table.from_columns({**columns, "t": rows.column(time)}, name="the rows that ask")
    return join(asking, ViewUse(step.view, tuple(columns)), source, time="t")


def _computed(step: Computed, rows: Table, known: Sequence[pa.Table]) -> pa.Table:
    view = step.view
    read = {name: known[place.step].column(place.slot) for name, place in step.reads}
    found = evaluate_named(view.features, pa.table(read) if read else no_columns(rows.rows))
    names_one = None
    for ref in step.by:
        there = _column(ref, rows, known).is_valid()
        names_one = there if names_one is None else pc.and_(names_one, there)
    columns = [
        pc.if_else(names_one, values, pa.scalar(None, arrow_type(kind)))
        for values, kind in zip(found.columns, view.types.values(), strict=True)
    ]
    return pa.table(columns, names=list(view.types))


def _column(ref: Ref, rows: Table, known: Sequence[pa.Table]) -> pa.ChunkedArray:
    return rows.column(ref) if isinstance(ref, str) else known[ref.step].column(ref.slot)
