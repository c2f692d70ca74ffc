"""Slices of a test: where a model is worse than over all, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interplane.charts.grid import Grid, GridCell
from interplane.charts.intervals import Ruler, Spread, Whisker, draw_intervals
from interplane.evaluation.figures import Figure, figures, is_better
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.evaluation.results import Results, Skipped, SliceResult

__all__ = ["SliceLine", "SlicesCard", "slices_of"]

STEPS: Final = 6
_MOST: Final = 200
_MOST_SMALL: Final = 60
_WIDEST: Final = 40


class SliceLine(Value, frozen=True, kw_only=True):
    """A slice of the test, beside the champion where there was one.

    Attributes:
        by: by what the rows are sliced.
        name: its values.
        rows: how many rows it has.
        figures: its figures; none where it is too small.
        differences: the figures less the champion's.
        tone: from -6 (much better than over all) to 6 (the worst there is), by the chosen metric.
        is_shown: whether the value of all rows lies outside its interval.
        drawn: its value as a whisker on the scale of the page.
        why_not: why it has no figures.
    """

    by: str
    name: str
    rows: int
    figures: tuple[Figure, ...]
    differences: tuple[Figure, ...]
    tone: int
    is_shown: bool
    drawn: Whisker | None
    why_not: str

    @property
    def went(self) -> str:
        """Better or worse than all rows beyond chance, or unsure."""
        if not self.is_shown:
            return "unsure"
        return "worse" if self.tone > 0 else "better"


class SlicesCard(Value, frozen=True, kw_only=True):
    """The slices by one metric.

    Attributes:
        metric: the metric.
        overall: its value over all rows.
        slices: the slices, the worst first, those that are too small last.
        left_out: how many are left out.
        ruler: the scale of the whiskers.
        grids: slices by two columns.
    """

    metric: str
    overall: float
    slices: tuple[SliceLine, ...]
    left_out: int
    ruler: Ruler | None
    grids: tuple[Grid, ...]


def slices_of(evaluation: Results, metric: str) -> SlicesCard | None:
    """Return the slices of an evaluation by a metric that it has; None where it was not sliced."""
    overall = evaluation.overall.metrics[metric].value
    known = [each for each in evaluation.slices if metric in each.metrics]
    if not known and not evaluation.skipped:
        return None
    tones = _tones([each.metrics[metric].value for each in known], overall, metric)
    ranked = sorted(zip(known, tones, strict=True), key=lambda pair: -_badness(pair[0], metric))
    shown = ranked[:_MOST]
    spreads = [
        [Spread(found.value, found.low, found.high)]
        for each, _ in shown
        for found in (each.metrics[metric],)
    ]
    drawn = draw_intervals(spreads, against=overall)
    marks = [line[0] for line in drawn.lines] if drawn else []
    lines = [
        _line(each, tone, mark, overall, metric)
        for (each, tone), mark in zip(shown, marks, strict=True)
    ]
    small = sorted(evaluation.skipped, key=lambda each: -each.rows)
    by_slice = dict(zip(((each.by, each.values) for each in known), tones, strict=True))
    return SlicesCard(
        metric=metric,
        overall=overall,
        slices=(*lines, *map(_small, small[:_MOST_SMALL])),
        left_out=len(ranked) - len(shown) + max(len(small) - _MOST_SMALL, 0),
        ruler=drawn.ruler if drawn else None,
        grids=tuple(
            grid
            for by in evaluation.slicings
            if len(by) == 2
            and (grid := _grid(evaluation, (by[0], by[1]), metric, by_slice)) is not None
        ),
    )


def _badness(each: SliceResult, metric: str) -> float:
    value = each.metrics[metric].value
    return value if is_better(metric) is False else -value


def _tones(values: Sequence[float], overall: float, metric: str) -> list[int]:
    """Return how each compares to all rows, on one scale for better and worse.

    >>> _tones([0.5, 0.8, 0.9], 0.8, "roc_auc")
    [6, 0, -2]
    """
    sign = 1.0 if is_better(metric) is False else -1.0
    worse = [sign * (value - overall) for value in values]
    most = max((abs(each) for each in worse), default=0.0) or 1.0
    return [round(each / most * STEPS) for each in worse]


def _is_shown(each: SliceResult, metric: str, overall: float) -> bool:
    found = each.metrics[metric]
    return not found.low <= overall <= found.high


def _text(values: Sequence[object]) -> str:
    return ", ".join("null" if value is None else str(value) for value in values)


def _line(
    each: SliceResult, tone: int, mark: Whisker | None, overall: float, metric: str
) -> SliceLine:
    return SliceLine(
        by=" × ".join(each.by),  # noqa: RUF001 - a cross of columns
        name=_text(each.values),
        rows=each.rows,
        figures=figures(each.metrics),
        differences=figures(each.difference),
        tone=tone,
        is_shown=_is_shown(each, metric, overall),
        drawn=mark,
        why_not="",
    )


def _small(each: Skipped) -> SliceLine:
    return SliceLine(
        by=" × ".join(each.by),  # noqa: RUF001 - a cross of columns
        name=_text(each.values),
        rows=each.rows,
        figures=(),
        differences=(),
        tone=0,
        is_shown=False,
        drawn=None,
        why_not=each.reason,
    )


def _grid(
    evaluation: Results,
    by: tuple[str, str],
    metric: str,
    tones: Mapping[tuple[Any, ...], int],
) -> Grid | None:
    """Return the slices by two columns, the one with more values across; None for too many."""
    overall = evaluation.overall.metrics[metric].value
    cells: dict[tuple[object, ...], GridCell] = {}
    for each in evaluation.slices:
        if each.by == by and metric in each.metrics:
            found = each.metrics[metric]
            cells[each.values] = GridCell(
                text=f"{found.value:.2f}",
                tone=tones[each.by, each.values],
                is_shown=_is_shown(each, metric, overall),
                is_small=False,
                says=f"{each.name}: {found.to_text()}, {each.rows:,} rows",
            )
    for small in evaluation.skipped:
        if small.by == by:
            says = f"{small.name}: {small.reason} ({small.rows:,} rows)"
            cells[small.values] = GridCell(
                text="", tone=0, is_shown=False, is_small=True, says=says
            )
    down, across = ({values[place] for values in cells} for place in (0, 1))
    is_turned = len(down) > len(across)
    if is_turned:
        down, across = across, down
    if not cells or len(across) > _WIDEST or len(down) > _WIDEST:
        return None
    columns, names = _in_order(across), _in_order(down)
    return Grid(
        down=by[1] if is_turned else by[0],
        across=by[0] if is_turned else by[1],
        columns=tuple(_text([each]) for each in columns),
        lines=tuple(
            (
                _text([name]),
                tuple(cells.get((each, name) if is_turned else (name, each)) for each in columns),
            )
            for name in names
        ),
    )


def _in_order(values: set[object]) -> list[object]:
    """Return values in their order: numbers by size, then words, then none."""

    def order(value: object) -> tuple[int, float, str]:
        if value is None:
            return 2, 0.0, ""
        if isinstance(value, int | float):
            return 0, float(value), ""
        return 1, 0.0, str(value)

    return sorted(values, key=order)
