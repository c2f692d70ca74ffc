"""Residuals written as SVG: by what was said, and how they are spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.markup import Markup, element
from interplane.charts.numbers import number
from interplane.charts.svg import picture, titled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.charts.residuals import ResidualPlane, Residuals

__all__ = ["residual_plane", "residual_spread", "residuals"]


def residuals(it: Residuals) -> Markup:
    """Return both pictures, each with what it means.

    >>> import numpy as np
    >>> from interplane.charts.residuals import draw_residuals
    >>> "of 2 rows" in residuals(draw_residuals(np.array([1.0, 2.0]), np.array([1.5, 2.0])))
    True
    """
    beyond = f" {it.beyond:,} rows beyond the edge stand at it." if it.beyond else ""
    return element(
        "div",
        element(
            "figure",
            residual_plane(it.plane),
            element(
                "figcaption",
                element("b", "By what was said"),
                ": what came less what was said. The line is the median, the bands are the middle half"
                f" and the middle 80 % of the rows; darker cells hold more of them.{beyond}",
            ),
        ),
        element(
            "figure",
            residual_spread(it),
            element(
                "figcaption",
                element("b", "How they are spread"),
                f": mean {_signed(it.bias)} [{_signed(it.bias_low)}, {_signed(it.bias_high)}],"
                f" mean size {number(it.mae, 4)}, root of the mean square {number(it.rmse, 4)},"
                f" of {it.rows:,} rows.",
            ),
        ),
        class_="residuals",
    )


def residual_plane(it: ResidualPlane) -> Markup:
    """Return residuals by prediction."""
    said = "; ".join(each.says for each in it.bins)
    return picture(
        "residual-plane",
        it.width,
        it.height,
        *(
            element("path", class_=f"cells{step}", d=path)
            for step, path in enumerate(it.cells, 1)
            if path
        ),
        *_axes(it),
        element("polygon", class_="band", points=it.wide),
        element("polygon", class_="band", points=it.half),
        element("polyline", points=it.median),
        *(
            titled(
                "rect", each.says, class_="bin", x=each.x, y=0, width=each.width, height=it.bottom
            )
            for each in it.bins
        ),
        label=f"Residuals by prediction: {said}"[:2000],
    )


def _axes(it: ResidualPlane) -> Iterator[Markup]:
    for tick in it.upright:
        yield element("text", tick.text, class_="tick up", x=it.left - 6, y=tick.place + 4)
    for tick in it.across:
        yield element("text", tick.text, class_="axis", x=tick.place, y=it.height - 6)
    yield element("line", class_="chance", x1=it.left, x2=it.right, y1=it.zero, y2=it.zero)


def residual_spread(it: Residuals) -> Markup:
    """Return how residuals are spread; the upright line is where what was said came."""
    shown, (low, high) = it.spread, it.spread_ends
    bars = (
        titled(
            "rect",
            bar.says,
            x=bar.x,
            y=shown.height - bar.height,
            width=bar.width,
            height=bar.height,
        )
        for bar in shown.bars
    )
    foot = shown.height + 18
    return picture(
        "residual-spread",
        shown.width,
        shown.height + 24,
        *bars,
        element(
            "line", class_="chance", x1=it.spread_zero, x2=it.spread_zero, y1=0, y2=shown.height
        ),
        element("text", f"{low:.4g}", class_="axis begin", x=0, y=foot),
        element("text", f"{high:.4g}", class_="axis end", x=shown.width, y=foot),
        label=f"How residuals are spread, from {low:.4g} to {high:.4g}",
    )


def _signed(value: float) -> str:
    return f"{value:+.4g}"
