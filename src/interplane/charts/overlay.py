"""Two profiles of one column over each other."""

from __future__ import annotations

from itertools import pairwise
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
    sides = [Below(before), Below(after)]
    low, high = min(each.low for each in sides), max(each.high for each in sides)
    wide = high / _BINS - low / _BINS or 1.0
    edges = [low + wide * place for place in range(_BINS)] + [max(high, low + wide)]
    found = []
    for place, (begin, end) in enumerate(pairwise(edges)):
        old, new = (
            (each(end) - (each(begin) if place else 0.0)) / max(count, 1)
            for each, count in zip(sides, rows, strict=True)
        )
        found.append((f"{begin:.4g} to {end:.4g}", max(old, 0.0), max(new, 0.0)))
    return found


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
