"""How much is known by now, written as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.markup import Markup, element
from interplane.charts.numbers import number
from interplane.charts.svg import picture

if TYPE_CHECKING:
    from interplane.charts.coverage import CoverageBar, CoveragePicture

__all__ = ["coverage"]


def coverage(it: CoveragePicture) -> Markup:
    """Return the strip below a line: each window fills from below as its outcomes arrive."""
    label = f"Outcomes are known of {number(it.known * 100, 1)} % of the predictions"
    bars = (_bar(each, it.height) for each in it.bars)
    return picture("coverage", it.width, it.height, *bars, label=label, is_stretched=True)


def _bar(each: CoverageBar, height: float) -> Markup:
    return element(
        "g",
        element("rect", class_="waits", x=each.x, y=0, width=each.width, height=height),
        element("rect", class_="known", x=each.x, y=each.y, width=each.width, height=each.known),
        element("title", each.says),
    )
