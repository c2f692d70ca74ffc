"""Two profiles of one column over each other."""

from __future__ import annotations

from itertools import pairwise
from math import floor
from typing import TYPE_CHECKING, Any, Final

from interplane.charts.columns import Below, has_numbers, repeats
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.charts.columns import ProfiledColumn

__all__ = ["Overlay", "PairBar", "draw_overlay"]

_WIDTH: Final = 280.0
_HEIGHT: Final = 60.0
_BINS: Final = 28
_FEW: Final = 14
_LEAST_SHARED: Final = 7
"""From how many counted ends on their bins are drawn, and nothing is estimated."""


class PairBar(Value, frozen=True, kw_only=True):
    """A bin or a value: where it stands, how high each of the two is, and what it says."""

    x: float
    width: float
    before: float
    after: float
    says: str


class Overlay(Value, frozen=True, kw_only=True):
    """Bars in a frame of this size."""

    width: float
    height: float
    bars: tuple[PairBar, ...]


def draw_overlay(
    before: ProfiledColumn, after: ProfiledColumn, *, rows: tuple[int, int]
) -> Overlay | None:
    """Return both over each other, each as shares of its own rows; None where there is nothing.

    Args:
        before: the earlier one.
        after: the later one.
        rows: how many rows each is of.
    """
    if has_numbers(before) and has_numbers(after) and before.spread and after.spread:
        bins = _numbers(before, after, rows)
    elif repeats(before, rows[0]) and after.top:
        bins = _values(dict(before.top), dict(after.top), rows)
    else:
        return None
    most = max(max(old, new) for _, old, new in bins) or 1.0
    step = _WIDTH / len(bins)
    return Overlay(
        width=_WIDTH,
        height=_HEIGHT,
        bars=tuple(
            PairBar(
                x=round(place * step, 2),
                width=round(step - 1.2, 2),
                before=round(_HEIGHT * old / most, 2),
                after=round(_HEIGHT * new / most, 2),
                says=f"{name}: {old:.1%} before, {new:.1%} after",
            )
            for place, (name, old, new) in enumerate(bins)
        ),
    )


def _numbers(
    before: ProfiledColumn, after: ProfiledColumn, rows: tuple[int, int]
) -> list[tuple[str, float, float]]:
    """Return the shares of bins whose ends both sides have counted; of even bins, about, if they are few."""
    sides = [Below(before), Below(after)]
    low, high = min(each.low for each in sides), max(each.high for each in sides)
    is_whole = all(
        isinstance(end, int) for each in (before, after) for end in (each.low, each.high)
    )
    shared = sorted(
        {
            float(edge)
            for each in (before, after)
            for edge in (*each.edges, *each.spread_edges, each.high)
            if low <= edge < high and all(side.knows(float(edge)) for side in sides)
        }
    )
    inner = shared if len(shared) >= _LEAST_SHARED else _even(low, high, is_whole=is_whole)
    found = []
    for place, (begin, end) in enumerate(pairwise([low, *inner, high])):
        is_first, is_counted = place == 0, all(side.knows(end) for side in sides)
        is_counted &= is_first or all(side.knows(begin) for side in sides)
        old, new = (
            (each(end) - (0.0 if is_first else each(begin))) / max(count, 1)
            for each, count in zip(sides, rows, strict=True)
        )
        name = _bin(begin if is_first or not is_whole else begin + 1, end, is_whole=is_whole)
        about = "" if is_counted else ", about"
        found.append((f"{name}{about}", max(old, 0.0), max(new, 0.0)))
    return found


def _even(low: float, high: float, *, is_whole: bool) -> list[float]:
    """Return the inner ends of bins of equal width; of whole numbers none is cut in two."""
    wide = high / _BINS - low / _BINS
    ends = (low + wide * place for place in range(1, _BINS))
    found = {float(floor(end)) if is_whole else end for end in ends}
    return sorted(end for end in found if low <= end < high)


def _bin(begin: float, end: float, *, is_whole: bool) -> str:
    if is_whole:
        return f"{begin:.0f}" if begin == end else f"{begin:.0f} to {end:.0f}"
    return f"{begin:.4g} to {end:.4g}"


def _values(
    before: Mapping[Any, int], after: Mapping[Any, int], rows: tuple[int, int]
) -> list[tuple[str, float, float]]:
    """Return the most frequent values of both."""
    shares = {
        value: (before.get(value, 0) / max(rows[0], 1), after.get(value, 0) / max(rows[1], 1))
        for value in dict.fromkeys([*before, *after])
    }
    ranked = sorted(shares.items(), key=lambda item: -max(item[1]))[:_FEW]
    return [(str(value)[:40], old, new) for value, (old, new) in ranked]
