"""Two crossings of a model side by side: what differs, plane by plane, and how good each is where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from interplane.charts.intervals import Ruler, Spread, Whisker, draw_intervals
from interplane.errors import UnknownName
from interplane.evaluation.figures import Figure, figures, is_better
from interplane.project.crossings import differences, find_crossing
from interplane.record import Crossing, Digest, Value
from interplane.web.pages.figures import evaluation_of
from interplane.web.pages.steps import known_names
from interplane.web.places import Whole
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from interplane.evaluation.evaluation import Evaluation
    from interplane.evaluation.results import SliceResult
    from interplane.project.crossings import Change, Recorded
    from interplane.web.pages.steps import Called

__all__ = ["PAGES", "ComparePage"]

_MOST_SLICES: Final = 200
_MOST_CHANGES: Final = 60


class Side(Value, frozen=True, kw_only=True):
    """One of the two."""

    name: str
    number: int
    digest: Digest
    pointers: tuple[str, ...]
    passed: bool
    at: str
    test_rows: int


class ChangeLine(Value, frozen=True, kw_only=True):
    """A thing in which they differ, with paths to look at it where there are any."""

    what: str
    before: str
    after: str
    before_href: str
    after_href: str


class Plane(Value, frozen=True, kw_only=True):
    """A plane, and what differs there."""

    name: str
    changes: tuple[ChangeLine, ...]
    left_out: int


class Pair(Value, frozen=True, kw_only=True):
    """A figure of both.

    Attributes:
        by: by what the rows are sliced; empty for all rows.
        name: the slice, or the metric for all rows.
        rows_before: how many rows the first had there.
        rows_after: how many the second had.
        before: the figure of the first.
        after: the figure of the second.
        change: the second less the first; on the same rows, with an interval, where it is known.
        went: better, worse or other, as the metric has it; same where nothing changed.
        is_shown: whether the change is beyond chance: its interval is beside 0, or where there is none
            the two intervals do not touch.
        drawn: the two as whiskers, on the scale of the page.
    """

    by: str
    name: str
    rows_before: int
    rows_after: int
    before: Figure
    after: Figure
    change: Figure
    went: str
    is_shown: bool
    drawn: tuple[Whisker | None, ...] = ()


class FlipsLine(Value, frozen=True, kw_only=True):
    """Rows that the second decides otherwise than the first."""

    rows: int
    to_right: int
    to_wrong: int
    of: int


class ComparePage(Value, frozen=True, kw_only=True):
    """Two crossings.

    Attributes:
        model: the model.
        a: the first.
        b: the second.
        numbers: what could be compared, the newest first.
        planes: what differs.
        figures: the figures of all rows.
        is_paired: whether the second was asked beside the first on the same rows.
        is_same_test: whether both were asked on as many rows of the same data.
        metric: the metric that slices are compared by.
        metrics: those that there are.
        slices: slices of both, those that changed most first.
        slices_left_out: how many changed less than those.
        ruler: the scale of the slices' whiskers.
        gained: slices that only the second has.
        lost: slices that only the first has.
        flips: rows that the second decides otherwise, where it was asked beside the first.
    """

    model: str
    a: Side
    b: Side
    numbers: tuple[int, ...]
    planes: tuple[Plane, ...]
    figures: tuple[Pair, ...]
    is_paired: bool
    is_same_test: bool
    metric: str
    metrics: tuple[str, ...]
    slices: tuple[Pair, ...]
    slices_left_out: int
    ruler: Ruler | None
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    flips: FlipsLine | None


def read_compare(asked: Asked) -> ComparePage:
    """Return in what two crossings of a model differ, and how good each is where."""
    store, model = asked.project.store, asked.path["model"]
    numbers = [
        each.number
        for each in asked.chronicle.crossings()
        if each.crossing.model_name == model and each.number is not None
    ]
    if not numbers:
        known = {each.crossing.model_name for each in asked.chronicle.crossings()}
        raise UnknownName.of("model", model, sorted(known))
    newest = sorted(set(numbers), reverse=True)
    b = find_crossing(store, f"{model}@{asked.query.get('b') or newest[0]}")
    champion = b.crossing.champion
    is_ours = champion is not None and store.record(champion, Crossing).model_name == model
    if champion is not None and is_ours and not asked.query.get("a"):
        a = find_crossing(store, champion)
    else:
        a = find_crossing(store, f"{model}@{asked.query.get('a') or _before(b, newest)}")
    old, new = evaluation_of(store, a.crossing), evaluation_of(store, b.crossing)
    is_paired = b.crossing.champion == a.digest
    metrics = [name for name in (old.metrics if old else ()) if new and name in new.metrics]
    metric = asked.query.get("metric") or (metrics[0] if metrics else "")
    if metric and metric not in metrics:
        raise UnknownName.of("metric", metric, metrics)
    pairs = _slices(old, new, metric, is_paired=is_paired) if old and new and metric else []
    shown = _drawn(pairs[:_MOST_SLICES])
    names = known_names(asked.chronicle.planes())
    return ComparePage(
        model=model,
        a=_side(a, old),
        b=_side(b, new),
        numbers=tuple(newest),
        planes=tuple(_planes(a, b, names)),
        figures=tuple(_overall(old, new, metrics, is_paired=is_paired)) if old and new else (),
        is_paired=is_paired,
        is_same_test=bool(old and new and old.rows == new.rows and _data(a) == _data(b)),
        metric=metric,
        metrics=tuple(metrics),
        slices=shown[0],
        slices_left_out=len(pairs) - len(shown[0]),
        ruler=shown[1],
        gained=tuple(_only(new, old)),
        lost=tuple(_only(old, new)),
        flips=_flips(new) if new and is_paired else None,
    )


def _before(found: Recorded, numbers: Sequence[int]) -> int:
    """Return the number before one's own; its own where there is none."""
    number = found.number or numbers[0]
    return max((each for each in numbers if each < number), default=number)


