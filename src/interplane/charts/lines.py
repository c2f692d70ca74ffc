"""A line of values with what is doubtful about them: a band, and how much of it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.charts.shares import has_place, share
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LinePicture", "Reading", "draw_line"]

_WIDTH: Final = 320.0
_HEIGHT: Final = 84.0
_EDGE: Final = 6.0


class Reading(NamedTuple):
    """A value of a window, its interval, and the share of rows whose outcome is known."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    coverage: float | None = None


class Point(Value, frozen=True, kw_only=True):
    """A place on the line, and what it says."""

    x: float
    y: float
    says: str
    known: float


class LinePicture(Value, frozen=True, kw_only=True):
    """A line in a frame of this size; parts of it where nothing is between."""

    width: float
    height: float
    lines: tuple[str, ...]
    band: tuple[str, ...]
    points: tuple[Point, ...]
    low: float
    high: float
    last: float


def draw_line(readings: Sequence[Reading]) -> LinePicture | None:
    """Return the line of values; None without any."""
    known = [each.value for each in readings if has_place(each.value)]
    if not known:
        return None
    readings = [_drawable(each) for each in readings]
    bounds = [
        bound
        for each in readings
        for bound in (each.value, each.low, each.high)
        if bound is not None
    ]
    low, high = min(bounds), max(bounds)
    step = (_WIDTH - 2 * _EDGE) / max(len(readings) - 1, 1)

    def x(place: int) -> float:
        return round(_EDGE + place * step, 1)

    def y(value: float) -> float:
        return round(_HEIGHT - _EDGE - share(value, low, high) * (_HEIGHT - 2 * _EDGE), 1)

    points, lines, bands = [], [], []
    for run in _runs(readings):
        values = [(place, readings[place]) for place in run]
        line = [(x(place), y(each.value)) for place, each in values if each.value is not None]
        lines.append(_path(line))
        upper = [(x(place), y(each.high)) for place, each in values if each.high is not None]
        lower = [(x(place), y(each.low)) for place, each in values if each.low is not None]
        if len(upper) == len(lower) == len(line):
            bands.append(_path([*upper, *reversed(lower)]))
        points += [
            Point(x=x(place), y=y(each.value), says=_says(each), known=_share(each))
            for place, each in values
            if each.value is not None
        ]
    return LinePicture(
        width=_WIDTH,
        height=_HEIGHT,
        lines=tuple(lines),
        band=tuple(bands),
        points=tuple(points),
        low=low,
        high=high,
        last=known[-1],
    )


def _drawable(each: Reading) -> Reading:
    """Return a reading without what has no place: its value is none then, or its interval."""
    if not has_place(each.value):
        return Reading(each.name, None)
    is_between = has_place(each.low) and has_place(each.high)
    return each if is_between else each._replace(low=None, high=None)


def _runs(readings: Sequence[Reading]) -> list[list[int]]:
    """Return the places of values that follow each other without a gap."""
    runs: list[list[int]] = [[]]
    for place, each in enumerate(readings):
        if each.value is not None:
            runs[-1].append(place)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _path(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in places)


def _share(each: Reading) -> float:
    return 1.0 if each.coverage is None else round(min(max(each.coverage, 0.0), 1.0), 3)


def _says(each: Reading) -> str:
    doubt = "" if each.low is None else f" [{each.low:.4g}, {each.high:.4g}]"
    known = "" if each.coverage is None else f", outcomes of {each.coverage:.0%}"
    return f"{each.name}: {each.value:.4g}{doubt}{known}"
