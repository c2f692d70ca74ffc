"""How an entity was found under a view: what look-ups are counted by, and what readers are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol, get_args

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.expressions.nodes import Constant

__all__ = [
    "AGE",
    "AGED",
    "COUNTS",
    "MASK",
    "NOT_FOUND",
    "NO_ENTITY",
    "NULL",
    "OUTSIDE_TTL",
    "PRESENT",
    "STATUSES",
    "Counts",
    "Status",
    "status_of",
]

Status = Literal["present", "null", "not_found", "outside_ttl"]
"""A value is there; it is null; no event of the entity is known; the latest one is too old."""

STATUSES: Final[tuple[Status, ...]] = get_args(Status)
PRESENT: Final = 0
NULL: Final = 1
NOT_FOUND: Final = 2
OUTSIDE_TTL: Final = 3

COUNTS: Final = (*STATUSES, "no_entity", "age_ms")
"""What is counted of a view's look-ups: each status, rows that name no entity, the sum of ages."""

NO_ENTITY: Final = 4
"""How a row that names no entity is counted; what it reads is null."""

AGED: Final = (PRESENT, NULL, OUTSIDE_TTL)
"""Where something was found, and so had an age."""

AGE: Final = 5
MASK: Final = (1 << 64) - 1


def status_of(
    values: Sequence[Constant], happened: int | None, time: int, *, ttl_us: int | None
) -> int:
    """Return the place in `STATUSES` of what was read of an entity.

    Args:
        values: the values.
        happened: when its newest event happened; None if none is known.
        time: for when it was read.
        ttl_us: how old the latest event may be; None where nothing bounds it.

    >>> status_of((None,), 5, 9, ttl_us=3), status_of((None, 0), None, 9, ttl_us=3)
    (3, 2)
    """
    if happened is None:
        return NOT_FOUND
    if ttl_us is not None and time - happened > ttl_us:
        return OUTSIDE_TTL
    return NULL if values.count(None) == len(values) else PRESENT


class Counts(Protocol):
    """Where a view's look-ups are counted: a list, or a stretch of memory that processes share.

    A look-up adds one to the place of its status, and the age of what it found, in milliseconds, to
    that of ages (modulo 2**64: so a sum of ages never ends a request).
    """

    def __getitem__(self, place: int, /) -> int: ...
    def __setitem__(self, place: int, value: int, /) -> None: ...
