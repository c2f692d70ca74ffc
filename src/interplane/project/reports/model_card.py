"""The card of a model: what it is, how good it is, where it is not, and when it answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.evaluation.slices_card import SliceLine  # noqa: TC001 - the type of a field
from interplane.models.request_schema import RequestSchema
from interplane.project.predictions import crossing_names
from interplane.project.reports.facts import CrossingFacts, evaluation_of
from interplane.project.rollouts import deployments
from interplane.record import Crossing, Value, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.record import Digest
    from interplane.storage.store import Store

__all__ = ["ModelCard", "Span", "model_card", "spans_of"]

_ON_CARD: Final = 8


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


class ModelCard(Value, frozen=True, kw_only=True):
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

    it: CrossingFacts
    project: str
    asks_for: tuple[tuple[str, str], ...]
    label: str
    worst: tuple[SliceLine, ...]
    best: tuple[SliceLine, ...]
    too_small: int
    spans: tuple[Span, ...]


def model_card(store: Store, it: CrossingFacts, *, project: str) -> ModelCard:
    """Return what belongs on the card of a model.

    Args:
        store: where it is.
        it: the crossing.
        project: the name of the project.
    """
    crossing = store.record(it.digest, Crossing)
    evaluation = evaluation_of(store, crossing)
    lines = () if it.by_slice is None else it.by_slice.slices
    known = [each for each in lines if not each.why_not]
    schema = RequestSchema.from_dict(crossing.request_schema) if crossing.request_schema else None
    return ModelCard(
        it=it,
        project=project,
        asks_for=() if schema is None else tuple((each.name, each.type) for each in schema.fields),
        label="" if evaluation is None else evaluation.label,
        worst=tuple(each for each in known if each.tone > 0)[:_ON_CARD],
        best=tuple(each for each in reversed(known) if each.tone < 0)[:_ON_CARD],
        too_small=sum(1 for each in lines if each.why_not),
        spans=tuple(each for each in spans_of(store, it.model) if each.live == it.name),
    )


def spans_of(store: Store, model: str) -> Iterator[Span]:
    """Yield what answered a model, oldest first."""
    moves = deployments(store, model)
    ends = [*(each.at for each in moves[1:]), None][
        : len(moves)
    ]  # none, where nothing was deployed
    names = crossing_names(store, model)

    def name(digest: Digest | None) -> str:
        return "" if digest is None else names.get(digest, short(digest))

    for move, end in zip(moves, ends, strict=True):
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
