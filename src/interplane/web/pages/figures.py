"""Figures of a model from its test: a value, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.project.crossings import load
from interplane.record import Crossing, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.evaluation.evaluation import Evaluation
    from interplane.evaluation.intervals import Estimate
    from interplane.record import Digest
    from interplane.storage.store import Store

__all__ = ["Figure", "evaluation_of", "figures", "headline", "is_better"]


_MOST_KEPT: Final = 20_000
_KEPT: dict[Digest, tuple[Figure, ...]] = {}


class Figure(Value, frozen=True, kw_only=True):
    """A figure: its value, and the interval that it lies in."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None


def figures(metrics: Mapping[str, Estimate]) -> tuple[Figure, ...]:
    """Return the figures of metrics."""
    return tuple(
        Figure(name=name, value=each.value, low=each.low, high=each.high)
        for name, each in metrics.items()
    )


def evaluation_of(store: Store, crossing: Crossing) -> Evaluation | None:
    """Return the evaluation of a crossing, if it has one."""
    if crossing.evaluation is None:
        return None
    found: Evaluation = load(store, crossing.evaluation)
    return found


def headline(store: Store, digest: Digest) -> tuple[Figure, ...]:
    """Return the overall figures of a crossing; what a digest names never changes, so it is kept."""
    kept = _KEPT.get(digest)
    if kept is None:
        found = evaluation_of(store, store.record(digest, Crossing))
        kept = () if found is None else figures(found.overall.metrics)
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        _KEPT[digest] = kept
    return kept


def is_better(metric: str) -> bool | None:
    """Return whether more of a metric is better; None where neither is, or it is not known."""
    from interplane.evaluation.metrics import METRICS

    known = METRICS.get(metric)
    return None if known is None else known.higher_is_better