def _side(found: Recorded, evaluation: Evaluation | None) -> Side:
    return Side(
        name=found.name,
        number=found.number or 0,
        digest=found.digest,
        pointers=found.pointers,
        passed=found.crossing.verdict.passed,
        at=found.at,
        test_rows=0 if evaluation is None else evaluation.rows,
    )


def _data(found: Recorded) -> dict[str, str]:
    return {name: use.version for name, use in found.crossing.data.items()}


def _planes(a: Recorded, b: Recorded, names: Mapping[Digest, Called]) -> Iterator[Plane]:
    """Yield what differs, by plane in the order in which one is looked for."""
    by_plane: dict[str, list[Change]] = {}
    for change in differences(a.crossing, b.crossing):
        by_plane.setdefault(change.plane, []).append(change)
    for plane, changes in by_plane.items():
        lines = [_line(a, b, each, names) for each in changes[:_MOST_CHANGES]]
        yield Plane(name=plane, changes=tuple(lines), left_out=len(changes) - len(lines))


def _line(a: Recorded, b: Recorded, change: Change, names: Mapping[Digest, Called]) -> ChangeLine:
    before, after = change.before, change.after
    hrefs = ["", ""]
    if change.plane == "data":
        uses = [found.crossing.data.get(change.what) for found in (a, b)]
        called = [None if use is None else names.get(use.version) for use in uses]
        before, after = (
            text if each is None else each.name
            for text, each in zip((before, after), called, strict=True)
        )
        hrefs = ["" if each is None else each.href for each in called]
    return ChangeLine(
        what=change.what, before=before, after=after, before_href=hrefs[0], after_href=hrefs[1]
    )


