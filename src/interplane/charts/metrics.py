"""Metric curves laid over each other: lines in one frame, over iterations, epochs or rounds.

What was told is drawn as it is: a line breaks where a value is not finite, and a mark at the upper edge
says what it was. Of many points the least and the greatest of each stretch are drawn, so that no
spike is lost however many there are.
"""

from __future__ import annotations

from itertools import pairwise
from math import isnan
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from interplane.charts.scales import Scale, Tick, short
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["MetricPicture", "Told", "draw_metric"]

_WIDTH: Final = 420.0
_HEIGHT: Final = 220.0
_LEFT: Final = 52.0
_RIGHT: Final = 12.0
_TOP: Final = 14.0
_BOTTOM: Final = 26.0
_ROOM: Final = 6.0
"""How far from the edges of the frame the outermost points stand."""
_WIDE_SPAN: Final = 200.0
_MOST_ODD: Final = 20
TONES: Final = 10
"""How many lines can be told apart."""


class Told(NamedTuple):
    """A curve: what it is called, its points, and in which of the tones it is drawn."""

    name: str
    at: Sequence[float]
    values: Sequence[float]
    tone: int = 0
    href: str = ""


class Odd(Value, frozen=True, kw_only=True):
    """A value that is no place: where it was told, and what it is."""

    x: float
    says: str


class MetricLine(Value, frozen=True, kw_only=True):
    """A curve in the frame: its pieces, its last point, and values that are no places."""

    name: str
    tone: int
    pieces: tuple[str, ...]
    end_x: float | None
    end_y: float | None
    odd: tuple[Odd, ...]
    says: str
    href: str


class MetricPicture(Value, frozen=True, kw_only=True):
    """Curves of one metric in a frame of this size; ``is_log`` is whether the upright axis is."""

    name: str
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    is_log: bool
    across: tuple[Tick, ...]
    upright: tuple[Tick, ...]
    lines: tuple[MetricLine, ...]


def draw_metric(name: str, curves: Sequence[Told], *, most: int = 400) -> MetricPicture | None:
    """Return curves laid over each other; None where none has a point.

    Args:
        name: the metric.
        curves: its curves; the last one is drawn above the others.
        most: how many points of a curve are drawn, at most.

    >>> drawn = draw_metric("loss", [Told("a run", [0, 1, 2], [1.0, 0.5, float("nan")])])
    >>> drawn.lines[0].says, drawn.lines[0].odd[0].says
    ('a run: 0.5 at 1; least 0.5, most 1', 'a run: NaN at 2')
    """
    read = [(each, *_in_order(each)) for each in curves if len(each.at)]
    if not read:
        return None
    places = np.concatenate([at for _, at, _ in read])
    finite = np.concatenate([values[np.isfinite(values)] for _, _, values in read])
    x = Scale(float(places.min()), float(places.max()), _LEFT, _WIDTH - _RIGHT - _ROOM)
    y = _upright(finite)
    return MetricPicture(
        name=name,
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        right=_WIDTH - _RIGHT,
        top=_TOP,
        bottom=_HEIGHT - _BOTTOM,
        is_log=y.is_log,
        across=x.ticks(is_whole=bool(np.all(places == np.floor(places)))),
        upright=y.ticks(),
        lines=tuple(_line(each, at, values, x=x, y=y, most=most) for each, at, values in read),
    )


def _in_order(curve: Told) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    at = np.asarray(curve.at, dtype=np.float64)
    values = np.asarray(curve.values, dtype=np.float64)
    order = np.argsort(at, kind="stable")
    return at[order], values[order]


def _upright(finite: NDArray[np.float64]) -> Scale:
    """Return the scale of values: by powers of ten where they are positive and far apart."""
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    is_log = low > 0 and high / low > _WIDE_SPAN
    return Scale(low, high, _HEIGHT - _BOTTOM - _ROOM, _TOP + _ROOM, is_log=is_log)


def _line(
    curve: Told,
    at: NDArray[np.float64],
    values: NDArray[np.float64],
    *,
    x: Scale,
    y: Scale,
    most: int,
) -> MetricLine:
    known = np.isfinite(values)
    odd = [
        Odd(x=float(place), says=f"{curve.name}: {_word(value)} at {short(where)}".strip(": "))
        for place, value, where in zip(*(x(at[~known]), values[~known], at[~known]), strict=True)
    ][:_MOST_ODD]
    pieces = [
        _points(x(at[run]), y(values[run]), max(most * len(run) // len(at), 2))
        for run in _runs(known)
    ]
    end = np.flatnonzero(known)[-1:] if known.any() else None
    return MetricLine(
        name=curve.name,
        tone=curve.tone % TONES,
        pieces=tuple(pieces),
        end_x=None if end is None else float(x(at[end])[0]),
        end_y=None if end is None else float(y(values[end])[0]),
        odd=tuple(odd),
        says=_says(curve.name, at[known], values[known]),
        href=curve.href,
    )


def _runs(known: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Return the places of finite values that follow each other."""
    places = np.flatnonzero(known)
    if not len(places):
        return []
    return np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)


def _points(xs: NDArray[np.float64], ys: NDArray[np.float64], most: int) -> str:
    """Return the points of a polyline; of too many the least and the greatest of each stretch."""
    if len(xs) > most:
        ends = np.linspace(0, len(xs), max(most // 2, 1) + 1).astype(int)
        kept = {0, len(xs) - 1}
        for begin, end in pairwise(ends):
            stretch = ys[begin:end]
            kept |= {int(begin + stretch.argmin()), int(begin + stretch.argmax())}
        some = sorted(kept)
        xs, ys = xs[some], ys[some]
    return " ".join(f"{px:g},{py:g}" for px, py in zip(xs, ys, strict=True))


def _says(name: str, at: NDArray[np.float64], values: NDArray[np.float64]) -> str:
    if not len(values):
        return f"{name}: nothing that is finite".strip(": ")
    last, where = float(values[-1]), float(at[-1])
    ends = f"least {values.min():.4g}, most {values.max():.4g}"
    return f"{name}: {last:.4g} at {short(where)}; {ends}".strip(": ")


def _word(value: float) -> str:
    return "NaN" if isnan(value) else "infinite" if value > 0 else "minus infinite"
