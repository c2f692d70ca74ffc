"""What a worker counts: each call writes a few words of its slot of the board."""

from __future__ import annotations

import threading
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from interplane.serving.board import (
    BOUNDS_S,
    REQUESTS,
    ROUTES,
    STATUSES,
    Crossing,
    Slot,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.serving.board import Entry, Tally

__all__ = ["SlotMeter", "request_word"]

_BOUNDS_US: Final = tuple(round(bound * 1_000_000) for bound in BOUNDS_S)
_COLUMNS: Final = {status: column for column, status in enumerate(STATUSES)}
_OTHER: Final = _COLUMNS[0]


def request_word(route: str, status: int) -> int:
    """Return where requests of a route with a status are counted in a slot's words."""
    row = ROUTES.index(route) * len(STATUSES)
    return REQUESTS + row + _COLUMNS.get(status, _OTHER)


class SlotMeter:
    """A worker's `Meter`, and what its shell counts beside it.

    >>> from interplane.serving.board import Board
    >>> with Board.create(1) as board:
    ...     meter = SlotMeter(board.slots[0])
    ...     meter.predictions("flights", 3, rejected=1, took_us=700)
    ...     next(board.slots[0].entries()).get("predictions")
    3
    """

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self._words = slot.words
        self._turn = threading.Lock()
        self._entries = {entry.read()[0]: entry for entry in slot.entries()}
        self._views = {tally.read()[1]: tally for tally in slot.view_tallies()}
        self._tallies: dict[str, Tally] = {
            tally.read()[1].digest: tally for tally in slot.tallies()
        }

    def predictions(self, model: str, count: int, *, rejected: int, took_us: int) -> None:
        """Count the rows of one request, and how long it took."""
        entry = self._entries.get(model) or self._entry(model)
        words = self._words
        at = entry.at
        words[at] += count
        words[at + 3] += took_us
        words[entry.buckets_at + bisect_left(_BOUNDS_US, took_us)] += 1
        if rejected:
            words[at + 1] += rejected

    def tally(self, model: str, crossing: str, name: str) -> Callable[[int], None]:
        """Return what counts the rows that a crossing predicts."""
        with self._turn:
            tally = self._tallies.get(crossing)
            if tally is None:
                tally = self.slot.new_tally(model, Crossing(crossing, name))
                self._tallies[crossing] = tally
            return tally.adder()

    def look_ups(self, view: str, version: str) -> memoryview[int]:
        """Return where the look-ups of a version of a feature view are counted."""
        with self._turn:
            tally = self._views.get(version)
            if tally is None:
                tally = self._views[version] = self.slot.new_view_tally(view, version)
            return tally.counts

    def answered_instead(self, model: str) -> None:
        """Count a row that the live crossing predicted because the canary could not."""
        self._entry(model).add("instead", 1)

    def load_failed(self, model: str) -> None:
        """Count a crossing that is live and cannot be loaded."""
        with self._turn:
            self._known(model).add("load_failures", 1)

    def canary_load_failed(self, model: str) -> None:
        """Count a canary that cannot be loaded."""
        with self._turn:
            self._known(model).add("canary_load_failures", 1)

    def frames_lost(self, count: int) -> None:
        """Count frames of the log that are damaged or could not be written."""
        with self._turn:
            self.slot.add("frames_lost", count)

    def live(self, model: str, crossing: str, name: str) -> None:
        """Say which crossing of a model this worker serves now."""
        with self._turn:
            entry = self._known(model)
            # Beyond the most models, many share one entry: it says nothing of any.
            if entry.read()[0] == model:
                entry.write(model, Crossing(crossing, name))

    def _entry(self, model: str) -> Entry:
        with self._turn:
            return self._known(model)

    def _known(self, model: str) -> Entry:
        entry = self._entries.get(model)
        if entry is None:
            entry = self._entries[model] = self.slot.new_entry(model)
        return entry
