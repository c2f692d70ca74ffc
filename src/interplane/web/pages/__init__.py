"""What each page shows: a value, and the function that reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.web.pages import (
    alerts,
    card,
    compare,
    crossing,
    data,
    drift,
    features,
    home,
    latest,
    lineage,
    metrics,
    models,
    monitoring,
    moves,
    pipelines,
    rows,
    runs,
    search,
)

if TYPE_CHECKING:
    from interplane.web.routes import Page

__all__ = ["PAGES"]

PAGES: Final[tuple[Page, ...]] = (
    *(
        *home.PAGES,
        *runs.PAGES,
        *pipelines.PAGES,
        *metrics.PAGES,
        *drift.PAGES,
        *data.PAGES,
        *rows.PAGES,
        *features.PAGES,
    ),
    *(*compare.PAGES, *models.PAGES, *crossing.PAGES, *card.PAGES),
    *(*monitoring.PAGES, *alerts.PAGES, *moves.PAGES, *latest.PAGES, *search.PAGES),
    *lineage.PAGES,
)
"""Every page."""
