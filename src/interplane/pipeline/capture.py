"""What a step writes while it runs: to standard output and error, to logging, as warnings."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from typing import TYPE_CHECKING, Final, Protocol, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Capture", "FileCapture", "StreamCapture", "bounded"]

_LIMIT: Final = 1 << 20


class Capture(Protocol):
    """Catches what is written while it is entered."""

    def __call__(self) -> contextlib.AbstractContextManager[Capture]:
        """Begin; end when the context is left."""
        ...

    def text(self) -> str:
        """Return what was written since it began; of very much the beginning and the end."""
        ...


class StreamCapture:
    r"""Catches what Python writes in this process.

    >>> capture = StreamCapture()
    >>> with capture():
    ...     print("hello")
    >>> capture.text()
    'hello\n'
    """

    def __init__(self) -> None:
        self._sink = io.StringIO()

    @contextlib.contextmanager
    def __call__(self) -> Iterator[StreamCapture]:
        """Begin; end when the context is left."""
        self._sink = io.StringIO()
        with (
            contextlib.redirect_stdout(self._sink),
            contextlib.redirect_stderr(self._sink),
            _logging_to(self._sink),
        ):
            yield self

    def text(self) -> str:
        """Return what was written since it began."""
        return bounded(self._sink.getvalue())


class FileCapture:
    """Catches what anything in this process writes to its standard descriptors.

    Args:
        path: the file that the descriptors 1 and 2 of this process point at.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._from = 0

    @contextlib.contextmanager
    def __call__(self) -> Iterator[FileCapture]:
        """Begin; end when the context is left."""
        self._flush()
        self._from = self._path.stat().st_size
        with _logging_to(sys.stderr):
            yield self
        self._flush()

    def text(self) -> str:
        """Return what was written since it began."""
        self._flush()
        with self._path.open("rb") as file:
            file.seek(self._from)
            return bounded(file.read().decode(errors="replace"))

    def _flush(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()


def bounded(text: str, *, limit: int = _LIMIT) -> str:
    r"""Return a text, or its beginning and its end.

    >>> bounded("abcdefgh", limit=4)
    'ab\n… 4 characters left out …\ngh'
    """
    if len(text) <= limit:
        return text
    half = limit // 2
    left_out = f"\n… {len(text) - 2 * half:,} characters left out …\n"
    return text[:half] + left_out + text[-half:]


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
