"""Models: the crossings of each, and what was live when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.charts.spans import SpansPicture, Stretch, draw_spans
from interplane.errors import UnknownName
from interplane.evaluation.figures import Figure  # noqa: TC001 - the type of a field
from interplane.project.approvals import find_proposal
from interplane.project.crossings import find_crossing
from interplane.project.reports.model_card import Span, spans_of
from interplane.record import Digest, Value
from interplane.storage.clock import SystemClock
from interplane.web.pages.figures import headline
from interplane.web.places import Whole
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.project.crossings import Recorded

__all__ = ["PAGES", "ModelPage", "ModelsPage", "by_model"]

_MOST_LINES: Final = 120
_MOST_MODELS: Final = 24
_MOST_SKIPPED: Final = 10**9
_NEWEST: Final = 5
_NEWEST_NUMBER: Final = 10**9


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
    """Models; of each what is pointed at, and the newest crossings.

    Attributes:
        models: the models.
        in_all: how many there are.
        skip: how many to pass over to see those behind; None where there are none.
        crossings: their crossings.
    """

    models: tuple[ModelRow, ...]
    in_all: int
    skip: int | None
    crossings: tuple[CrossingLine, ...]


class Asking(Value, frozen=True, kw_only=True):
    """What somebody asked to be live, which another has to agree to."""

    crossing: str
    actor: str
    at: str
    reason: str


class ModelPage(Value, frozen=True, kw_only=True):
    """A model: its crossings, and what was live when, newest first.

    Attributes:
        model: its name.
        crossings: crossings, newest first.
        crossings_left_out: how many there are before these.
        before: what to ask for to see those; None where there are none.
        spans: what was live when.
        spans_left_out: how much was before that.
        asking: what somebody asked to be live, which waits for another.
        wide: the spans as a picture.
        narrow: the same for a narrow screen.
    """

    model: str
    crossings: tuple[CrossingLine, ...]
    crossings_left_out: int
    before: int | None
    spans: tuple[Span, ...]
    spans_left_out: int
    asking: Asking | None
    wide: SpansPicture | None
    narrow: SpansPicture | None


def read_models(asked: Asked) -> ModelsPage:
    """Return models, each with what is live of it and its newest crossings."""
    models, skip = [*by_model(asked).items()], int(asked.query.get("skip", 0))
    shown = models[skip : skip + _MOST_MODELS]
    lines = [
        _line(asked, each)
        for _, found in shown
        for place, each in enumerate(found)
        if place < _NEWEST or each.pointers
    ]
    return ModelsPage(
        models=tuple(ModelRow(name=name, crossings=len(found)) for name, found in shown),
        in_all=len(models),
        skip=skip + _MOST_MODELS if len(models) > skip + _MOST_MODELS else None,
        crossings=tuple(lines),
    )


def read_model(asked: Asked) -> ModelPage:
    """Return a model with its crossings, and what was live when."""
    store, model, models = asked.project.store, asked.path["model"], by_model(asked)
    found = models.get(model)
    if found is None:
        raise UnknownName.of("model", model, models)
    before = int(asked.query.get("before") or _NEWEST_NUMBER)
    older = [each for each in found if (each.number or 0) < before]
    shown = older[:_MOST_LINES]
    left_out = len(older) - len(shown)
    every = tuple(spans_of(store, model))
    spans = every[-_MOST_LINES:]
    stretches, now = list(_stretches(spans)), SystemClock().now_utc()
    return ModelPage(
        model=model,
        crossings=tuple(_line(asked, each) for each in shown),
        crossings_left_out=left_out,
        before=shown[-1].number if left_out else None,
        spans=spans[::-1],
        spans_left_out=len(every) - len(spans),
        asking=_asking(asked, model),
        wide=draw_spans(stretches, width=1360, now=now),
        narrow=draw_spans(stretches, width=340, now=now),
    )


def _stretches(spans: Sequence[Span]) -> Iterator[Stretch]:
    """Yield what was live, and what ran beside it, oldest first."""
    for each in spans:
        share = f"{each.share * 100:g} %"
        for lane, name, note in (
            ("live", each.live, ""),
            ("canary", each.canary, share),
            ("shadow", each.shadow, ""),
        ):
            if name:
                yield Stretch(lane, each.begin, each.end, name, note)


def _asking(asked: Asked, model: str) -> Asking | None:
    store = asked.project.store
    found = find_proposal(store, model, asked.project.config.approval)
    if found is None:
        return None
    name = find_crossing(store, found.crossing).name
    return Asking(crossing=name, actor=found.actor, at=found.at, reason=found.reason)


def by_model(asked: Asked) -> dict[str, list[Recorded]]:
    """Return the crossings of each model, newest first."""
    models: dict[str, list[Recorded]] = {}
    for each in asked.chronicle.crossings():
        models.setdefault(each.crossing.model_name, []).append(each)
    return {name: found[::-1] for name, found in models.items()}


def _line(asked: Asked, found: Recorded) -> CrossingLine:
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
        figures=headline(asked.project.store, found.digest, asked.kept),
    )


PAGES: Final = (
    Page(
        name="models",
        path="/models",
        permission="look",
        read=read_models,
        template="models.html",
        query={"skip": Whole("how many to pass over, as the page before says", 0, _MOST_SKIPPED)},
    ),
    Page(
        name="model",
        path="/models/{model}",
        permission="look",
        read=read_model,
        template="model.html",
        query={"before": Whole("crossings before, as the page before says", 1, _NEWEST_NUMBER)},
    ),
)
