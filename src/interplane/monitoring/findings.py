"""What judging a window gives: a finding for each cell of the grid of metrics and slices."""

from __future__ import annotations

from interplane.record.base import Value

__all__ = ["Cell", "Finding"]


class Cell(Value, frozen=True, kw_only=True):
    """One place of the grid: what an alert is about, from its first window to its last.

    Attributes:
        rule: the name of the rule.
        model: the model.
        metric: the metric.
        column: the column, for metrics of columns; else empty.
        by: the columns of the slicing; none for all rows.
        values: the value of each of them.
    """

    rule: str
    model: str
    metric: str
    column: str = ""
    by: tuple[str, ...] = ()
    values: tuple[str | int | float | bool | None, ...] = ()


class Finding(Value, frozen=True, kw_only=True):
    """What one cell looked like in one window.

    Attributes:
        cell: the place.
        begin_us: the window's beginning, microseconds since 1970 UTC.
        end_us: its end.
        crossing: the crossing whose predictions were judged.
        value: the metric; None where it cannot be told.
        reference: the metric of what was compared with.
        effect: how far it moved, in the unit of ``moves_by``; with a bound, how far beyond it.
        low: the lower end of the interval of the value.
        high: its upper end.
        p: the chance of moving that far if nothing had changed; a valid upper bound.
        rows: the rows of the window.
        reference_rows: those that were compared with.
        counts: whether the effect reaches the rule's floor.
        fires: whether it is an alert under the budget of false alarms.
        skipped: why the cell was not judged; empty if it was.
        detail: the bin that moved most, or what else a person wants to know.
    """

    cell: Cell
    begin_us: int
    end_us: int
    crossing: str = ""
    value: float | None = None
    reference: float | None = None
    effect: float = 0.0
    low: float | None = None
    high: float | None = None
    p: float = 1.0
    rows: int = 0
    reference_rows: int = 0
    counts: bool = False
    fires: bool = False
    skipped: str = ""
    detail: str = ""
