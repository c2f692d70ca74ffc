"""The work of shadows: what was answered is predicted once more, each once, whatever dies meanwhile.

A place is kept when everything before it is in the shadows' log, on the disk. A process that begins
looks at what it finds behind the place with doubt: what the log has already is left out. So nothing is
there twice, and nothing is missing.

A row that ends the process (a model may exit, crash, or never come back) would end the next one too.
Where several came no further, rows are taken one by one, each noted before; one that several died at
is logged without a score.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from interplane.predictions.catching_up import Logged, compacted
from interplane.predictions.following import Follower
from interplane.predictions.writer import SegmentWriter
from interplane.project.shadow_place import ShadowPlace, read_place, write_place
from interplane.serving.ids import KEPT_S
from interplane.serving.shadowing import unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from interplane.predictions.entry import Entry
    from interplane.project.shadows import Active

__all__ = ["DIED", "ShadowWork"]

DIED: Final = "died"
"""Why a row has no score that ends the process."""

KEEP_EVERY_S: Final = 1.0
GAP_EVERY_S: Final = 10.0
LONGEST_ROW_S: Final = 30.0
"""What takes longer ends the process."""

_AT_ONCE: Final = 256
_STARTS: Final = 3
_DEATHS: Final = 3
_LATE_US: Final = int((KEPT_S + 3600) * 1e6)
"""How much older than its place in the log an entry can be: one that a worker left behind is logged
when its client comes again."""


class ShadowWork:
    """What one process does for the shadows that it is given.

    Args:
        log: the folder of the prediction log.
        own: the folder of the shadows' log.
        shadows: the shadows by model; at least one.
        alarm: is told before each row how many seconds it may take, and behind the last one 0.
        clock: a clock that never goes back, in seconds.

    Raises:
        StorageError: if a log cannot be opened.
    """

    def __init__(
        self,
        log: Path,
        own: Path,
        shadows: Mapping[str, Active],
        *,
        alarm: Callable[[float], None] = lambda _seconds: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._own = own
        self._shadows = shadows
        self._alarm = alarm
        self._clock = clock
        self._writer = SegmentWriter(own, name="shadow", sync_ms=1000)
        self._crossings = {model: active.shadow.crossing for model, active in shadows.items()}
        kept = read_place(own)
        if kept is not None and kept.shadows != self._crossings:
            kept = None
        self._follower = Follower(log, None if kept is None else kept.place)
        self._logged: Logged | None = Logged(own)
        self._at_us = None if kept is None else kept.place.at_us
        self._next_gap_s = self._next_keep_s = 0.0
        self._is_dirty = False
        self._suspects: set[str] = set()
        self._state = kept or ShadowPlace(shadows=self._crossings, place=self._follower.place())
        self._begin()

    def _begin(self) -> None:
        """Note that another process began, before anything can end it."""
        state = self._state
        if state.suspect is not None and state.deaths + 1 >= _DEATHS:
            self._suspects.add(state.suspect)
        self._state = msgspec.structs.replace(
            state,
            starts=state.starts + 1,
            deaths=0 if state.suspect is None else state.deaths + 1,
        )
        write_place(self._own, self._state)
        self._is_careful = state.starts >= _STARTS

    # ---- steps ------------------------------------------------------------------------------

    def step(self) -> bool:
        """Do what there is to do, at most some thousands of rows; return whether there was anything.

        Raises:
            StorageError: if a log cannot be read or written. Begin anew with another work.
        """
        now_s = self._clock()
        if now_s >= self._next_gap_s:
            self._next_gap_s = now_s + GAP_EVERY_S
            if self._follower.find_gap():
                self._catch_up()
        is_doubtful = self._follower.is_doubtful
        entries = self._follower.read()
        if not is_doubtful:
            self._logged = None
        self._predict(entries)
        self._is_dirty = self._is_dirty or bool(entries)
        if self._is_dirty and (self._clock() >= self._next_keep_s or self._state.starts):
            self.keep()
        return bool(entries)

    def keep(self) -> None:
        """Keep the place: everything before it is in the shadows' log, and on the disk.

        Raises:
            StorageError: if it cannot be kept.
        """
        self._next_keep_s = self._clock() + KEEP_EVERY_S
        self._writer.sync()
        self._state = ShadowPlace(shadows=self._crossings, place=self._follower.place())
        write_place(self._own, self._state)
        self._is_dirty = self._is_careful = False
        self._suspects.clear()

    def close(self) -> None:
        """Close everything; the place is kept by `keep` alone."""
        self._follower.close()
        self._writer.close()

    def _catch_up(self) -> None:
        """Predict what nobody followed: it is in files."""
        late_us = 0 if self._at_us is None else self._at_us - _LATE_US
        since_us = {model: max(active.since_us, late_us) for model, active in self._shadows.items()}
        self._logged = Logged(self._own)
        for entries in compacted(self._log, since_us=since_us):
            self._predict(entries)
        # What is open may be in those files as well: it is held against what was just logged.
        self._follower.fill_gap()
        self._writer.sync()
        self._logged = Logged(self._own)
        self._is_dirty = True

    # ---- rows -------------------------------------------------------------------------------

    def _predict(self, entries: Sequence[Entry]) -> None:
        asked = [entry for entry in entries if self._is_asked(entry)]
        if asked and self._logged is not None:
            there = self._logged.find(asked)
            asked = [entry for entry in asked if entry.id not in there]
        at_once = 1 if self._is_careful else _AT_ONCE
        for begin in range(0, len(asked), at_once):
            found = [self._one(entry) for entry in asked[begin : begin + at_once]]
            self._alarm(0)
            self._writer.append(found)

    def _is_asked(self, entry: Entry) -> bool:
        active = self._shadows.get(entry.model)
        return active is not None and entry.at_us >= active.since_us

    def _one(self, entry: Entry) -> Entry:
        shadow = self._shadows[entry.model].shadow
        if entry.id in self._suspects:
            return unanswered(entry, shadow.crossing, DIED)
        if self._is_careful:
            self._suspect(entry.id)
        self._alarm(LONGEST_ROW_S)
        return shadow.predict(entry)

    def _suspect(self, prediction_id: str) -> None:
        state = self._state
        if state.suspect != prediction_id:
            self._state = msgspec.structs.replace(state, suspect=prediction_id, deaths=0)
            write_place(self._own, self._state)
