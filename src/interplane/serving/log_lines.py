"""What a server says while it runs: a JSON object a line, on standard error.

There is no line for each request: what clients do is counted. What of theirs comes into a line is
written so that it steers no terminal.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LogLines", "log_line"]

_LONGEST_TRACE: Final = 4000


def log_line(fields: dict[str, Any]) -> str:
    r"""Return one line of JSON in plain characters.

    >>> log_line({"event": "x\x1b[31m\x7f\u2028"})
    '{"event": "x\\u001b[31m\\u007f\\u2028"}'
    """
    return json.dumps(fields, default=str).replace("\x7f", "\\u007f")


class LogLines:
    """Writes lines; no more than ``most`` of one event a second, and says how many it left out.

    Args:
        who: fields that every line has.
        out: where lines go; standard error if not given.
        most: lines of one event in a second.
        clock: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        who: dict[str, Any] | None = None,
        *,
        out: IO[str] | None = None,
        most: int = 10,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._who = {"pid": os.getpid(), **(who or {})}
        self._out = out
        self._most = most
        self._clock = clock
        self._counts: dict[str, tuple[int, int]] = {}

    def say(self, event: str, **fields: Any) -> None:
        """Write one line about an event."""
        second = int(self._clock())
        began, count = self._counts.get(event, (second, 0))
        left_out = max(count - self._most, 0) if began != second else 0
        count = 0 if began != second else count
        self._counts[event] = (second, count + 1)
        if count >= self._most:
            return
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        more = {"left_out": left_out} if left_out else {}
        line = log_line({"time": now, "event": event, **self._who, **fields, **more})
        out = self._out or sys.stderr
        try:
            out.write(line + "\n")
            out.flush()
        except (OSError, ValueError):
            # Nobody reads any more; the server goes on.
            return

    def fault(self, event: str, error: BaseException, **fields: Any) -> None:
        """Write one line about something that should not happen, with where it did."""
        trace = "".join(traceback.format_exception(error))[-_LONGEST_TRACE:]
        self.say(event, error=f"{type(error).__name__}: {error}"[:500], trace=trace, **fields)
