"""The features of trips as a person would write them for one row: the limit of plain Python."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.trips.rows import EDGES
from interplane.expressions.nodes import Literal, Lookup, walk

if TYPE_CHECKING:
    import interplane as ip

__all__ = ["Fitted", "by_hand"]


@dataclass(frozen=True)
class Fitted:
    """What the fit found, for those who write the features by hand.

    Attributes:
        means: mean and standard deviation of miles, seconds and fare.
        company: the smoothed rate by company, and for others.
        areas: the smoothed rate by pair of areas, and for others.
    """

    means: dict[str, tuple[float, float]]
    company: tuple[dict[str, float], float]
    areas: tuple[dict[tuple[int, int], float], float]

    @classmethod
    def of(cls, frozen: ip.Frozen) -> Fitted:
        """Take the statistics out of frozen features."""

        def constants(name: str) -> tuple[float, float]:
            found = [n.value for n in walk(frozen.features[name]) if isinstance(n, Literal)]
            return found[0], found[1]

        def table(name: str) -> tuple[dict[Any, float], float]:
            node = next(n for n in walk(frozen.features[name]) if isinstance(n, Lookup))
            return dict(frozen.lookups[node.table].entries), node.default.value

        company, otherwise = table("company_rate")
        return cls(
            means={name: constants(f"{name}_z") for name in ("miles", "seconds", "fare")},
            company=({key: rate for (key,), rate in company.items()}, otherwise),
            areas=table("area_rate"),
        )


def by_hand(fitted: Fitted):
    """Return the function of one row's values, in the order of `ORDER`."""
    (m0, m1), (s0, s1), (f0, f1) = fitted.means.values()
    (company, company_else), (areas, areas_else) = fitted.company, fitted.areas
    nan, ln, sin, cos, sqrt, tau = math.nan, math.log, math.sin, math.cos, math.sqrt, math.tau

    def row(at, miles, seconds, fare, from_area, to_area, y0, x0, y1, x1, firm, way):
        hour, day = at.hour, at.weekday()
        north = nan if y1 is None else y1 - y0
        east = nan if x1 is None else x1 - x0
        return [
            nan if miles is None else (miles - m0) / m1,
            nan if seconds is None else (seconds - s0) / s1,
            nan if fare is None else (fare - f0) / f1,
            nan if miles is None else ln(miles + 1.0),
            nan if fare is None else ln(fare + 1.0),
            nan if miles is None or not seconds else miles / (seconds / 3600.0),
            nan if fare is None or not miles else fare / miles,
            nan if miles is None else float(bisect_right(EDGES, miles)),
            sin(hour * (tau / 24)),
            cos(hour * (tau / 24)),
            sin(day * (tau / 7)),
            cos(day * (tau / 7)),
            float(day >= 5),
            float(hour < 6 or hour >= 22),
            north,
            east,
            sqrt(north * north + east * east),
            float(to_area is not None),
            nan if from_area is None or to_area is None else float(from_area == to_area),
            company.get(firm, company_else),
            areas.get((from_area, to_area), areas_else),
            float(firm is not None),
            float(way == "card"),
            float(way == "cash"),
            nan if fare is None else min(max(fare, 0.0), 100.0),
        ]

    return row
