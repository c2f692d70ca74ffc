"""The board: counters of all workers in one piece of memory that they share.

Each worker has a slot of its own and writes to no other, so nothing is locked and nothing waits. A
slot outlives its worker: the next one in the same place goes on counting where it stopped. Whoever
is asked for the page reads every slot, so it adds up, whichever worker answers and whoever died.

A slot is an array of 64-bit words, read and written whole: ``head``, ``counts``, a grid of requests
(route x status), an entry for each model, one for each crossing, and one for each feature view. The memory has no name in the
file system: it is gone with the last process that holds it.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from interplane.views.statuses import COUNTS as LOOK_UPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "BOUNDS_S",
    "COUNTS",
    "MOST_CROSSINGS",
    "MOST_MODELS",
    "MOST_VIEWS",
    "REQUESTS",
    "ROUTES",
    "STATUSES",
    "Board",
    "Crossing",
    "Slot",
    "Tally",
    "ViewTally",
]

HEAD: Final = (
    *("pid", "started_us", "starts", "in_flight", "connections", "models", "crossings"),
    "views",
)
"""Of the worker: pid is 0 while there is none; the rest of a dead one is no state any more."""

COUNTS: Final = (
    "connections_total",
    "shed_wait",
    "shed_in_flight",
    "shed_connections",
    "late_header",
    "late_body",
    "faults",
    "frames_lost",
)
"""What is counted once for each worker."""

ROUTES: Final = (
    *("none", "predict", "events", "outcomes", "models", "model", "schema"),
    *("openapi", "livez", "readyz", "metrics"),
    *("features", "feature_events", "feast_features", "feast_push"),
)
"""Labels of routes; ``none`` is what found no route."""

STATUSES: Final = (
    *(200, 202, 400, 401, 403, 404, 405, 408, 409, 411, 413, 415, 417, 421, 422, 429, 431),
    *(500, 503, 0),
)
"""Statuses that are counted apart; 0 is any other."""

BOUNDS_S: Final = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025),
    *(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
"""Upper bounds of the latency histogram, in seconds; one more bucket holds what is above."""

MOST_MODELS: Final = 128
"""How many models have an entry of their own; those beyond share the last one, ``_other``."""

MOST_CROSSINGS: Final = 256
"""How many crossings are counted apart; those beyond share the last one, ``_other``."""

MOST_VIEWS: Final = 128
"""How many versions of feature views are counted apart; those beyond share the last one, ``_other``."""

_HEAD_AT: Final = 0
_COUNTS_AT: Final = _HEAD_AT + len(HEAD)
REQUESTS: Final = _COUNTS_AT + len(COUNTS)
"""Where the grid of requests begins: a word for each route and status, route by route."""

_MODELS_AT: Final = REQUESTS + len(ROUTES) * len(STATUSES)
_MODEL_COUNTS: Final = (
    *("predictions", "rejected", "load_failures", "took_us"),
    *("canary_load_failures", "instead"),
)
_BUCKETS: Final = len(BOUNDS_S) + 1
_TEXT_BYTES: Final = 256
_ENTRY_WORDS: Final = len(_MODEL_COUNTS) + _BUCKETS + 1 + _TEXT_BYTES // 8
_CROSSINGS_AT: Final = _MODELS_AT + MOST_MODELS * _ENTRY_WORDS
_TALLY_WORDS: Final = 2 + _TEXT_BYTES // 8
_VIEWS_AT: Final = _CROSSINGS_AT + MOST_CROSSINGS * _TALLY_WORDS
_VIEW_WORDS: Final = len(LOOK_UPS) + 1 + _TEXT_BYTES // 8
_SLOT_WORDS: Final = _VIEWS_AT + MOST_VIEWS * _VIEW_WORDS
_SLOT_BYTES: Final = -(-8 * _SLOT_WORDS // mmap.PAGESIZE) * mmap.PAGESIZE
_TRIES: Final = 1000


class Crossing(NamedTuple):
    """What a worker serves for a model: the digest of a crossing, and its name ``flights@2``."""

    digest: str
    name: str


class _Text:
    """What stands behind the counters of an entry: whose they are.

    Args:
        slot: the slot.
        at: the place of the word that says whether it is being written; the text follows.
    """

    def __init__(self, slot: Slot, at: int) -> None:
        self._words = slot.words
        self._memory = slot.memory
        self._turn_at = at
        self._from, self._to = (at + 1) * 8, (at + 1) * 8 + _TEXT_BYTES

    def write(self, *words: str) -> None:
        """Say it; one thread at a time."""
        text = "\n".join(words).encode()[:_TEXT_BYTES]
        self._words[self._turn_at] += 1  # Odd: a reader comes again.
        self._memory[self._from : self._to] = text.ljust(_TEXT_BYTES, b"\0")
        self._words[self._turn_at] += 1

    def read(self) -> list[str]:
        """Return what was said."""
        for _ in range(_TRIES):
            before = self._words[self._turn_at]
            raw = bytes(self._memory[self._from : self._to])
            if before == self._words[self._turn_at] and before % 2 == 0:
                break
        return raw.rstrip(b"\0").decode("utf-8", "replace").split("\n")


class Entry:
    """The counters of one model in one slot."""

    def __init__(self, slot: Slot, index: int) -> None:
        self._words = slot.words
        self.at = _MODELS_AT + index * _ENTRY_WORDS
        self.buckets_at = self.at + len(_MODEL_COUNTS)
        self._text = _Text(slot, self.buckets_at + _BUCKETS)

    def get(self, what: str) -> int:
        """Return a count by its name, for example predictions, rejected, or load_failures."""
        return self._words[self.at + _MODEL_COUNTS.index(what)]

    def add(self, what: str, count: int) -> None:
        """Add to a count."""
        self._words[self.at + _MODEL_COUNTS.index(what)] += count

    @property
    def buckets(self) -> list[int]:
        """How many requests took how long: one count for each bound, and one for what is above."""
        return self._words[self.buckets_at : self.buckets_at + _BUCKETS].tolist()

    def write(self, model: str, crossing: Crossing | None) -> None:
        """Say the model's name and what is live of it; one thread at a time."""
        self._text.write(model, *(crossing or ()))

    def read(self) -> tuple[str, Crossing | None]:
        """Return the model's name and what is live of it."""
        model, *rest = self._text.read()
        return model, Crossing(*rest) if len(rest) == 2 else None


