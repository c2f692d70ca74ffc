"""Residuals of a regression, what came less what was said: by what was said, and how they are spread.

Any number of rows takes as much room: where they lie is counted in cells, and of about as many rows
each are drawn the median, the middle half and the middle 80 %.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from interplane.charts.histogram import Bar, Histogram
from interplane.charts.scales import Scale, Tick, short
from interplane.charts.shares import LARGEST
from interplane.record import Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ResidualBin", "ResidualPlane", "Residuals", "draw_residuals", "drawable"]

_WIDTH: Final = 560.0
_HEIGHT: Final = 280.0
_LEFT: Final = 52.0
_RIGHT: Final = 12.0
_TOP: Final = 12.0
_BOTTOM: Final = 26.0
_ACROSS: Final = 56
_DOWN: Final = 28
_STEPS: Final = 6
_BINS: Final = 20
_LEAST_ROWS: Final = 25
_SHARES: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
_BEYOND: Final = 0.002
_BARS: Final = 60
_BAR_HEIGHT: Final = 200.0
_LEAST: Final = 1e-290
"""A span below this has no room for as many bars."""


class ResidualBin(Value, frozen=True, kw_only=True):
    """Rows of about one prediction: where they stand, and what they say."""

    x: float
    width: float
    says: str


class ResidualPlane(Value, frozen=True, kw_only=True):
    """Residuals by prediction.

    Attributes:
        width: the width of the frame.
        height: its height.
        left: where the axis begins.
        right: where it ends.
        bottom: where it is.
        zero: the height at which what was said came.
        cells: the path of the cells of each step, from few rows to many.
        wide: between which the middle 80 % lie, as a polygon.
        half: between which the middle half lies.
        median: the line of the medians.
        bins: rows of about one prediction, in words.
        across: what stands below.
        upright: what stands beside.
    """

    width: float
    height: float
    left: float
    right: float
    bottom: float
    zero: float
    cells: tuple[str, ...]
    wide: str
    half: str
    median: str
    bins: tuple[ResidualBin, ...]
    across: tuple[Tick, ...]
    upright: tuple[Tick, ...]


class Residuals(Value, frozen=True, kw_only=True):
    """The residuals of some rows.

    Attributes:
        rows: how many rows there are.
        bias: their mean: above 0 more came than was said.
        bias_low: the end below of its 95 % interval.
        bias_high: the end above.
        mae: the mean of their sizes.
        rmse: the root of their mean square.
        beyond: how many rows lie beyond what is drawn, which stand at its edge.
        left_out: how many rows have no prediction or no outcome that is finite.
        plane: by prediction.
        spread: how they are spread.
        spread_zero: where in it 0 is.
        spread_ends: the least and the greatest that it shows.
    """

    rows: int
    bias: float
    bias_low: float
    bias_high: float
    mae: float
    rmse: float
    beyond: int
    left_out: int
    plane: ResidualPlane
    spread: Histogram
    spread_zero: float
    spread_ends: tuple[float, float]


def draw_residuals(said: NDArray[np.float64], came: NDArray[np.float64]) -> Residuals | None:
    """Return the residuals of rows; None where no row has both, as numbers that can be drawn.

    Args:
        said: the predictions.
        came: the outcomes, as many.

    >>> drawn = draw_residuals(np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 5.0]))
    >>> drawn.bias, drawn.mae, round(drawn.rmse, 3)
    (1.0, 1.0, 1.291)
    """
    known = drawable(said, came)
    said, came = said[known], came[known]
    if not len(said):
        return None
    residuals = came - said
    low, high = _shown(residuals)
    count, bias = len(residuals), float(residuals.mean())
    half = 1.959964 * float(residuals.std(ddof=1)) / sqrt(count) if count > 1 else 0.0
    spread, zero = _spread(residuals, low, high)
    return Residuals(
        rows=count,
        bias=bias,
        bias_low=bias - half,
        bias_high=bias + half,
        mae=float(np.abs(residuals).mean()),
        rmse=sqrt(float(np.square(residuals).mean())),
        beyond=int(((residuals < low) | (residuals > high)).sum()),
        left_out=int(len(known) - count),
        plane=_plane(said, residuals, low, high),
        spread=spread,
        spread_zero=zero,
        spread_ends=(low, high),
    )


def drawable(said: NDArray[np.float64], came: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows have numbers that can be drawn: finite, and so small that their squares are."""
    is_known: NDArray[np.bool_] = (np.abs(said) < LARGEST) & (np.abs(came) < LARGEST)
    return is_known


def _shown(residuals: NDArray[np.float64]) -> tuple[float, float]:
    """Return between which residuals are drawn: nearly all of them, and 0."""
    low, high = np.quantile(residuals, [_BEYOND, 1 - _BEYOND])
    least, most = float(residuals.min()), float(residuals.max())
    # A little beyond the edge is drawn rather than cut.
    span = float(high - low)
    low = least if low - least < 0.5 * span else float(low)
    high = most if most - high < 0.5 * span else float(high)
    return min(low, 0.0), max(high, 0.0)


