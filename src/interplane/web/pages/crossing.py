"""A crossing: everything that it stands on, how good it is, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.project.crossings import find_crossing
from interplane.project.reports.facts import CrossingFacts, facts_of
from interplane.project.reports.scored import CurvesCard, Drawn, curves_of
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from interplane.evaluation.evaluation import Evaluation
    from interplane.record import Crossing
    from interplane.storage.store import Store

__all__ = ["PAGES", "read_crossing"]

_MOST_KEPT: Final = 500


def read_crossing(asked: Asked) -> CrossingFacts:
    """Return a crossing with everything that it stands on."""

    def keep(key: Hashable, draw: Callable[[], Drawn]) -> Drawn:
        return asked.kept.get(Drawn, key, draw, most=_MOST_KEPT)

    def curves(store: Store, crossing: Crossing, evaluation: Evaluation | None) -> CurvesCard:
        return curves_of(store, crossing, evaluation, keep)

    store = asked.project.store
    found = find_crossing(store, f"{asked.path['model']}@{asked.path['number']}")
    return facts_of(store, found, metric=asked.query.get("metric", ""), curves=curves)


PAGES: Final = (
    Page(
        name="crossing",
        path="/models/{model}/{number}",
        permission="look",
        read=read_crossing,
        template="crossing.html",
        query={"metric": "the metric that slices are shown by; the first if not given"},
    ),
)