class Tally:
    """How many rows one crossing predicted in one slot."""

    def __init__(self, slot: Slot, index: int) -> None:
        self._words = slot.words
        self._at = _CROSSINGS_AT + index * _TALLY_WORDS
        self._text = _Text(slot, self._at + 1)

    @property
    def count(self) -> int:
        """How many."""
        return self._words[self._at]

    def adder(self) -> Callable[[int], None]:
        """Return what counts some more: it is called for every request."""
        words, at = self._words, self._at

        def add(rows: int) -> None:
            words[at] += rows

        return add

    def write(self, model: str, crossing: Crossing) -> None:
        """Say whose they are; one thread at a time."""
        self._text.write(model, *crossing)

    def read(self) -> tuple[str, Crossing]:
        """Return the model's name and the crossing."""
        model, digest, name = self._text.read()
        return model, Crossing(digest, name)


class ViewTally:
    """The look-ups of one version of a feature view in one slot.

    Attributes:
        counts: how often was looked up what, in the order of `interplane.views.statuses.COUNTS`.
    """

    def __init__(self, slot: Slot, index: int) -> None:
        at = _VIEWS_AT + index * _VIEW_WORDS
        self.counts: memoryview[int] = slot.words[at : at + len(LOOK_UPS)]
        self._text = _Text(slot, at + len(LOOK_UPS))

    def write(self, view: str, version: str) -> None:
        """Say whose they are; one thread at a time."""
        self._text.write(view, version)

    def read(self) -> tuple[str, str]:
        """Return the view's name and its version."""
        view, version = self._text.read()
        return view, version


