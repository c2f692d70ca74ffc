"""Pushed outcomes: read, written in groups, and answered once they are committed.

``POST`` of ``{"outcome": {…}}`` or ``{"outcomes": [{…}, …]}``, each ``{"id": "<prediction id>"}`` or
``{"key": {…}}`` with ``value``, perhaps ``name`` and ``known_at``; see `outcomes.decode`. The answer
counts what is new and what was known already; see `pushed_rows` and `group_commit`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from interplane.errors import RequestRejected, StorageError, UnknownName
from interplane.outcomes.decode import Reader
from interplane.outcomes.outcome import Outcome
from interplane.serving.answers import error_item, refused
from interplane.serving.envelope import MOST_ROWS
from interplane.serving.group_commit import WAITING_BYTES, GroupCommit
from interplane.serving.json_text import read_json
from interplane.serving.ports import Answer
from interplane.serving.pushed_rows import json_answer, open_rows, pushed_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from interplane.outcomes.ports import Outcomes
    from interplane.record import Type

__all__ = ["ACTOR", "PushedOutcomes"]

ACTOR: Final = "server"
"""Who said an outcome that was pushed to a server."""

_NOT_FOUND: Final = 404


class _Body(msgspec.Struct, frozen=True):
    model: str
    body: bytes
    now_us: int


class _Push(msgspec.Struct, frozen=True):
    """A push that was read: its outcomes, and why other rows are not taken, by their place."""

    outcomes: list[Outcome]
    refused: dict[int, RequestRejected]
    paths: list[str]


class PushedOutcomes:
    """Takes pushed outcomes into a store.

    Args:
        store: the store.
        keys: gives the type of each column of a model's request key, and raises UnknownName for what
            is no model; called in a thread.
        replay: take known-at times however far ahead of the clock.
        most_rows: how many rows a push may have.
        waiting_bytes: how much may wait for its transaction; more is answered with 503.
    """

    def __init__(
        self,
        store: Outcomes,
        keys: Callable[[str], Mapping[str, Type]],
        *,
        replay: bool = False,
        most_rows: int = MOST_ROWS,
        waiting_bytes: int = WAITING_BYTES,
    ) -> None:
        self._store = store
        self._keys = keys
        self._replay = replay
        self._most_rows = most_rows
        self._group: GroupCommit[_Body] = GroupCommit(
            self._answer, what="outcomes", waiting_bytes=waiting_bytes
        )

    async def push(self, model: str, body: bytes, *, now_us: int) -> Answer:
        """Answer a push when its outcomes are committed. Never raises for what a client sent."""
        return await self._group.answer(_Body(model, body, now_us), len(body))

    def close(self) -> None:
        """Wait for what is being written."""
        self._group.close()

    # ---- in the thread --------------------------------------------------------------------

    def _answer(self, bodies: Sequence[_Body]) -> list[Answer]:
        readers: dict[str, Reader | Answer] = {}
        read = [self._read(body, readers) for body in bodies]
        try:
            new = iter(
                self._store.add([o for p in read if isinstance(p, _Push) for o in p.outcomes])
            )
        except StorageError as error:
            failed = refused(error)
            return [failed if isinstance(each, _Push) else each for each in read]
        return [_outcome(each, new) if isinstance(each, _Push) else each for each in read]

    def _read(self, body: _Body, readers: dict[str, Reader | Answer]) -> _Push | Answer:
        if body.model not in readers:
            readers[body.model] = self._reader(body.model)
        reader = readers[body.model]
        if isinstance(reader, Answer):
            return reader
        try:
            rows, paths = open_rows(read_json(body.body), "outcome", most_rows=self._most_rows)
        except RequestRejected as error:
            return refused(error)
        push = _Push([], {}, list(paths))
        for place, (plain, at) in enumerate(zip(rows, paths, strict=True)):
            try:
                push.outcomes.append(reader.read(plain, at, now_us=body.now_us))
            except RequestRejected as error:
                push.refused[place] = error
        return push

    def _reader(self, model: str) -> Reader | Answer:
        try:
            return Reader(model, self._keys(model), actor=ACTOR, replay=self._replay)
        except UnknownName as error:
            return json_answer(_NOT_FOUND, error_item(error))
        except StorageError as error:
            return refused(error)


def _outcome(push: _Push, new: Iterable[bool]) -> Answer:
    """Return the answer to a push; takes its flags from those of the whole transaction."""
    flags = iter(new)
    count = sum(next(flags) for _ in push.outcomes)
    counts = {"new": count, "known": len(push.outcomes) - count}
    return pushed_answer(counts, push.refused, push.paths)
