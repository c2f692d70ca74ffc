"""A source's events made ready to be joined, and kept while the source is in use."""

from __future__ import annotations

import logging
import threading
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interplane.views.frontier import Frontier
from interplane.views.source_events import SourceEvents, no_events_text
from interplane.views.versions import Versions

if TYPE_CHECKING:
    from interplane.data.table import Table
    from interplane.record import Digest
    from interplane.views.numbering import Numbering
    from interplane.views.view import View

__all__ = ["Kept", "Prepared", "prepare"]

_LOGGER: Final = logging.getLogger("interplane.views")
_MOST: Final = 16
_MOST_BYTES: Final = 2 << 30


@dataclass(frozen=True)
class Prepared:
    """The events of a source under a view, ready to be joined to rows.

    Attributes:
        view: the view.
        entities: the entities that have events.
        latest: what gives the latest values; None if the view has none.
        windows: what gives windows; None if the view has none.
    """

    view: View
    entities: Numbering
    latest: Frontier | None
    windows: Versions | None

    @property
    def size_bytes(self) -> int:
        """How much memory it holds."""
        parts = (self.entities, self.latest, self.windows)
        return sum(part.size_bytes for part in parts if part is not None)


def prepare(view: View, source: Table) -> Prepared:
    """Make the events of a source ready to be joined.

    Args:
        view: the view.
        source: the table that its events come from. A row without entity, event time, known-at
            time or key is no event; how many there are is logged.

    Raises:
        UnknownName: if the table lacks a column that the view reads.
        DataError: if a column has another type, or an event was known before it happened and the
            view is no forecast.
    """
    events = SourceEvents.read(view, source)
    left_out = no_events_text(events.rows, len(events.known), events.lacking)
    if left_out:
        _LOGGER.info("the feature view %s of %r: %s", view.name, view.source, left_out)
    return Prepared(
        view=view,
        entities=events.entities,
        latest=Frontier.of(events, view) if view.has_latest else None,
        windows=Versions.of(events, view) if view.has_windows else None,
    )


class Kept:
    """What was prepared lately. A table never changes, so that it can be used again.

    What belongs to a table goes with it. Beyond the bounds the one that was not used for longest
    goes first; the last one used stays, whatever its size.

    Args:
        most: how many to keep.
        most_bytes: how much memory they may hold together.
    """

    def __init__(self, *, most: int = _MOST, most_bytes: int = _MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._turn = threading.Lock()
        self._uses = 0
        self._tables: weakref.WeakKeyDictionary[Table, dict[Digest, tuple[int, Prepared]]] = (
            weakref.WeakKeyDictionary()
        )

    def get(self, view: View, source: Table) -> Prepared:
        """Return a source's events ready to be joined, as they were kept or anew."""
        with self._turn:
            found = self._tables.get(source, {}).get(view.digest)
        prepared = prepare(view, source) if found is None else found[1]
        with self._turn:
            self._uses += 1
            self._tables.setdefault(source, {})[view.digest] = (self._uses, prepared)
            self._forget()
        return prepared

    def _forget(self) -> None:
        entries = sorted(
            (
                (used, prepared.size_bytes, of_table, digest)
                for of_table in self._tables.values()
                for digest, (used, prepared) in of_table.items()
            ),
            key=lambda entry: entry[0],
            reverse=True,
        )
        held = 0
        for place, (_, size, of_table, digest) in enumerate(entries):
            held += size
            if place and (place >= self._most or held > self._most_bytes):
                del of_table[digest]

    def __len__(self) -> int:
        with self._turn:
            return sum(len(of_table) for of_table in self._tables.values())
