"""``python -m interplane.project.compactor PROJECT``: compacts what a server writes, beside it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from interplane.errors import InterplaneError
from interplane.predictions.compact import compact
from interplane.project.outcomes import pack_outcomes
from interplane.project.predictions import log_folder, shadow_folder
from interplane.project.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["EVERY_S", "compact_until"]

EVERY_S = 20.0


def compact_until(
    stopping: threading.Event,
    folder: Path,
    *,
    every_s: float = EVERY_S,
    say: Callable[[str], None],
    pack: Callable[[], object] | None = None,
    beside: Sequence[Path] = (),
) -> None:
    """Compact a log again and again until told to stop; two of them do not harm each other.

    What goes wrong is said, and tried again the next time.

    Args:
        stopping: is set when it should stop.
        folder: the folder of the log.
        every_s: how long to wait in between.
        say: is told what went wrong.
        beside: folders of other logs, compacted likewise.
        pack: brings what else a server writes into columns.
    """
    while not stopping.is_set():
        try:
            for log in (folder, *beside):
                compact(log)
            if pack is not None:
                pack()
        except InterplaneError as error:
            say(f"the prediction log was not compacted: {error}")
        stopping.wait(every_s)


def _hear_end(stopping: threading.Event) -> None:
    # Not by sys.stdin: a thread that waits with its lock held ends the interpreter with a crash.
    while os.read(0, 1):
        pass
    stopping.set()


def main(project: str) -> None:
    """Run beside a server until SIGTERM, or until the server is gone and closes our input."""
    stopping = threading.Event()
    threading.Thread(target=_hear_end, args=(stopping,), daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    found = Project.find(Path(project))
    compact_until(
        stopping,
        log_folder(found),
        beside=[shadow_folder(found)],
        say=lambda text: print(text, file=sys.stderr, flush=True),  # noqa: T201
        pack=partial(pack_outcomes, found),
    )


if __name__ == "__main__":
    main(sys.argv[1])
