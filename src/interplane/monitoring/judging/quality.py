"""The quality of a model over rows that were counted, each metric with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.evaluation.intervals import Estimate
from interplane.monitoring.judging.measures import measure_of, why_unfit
from interplane.monitoring.metrics import METRICS

if TYPE_CHECKING:
    from interplane.monitoring.layout import Layout
    from interplane.monitoring.tally import Tally

__all__ = ["measure"]

_FEWEST = 2


def measure(tally: Tally, layout: Layout) -> dict[str, Estimate]:
    """Return every metric of outcomes that can be told of a tally, with its interval at 95 %.

    Shares have Wilson's interval, means the normal one, the area under the ROC curve DeLong's. They
    take rows as independent. A metric whose rows are too few, or of one class, is left out.

    Args:
        tally: the counts of some rows.
        layout: the bins by which they were counted.

    >>> from interplane.monitoring.layout import Layout
    >>> from interplane.monitoring.tally import Moments, Tally
    >>> tally = Tally(rows=120, moments={"hit": Moments(count=100, total=90.0, squares=90.0)})
    >>> measure(tally, Layout(columns=()))["accuracy"].to_text()
    '0.9000 [0.8256, 0.9448]'
    """
    found = {}
    for metric in METRICS.values():
        if not metric.needs_outcomes or metric.name == "coverage" or why_unfit(metric, layout):
            continue
        told = measure_of(metric, layout)
        if told.rows(tally) < _FEWEST or told.why_not(tally):
            continue
        value, low, high = told.sample(tally)
        if low is not None and high is not None:
            found[metric.name] = Estimate(value=value, low=low, high=high)
    return found
