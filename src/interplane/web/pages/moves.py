"""The log of moves: every change of what a name stands for, who made it and why."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from interplane.record import Digest, Value
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from interplane.storage.ports import Move

__all__ = ["PAGES", "MovesPage"]

_MOST: Final = 200
_SPOKEN: Final = ("model/", "data/", "rollout/", "proposal/")
"""The pointers that people move; others are the workspace's own book-keeping."""


class MoveRow(Value, frozen=True, kw_only=True):
    """A move of a pointer."""

    pointer: str
    before: Digest | None
    after: Digest | None
    at: str
    actor: str
    reason: str


class MovesPage(Value, frozen=True, kw_only=True):
    """The last moves, newest first."""

    moves: tuple[MoveRow, ...]


def read_moves(asked: Asked) -> MovesPage:
    """Return the last moves of models and datasets, newest first."""
    spoken = (
        move for move in asked.project.store.catalog.all_moves() if move.pointer.startswith(_SPOKEN)
    )
    return MovesPage(moves=tuple(map(_row, reversed(deque(spoken, maxlen=_MOST)))))


def _row(move: Move) -> MoveRow:
    return MoveRow(
        pointer=move.pointer,
        before=move.previous,
        after=move.target,
        at=move.at,
        actor=move.actor,
        reason=move.reason,
    )


PAGES: Final = (
    Page(name="moves", path="/moves", permission="look", read=read_moves, template="moves.html"),
)
