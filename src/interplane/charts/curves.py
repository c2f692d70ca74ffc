"""How scores and outcomes go together: ROC, precision and recall, calibration; values before pictures.

The definitions are scikit-learn's `roc_curve`, `precision_recall_curve` and `calibration_curve` (there
with ``strategy="quantile"``); equal scores are one threshold.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from interplane.charts.shares import LARGEST
from interplane.record import Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Bin", "Curve", "Curves", "draw_curves", "roc_area"]

SIZE: Final = 240.0
EDGE: Final = 8.0
_MOST_POINTS: Final = 240
_BINS: Final = 10
_Z: Final = 1.959964


class Curve(Value, frozen=True, kw_only=True):
    """A curve in a square frame: the points of a polyline, and what it says."""

    points: str
    says: str


class Bin(Value, frozen=True, kw_only=True):
    """Rows of about one score: where they stand, the interval of their rate, and what they say."""

    x: float
    y: float
    low: float
    high: float
    says: str


class Curves(Value, frozen=True, kw_only=True):
    """The pictures of some rows.

    Attributes:
        size: the width and the height of each frame.
        edge: what lies around what is drawn.
        rows: how many rows there are.
        positives: how many outcomes are true.
        area: below the ROC curve.
        roc: the share of true ones found by the share of false ones taken for true.
        pr: the share that is right of those taken for true, by the share of true ones found.
        base: the height of chance in the picture of precision and recall.
        bins: how often it came true, by what was said, in bins of about as many rows.
    """

    size: float
    edge: float
    rows: int
    positives: int
    area: float
    roc: Curve
    pr: Curve
    base: float
    bins: tuple[Bin, ...]


def draw_curves(scores: NDArray[np.float64], outcomes: NDArray[np.bool_]) -> Curves | None:
    """Return the curves of the rows that have a score to draw; None where all their outcomes are one.

    >>> drawn = draw_curves(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    >>> drawn.area, drawn.positives
    (0.75, 2)
    """
    known = np.abs(scores) < LARGEST
    scores, outcomes = scores[known], outcomes[known]
    rows, positives = len(scores), int(outcomes.sum())
    if not 0 < positives < rows:
        return None
    hits, misses = _counts(scores, outcomes)
    recall, fall = hits / positives, misses / (rows - positives)
    precision = np.divide(hits, hits + misses, out=np.ones_like(recall), where=hits + misses > 0)
    area = roc_area(scores, outcomes)
    base = positives / rows
    return Curves(
        size=SIZE,
        edge=EDGE,
        rows=rows,
        positives=positives,
        area=area,
        roc=Curve(points=_points(fall, recall), says=f"area {area:.4f}; chance is 0.5"),
        pr=Curve(
            points=_points(recall[1:], precision[1:]), says=f"chance is {base:.3f} everywhere"
        ),
        base=_y(base),
        bins=tuple(_bins(scores, outcomes)),
    )


def roc_area(scores: NDArray[np.float64], outcomes: NDArray[np.bool_]) -> float:
    """Return the area below the ROC curve."""
    hits, misses = _counts(scores, outcomes)
    return float(np.trapezoid(hits / hits[-1], misses / misses[-1]))


def _counts(
    scores: NDArray[np.float64], outcomes: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many true and false ones have at least each score, from the highest on."""
    order = np.argsort(-scores, kind="stable")
    sorted_scores, sorted_outcomes = scores[order], outcomes[order]
    ends = np.append(np.flatnonzero(sorted_scores[1:] != sorted_scores[:-1]), len(scores) - 1)
    hits = np.cumsum(sorted_outcomes)[ends].astype(np.float64)
    misses = (ends + 1) - hits
    return np.append(0.0, hits), np.append(0.0, misses)


def _bins(scores: NDArray[np.float64], outcomes: NDArray[np.bool_]) -> list[Bin]:
    edges = np.quantile(scores, np.linspace(0, 1, _BINS + 1)[1:-1])
    places = np.searchsorted(edges, scores, side="left")
    found = []
    for place in range(_BINS):
        inside = places == place
        count = int(inside.sum())
        if not count:
            continue
        said, came = float(scores[inside].mean()), float(outcomes[inside].mean())
        low, high = _wilson(came, count)
        says = f"said {said:.3f}, came true {came:.3f} [{low:.3f}, {high:.3f}] of {count:,} rows"
        found.append(Bin(x=_x(said), y=_y(came), low=_y(low), high=_y(high), says=says))
    return found


def _wilson(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927)."""
    square = _Z * _Z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = _Z / (1 + square / count) * sqrt(share * (1 - share) / count + square / (4 * count**2))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _points(xs: NDArray[np.float64], ys: NDArray[np.float64]) -> str:
    """Return the points of a polyline; of very many some from all over."""
    if len(xs) > _MOST_POINTS:
        some = np.unique(np.linspace(0, len(xs) - 1, _MOST_POINTS).astype(int))
        xs, ys = xs[some], ys[some]
    return " ".join(f"{_x(float(x)):g},{_y(float(y)):g}" for x, y in zip(xs, ys, strict=True))


def _x(share: float) -> float:
    return round(EDGE + min(max(share, 0.0), 1.0) * (SIZE - 2 * EDGE), 1)


def _y(share: float) -> float:
    return round(SIZE - EDGE - min(max(share, 0.0), 1.0) * (SIZE - 2 * EDGE), 1)
