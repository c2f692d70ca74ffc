"""Models and their crossings: what each stands on, how good it is, per slice, and what was live when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interplane.errors import UnknownName
from interplane.project.crossings import find_crossing
from interplane.project.rollouts import deployments
from interplane.record import DataVersion, Digest, Value, Verdict
from interplane.storage.names import series_name
from interplane.web.pages.figures import Figure, evaluation_of, figures, headline
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.evaluation.evaluation import Evaluation
    from interplane.evaluation.results import SliceResult
    from interplane.project.crossings import Recorded
    from interplane.record import Crossing
    from interplane.storage.store import Store

__all__ = ["PAGES", "CrossingPage", "ModelPage", "ModelsPage"]

_MOST_SLICES: Final = 60
_MOST_LINES: Final = 120
_NEWEST: Final = 5


class CrossingLine(Value, frozen=True, kw_only=True):
    """A crossing in a list."""

    model: str
    number: int
    digest: Digest
    pointers: tuple[str, ...]
    passed: bool
    why: str
    at: str
    actor: str
    figures: tuple[Figure, ...]


class ModelRow(Value, frozen=True, kw_only=True):
    """A model, and how many crossings it has."""

    name: str
    crossings: int


class ModelsPage(Value, frozen=True, kw_only=True):
    """All models; of each what is pointed at, and the newest crossings."""

    models: tuple[ModelRow, ...]
    crossings: tuple[CrossingLine, ...]


class Span(Value, frozen=True, kw_only=True):
    """What answered a model from one move to the next."""

    begin: str
    end: str | None
    live: str
    canary: str
    share: float
    shadow: str
    actor: str
    reason: str


class ModelPage(Value, frozen=True, kw_only=True):
    """A model: its crossings, and what was live when, newest first."""

    model: str
    crossings: tuple[CrossingLine, ...]
    crossings_left_out: int
    spans: tuple[Span, ...]


class StandsOn(Value, frozen=True, kw_only=True):
    """A data version that a crossing stands on."""

    dataset: str
    number: int | None
    rows: int
    as_of: str | None


class SliceLine(Value, frozen=True, kw_only=True):
    """A slice of the test, beside the champion where there was one."""

    by: str
    name: str
    rows: int
    figures: tuple[Figure, ...]
    differences: tuple[Figure, ...]


class CrossingPage(Value, frozen=True, kw_only=True):
    """A crossing: everything that it stands on, how good it is, and where."""

    name: str
    model: str
    number: int | None
    digest: Digest
    pointers: tuple[str, ...]
    at: str
    actor: str
    pipeline: str
    commit: str | None
    uncommitted: Digest | None
    pieces: int
    data: tuple[StandsOn, ...]
    parameters: dict[str, dict[str, Any]]
    features: str
    model_summary: str
    parity: dict[str, Any] | None
    verdict: Verdict
    champion: str
    test_rows: int
    figures: tuple[Figure, ...]
    champion_figures: tuple[Figure, ...]
    differences: tuple[Figure, ...]
    metrics: tuple[str, ...]
    slices: tuple[SliceLine, ...]
    slices_left_out: int


def read_models(asked: Asked) -> ModelsPage:
    """Return all models, each with what is live of it and its newest crossings."""
    store, by_model = asked.project.store, _by_model(asked)
    lines = [
        _line(store, each)
        for found in by_model.values()
        for place, each in enumerate(found)
        if place < _NEWEST or each.pointers
    ]
    return ModelsPage(
        models=tuple(ModelRow(name=name, crossings=len(found)) for name, found in by_model.items()),
        crossings=tuple(lines[:_MOST_LINES]),
    )


def read_model(asked: Asked) -> ModelPage:
    """Return a model with its crossings, and what was live when."""
    store, model, by_model = asked.project.store, asked.path["model"], _by_model(asked)
    found = by_model.get(model)
    if found is None:
        raise UnknownName.of("model", model, by_model)
    return ModelPage(
        model=model,
        crossings=tuple(_line(store, each) for each in found[:_MOST_LINES]),
        crossings_left_out=max(len(found) - _MOST_LINES, 0),
        spans=tuple(_spans(store, found))[: -_MOST_LINES - 1 : -1],
    )


def _by_model(asked: Asked) -> dict[str, list[Recorded]]:
    """Return the crossings of each model, newest first."""
    by_model: dict[str, list[Recorded]] = {}
    for each in asked.chronicle.crossings():
        by_model.setdefault(each.crossing.model_name, []).append(each)
    return {name: found[::-1] for name, found in by_model.items()}


def read_crossing(asked: Asked) -> CrossingPage:
    """Return a crossing with everything that it stands on."""
    store = asked.project.store
    found = find_crossing(store, f"{asked.path['model']}@{asked.path['number']}")
    crossing = found.crossing
    evaluation = evaluation_of(store, crossing)
    slices = [] if evaluation is None else list(_slices(evaluation))
    champion = "" if crossing.champion is None else find_crossing(store, crossing.champion).name
    overall = None if evaluation is None else evaluation.overall
    return CrossingPage(
        name=found.name,
        model=crossing.model_name,
        number=found.number,
        digest=found.digest,
        pointers=found.pointers,
        at=found.at,
        actor=found.actor,
        pipeline=crossing.pipeline,
        commit=crossing.commit,
        uncommitted=crossing.diff,
        pieces=len({name for key in crossing.steps.values() for name in key.code}),
        data=tuple(_stands_on(store, crossing)),
        parameters={step: values for step, values in crossing.parameters.items() if values},
        features="" if crossing.frozen is None else crossing.frozen.summary,
        model_summary=crossing.model.summary,
        parity=crossing.parity,
        verdict=crossing.verdict,
        champion=champion,
        test_rows=0 if evaluation is None else evaluation.rows,
        figures=() if overall is None else figures(overall.metrics),
        champion_figures=() if overall is None else figures(overall.champion),
        differences=() if overall is None else figures(overall.difference),
        metrics=() if overall is None else tuple(overall.metrics),
        slices=tuple(slices[:_MOST_SLICES]),
        slices_left_out=max(len(slices) - _MOST_SLICES, 0),
    )


def _line(store: Store, found: Recorded) -> CrossingLine:
    verdict = found.crossing.verdict
    stopped = next((each for each in verdict.breaches if each.action == "stop"), None)
    return CrossingLine(
        model=found.crossing.model_name,
        number=found.number or 0,
        digest=found.digest,
        pointers=found.pointers,
        passed=verdict.passed,
        why="" if stopped is None else f"{stopped.rule}: {stopped.found}",
        at=found.at,
        actor=found.actor,
        figures=headline(store, found.digest),
    )


def _spans(store: Store, found: Sequence[Recorded]) -> Iterator[Span]:
    moves = deployments(store, found[0].crossing.model_name)
    ends = [each.at for each in moves[1:]]
    names = {each.digest: each.name for each in found}

    def name(digest: Digest | None) -> str:
        return "" if digest is None else names.get(digest, digest[:12])

    for move, end in zip(moves, (*ends, None), strict=True):
        yield Span(
            begin=move.at,
            end=end,
            live=name(move.live),
            canary=name(move.canary),
            share=move.share,
            shadow=name(move.shadow),
            actor=move.actor,
            reason=move.reason,
        )


def _stands_on(store: Store, crossing: Crossing) -> Iterator[StandsOn]:
    for use in crossing.data.values():
        members = store.catalog.series(series_name("data", use.dataset))
        yield StandsOn(
            dataset=use.dataset,
            number=next((each.number for each in members if each.digest == use.version), None),
            rows=store.record(use.version, DataVersion).rows,
            as_of=use.as_of,
        )


def _slices(evaluation: Evaluation) -> Iterator[SliceLine]:
    """Yield the slices: the largest of each slicing first."""

    def order(each: SliceResult) -> tuple[tuple[str, ...], int]:
        return each.by, -each.rows

    for found in sorted(evaluation.slices, key=order):
        yield SliceLine(
            by=" × ".join(found.by),  # noqa: RUF001 - a cross of columns
            name=", ".join("null" if value is None else str(value) for value in found.values),
            rows=found.rows,
            figures=figures(found.metrics),
            differences=figures(found.difference),
        )


PAGES: Final = (
    Page(
        name="models", path="/models", permission="look", read=read_models, template="models.html"
    ),
    Page(
        name="model",
        path="/models/{model}",
        permission="look",
        read=read_model,
        template="model.html",
    ),
    Page(
        name="crossing",
        path="/models/{model}/{number}",
        permission="look",
        read=read_crossing,
        template="crossing.html",
    ),
)
