"""What a skew audit says: how often what was served is not what the data give."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal, get_args

from interplane.features.parity import same_bits
from interplane.monitoring.margins import share_at_most
from interplane.record.base import Value

__all__ = ["CONFIDENCE", "Counts", "FirstSkew", "Kind", "SkewFigure", "SkewReport"]

CONFIDENCE = 0.95
"""Of the upper bounds of skew rates."""

Kind = Literal["looked_up", "feature", "arithmetic", "score"]
"""What is compared, in the order of reports."""


class SkewFigure(Value, frozen=True, kw_only=True):
    """How often one thing was not what it should have been.

    Attributes:
        name: the feature, what was looked up (``carrier.late_7d``), ``score`` or ``arithmetic``.
        kind: which of these.
        compared: the rows that could be compared.
        differing: those that differ.
        high: the rate is at most this, with a confidence of `CONFIDENCE`.
        not_served: of those, the ones where nothing was looked up and the data have a value.
        not_in_data: those where a value was looked up and the data have none.
    """

    name: str
    kind: Kind
    compared: int
    differing: int
    high: float
    not_served: int = 0
    not_in_data: int = 0

    @property
    def rate(self) -> float:
        """The skew rate; 0 where nothing was compared.

        >>> SkewFigure(name="score", kind="score", compared=200, differing=3, high=0.04).rate
        0.015
        """
        return self.differing / self.compared if self.compared else 0.0


class FirstSkew(Value, frozen=True, kw_only=True):
    """The earliest row that differs, and where.

    Attributes:
        prediction_id: its id.
        time: its prediction time, ISO 8601.
        what: the first feature that differs; else what was looked up, or ``score``.
        operation: the first operation of it that differs; empty if none does by itself.
        recomputed: what the operation comes to from the data.
        served: what it came to when it was served.
    """

    prediction_id: str
    time: str
    what: str
    operation: str
    recomputed: str
    served: str


class SkewReport(Value, frozen=True, kw_only=True):
    """What an audit found.

    Attributes:
        rows: the predictions that were audited.
        skewed: those of which anything differs.
        pending: those of which some history has not arrived in the data yet.
        figures: the skew rate of everything.
        first: the earliest row that differs.
        arrived: by the parameter of each view, until when its source's data reach, ISO 8601.
    """

    rows: int
    skewed: int
    pending: int
    figures: tuple[SkewFigure, ...]
    first: FirstSkew | None = None
    arrived: dict[str, str | None] = {}

    @property
    def worst(self) -> SkewFigure | None:
        """The figure with the greatest rate; None where nothing was compared."""
        return max((f for f in self.figures if f.compared), key=lambda f: f.rate, default=None)


class Counts:
    """The rows that were compared and those that differ, by what was compared."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Kind, str], Counter[str]] = {}

    def add(self, kind: Kind, name: str, again: Any, served: Any) -> bool:
        """Compare two values; return whether they differ.

        >>> counts = Counts()
        >>> [counts.add("looked_up", "carrier.n", *pair) for pair in ((1, 1), (2, None))]
        [False, True]
        >>> counts.figures()[0].rate, counts.figures()[0].not_served
        (0.5, 1)
        """
        differs = self.take(kind, name, not same_bits(again, served))
        if differs and kind == "looked_up":
            self._counts[kind, name]["not_served"] += served is None
            self._counts[kind, name]["not_in_data"] += again is None
        return differs

    def take(self, kind: Kind, name: str, differs: object) -> bool:
        """Count a comparison; return whether it differs."""
        counted = self._counts.setdefault((kind, name), Counter())
        counted["compared"] += 1
        counted["differing"] += bool(differs)
        return bool(differs)

    def figures(self) -> tuple[SkewFigure, ...]:
        """Return a figure of everything that was compared: look-ups, features, then scores."""
        found = [
            SkewFigure(
                name=name,
                kind=kind,
                compared=counted["compared"],
                differing=counted["differing"],
                high=share_at_most(
                    counted["differing"], counted["compared"], confidence=CONFIDENCE
                ),
                not_served=counted["not_served"],
                not_in_data=counted["not_in_data"],
            )
            for (kind, name), counted in self._counts.items()
        ]
        return tuple(sorted(found, key=lambda figure: get_args(Kind).index(figure.kind)))
