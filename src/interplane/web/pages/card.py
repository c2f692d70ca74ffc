"""The card of a model, to be printed: what it is, how good it is, and where it is not."""

from __future__ import annotations

from typing import Final

from interplane.project.reports.model_card import ModelCard, model_card
from interplane.web.pages.crossing import read_crossing
from interplane.web.routes import Asked, Page

__all__ = ["PAGES"]


def read_card(asked: Asked) -> ModelCard:
    """Return what belongs on the card of a model: what it is, how good it is, where it is not."""
    project = asked.project
    return model_card(project.store, read_crossing(asked), project=project.config.name)


PAGES: Final = (
    Page(
        name="card",
        path="/models/{model}/{number}/card",
        permission="look",
        read=read_card,
        template="card.html",
    ),
)
