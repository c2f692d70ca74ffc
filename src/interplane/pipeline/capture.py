"""What a step writes while it runs: to standard output and error, to logging, as warnings."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from interplane.pipeline.step_log import StepLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Capture", "DescriptorCapture", "StreamCapture"]

_STANDARD_ERROR: Final = 2


class Capture(Protocol):
    """Leads what is written to the log of a step while it is entered."""

    def __call__(self, log: Path) -> contextlib.AbstractContextManager[TextIO]:
        """Begin; end when the context is left. Gives where more can be written."""
        ...


class StreamCapture:
    """Keeps what Python writes in this process, line by line."""

    @contextlib.contextmanager
    def __call__(self, log: Path) -> Iterator[TextIO]:
        """Begin; end when the context is left. Gives where more can be written."""
        kept = StepLog(log)
        buffer = io.BufferedWriter(_Sink(kept))
        sink = io.TextIOWrapper(
            buffer, encoding="utf-8", errors="backslashreplace", newline="\n", line_buffering=True
        )
        try:
            with (
                contextlib.redirect_stdout(sink),
                contextlib.redirect_stderr(sink),
                _logging_to(sink),
            ):
                yield sink
        finally:
            _flush(sink)
            kept.close()


class DescriptorCapture:
    """Lets what anything in this process writes go where its standard descriptors lead.

    Whoever started the process keeps it, and knows the log.
    """

    @contextlib.contextmanager
    def __call__(self, log: Path) -> Iterator[TextIO]:
        """Begin; end when the context is left. Gives where more can be written."""
        del log
        _flush(sys.stdout, sys.stderr)
        # Of its own: a step may have closed, or led elsewhere, what Python has for it.
        with (
            open(os.dup(_STANDARD_ERROR), "w", buffering=1, encoding="utf-8") as error,  # noqa: PTH123 - a descriptor
            _logging_to(error),
        ):
            yield error
            _flush(sys.stdout, sys.stderr)


class _Sink(io.RawIOBase):
    """A stream that ends in the log of a step."""

    def __init__(self, log: StepLog) -> None:
        super().__init__()
        self._log = log

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: object) -> int:
        """Keep it all."""
        raw = bytes(data)  # type: ignore[call-overload]
        self._log.write(raw)
        return len(raw)


def _flush(*streams: TextIO) -> None:
    for stream in streams:
        with contextlib.suppress(ValueError, OSError):  # closed by the step, or nobody reads it
            stream.flush()


@contextlib.contextmanager
def _logging_to(sink: TextIO) -> Iterator[None]:
    """Write log records to a sink too; where nobody set a level, from INFO on."""
    root = logging.getLogger()
    handler = logging.StreamHandler(sink)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    level = root.level
    if not root.handlers and level == logging.WARNING:
        root.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