class Slot:
    """The part of the board that one worker writes."""

    def __init__(self, memory: memoryview) -> None:
        self.memory = memory
        self.words: memoryview[int] = memory.cast("Q")

    def get(self, what: str) -> int:
        """Return a word of the head or of the counts by its name."""
        return self.words[_AT[what]]

    def set(self, what: str, value: int) -> None:
        """Set a word of the head."""
        self.words[_AT[what]] = value

    def add(self, what: str, count: int = 1) -> None:
        """Add to a count."""
        self.words[_AT[what]] += count

    def begin(self, *, pid: int, started_us: int) -> None:
        """Begin a worker's life here: what is counted stays, what is a state begins anew."""
        for index in range(self.get("models")):
            entry = Entry(self, index)
            entry.write(entry.read()[0], None)
        self.set("in_flight", 0)
        self.set("connections", 0)
        self.set("started_us", started_us)
        self.add("starts")
        self.set("pid", pid)

    def end(self) -> None:
        """Say that no worker is here; the parent does when one died."""
        self.set("pid", 0)

    def entries(self) -> Iterator[Entry]:
        """Yield the entries of the models that were ever live here."""
        for index in range(min(self.get("models"), MOST_MODELS)):
            yield Entry(self, index)

    def new_entry(self, model: str) -> Entry:
        """Return a new entry for a model; one thread at a time."""
        index = self.get("models")
        if index >= MOST_MODELS:
            return Entry(self, MOST_MODELS - 1)
        entry = Entry(self, index)
        entry.write(model if index < MOST_MODELS - 1 else "_other", None)
        self.set("models", index + 1)
        return entry

    def tallies(self) -> Iterator[Tally]:
        """Yield the tallies of the crossings that ever predicted here."""
        for index in range(min(self.get("crossings"), MOST_CROSSINGS)):
            yield Tally(self, index)

    def new_tally(self, model: str, crossing: Crossing) -> Tally:
        """Return a tally for a crossing that has none; one thread at a time."""
        index = self.get("crossings")
        if index >= MOST_CROSSINGS:
            return Tally(self, MOST_CROSSINGS - 1)
        tally = Tally(self, index)
        if index < MOST_CROSSINGS - 1:
            tally.write(model, crossing)
        else:
            tally.write("_other", Crossing("_other", "_other"))
        self.set("crossings", index + 1)
        return tally

    def view_tallies(self) -> Iterator[ViewTally]:
        """Yield the tallies of the feature views that were ever looked up here."""
        for index in range(min(self.get("views"), MOST_VIEWS)):
            yield ViewTally(self, index)

    def new_view_tally(self, view: str, version: str) -> ViewTally:
        """Return a tally for a feature view that has none; one thread at a time."""
        index = self.get("views")
        if index >= MOST_VIEWS:
            return ViewTally(self, MOST_VIEWS - 1)
        tally = ViewTally(self, index)
        is_last = index == MOST_VIEWS - 1
        tally.write(*(("_other", "_other") if is_last else (view, version)))
        self.set("views", index + 1)
        return tally

    def requests(self) -> Iterator[tuple[str, int, int]]:
        """Yield route, status and count of the requests that were answered."""
        for row, route in enumerate(ROUTES):
            for column, status in enumerate(STATUSES):
                count = self.words[REQUESTS + row * len(STATUSES) + column]
                if count:
                    yield route, status, count


_AT: Final = {name: index for index, name in enumerate((*HEAD, *COUNTS))}


class Board:
    """The slots of all workers.

    >>> with Board.create(2) as board:
    ...     board.slots[1].add("faults")
    ...     Board(board.handle, slots=2).slots[1].get("faults")
    1
    """

    def __init__(self, handle: int, *, slots: int) -> None:
        self.handle = handle
        self._map = mmap.mmap(handle, slots * _SLOT_BYTES)
        whole = memoryview(self._map)
        self.slots = tuple(
            Slot(whole[index * _SLOT_BYTES : (index + 1) * _SLOT_BYTES]) for index in range(slots)
        )

    @classmethod
    def create(cls, slots: int) -> Board:
        """Make a board; its handle can be given to other processes."""
        handle = os.memfd_create("interplane-board", os.MFD_CLOEXEC)
        os.ftruncate(handle, slots * _SLOT_BYTES)
        return cls(handle, slots=slots)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self.handle)
