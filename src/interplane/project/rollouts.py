"""What answers a model beside what is live: now, since when, and every move that led there."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from interplane.errors import UnknownName, UsageError
from interplane.record import Digest, Rollout
from interplane.record.base import Value
from interplane.storage.clock import time_text
from interplane.storage.names import named_pointer, rollout_pointer, series_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from interplane.storage.ports import Move
    from interplane.storage.store import Store

__all__ = ["Deployment", "Rolling", "check_model", "deployments", "find_rollout"]

_BESIDE: Final = ("canary", "shadow")


class Rolling(Value, frozen=True, kw_only=True):
    """A rollout that is under way.

    Attributes:
        rollout: the record: canary and share, shadow.
        since: when it became what it is, ISO 8601, UTC.
        reason: why.
        actor: who moved it there.
        canary_since: since when its canary has answered, whatever its share was; None without one.
        shadow_since: since when its shadow has predicted; None without one.
    """

    rollout: Rollout
    since: str
    reason: str
    actor: str
    canary_since: str | None = None
    shadow_since: str | None = None


class Deployment(Value, frozen=True, kw_only=True):
    """One line of the dated log: what answers a model from a move on.

    Attributes:
        at: when, ISO 8601, UTC.
        actor: who.
        reason: why.
        live: the crossing that is live.
        canary: the crossing that answers a share beside it.
        share: that share, from 0 to 1.
        shadow: the crossing that predicts unseen.
    """

    at: str
    actor: str
    reason: str
    live: Digest | None
    canary: Digest | None = None
    share: float = 0.0
    shadow: Digest | None = None


def check_model(store: Store, model: str) -> None:
    """Raise UnknownName if the workspace has no such model."""
    if not store.catalog.series(series_name("model", model)):
        known = [name.partition("/")[2] for name in store.catalog.names("model/")]
        raise UnknownName.of("model", model, known, do='See them with "interplane models"')


def find_rollout(store: Store, model: str) -> Rolling | None:
    """Return what is under way beside the live crossing of a model, or None.

    A rollout that began beside another crossing than is live now has ended.
    """
    live, pointer = named_pointer("model", model, "live"), rollout_pointer(model)
    there = store.catalog.pointers([live, pointer])
    if pointer not in there:
        return None
    rollout = store.record(there[pointer], Rollout)
    if rollout.live != there.get(live):
        return None
    moves = [move for move in store.catalog.moves(pointer) if move.target == there[pointer]]
    return Rolling(
        rollout=rollout,
        since=moves[-1].at,
        reason=moves[-1].reason,
        actor=moves[-1].actor,
        canary_since=_since(store, model, "canary"),
        shadow_since=_since(store, model, "shadow"),
    )


def get_canary(store: Store, model: str) -> Digest:
    """Return the canary of a model that is under way.

    Raises:
        UnknownName: if there is no such model.
        UsageError: if no canary is under way.
    """
    check_model(store, model)
    rolling = find_rollout(store, model)
    if rolling is None or rolling.rollout.canary is None:
        raise UsageError(
            f"no canary of {model} is under way",
            expected="a crossing that answers a share beside the live one",
            do=f'Nothing was moved. See what was, and who ended it: "interplane deployments {model}"',
        )
    return rolling.rollout.canary


def deployments(store: Store, model: str, *, at: str | None = None) -> list[Deployment]:
    """Return every move of what answers a model, oldest first; the last one says what does.

    Args:
        store: the workspace.
        model: the model's name.
        at: only those until this time (ISO 8601, UTC where it has no offset): the last one says
            what answered then.

    Raises:
        UnknownName: if there is no such model.
    """
    check_model(store, model)
    until = None if at is None else time_text(at)
    found: list[Deployment] = []
    live: Digest | None = None
    rollout: Rollout | None = None
    for batch in _transactions(store, model):
        for move in batch:
            if move.pointer == rollout_pointer(model):
                rollout = None if move.target is None else store.record(move.target, Rollout)
            elif move.pointer == named_pointer("model", model, "live"):
                live = move.target
        if until is not None and batch[0].at > until:
            break
        found.append(_deployment(batch[0], live, rollout))
    return found


def _deployment(move: Move, live: Digest | None, rollout: Rollout | None) -> Deployment:
    if rollout is None or rollout.live != live:
        return Deployment(at=move.at, actor=move.actor, reason=move.reason, live=live)
    return Deployment(
        at=move.at,
        actor=move.actor,
        reason=move.reason,
        live=live,
        canary=rollout.canary,
        share=rollout.share,
        shadow=rollout.shadow,
    )


def _transactions(store: Store, model: str) -> Iterator[Sequence[Move]]:
    """Yield the moves of all pointers of a model, those of one transaction together."""
    names = (
        *(named_pointer("model", model, word) for word in ("live", *_BESIDE)),
        rollout_pointer(model),
    )
    moves = chain.from_iterable(map(store.catalog.moves, names))
    batch: list[Move] = []
    for move in sorted(moves, key=lambda move: move.sequence):
        if batch and not _belongs(move, batch):
            yield batch
            batch = []
        batch.append(move)
    if batch:
        yield batch


def _belongs(move: Move, batch: Sequence[Move]) -> bool:
    """Return whether a move was made in the transaction of those before it.

    The moves of one follow each other without a gap, and none moves a pointer twice.
    """
    last = batch[-1]
    return (
        move.sequence == last.sequence + 1
        and (move.at, move.actor, move.reason) == (last.at, last.actor, last.reason)
        and move.pointer not in _pointers(batch)
    )


def _pointers(moves: Iterable[Move]) -> set[str]:
    return {move.pointer for move in moves}


def _since(store: Store, model: str, pointer: str) -> str | None:
    moves = store.catalog.moves(named_pointer("model", model, pointer))
    return moves[-1].at if moves and moves[-1].target is not None else None
