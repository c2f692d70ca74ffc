"""Pushed events: read, written in groups, and answered once they are committed.

``POST`` of ``{"event": {…}}`` or ``{"events": [{…}, …]}``. The answer counts what is new and what was
known already, and names columns that no view reads; see `pushed_rows` and `group_commit`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.errors import RequestRejected, StorageError, UnknownName
from interplane.serving.answers import error_item, refused
from interplane.serving.envelope import MOST_ROWS
from interplane.serving.group_commit import WAITING_BYTES, GroupCommit
from interplane.serving.json_text import read_json
from interplane.serving.pushed_rows import json_answer, open_rows, pushed_answer
from interplane.views.pushing import Push, Pusher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.serving.ports import Answer
    from interplane.views.ports import OnlineStore
    from interplane.views.pushing import Pushed

__all__ = ["PushedEvents"]

_NOT_FOUND: Final = 404


class _Body(msgspec.Struct, frozen=True):
    source: str
    body: bytes
    now_us: int


class _Rows(msgspec.Struct, frozen=True):
    """Rows that are plain values already, and where they stood."""

    source: str
    rows: list[Any]
    now_us: int
    at: str


class PushedEvents:
    """Takes pushed events into an online store.

    Args:
        store: the store.
        most_rows: how many rows a push may have.
        waiting_bytes: how much may wait for its transaction; more is answered with 503.
        replay: take events that are known after the clock.
    """

    def __init__(
        self,
        store: OnlineStore,
        *,
        most_rows: int = MOST_ROWS,
        waiting_bytes: int = WAITING_BYTES,
        replay: bool = False,
    ) -> None:
        self._pusher = Pusher(store, replay=replay)
        self._most_rows = most_rows
        self._group: GroupCommit[_Body | _Rows] = GroupCommit(
            self._answer, what="events", waiting_bytes=waiting_bytes
        )

    async def push(self, source: str, body: bytes, *, now_us: int) -> Answer:
        """Answer a push when its events are committed. Never raises for what a client sent."""
        return await self._group.answer(_Body(source, body, now_us), len(body))

    async def push_rows(
        self, source: str, rows: list[Any], *, size: int, now_us: int, at: str = "$.df"
    ) -> Answer:
        """Answer a push of rows that were read already.

        Args:
            source: the source.
            rows: plain values by column.
            size: how many bytes they were.
            now_us: the server's clock.
            at: where they stood, for messages.
        """
        return await self._group.answer(_Rows(source, rows, now_us, at), size)

    def close(self) -> None:
        """Wait for what is being written."""
        self._group.close()

    # ---- in the thread --------------------------------------------------------------------

    def _answer(self, bodies: Sequence[_Body | _Rows]) -> list[Answer]:
        read = [self._read(body) for body in bodies]
        pushes = [each for each in read if isinstance(each, Push)]
        try:
            done = iter(self._pusher.push(pushes) if pushes else ())
        except StorageError as error:
            failed = refused(error)
            return [failed if isinstance(each, Push) else each for each in read]
        return [_outcome(next(done), each) if isinstance(each, Push) else each for each in read]

    def _read(self, body: _Body | _Rows) -> Push | Answer:
        if isinstance(body, _Rows):
            return Push.of(body.source, body.rows, now_us=body.now_us, at=body.at)
        try:
            rows, paths = open_rows(read_json(body.body), "event", most_rows=self._most_rows)
        except RequestRejected as error:
            return refused(error)
        return Push(body.source, rows, body.now_us, paths)


def _outcome(pushed: Pushed | UnknownName, push: Push) -> Answer:
    """Return the answer to a push that was read."""
    if isinstance(pushed, UnknownName):
        return json_answer(_NOT_FOUND, error_item(pushed))
    counts = {"new": pushed.new, "known": pushed.known, "unread": list(pushed.unread)}
    return pushed_answer(counts, pushed.refused, push.paths)