def _overall(
    old: Evaluation, new: Evaluation, metrics: Sequence[str], *, is_paired: bool
) -> Iterator[Pair]:
    for metric in metrics:
        pair = _pair(old.overall, new.overall, metric, is_paired=is_paired)
        drawn = draw_intervals([[_spread(pair.before)], [_spread(pair.after)]])
        marks = () if drawn is None else (drawn.lines[0][0], drawn.lines[1][0])
        yield replace(pair, drawn=marks)


def _slices(old: Evaluation, new: Evaluation, metric: str, *, is_paired: bool) -> list[Pair]:
    """Return the slices that both have, those that changed most first."""
    before = {(each.by, each.values): each for each in old.slices if metric in each.metrics}
    pairs = [
        _pair(before[each.by, each.values], each, metric, is_paired=is_paired)
        for each in new.slices
        if metric in each.metrics and (each.by, each.values) in before
    ]
    return sorted(pairs, key=lambda pair: -abs(pair.change.value or 0.0))


def _pair(old: SliceResult, new: SliceResult, metric: str, *, is_paired: bool) -> Pair:
    """Return a figure of both: on the same rows where the second was asked beside the first."""
    on_same = is_paired and metric in new.difference
    (after,) = figures({metric: new.metrics[metric]})
    (before,) = figures({metric: (new.champion if on_same else old.metrics)[metric]})
    if on_same:
        (change,) = figures({metric: new.difference[metric]})
    else:
        change = Figure(name=metric, value=(after.value or 0.0) - (before.value or 0.0))
    return Pair(
        by=" × ".join(new.by),  # noqa: RUF001 - a cross of columns
        name=", ".join("null" if value is None else str(value) for value in new.values) or metric,
        rows_before=new.rows if on_same else old.rows,
        rows_after=new.rows,
        before=before,
        after=after,
        change=change,
        went=_went(metric, change.value or 0.0),
        is_shown=_is_shown(before, after, change),
    )


def _went(metric: str, change: float) -> str:
    up = is_better(metric)
    if not change:
        return "same"
    return "other" if up is None else "better" if (change > 0) == up else "worse"


def _is_shown(before: Figure, after: Figure, change: Figure) -> bool:
    if change.low is not None and change.high is not None:
        return change.low > 0 or change.high < 0
    ends = (before.low, before.high, after.low, after.high)
    if any(end is None for end in ends):
        return False
    low, high, new_low, new_high = (end for end in ends if end is not None)
    return new_low > high or new_high < low


def _spread(figure: Figure) -> Spread:
    return Spread(figure.value, figure.low, figure.high)


def _drawn(pairs: Sequence[Pair]) -> tuple[tuple[Pair, ...], Ruler | None]:
    """Return the pairs with their whiskers, and the scale of these."""
    drawn = draw_intervals([[_spread(each.before), _spread(each.after)] for each in pairs])
    if drawn is None:
        return (), None
    with_marks = tuple(
        replace(each, drawn=marks) for each, marks in zip(pairs, drawn.lines, strict=True)
    )
    return with_marks, drawn.ruler


def _only(one: Evaluation | None, other: Evaluation | None) -> Iterator[str]:
    """Yield the slices of one that the other does not have."""
    if one is None or other is None:
        return
    there = {(each.by, each.values) for each in other.slices}
    for each in one.slices:
        if (each.by, each.values) not in there:
            yield f"{each.name} ({each.rows:,} rows)"


def _flips(evaluation: Evaluation) -> FlipsLine | None:
    flips = evaluation.flips
    if flips is None:
        return None
    return FlipsLine(
        rows=flips.rows, to_right=flips.to_right, to_wrong=flips.to_wrong, of=evaluation.rows
    )


PAGES: Final = (
    Page(
        name="compare",
        path="/models/{model}/compare",
        permission="look",
        read=read_compare,
        template="compare.html",
        query={
            "a": Whole(
                "the first; what the second was compared with, or the one before it", 1, 999_999_999
            ),
            "b": Whole("the second; the newest if not given", 1, 999_999_999),
            "metric": "the metric that slices are compared by",
        },
    ),
)
