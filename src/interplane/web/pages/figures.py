"""Figures of a model from its test: a value, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.evaluation.figures import figures
from interplane.project.reports.facts import evaluation_of
from interplane.record import Crossing

if TYPE_CHECKING:
    from interplane.evaluation.figures import Figure
    from interplane.record import Digest
    from interplane.storage.store import Store
    from interplane.web.kept import Kept

__all__ = ["headline"]

_MOST_KEPT: Final = 20_000


class _Headline(NamedTuple):
    figures: tuple[Figure, ...]


def headline(store: Store, digest: Digest, kept: Kept) -> tuple[Figure, ...]:
    """Return the overall figures of a crossing.

    Args:
        store: where it is.
        digest: the crossing.
        kept: those that were read before: what a digest names never changes.
    """

    def read() -> _Headline:
        found = evaluation_of(store, store.record(digest, Crossing))
        return _Headline(() if found is None else figures(found.overall.metrics))

    return kept.get(_Headline, digest, read, most=_MOST_KEPT).figures