def _plane(
    said: NDArray[np.float64], residuals: NDArray[np.float64], low: float, high: float
) -> ResidualPlane:
    x = Scale(float(said.min()), float(said.max()), _LEFT, _WIDTH - _RIGHT)
    y = Scale(low, high, _HEIGHT - _BOTTOM, _TOP)
    bins = _bins(said, residuals)
    middles = x(np.array([middle for middle, _, _ in bins]))
    levels = y(np.clip(np.array([levels for _, levels, _ in bins]), low, high))
    return ResidualPlane(
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        right=_WIDTH - _RIGHT,
        bottom=_HEIGHT - _BOTTOM,
        zero=float(y(np.zeros(1))[0]),
        cells=_cells(said, np.clip(residuals, low, high), x, y),
        wide=_band(middles, levels[:, 0], levels[:, 4]),
        half=_band(middles, levels[:, 1], levels[:, 3]),
        median=_points(middles, levels[:, 2]),
        bins=tuple(_told(bins, x)),
        across=x.ticks(),
        upright=y.ticks(),
    )


_Bin = tuple[float, "NDArray[np.float64]", tuple[float, float, int]]


def _bins(said: NDArray[np.float64], residuals: NDArray[np.float64]) -> list[_Bin]:
    """Return rows of about one prediction, about as many in each: where, the quantiles, the ends."""
    order = np.argsort(said, kind="stable")
    said, residuals = said[order], residuals[order]
    count = max(min(_BINS, len(said) // _LEAST_ROWS), 1)
    # Equal predictions are in one bin, whatever it holds then.
    ends = np.searchsorted(said, said[(np.arange(1, count) * len(said)) // count])
    edges = np.unique(np.concatenate([[0], ends, [len(said)]]))
    return [
        (
            float(said[begin:end].mean()),
            np.quantile(residuals[begin:end], _SHARES),
            (float(said[begin]), float(said[end - 1]), int(end - begin)),
        )
        for begin, end in pairwise(edges)
    ]


def _told(bins: list[_Bin], x: Scale) -> list[ResidualBin]:
    found = []
    for _, levels, (first, last, rows) in bins:
        begin, end = (float(each) for each in x(np.array([first, last])))
        ends = short(first) if first == last else f"{short(first)} to {short(last)}"
        says = (
            f"said {ends}: median {short(float(levels[2]))}, half of them from"
            f" {short(float(levels[1]))} to {short(float(levels[3]))}, of {rows:,} rows"
        )
        found.append(ResidualBin(x=begin, width=round(max(end - begin, 3.0), 1), says=says))
    return found


def _cells(
    said: NDArray[np.float64], residuals: NDArray[np.float64], x: Scale, y: Scale
) -> tuple[str, ...]:
    """Return for each step the path of the cells that hold so many rows."""
    wide, tall = (_WIDTH - _LEFT - _RIGHT) / _ACROSS, (_HEIGHT - _TOP - _BOTTOM) / _DOWN
    across = np.minimum(((x(said) - _LEFT) / wide).astype(int), _ACROSS - 1)
    down = np.minimum(((y(residuals) - _TOP) / tall).astype(int), _DOWN - 1)
    counts = np.bincount(across * _DOWN + down, minlength=_ACROSS * _DOWN)
    most = max(int(counts.max()), 1)
    steps = np.ceil(_STEPS * np.sqrt(counts / most)).astype(int)
    paths = []
    for step in range(1, _STEPS + 1):
        places = (divmod(int(place), _DOWN) for place in np.flatnonzero(steps == step))
        paths.append(
            "".join(
                f"M{_LEFT + a * wide:.1f},{_TOP + d * tall:.1f}h{wide:.1f}v{tall:.1f}h-{wide:.1f}z"
                for a, d in places
            )
        )
    return tuple(paths)


def _spread(residuals: NDArray[np.float64], low: float, high: float) -> tuple[Histogram, float]:
    """Return how residuals are spread, and where 0 is."""
    if high - low < _LEAST:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(np.clip(residuals, low, high), bins=_BARS, range=(low, high))
    most, step = max(int(counts.max()), 1), _WIDTH / _BARS
    bars = tuple(
        Bar(
            x=round(place * step, 2),
            width=round(step - 1, 2),
            height=round(max(_BAR_HEIGHT * count / most, 0.6 if count else 0.0), 2),
            says=f"{short(float(edges[place]))} to {short(float(edges[place + 1]))}: {count:,} rows",
        )
        for place, count in enumerate(map(int, counts))
    )
    return (
        Histogram(width=_WIDTH, height=_BAR_HEIGHT, bars=bars),
        round(-low / (high - low) * _WIDTH, 1),
    )


def _band(xs: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64]) -> str:
    return f"{_points(xs, upper)} {_points(xs[::-1], lower[::-1])}"


def _points(xs: NDArray[np.float64], ys: NDArray[np.float64]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in zip(xs, ys, strict=True))
