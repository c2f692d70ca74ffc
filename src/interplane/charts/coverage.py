"""How much of each window is known: a strip that fills in as outcomes arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CoverageBar", "CoveragePicture", "draw_coverage"]

_WIDTH: Final = 320.0
_HEIGHT: Final = 14.0
_EDGE: Final = 6.0


class CoverageBar(Value, frozen=True, kw_only=True):
    """A window: its place, how much of it is known, and what it says.

    Attributes:
        x: where it begins.
        width: how wide it is.
        y: where what is known begins, from above.
        known: how high what is known is.
        says: the same in words.
    """

    x: float
    width: float
    y: float
    known: float
    says: str


class CoveragePicture(Value, frozen=True, kw_only=True):
    """A strip of windows below a line of the same width (`lines.draw_line`)."""

    width: float
    height: float
    bars: tuple[CoverageBar, ...]
    known: float


def draw_coverage(windows: Sequence[tuple[str, int, float]]) -> CoveragePicture | None:
    """Return the strip; None without any prediction.

    Each window lies below its point of a line over the same windows.

    Args:
        windows: the name of each, how many predictions it has, and the share of them whose outcome
            is known.

    >>> found = draw_coverage([("Monday", 10, 1.0), ("Tuesday", 30, 0.5), ("Wednesday", 0, 0.0)])
    >>> [(bar.x, bar.known) for bar in found.bars], found.known
    ([(3.0, 14.0), (83.5, 7.0)], 0.625)
    """
    rows = sum(count for _, count, _ in windows)
    if not rows:
        return None
    step = (_WIDTH - 2 * _EDGE) / max(len(windows) - 1, 1)
    wide = max(step - 1.0, 0.8)

    def bar(place: int, name: str, count: int, share: float) -> CoverageBar:
        middle = _EDGE + place * step
        left, right = max(middle - wide / 2, _EDGE / 2), min(middle + wide / 2, _WIDTH - _EDGE / 2)
        known = round(min(max(share, 0.0), 1.0) * _HEIGHT, 2)
        return CoverageBar(
            x=round(left, 1),
            width=round(right - left, 1),
            y=round(_HEIGHT - known, 2),
            known=known,
            says=f"{name}: outcomes of {share:.0%} of {count:,} predictions",
        )

    return CoveragePicture(
        width=_WIDTH,
        height=_HEIGHT,
        bars=tuple(
            bar(place, name, count, share)
            for place, (name, count, share) in enumerate(windows)
            if count
        ),
        known=sum(count * share for _, count, share in windows) / rows,
    )
