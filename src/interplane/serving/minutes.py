"""What a server counted, minute by minute, written where another process can read it.

The board of counters is gone with the server, and a page shows totals. Once a minute of the clock,
and at the end, the parent takes the difference to what it wrote last. A kill loses what was counted
since; nothing is counted twice, for each difference has a number of its own.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

from interplane.errors import StorageError
from interplane.record.base import Value
from interplane.serving.board import BOUNDS_S
from interplane.storage.clock import system_token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.serving.board import Board
    from interplane.serving.log_lines import LogLines

__all__ = ["KeptMinutes", "Minute", "Minutes", "ModelMinute"]

_MINUTE_US: Final = 60_000_000
_MOST_WAITING: Final = 1440
_COUNTS: Final = ("shed_wait", "shed_in_flight", "shed_connections", "faults", "frames_lost")


class ModelMinute(Value, frozen=True, kw_only=True):
    """What was counted of one model.

    Attributes:
        predictions: rows that were predicted.
        rejected: rows that were refused.
        load_failures: live crossings that did not load.
        took_us: how long its requests took, together.
        buckets: how many of them took how long, by `board.BOUNDS_S` and one above.
    """

    predictions: int = 0
    rejected: int = 0
    load_failures: int = 0
    took_us: int = 0
    buckets: tuple[int, ...] = ()


class Minute(Value, frozen=True, kw_only=True):
    """What one server counted in a minute of the clock, or in a part of it.

    Attributes:
        server: the server: a token of its own for each start.
        number: counts its minutes from 0.
        begin_us: when it began, microseconds since 1970 UTC.
        end_us: when it ended.
        requests: answers by route and class of status: ``{"predict": {"2xx": 5}}``.
        shed: requests that were refused by saturation.
        shed_connections: connections that were.
        faults: requests that met a fault of ours.
        frames_lost: frames of the prediction log that were lost.
        in_flight: the most requests that were being answered at once, as far as it was seen.
        workers: the fewest workers that were there.
        models: what was counted of each model.
    """

    server: str
    number: int
    begin_us: int
    end_us: int
    requests: dict[str, dict[str, int]]
    shed: int = 0
    shed_connections: int = 0
    faults: int = 0
    frames_lost: int = 0
    in_flight: int = 0
    workers: int = 0
    models: dict[str, ModelMinute]


class KeptMinutes(Protocol):
    """Where minutes go; `minute_file.MinuteFile` is one."""

    def write(self, minutes: Sequence[Minute]) -> None:
        """Keep minutes, durably; one that is there stays as it is.

        Raises:
            StorageError: if they cannot be kept now.
        """
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class Minutes:
    """Takes the minutes of a board and gives them to be kept.

    Minutes that cannot be kept wait, a day of them at most; serving goes on.

    Args:
        board: the counters of all workers.
        kept: where minutes go.
        log: where is said that they cannot be kept.
        now_us: the clock, microseconds since 1970 UTC.
        server: the server's token.
    """

    def __init__(
        self,
        board: Board,
        kept: KeptMinutes,
        *,
        log: LogLines,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        server: str = "",
    ) -> None:
        self._board = board
        self._kept = kept
        self._log = log
        self._now_us = now_us
        self._server = server or system_token()
        self._number = 0
        self._begin_us = now_us()
        self._before = _read(board)
        self._waiting: list[Minute] = []
        self._in_flight = 0
        self._alive = self._workers = -1

    def tick(self) -> None:
        """Look at the board; when a minute of the clock is over, keep it. Called several times a second."""
        alive = [slot for slot in self._board.slots if slot.get("pid")]
        self._in_flight = max(self._in_flight, sum(slot.get("in_flight") for slot in alive))
        self._alive = len(alive)
        self._workers = self._alive if self._workers < 0 else min(self._workers, self._alive)
        now_us = self._now_us()
        if now_us // _MINUTE_US != self._begin_us // _MINUTE_US:
            self._end_minute(now_us)

    def close(self) -> None:
        """Keep what was counted since the last minute, and close."""
        self._end_minute(self._now_us())
        try:
            self._kept.close()
        except (StorageError, OSError) as error:
            self._log.say("minutes-not-closed", error=str(error))

    def _end_minute(self, now_us: int) -> None:
        after = _read(self._board)
        # A clock that was set back makes a minute without length rather than one that ends before.
        end_us = max(now_us, self._begin_us)
        self._waiting.append(self._minute(after - self._before, end_us))
        del self._waiting[:-_MOST_WAITING]
        self._number += 1
        self._begin_us, self._before = now_us, after
        # A part of a minute that nobody looked at has as many workers as were last seen.
        self._in_flight, self._workers = 0, self._alive
        try:
            self._kept.write(self._waiting)
        except (StorageError, OSError) as error:
            self._log.say("minutes-not-kept", waiting=len(self._waiting), error=str(error))
        else:
            self._waiting.clear()

    def _minute(self, counted: Counter[tuple[str, ...]], end_us: int) -> Minute:
        requests: dict[str, dict[str, int]] = {}
        models: dict[str, dict[str, int]] = {}
        for (what, *where), count in counted.items():
            if what == "requests":
                requests.setdefault(where[0], {})[where[1]] = count
            elif what == "model":
                models.setdefault(where[0], {})[where[1]] = count
        return Minute(
            server=self._server,
            number=self._number,
            begin_us=self._begin_us,
            end_us=end_us,
            requests=requests,
            shed=counted["shed_wait",] + counted["shed_in_flight",],
            shed_connections=counted["shed_connections",],
            faults=counted["faults",],
            frames_lost=counted["frames_lost",],
            in_flight=self._in_flight,
            workers=max(self._workers, 0),
            models={name: _model(counts) for name, counts in models.items()},
        )


def _read(board: Board) -> Counter[tuple[str, ...]]:
    """Return all counters of a board; they only grow."""
    found: Counter[tuple[str, ...]] = Counter()
    for slot in board.slots:
        for what in _COUNTS:
            found[what,] += slot.get(what)
        for route, status, count in slot.requests():
            found["requests", route, f"{status // 100}xx" if status else "other"] += count
        for entry in slot.entries():
            model = entry.read()[0]
            for what in ("predictions", "rejected", "load_failures", "took_us"):
                found["model", model, what] += entry.get(what)
            for place, count in enumerate(entry.buckets):
                found["model", model, f"bucket {place}"] += count
    return found


def _model(counts: dict[str, int]) -> ModelMinute:
    return ModelMinute(
        predictions=counts.get("predictions", 0),
        rejected=counts.get("rejected", 0),
        load_failures=counts.get("load_failures", 0),
        took_us=counts.get("took_us", 0),
        buckets=tuple(counts.get(f"bucket {place}", 0) for place in range(len(BOUNDS_S) + 1)),
    )
