"""Templates, and how values are written in them: text only, numbers short, times relative."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING

from interplane.charts import (
    column_card,
    svg,
    svg_coverage,
    svg_joined,
    svg_metrics,
    svg_residuals,
    tables,
)
from interplane.charts.numbers import number, size
from interplane.charts.times import exact
from interplane.project.reports import card_parts
from interplane.record import short

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["ago", "environment"]

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
    made.globals["draw"] = SimpleNamespace(**_drawing())
    return made


def _drawing() -> dict[str, object]:
    """Return what writes pictures: the same functions as in notebooks, by their names."""
    pictures = (svg, svg_coverage, svg_joined, svg_metrics, svg_residuals)
    modules = (card_parts, column_card, tables, *pictures)
    return {name: getattr(module, name) for module in modules for name in module.__all__}


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
