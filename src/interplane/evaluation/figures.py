"""Figures of a model from its test, as they are shown: a value, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.evaluation.metrics import METRICS
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.evaluation.intervals import Estimate

__all__ = ["Figure", "figures", "is_better"]


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


def is_better(metric: str) -> bool | None:
    """Return whether more of a metric is better; None where neither is, or it is not known."""
    known = METRICS.get(metric)
    return None if known is None else known.higher_is_better
