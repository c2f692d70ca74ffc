"""Numbers as people read them: short, and the same on a page, in a notebook and in a report."""

from __future__ import annotations

from typing import Any

__all__ = ["number", "size"]


def number(value: Any, digits: int = 3) -> str:
    """Return a number for people: whole ones with commas, others with some digits.

    >>> number(1234567), number(0.77612), number(None)
    ('1,234,567', '0.776', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.{digits}f}"


def size(count: float) -> str:
    """Return a number of bytes.

    >>> size(2_500_000)
    '2.5 MB'
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
