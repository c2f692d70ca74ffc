"""What ``/metrics`` shows that nobody counts: how fresh feature views are, and how much skew there is.

It is looked at when somebody asks for the page, in a thread, and not again for a while: the page
costs the same however often it is asked for.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from interplane.errors import InterplaneError
from interplane.serving.board import MOST_VIEWS
from interplane.serving.ports import Gauge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.views.ports import OnlineStore

__all__ = ["LiveGauges", "Skew"]

T = TypeVar("T")

_EVERY_S: Final = 15.0
_MOST_FIGURES: Final = 64
_SECOND_US: Final = 1_000_000


class Skew(NamedTuple):
    """What the latest audit of a live crossing found.

    Attributes:
        model: the model.
        name: the crossing: ``flights@2``.
        rows: how many predictions were audited.
        rates: the skew rate by what it is the rate of, and what kind that is.
        first: the first feature of the earliest row that differs, and the first operation of it
            that does; None if nothing differs.
    """

    model: str
    name: str
    rows: int
    rates: Sequence[tuple[str, str, float]]
    first: tuple[str, str] | None


class LiveGauges:
    """Looks at the views of an online store, and at the audits of what is live.

    Args:
        store: the store.
        skews: gives the latest audits of the live crossings.
        every_s: for how long what was seen is shown.
        clock_us: the clock, in microseconds since 1970.
    """

    def __init__(
        self,
        store: OnlineStore,
        skews: Callable[[], Sequence[Skew]],
        *,
        every_s: float = _EVERY_S,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._store = store
        self._skews = skews
        self._every_us = round(every_s * _SECOND_US)
        self._clock_us = clock_us
        self._turn = threading.Lock()
        self._looked_us: int | None = None
        self._newest: dict[tuple[str, str], int] = {}
        self._audits: Sequence[Skew] = ()
        self._unread: set[str] = set()

    def __call__(self) -> Sequence[Gauge]:
        """Return the gauges; what cannot be read is left out, and said."""
        with self._turn:
            now_us = self._clock_us()
            if self._looked_us is None or not 0 <= now_us - self._looked_us < self._every_us:
                self._unread = set()
                self._newest = self._look("views", lambda: self._look_at_views(now_us)) or {}
                self._audits = self._look("audits", self._skews) or ()
                self._looked_us = now_us
            return [self._ages(now_us), *_skew_gauges(self._audits), self._failures()]

    def _look(self, what: str, look: Callable[[], T]) -> T | None:
        try:
            return look()
        except InterplaneError:
            self._unread.add(what)
            return None

    def _look_at_views(self, now_us: int) -> dict[tuple[str, str], int]:
        views = [each.view for each in self._store.known().views][-MOST_VIEWS:]
        found = {(view.name, view.digest): self._store.newest(view, by_us=now_us) for view in views}
        return {label: newest for label, newest in found.items() if newest is not None}

    def _ages(self, now_us: int) -> Gauge:
        return Gauge(
            "interplane_view_age_seconds",
            "How long ago the newest event of a feature view was known.",
            [
                ((("view", view), ("version", version)), max(now_us - newest, 0) / _SECOND_US)
                for (view, version), newest in self._newest.items()
            ],
        )

    def _failures(self) -> Gauge:
        return Gauge(
            "interplane_gauges_unreadable",
            "Whether what other gauges show could not be read.",
            [((("of", what),), float(what in self._unread)) for what in ("audits", "views")],
        )


def _skew_gauges(audits: Sequence[Skew]) -> list[Gauge]:
    """Return the rates of the latest audits; of each the greatest, if they are too many."""
    rates, rows, first = [], [], []
    for audit in audits:
        of = (("model", audit.model), ("name", audit.name))
        rows.append((of, float(audit.rows)))
        worst = sorted(audit.rates, key=lambda each: -each[2])[:_MOST_FIGURES]
        rates += [((*of, ("what", what), ("kind", kind)), rate) for what, kind, rate in worst]
        if audit.first is not None:
            what, operation = audit.first
            first.append(((*of, ("what", what), ("operation", operation)), 1.0))
    return [
        Gauge(
            "interplane_skew_rate",
            "The share of audited predictions of which this differs from what the data give.",
            rates,
        ),
        Gauge("interplane_skew_audited_rows", "The predictions of the latest audit.", rows),
        Gauge(
            "interplane_skew_first",
            "Where the earliest prediction that differs does so first.",
            first,
        ),
    ]
