"""What a notebook shows of a metric that a step told as it trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.markup import element
from interplane.charts.metrics import Told, draw_metric
from interplane.charts.notebook import card
from interplane.charts.svg_metrics import metric

if TYPE_CHECKING:
    from interplane.pipeline.metric_curves import MetricCurve

__all__ = ["curve_html"]


def curve_html(it: MetricCurve) -> str:
    """Return a curve, with its last value."""
    drawn = draw_metric(it.name, [Told(it.name, it.at, it.values)])
    if drawn is None:
        return card(it.name, "nothing was told")
    lead = f"{it.last:.5g} at {it.at[-1]:.10g}, the last of {it.told:,} that were told"
    return card(it.name, lead, element("div", metric(drawn), class_="metric-frame"))
