"""What the changes of a time zone can be, as an expression holds them."""

from __future__ import annotations

__all__ = ["FIRST_S", "MOST", "are_transitions"]

_MARGIN_S = 2 * 86400
FIRST_S, LAST_S = -62135596800 + _MARGIN_S, 253402300799 - _MARGIN_S
"""No change is nearer to the ends of all times: local times there can leave the years 1 to 9999."""

MOST = 2000
"""How many changes a zone may have."""

_FURTHEST_S = 26 * 3600


def are_transitions(value: object) -> bool:
    """Return whether a value can be the transitions of a zone: offsets, and rising times between.

    >>> are_transitions((3600,)), are_transitions((3600, 0, 7200)), are_transitions((3600, 0))
    (True, True, False)
    """
    if not isinstance(value, tuple) or len(value) % 2 == 0 or len(value) > 2 * MOST + 1:
        return False
    if not all(type(each) is int for each in value):
        return False
    offsets, edges = value[::2], value[1::2]
    return (
        all(abs(offset) <= _FURTHEST_S for offset in offsets)
        and all(FIRST_S < edge <= LAST_S for edge in edges)
        and list(edges) == sorted(set(edges))
    )
