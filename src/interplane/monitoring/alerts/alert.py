"""An alert: one episode of one cell, from the window that opened it to the one that ended it."""

from __future__ import annotations

from typing import Literal

from interplane.monitoring.findings import Cell, Finding
from interplane.record.base import Value
from interplane.record.digests import Digest, digest_value

__all__ = ["Acknowledgement", "Alert", "Mute", "alert_id"]


class Acknowledgement(Value, frozen=True, kw_only=True):
    """Somebody saw an alert and says so.

    Attributes:
        who: the person.
        why: what they say about it.
        at_us: when, microseconds since 1970 UTC.
    """

    who: str
    why: str
    at_us: int


class Mute(Value, frozen=True, kw_only=True):
    """Somebody wants to hear nothing of an alert for a while.

    Attributes:
        who: the person.
        why: the reason.
        until_us: until when, microseconds since 1970 UTC.
    """

    who: str
    why: str
    until_us: int


class Alert(Value, frozen=True, kw_only=True):
    """One episode of a cell.

    Attributes:
        id: its name: the digest of the cell and of the beginning of the first window.
        cell: what it is about.
        owner: who is told.
        state: ``open`` until enough quiet windows followed, then ``resolved``.
        opened: the finding that opened it.
        worst: the one with the largest effect so far.
        last: the one of the latest window that could be judged.
        windows: in how many windows the effect counted.
        quiet: how many windows in a row it did not, up to the last one.
        acknowledged: who saw it, if somebody did.
        muted: who wants to hear nothing of it, if somebody does.
    """

    id: Digest
    cell: Cell
    owner: str = ""
    state: Literal["open", "resolved"] = "open"
    opened: Finding
    worst: Finding
    last: Finding
    windows: int = 1
    quiet: int = 0
    acknowledged: Acknowledgement | None = None
    muted: Mute | None = None

    def is_muted(self, *, now_us: int) -> bool:
        """Return whether nobody is to be told of it at a time."""
        return self.muted is not None and now_us < self.muted.until_us


def alert_id(cell: Cell, *, begin_us: int) -> Digest:
    """Return the name of the episode of a cell that began with a window: always the same.

    >>> alert_id(Cell(rule="nulls", model="flights", metric="null_rate"), begin_us=0)[:8]
    '86408d7b'
    """
    return digest_value({"cell": cell.to_dict(), "begin_us": begin_us})
