"""Lengths of time as a person writes them."""

from __future__ import annotations

import re

__all__ = ["parse_duration"]

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SHAPE = re.compile(r"(\d+)\s*([smhdw])")


def parse_duration(text: str) -> float | None:
    """Return the seconds of ``90m``, ``36h``, ``2d`` …, or None if the text is none of them.

    >>> parse_duration("36h"), parse_duration("soon")
    (129600.0, None)
    """
    found = _SHAPE.fullmatch(text.strip())
    return float(int(found.group(1)) * _SECONDS[found.group(2)]) if found else None
