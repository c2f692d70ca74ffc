"""When a pointer may move: a pure rule that every catalog applies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.errors import Fenced
from interplane.record import short

if TYPE_CHECKING:
    from interplane.record import Digest
    from interplane.storage.ports import MoveRequest

__all__ = ["refuse_moved"]


def refuse_moved(move: MoveRequest, now: Digest | None) -> None:
    """Raise Fenced if a checked move starts from elsewhere than where the pointer is ``now``.

    A pointer that is at its target already is not asked: the move was made, perhaps by this very
    request whose answer was lost.
    """
    if not move.check or now in {move.expected, move.target}:
        return
    raise Fenced(
        f"{move.pointer!r} is at {_place(now)}: somebody else moved it",
        expected=f"it at {_place(move.expected)}",
        do="Nothing was written. Look at it again, and repeat what you did if it still makes sense",
        pointer=move.pointer,
        now=now,
    )


def _place(digest: Digest | None) -> str:
    return short(digest) if digest is not None else "nothing"
