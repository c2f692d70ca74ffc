"""Parallel coordinates: an upright axis for each column, and a line through them for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interplane.charts.shares import has_place, share
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Axis", "ParallelPicture", "Row", "Thread", "draw_parallel"]

_WIDTH: Final = 1360.0
_HEIGHT: Final = 260.0
_SIDE: Final = 70.0
_TOP: Final = 40.0
_BOTTOM: Final = 14.0
_MOST_AXES: Final = 9
_MOST_WORDS: Final = 12


class Row(NamedTuple):
    """A row: a value for each column, None where there is none; what kind it is, what it says."""

    values: Sequence[Any]
    kind: str
    says: str
    key: str


class Tick(Value, frozen=True, kw_only=True):
    """A place on an axis, and what stands there."""

    y: float
    text: str


class Axis(Value, frozen=True, kw_only=True):
    """An axis: where it is, what it is called, what stands at it."""

    x: float
    name: str
    ticks: tuple[Tick, ...]


class Thread(Value, frozen=True, kw_only=True):
    """The line of a row: its path, broken where it has no value."""

    path: str
    kind: str
    says: str
    key: str


class ParallelPicture(Value, frozen=True, kw_only=True):
    """Axes and lines in a frame."""

    width: float
    height: float
    top: float
    bottom: float
    axes: tuple[Axis, ...]
    threads: tuple[Thread, ...]


def draw_parallel(columns: Sequence[str], rows: Sequence[Row]) -> ParallelPicture | None:
    """Return the picture of columns whose values differ; None where there are not two of them.

    Args:
        columns: what the columns are called; of those that differ the last ones are drawn.
        rows: the rows; the last one is drawn above the others.

    >>> picture = draw_parallel(
    ...     ["a", "b"], [Row([1, "x"], "", "", "1"), Row([2, "y"], "", "", "2")]
    ... )
    >>> [axis.name for axis in picture.axes], len(picture.threads)
    (['a', 'b'], 2)
    """
    scales = [
        (place, scale)
        for place, _ in enumerate(columns)
        if (scale := _scale([row.values[place] for row in rows])) is not None
    ][-_MOST_AXES:]
    if len(scales) < 2:
        return None
    step = (_WIDTH - 2 * _SIDE) / (len(scales) - 1)
    axes = tuple(
        Axis(x=round(_SIDE + rank * step, 1), name=columns[place], ticks=scale.ticks)
        for rank, (place, scale) in enumerate(scales)
    )
    threads = [
        Thread(
            path=_path(
                [
                    (axis.x, scale.y(row.values[place]))
                    for axis, (place, scale) in zip(axes, scales, strict=True)
                ]
            ),
            kind=row.kind,
            says=row.says,
            key=row.key,
        )
        for row in rows
    ]
    return ParallelPicture(
        width=_WIDTH,
        height=_HEIGHT,
        top=_TOP,
        bottom=_HEIGHT - _BOTTOM,
        axes=axes,
        threads=tuple(each for each in threads if each.path),
    )


class _Numbers:
    """Numbers from the least below to the greatest above."""

    def __init__(self, low: float, high: float) -> None:
        self._low, self._high = low, high
        ends = ((_HEIGHT - _BOTTOM, low), (_TOP, high))
        self.ticks = tuple(Tick(y=y, text=f"{value:.4g}") for y, value in ends)

    def y(self, value: Any) -> float | None:
        if not has_place(value):
            return None
        up = share(value, self._low, self._high)
        return round(_HEIGHT - _BOTTOM - up * (_HEIGHT - _BOTTOM - _TOP), 1)


class _Words:
    """Words at equal distances, in their order."""

    def __init__(self, words: Sequence[str]) -> None:
        step = (_HEIGHT - _BOTTOM - _TOP) / (len(words) - 1)
        self._places = {
            word: round(_HEIGHT - _BOTTOM - rank * step, 1) for rank, word in enumerate(words)
        }
        few = len(words) <= _MOST_WORDS
        shown = words if few else (words[0], words[-1])
        self.ticks = tuple(Tick(y=self._places[word], text=word[:12]) for word in shown)

    def y(self, value: Any) -> float | None:
        return None if value is None else self._places[_word(value)]


def _scale(values: Sequence[Any]) -> _Numbers | _Words | None:
    """Return the scale of a column's values; None where they do not differ."""
    known = [value for value in values if value is not None]
    if known and all(map(_is_number, known)):
        numbers = [value for value in known if has_place(value)]
        low, high = min(numbers, default=0.0), max(numbers, default=0.0)
        return _Numbers(low, high) if low < high else None
    words = sorted({_word(value) for value in known})
    return _Words(words) if len(words) > 1 else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _path(places: Sequence[tuple[float, float | None]]) -> str:
    """Return the path through places, broken where there is none; nothing for less than a piece."""
    path, is_down, pieces = "", False, 0
    for x, y in places:
        if y is not None:
            path += f"{'L' if is_down else 'M'}{x:g},{y:g}"
            pieces += is_down
        is_down = y is not None
    return path if pieces else ""
