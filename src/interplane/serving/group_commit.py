"""Group commit: what comes while one transaction is on its way shares the next one.

All reading and writing is done in one thread beside the event loop, so that a push of many rows
delays no prediction for long. How much may wait is bounded.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from interplane.errors import StorageError
from interplane.serving.answers import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.serving.ports import Answer

__all__ = ["WAITING_BYTES", "GroupCommit"]

T = TypeVar("T")

WAITING_BYTES: Final = 32 << 20
"""How much may wait for its transaction unless a server says otherwise."""

_GROUP_BYTES: Final = 1 << 20


class _Group(Generic[T]):
    """Pushes that share a transaction."""

    def __init__(self) -> None:
        self.pushes: list[T] = []
        self.size = 0
        self.work: asyncio.Future[Sequence[Answer]] | None = None

    def add(self, push: T, size: int) -> int:
        """Add a push; return its place."""
        self.pushes.append(push)
        self.size += size
        return len(self.pushes) - 1


class GroupCommit(Generic[T]):
    """Answers pushes, many at a time.

    Args:
        commit: commits some pushes in one transaction and returns an answer for each, in order; called
            in a thread, once at a time. It never raises for what a client sent.
        what: what waits, for messages: ``events``.
        waiting_bytes: how much may wait for its transaction; more is answered with 503.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[T]], Sequence[Answer]],
        *,
        what: str,
        waiting_bytes: int = WAITING_BYTES,
    ) -> None:
        self._commit = commit
        self._what = what
        self._room = waiting_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=what)
        self._turn = asyncio.Lock()
        self._forming: _Group[T] = _Group()

    async def answer(self, push: T, size: int) -> Answer:
        """Answer a push of so many bytes when it is committed."""
        if size > self._room:
            return _saturated(self._what)
        self._room -= size
        try:
            if self._forming.size > _GROUP_BYTES:
                self._forming = _Group()
            group = self._forming
            place = group.add(push, size)
            answers = await self._committed(group)
        finally:
            self._room += size
        return answers[place]

    async def _committed(self, group: _Group[T]) -> Sequence[Answer]:
        """Return a group's answers; whoever of it comes first sends it on its way."""
        async with self._turn:
            if group.work is None:
                if self._forming is group:
                    self._forming = _Group()
                loop = asyncio.get_running_loop()
                group.work = loop.run_in_executor(self._thread, self._commit, group.pushes)
            return await asyncio.shield(group.work)

    def close(self) -> None:
        """Wait for what is being written."""
        self._thread.shutdown()


def _saturated(what: str) -> Answer:
    return refused(
        StorageError(
            f"more {what} wait to be written than the server takes",
            expected="less at once",
            do="Nothing of this request was written. Try again later",
        )
    )
