"""Moves of pointers, as pure rules: when one may be made, and what those that were made mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.errors import Fenced
from interplane.record import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.record import Digest
    from interplane.storage.ports import Move, MoveRequest

__all__ = ["refuse_moved", "targets_before"]


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


def targets_before(moves: Sequence[Move]) -> list[Digest | None]:
    """Return where a pointer was before where it is now, the latest first.

    Going back to where it was before takes the move that it takes back away: what was rolled back
    is passed over.

    Args:
        moves: the log of the pointer, oldest first.
    """
    stack: list[Digest | None] = []
    for move in moves:
        if len(stack) > 1 and stack[-2] == move.target:
            stack.pop()
        elif not stack or stack[-1] != move.target:
            stack.append(move.target)
    return stack[-2::-1]


def _place(digest: Digest | None) -> str:
    return short(digest) if digest is not None else "nothing"
