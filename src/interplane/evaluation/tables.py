"""Evaluations as tables for people: bounded, the worst slices first."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from interplane.charts.intervals import Spread, draw_intervals
from interplane.charts.markup import Markup, element
from interplane.charts.notebook import card
from interplane.charts.svg import flips, one_mark
from interplane.charts.tables import grid, table
from interplane.evaluation.metrics import METRICS
from interplane.evaluation.slices_card import slices_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.evaluation.intervals import Estimate
    from interplane.evaluation.results import Results, SliceResult

__all__ = [
    "cautions",
    "evaluation_html",
    "evaluation_parts",
    "evaluation_rows",
    "evaluation_text",
    "evaluation_title",
    "worst_first",
]

_SHOWN_SKIPPED = 5
_LEAST_COLUMNS = 4


def worst_first(results: Results, metric: str) -> list[SliceResult]:
    """Return the slices that have figures for a metric, the surely worst first.

    They are ordered by the better end of their intervals: small slices have the worst values by
    chance, and would lead.
    """
    with_value = [each for each in results.slices if metric in each.metrics]
    if METRICS[metric].higher_is_better is False:
        return sorted(with_value, key=lambda each: -each.metrics[metric].low)
    return sorted(with_value, key=lambda each: each.metrics[metric].high)


def evaluation_text(results: Results, *, slices: int = 12, width: int | None = None) -> str:
    """Return all rows, then the worst slices by the first metric, then what was left out.

    Args:
        results: the figures.
        slices: how many slices.
        width: how many characters a line may have; columns that do not fit are left out and named.
    """
    rows = evaluation_rows(results, slices=slices)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    fitting = _fitting(widths, width)
    lines = [evaluation_title(results), ""]
    for row in rows:
        first, *others = row[:fitting]
        cells = [
            first.ljust(widths[0]),
            *(c.rjust(w) for c, w in zip(others, widths[1:], strict=False)),
        ]
        lines.append("  ".join(cells).rstrip())
    hidden = rows[0][fitting:]
    notes = [f"too wide to show here: {', '.join(hidden)}"] if hidden else []
    return "\n".join([*lines, *_wrapped([*_notes(results, slices), *notes], width)])


def _wrapped(notes: list[str], width: int | None) -> list[str]:
    if width is None:
        return notes
    pieces = (textwrap.wrap(note, width, subsequent_indent="  ") or [""] for note in notes)
    return [line for lines in pieces for line in lines]


def _fitting(widths: list[int], width: int | None) -> int:
    """Return how many columns fit; the slice, its rows and the first metric always do."""
    count = len(widths)
    while (
        width is not None
        and count > _LEAST_COLUMNS
        and sum(widths[:count]) + 2 * (count - 1) > width
    ):
        count -= 1
    return count


def evaluation_html(results: Results, *, slices: int = 12) -> str:
    """Return the same table for a notebook, with pictures of where each value lies."""
    return card("evaluation", evaluation_title(results), *evaluation_parts(results, slices=slices))


def evaluation_parts(results: Results, *, slices: int = 12) -> list[Markup]:
    """Return the table with whiskers, what changed against the champion, and slices by two columns."""
    header, *rows = evaluation_rows(results, slices=slices)
    metric = next(iter(results.metrics))
    marks = _marks(results, _shown(results, slices), metric)
    cells: list[list[object]] = [[*row, mark] for row, mark in zip(rows, marks, strict=True)]
    right = [False, *[True] * (len(header) - 1)]
    notes = [element("p", note) for note in _notes(results, slices) if note]
    drawn = table([*header, f"{metric}, beside all rows"], cells, right=right)
    by_slice = slices_of(results, metric)
    grids = () if by_slice is None else (grid(each, metric) for each in by_slice.grids)
    changed = results.flips
    flipped = [] if changed is None else [flips(changed.to_right, changed.to_wrong)]
    return [drawn, *notes, *flipped, *grids]


def _marks(results: Results, shown: Sequence[SliceResult], metric: str) -> list[Markup]:
    """Return a whisker for each, on one scale, beside the line of all rows."""
    values = [each.metrics[metric] for each in shown]
    overall = results.overall.metrics[metric].value
    spreads = [[Spread(each.value, each.low, each.high)] for each in values]
    drawn = draw_intervals(spreads, against=overall)
    if drawn is None:
        return [Markup("")] * len(values)
    return [
        Markup("") if mark is None else one_mark(mark, drawn.ruler, _went(value, overall, metric))
        for (mark, *_), value in zip(drawn.lines, values, strict=True)
    ]


def _went(value: Estimate, overall: float, metric: str) -> str:
    if value.low <= overall <= value.high:
        return "unsure"
    is_more_better = METRICS[metric].higher_is_better is not False
    return "better" if (value.value > overall) == is_more_better else "worse"


def evaluation_rows(results: Results, *, slices: int = 12) -> list[list[str]]:
    """Return the cells of the table, its header first."""
    metrics = list(results.metrics)
    classes = results.overall.positives is not None
    header = ["slice", "rows", *(["true"] if classes else [])]
    for metric in metrics:
        header += [metric, *([f"{metric} - champion"] if results.champion else [])]
    return [header, *(_row(each, metrics, results) for each in _shown(results, slices))]


def _shown(results: Results, slices: int) -> list[SliceResult]:
    return [results.overall, *worst_first(results, next(iter(results.metrics)))[:slices]]


def _row(each: SliceResult, metrics: list[str], results: Results) -> list[str]:
    cells = [each.name, f"{each.rows:,}"]
    if each.positives is not None:
        cells.append(f"{each.positives / each.rows:.1%}")
    for metric in metrics:
        cells.append(_cell(each.metrics.get(metric)))
        if results.champion:
            cells.append(_cell(each.difference.get(metric), signed=True))
    return cells


def _cell(estimate: Estimate | None, *, signed: bool = False) -> str:
    if estimate is None:
        return "-"
    sign = "+" if signed else ""
    return f"{estimate.value:{sign}.4f} [{estimate.low:{sign}.4f}, {estimate.high:{sign}.4f}]"


def evaluation_title(results: Results) -> str:
    """Return of what the figures are."""
    title = f"{results.label} on {results.rows:,} rows"
    if results.null_labels:
        title += f" ({results.null_labels:,} more have no label)"
    return f"{title}; {results.confidence:.0%} intervals from {results.resamples} resamples"


def cautions(
    results: Results, *, model: str = "the model", champion: str | None = "the champion"
) -> list[str]:
    """Return what stands against figures as those of a test: rows that a model was fitted on, or may have been.

    So do rows that break the split of the training rows, and what nobody can tell of the rows.

    Args:
        results: the evaluation.
        model: what the model is called.
        champion: what the champion is called; None where its figures are not shown.
    """
    found = _seen(model, results.seen, results.maybe_seen)
    if results.crossed:
        found.append(
            f"careful: {results.crossed:,} of these rows break what the training rows were split off by"
        )
    found += [f"careful: of these rows nobody can tell {each}" for each in results.untold]
    if champion is not None:
        found += _seen(champion, results.champion_seen, results.champion_maybe_seen)
    return found


def _seen(whose: str, seen: int | None, maybe: int) -> list[str]:
    """Return what is to be said of rows that a model was fitted on, or may have been."""
    if seen:
        return [f"careful: {whose} was fitted on {seen:,} of these rows"]
    if not maybe:
        return []
    late = f"{maybe:,} of these rows are not after {whose}'s last training row"
    if seen is None:
        return [f"careful: {late}; it may have learned from them"]
    return [f"{late}; it was fitted on none of them"]


def _notes(results: Results, slices: int) -> list[str]:
    notes = cautions(results)
    more = len(results.slices) - slices
    if more > 0:
        notes.append(f"and {more} better slice{'s' if more > 1 else ''}")
    if results.flips is not None:
        flips = results.flips
        notes.append(
            f"{flips.rows:,} decisions differ from the champion's at {results.threshold:g}: "
            f"{flips.to_right:,} are right now, {flips.to_wrong:,} were right before"
        )
    if results.skipped:
        shown = [f"{each.name} ({each.reason})" for each in results.skipped[:_SHOWN_SKIPPED]]
        rest = len(results.skipped) - len(shown)
        more_text = f" and {rest} more" if rest > 0 else ""
        notes.append(f"without figures: {'; '.join(shown)}{more_text}")
    return ["", *notes] if notes else []
