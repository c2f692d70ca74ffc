"""An audit: how often a crossing's predictions were not what the data give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.record.base import Record
from interplane.record.digests import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Audit"]


class Audit(Record, frozen=True, kw_only=True, tag="audit"):
    """A skew audit of a crossing; the pointer ``audit/CROSSING`` is at the latest.

    Attributes:
        crossing: the crossing.
        rows: how many of its logged predictions were made again.
        skewed: of how many anything differed.
        pending: of how many some history had not arrived.
        worst: the greatest skew rate, over look-ups, features and scores.
        worst_of: what that is the rate of; empty if nothing was compared.
        report: the whole report, as JSON.
        seed: what the sample was drawn by.
        at: when it was made, ISO 8601, UTC; empty in audits of before it was kept. It makes each audit
            an entry of its own: one that found what the last one found was made all the same.
    """

    crossing: Digest
    rows: int
    skewed: int
    pending: int
    worst: float
    worst_of: str
    report: Digest
    seed: int = 0
    at: str = ""

    def links(self) -> Iterator[Digest]:
        """Yield the crossing and the report."""
        yield self.crossing
        yield self.report
