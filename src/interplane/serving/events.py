"""Pushed events: read, written in groups, and answered once they are committed.

``POST`` of ``{"event": {…}}`` or ``{"events": [{…}, …]}``. The pushes that come while one
transaction is on its way share the next one. All reading and writing is done in one thread beside
the event loop, so that a push of many rows delays no prediction for long.

The answer counts what is new and what was known already, and names columns that no view reads. If a
row is refused the status is 422, also where others were taken: nobody loses a row without noticing.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.errors import (
    RequestRejected,
    StorageError,
    UnknownName,
    did_you_mean,
)
from interplane.serving.answers import error_item, refused
from interplane.serving.envelope import MOST_ROWS
from interplane.serving.json_text import read_json
from interplane.serving.ports import Answer
from interplane.serving.refusals import Malformed
from interplane.views.pushing import Push, Pusher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.views.ports import OnlineStore
    from interplane.views.pushing import Pushed

__all__ = ["PushedEvents"]

_OK, _NOT_FOUND, _REFUSED, _UNAVAILABLE = 200, 404, 422, 503
_GROUP_BYTES: Final = 1 << 20
_WAITING_BYTES: Final = 32 << 20
_FORM: Final = '{"event": {…}} or {"events": [{…}, …]}'
_NAMES: Final = ("event", "events")


class _Body(msgspec.Struct, frozen=True):
    source: str
    body: bytes
    now_us: int


class _Group:
    """Pushes that share a transaction."""

    def __init__(self) -> None:
        self.bodies: list[_Body] = []
        self.size = 0
        self.work: asyncio.Future[list[Answer]] | None = None

    def add(self, body: _Body) -> int:
        """Add a push; return its place."""
        self.bodies.append(body)
        self.size += len(body.body)
        return len(self.bodies) - 1


class PushedEvents:
    """Takes pushed events into an online store.

    Args:
        store: the store.
        most_rows: how many rows a push may have.
        waiting_bytes: how much may wait for its transaction; more is answered with 503.
    """

    def __init__(
        self,
        store: OnlineStore,
        *,
        most_rows: int = MOST_ROWS,
        waiting_bytes: int = _WAITING_BYTES,
    ) -> None:
        self._pusher = Pusher(store)
        self._most_rows = most_rows
        self._room = waiting_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="events")
        self._turn = asyncio.Lock()
        self._forming = _Group()

    async def push(self, source: str, body: bytes, *, now_us: int) -> Answer:
        """Answer a push when its events are committed. Never raises for what a client sent."""
        if len(body) > self._room:
            return _saturated()
        self._room -= len(body)
        try:
            if self._forming.size > _GROUP_BYTES:
                self._forming = _Group()
            group = self._forming
            place = group.add(_Body(source, body, now_us))
            answers = await self._committed(group)
        finally:
            self._room += len(body)
        return answers[place]

    async def _committed(self, group: _Group) -> Sequence[Answer]:
        """Return a group's answers; whoever of it comes first sends it on its way."""
        async with self._turn:
            if group.work is None:
                if self._forming is group:
                    self._forming = _Group()
                loop = asyncio.get_running_loop()
                group.work = loop.run_in_executor(self._thread, self._answer, group.bodies)
            return await asyncio.shield(group.work)

    def close(self) -> None:
        """Wait for what is being written."""
        self._thread.shutdown()

    # ---- in the thread --------------------------------------------------------------------

    def _answer(self, bodies: Sequence[_Body]) -> list[Answer]:
        read = [self._read(body) for body in bodies]
        pushes = [each for each in read if isinstance(each, Push)]
        try:
            done = iter(self._pusher.push(pushes) if pushes else ())
        except StorageError as error:
            failed = refused(error)
            return [failed if isinstance(each, Push) else each for each in read]
        return [_outcome(next(done), each) if isinstance(each, Push) else each for each in read]

    def _read(self, body: _Body) -> Push | Answer:
        try:
            plain = read_json(body.body)
            rows, paths = _open(plain, self._most_rows)
        except RequestRejected as error:
            return refused(error)
        return Push(body.source, rows, body.now_us, paths)


def _open(plain: Any, most_rows: int) -> tuple[Sequence[Any], Sequence[str]]:
    """Return the rows of a push, and their paths."""
    if not isinstance(plain, dict):
        raise _malformed(f"the request is {plain!r:.60}")
    for name in plain:
        if name not in _NAMES:
            raise _malformed(
                f"the request has {name!r:.60} at $",
                do=f"{did_you_mean(name[:60], _NAMES)}Put the columns of an event into event",
            )
    if len(plain) != 1:
        raise _malformed(f"the request has {'both event and events' if plain else 'no events'}")
    if "event" in plain:
        return [plain["event"]], ["$.event"]
    rows = plain["events"]
    if not isinstance(rows, list):
        raise _malformed(f"{rows!r:.60} at $.events", path="$.events")
    if len(rows) > most_rows:
        raise RequestRejected(
            f"{len(rows):,} rows at $.events",
            expected=f"at most {most_rows:,}",
            do="Send them in several requests",
            path="$.events",
        )
    return rows, [f"$.events[{place}]" for place in range(len(rows))]


def _malformed(what: str, *, do: str = "Correct the request", path: str = "$") -> Malformed:
    return Malformed(what, expected=_FORM, do=do, path=path)


def _outcome(pushed: Pushed | UnknownName, push: Push) -> Answer:
    """Return the answer to a push that was read."""
    if isinstance(pushed, UnknownName):
        return _answer(_NOT_FOUND, error_item(pushed))
    counts = {"new": pushed.new, "known": pushed.known, "unread": list(pushed.unread)}
    if not pushed.refused:
        return _answer(_OK, counts)
    first = next(iter(pushed.refused.values()))
    error = first.to_dict()
    if push.paths[0] != "$.event":
        error["details"] = {
            **first.details,
            **counts,
            "refused": [
                {"index": place, **error_item(each)} for place, each in pushed.refused.items()
            ],
        }
    return _answer(_REFUSED, {"error": error})


def _saturated() -> Answer:
    error = StorageError(
        "more events wait to be written than the server takes",
        expected="less at once",
        do="Nothing of this request was written. Try again later",
    )
    return _answer(_UNAVAILABLE, error_item(error))


def _answer(status: int, plain: Any) -> Answer:
    return Answer(status, msgspec.json.encode(plain, enc_hook=str))
