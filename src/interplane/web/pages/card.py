"""The card of a model, to be printed: what it is, how good it is, and where it is not."""

from __future__ import annotations

from typing import Final

from interplane.evaluation.slices_card import SliceLine  # noqa: TC001 - the type of a field
from interplane.models.request_schema import RequestSchema
from interplane.record import Crossing, Value
from interplane.web.pages.crossing import CrossingPage, read_crossing
from interplane.web.pages.figures import evaluation_of
from interplane.web.pages.models import Span, by_model, spans_of
from interplane.web.routes import Asked, Page

__all__ = ["PAGES", "CardPage"]

_ON_CARD: Final = 8


class CardPage(Value, frozen=True, kw_only=True):
    """The card of a model, to be printed.

    Attributes:
        it: the crossing.
        project: the project.
        asks_for: the name and type of each column of a request.
        label: what it foretells.
        worst: the slices where it is furthest below all rows.
        best: the slices where it is furthest above.
        too_small: how many slices have too few rows to say anything.
        spans: when it was live.
    """

    it: CrossingPage
    project: str
    asks_for: tuple[tuple[str, str], ...]
    label: str
    worst: tuple[SliceLine, ...]
    best: tuple[SliceLine, ...]
    too_small: int
    spans: tuple[Span, ...]


def read_card(asked: Asked) -> CardPage:
    """Return what belongs on the card of a model: what it is, how good it is, where it is not."""
    store = asked.project.store
    it = read_crossing(asked)
    crossing = store.record(it.digest, Crossing)
    evaluation = evaluation_of(store, crossing)
    found = by_model(asked)[it.model]
    spans = [each for each in spans_of(store, found) if each.live == it.name]
    lines = () if it.by_slice is None else it.by_slice.slices
    known = [each for each in lines if not each.why_not]
    schema = RequestSchema.from_dict(crossing.request_schema) if crossing.request_schema else None
    return CardPage(
        it=it,
        project=asked.project.config.name,
        asks_for=() if schema is None else tuple((each.name, each.type) for each in schema.fields),
        label="" if evaluation is None else evaluation.label,
        worst=tuple(each for each in known if each.tone > 0)[:_ON_CARD],
        best=tuple(each for each in reversed(known) if each.tone < 0)[:_ON_CARD],
        too_small=sum(1 for each in lines if each.why_not),
        spans=tuple(spans),
    )


PAGES: Final = (
    Page(
        name="card",
        path="/models/{model}/{number}/card",
        permission="look",
        read=read_card,
        template="card.html",
    ),
)
