"""The log of moves: every change of what a name stands for, who made it, when and why.

It is the catalog's own log: nothing else is written down about who did what, and nothing is ever
taken out of it. What was refused moved nothing; the log of the process says it.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from interplane.record import Digest, Rollout, Value, short
from interplane.storage.names import named_pointer, proposal_pointer, rollout_pointer
from interplane.web.places import Day, Text, Whole
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.storage.ports import Move
    from interplane.storage.store import Store

__all__ = ["PAGES", "MovesPage"]

_MOST: Final = 200
_NEWEST: Final = 10**15
_WORDS: Final = ("live", "canary", "shadow")
_KINDS: Final = {"proposal": "asked to be live", "rollout": "beside it"}


class MoveRow(Value, frozen=True, kw_only=True):
    """A move of a pointer.

    Attributes:
        pointer: the pointer, as the catalog calls it.
        name: the model or the dataset.
        what: what the pointer is to it.
        before: where it was.
        before_name: what people call that.
        after: where it is then.
        after_name: what people call that.
        after_href: where that is shown.
        at: when.
        actor: who.
        reason: why.
    """

    pointer: str
    name: str
    what: str
    before: Digest | None
    before_name: str
    after: Digest | None
    after_name: str
    after_href: str
    at: str
    actor: str
    reason: str


class MovesPage(Value, frozen=True, kw_only=True):
    """Moves, newest first.

    Attributes:
        moves: the moves.
        names: the models and datasets that there are.
        actors: who moved anything of what is asked for.
        name: the one that is asked for, or nothing.
        actor: the same, of who.
        since: from which day on, or nothing.
        until: to which day, or nothing.
        before: what to ask for to see those before; None where there are none.
    """

    moves: tuple[MoveRow, ...]
    names: tuple[str, ...]
    actors: tuple[str, ...]
    name: str
    actor: str
    since: str
    until: str
    before: int | None


def read_moves(asked: Asked) -> MovesPage:
    """Return the moves of models and datasets, newest first: all, or some."""
    said = {key: asked.query.get(key, "") for key in ("name", "actor", "since", "until")}
    pointers, names = _pointers(asked), _names(asked)
    known = tuple(dict.fromkeys(name for name, _ in pointers.values()))
    wanted = [each for each, (name, _) in pointers.items() if said["name"] in {"", name}]
    catalog = asked.project.store.catalog
    log = [move for pointer in wanted for move in catalog.moves(pointer)]
    log.sort(key=lambda move: move.sequence, reverse=True)
    before = int(asked.query.get("before") or _NEWEST)
    asked_for = (move for move in log if move.sequence < before and _is_wanted(move, said))
    found = list(islice(asked_for, _MOST + 1))
    return MovesPage(
        moves=tuple(
            _row(move, pointers[move.pointer], _with_rollout(asked.project.store, move, names))
            for move in found[:_MOST]
        ),
        names=known,
        actors=tuple(sorted({move.actor for move in log})),
        before=found[_MOST - 1].sequence if len(found) > _MOST else None,
        **said,
    )


def _is_wanted(move: Move, said: Mapping[str, str]) -> bool:
    day = move.at[:10]
    return (
        said["actor"] in {"", move.actor}
        and said["since"] <= day
        and (not said["until"] or day <= said["until"])
    )


def _pointers(asked: Asked) -> dict[str, tuple[str, str]]:
    """Return the pointers that people move, each with what it is of, and what to it."""
    catalog = asked.project.store.catalog
    found: dict[str, tuple[str, str]] = {}
    for series in catalog.names("model/"):
        model = series.partition("/")[2]
        found |= {named_pointer("model", model, word): (model, word) for word in _WORDS}
        found[rollout_pointer(model)] = (model, _KINDS["rollout"])
        found[proposal_pointer(model)] = (model, _KINDS["proposal"])
    for series in catalog.names("data/"):
        dataset = series.partition("/")[2]
        found[named_pointer("data", dataset, "latest")] = (dataset, "latest data")
    return found


def _names(asked: Asked) -> dict[Digest, tuple[str, str]]:
    """Return what crossings and data versions are called, and where they are shown."""
    planes = asked.chronicle.planes()
    data = {
        each.version: (f"{each.dataset}@{each.number}", f"/data/{each.dataset}/{each.number}")
        for each in planes.data
    }
    crossings = {
        each.crossing: (f"{each.model}@{each.number}", f"/models/{each.model}/{each.number}")
        for each in planes.crossings
    }
    return {**data, **crossings}


def _with_rollout(
    store: Store, move: Move, names: Mapping[Digest, tuple[str, str]]
) -> Mapping[Digest, tuple[str, str]]:
    """Return the names, and those of the rollouts that a move goes from and to."""
    if not move.pointer.startswith("rollout/"):
        return names
    ends = [each for each in (move.previous, move.target) if each is not None]
    return {**names, **{each: _rollout(store.record(each, Rollout), names) for each in ends}}


def _rollout(rollout: Rollout, names: Mapping[Digest, tuple[str, str]]) -> tuple[str, str]:
    """Return what runs beside a live crossing, in words."""

    def called(digest: Digest) -> str:
        return names[digest][0] if digest in names else short(digest)

    said = []
    if rollout.canary is not None:
        said.append(f"{called(rollout.canary)} as canary, {rollout.share * 100:g} %")
    if rollout.shadow is not None:
        said.append(f"{called(rollout.shadow)} as shadow")
    return "; ".join(said), f"/models/{rollout.model_name}"


def _row(move: Move, of: tuple[str, str], names: Mapping[Digest, tuple[str, str]]) -> MoveRow:
    def called(digest: Digest | None) -> tuple[str, str]:
        if digest is None:
            return "", ""
        return names.get(digest, (short(digest), f"/lineage/{digest[:16]}"))

    name, what = of
    after, href = called(move.target)
    return MoveRow(
        pointer=move.pointer,
        name=name,
        what=what,
        before=move.previous,
        before_name=called(move.previous)[0],
        after=move.target,
        after_name=after,
        after_href=href,
        at=move.at,
        actor=move.actor,
        reason=move.reason,
    )


PAGES: Final = (
    Page(
        name="moves",
        path="/moves",
        permission="look",
        read=read_moves,
        template="moves.html",
        query={
            "name": Text("of this model or dataset only"),
            "actor": Text("by this person or program only"),
            "since": Day("from this day on (UTC)"),
            "until": Day("to this day (UTC)"),
            "before": Whole("those before, as the page before says", 1, _NEWEST),
        },
    ),
)
