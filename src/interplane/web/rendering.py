"""Templates, and how values are written in them: text only, numbers short, times relative."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from interplane.record import short

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["ago", "environment", "exact", "number", "size"]

_STEPS = ((86_400 * 365.25, "year"), (86_400 * 30.44, "month"), (86_400, "day"))
_SMALL_STEPS = ((3_600, "hour"), (60, "minute"))


@cache
def environment() -> Environment:
    """Return the templates: whatever is put into one is text, and what is missing is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("interplane.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {"ago": ago, "exact": exact, "number": number, "short": short, "size": size}
    made.filters.update(filters)
    return made


def ago(at: str, *, now: datetime | None = None) -> str:
    """Return how long ago a time was (ISO 8601, UTC), in words.

    >>> ago("2026-01-01T00:00:00Z", now=datetime(2026, 1, 3, tzinfo=UTC))
    '2 days ago'
    """
    passed = ((now or datetime.now(UTC)) - datetime.fromisoformat(at)).total_seconds()
    for seconds, unit in (*_STEPS, *_SMALL_STEPS):
        if passed >= seconds:
            count = int(passed // seconds)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now" if passed > -60 else exact(at)


def exact(at: str) -> str:
    """Return a time to the second, in UTC.

    >>> exact("2026-01-01T10:20:30.5Z")
    '2026-01-01 10:20:30 UTC'
    """
    return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


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
