"""Two crossings of a model side by side: what differs, plane by plane, and how good each is where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.charts.intervals import Ruler  # noqa: TC001 - the type of a field
from interplane.errors import UnknownName
from interplane.evaluation.comparison import FlipsLine, Pair, compare
from interplane.project.crossings import differences, find_crossing
from interplane.project.reports.facts import compared_cautions, evaluation_of
from interplane.record import Crossing, Digest, Value
from interplane.web.pages.steps import known_names
from interplane.web.places import Whole
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from interplane.evaluation.evaluation import Evaluation
    from interplane.project.crossings import Change, Recorded
    from interplane.web.pages.steps import Called

__all__ = ["PAGES", "ComparePage"]

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
        cautions: what stands against the figures as those of a test: rows that one was fitted on, or
            may have been.
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
    cautions: tuple[str, ...]
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
    found = compare(old, new, metric=asked.query.get("metric", ""), is_paired=is_paired)
    names = known_names(asked.chronicle.planes())
    return ComparePage(
        model=model,
        a=_side(a, old),
        b=_side(b, new),
        numbers=tuple(newest),
        planes=tuple(_planes(a, b, names)),
        figures=found.figures,
        is_paired=is_paired,
        is_same_test=bool(old and new and old.rows == new.rows and _data(a) == _data(b)),
        cautions=tuple(compared_cautions(old, new, (a, b))),
        metric=found.metric,
        metrics=found.metrics,
        slices=found.slices,
        slices_left_out=found.slices_left_out,
        ruler=found.ruler,
        gained=found.gained,
        lost=found.lost,
        flips=found.flips,
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
