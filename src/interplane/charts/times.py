"""Times as people read them, the same on a page, in a notebook and in a report."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["exact"]


def exact(at: str) -> str:
    """Return a time to the second, in UTC.

    >>> exact("2026-01-01T10:20:30.5Z")
    '2026-01-01 10:20:30 UTC'
    """
    return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
