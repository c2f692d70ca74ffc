"""What was written, as lines of plain text: no colours, progress bars as they were last, no garbage."""

from __future__ import annotations

import codecs
import re
from typing import Final

__all__ = ["LineBreaker", "plain"]

_LONGEST: Final = 1 << 16
_UNFINISHED: Final = 2000
_ANSI: Final = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # a title, the address of a link
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, and moves of the cursor
    r"|\x1b[ -/]*[0-~]"  # everything else that begins with an escape
)
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_QUIET: Final = bytes([9, 10, *range(32, 127)])
"""Bytes that are shown as they are."""


def plain(line: str) -> str:
    r"""Return a line as a person would see it at the end.

    Colours are nothing; what a carriage return or a backspace was followed by stands in the place
    of what was before; other control characters, which are no text, are a replacement character.

    >>> plain("\x1b[31mred\x1b[0m")
    'red'
    >>> plain(" 10%\r 50%\r100%\r")
    '100%'
    >>> plain("1/9\b\b\b2/9\x00")
    '2/9�'
    """
    shown = _ANSI.sub("", line).rstrip("\r").rpartition("\r")[2]
    if "\b" in shown:
        shown = _struck(shown)
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", shown)


class LineBreaker:
    r"""Makes lines of bytes that come in pieces; of a line without end it keeps the two ends.

    Args:
        longest: how many characters a line may have.

    >>> breaker = LineBreaker()
    >>> breaker.feed(b"one\ntwo\nthr"), breaker.unfinished
    (['one', 'two'], 'thr')
    >>> breaker.feed(b"ee\n"), breaker.unfinished
    (['three'], '')
    """

    def __init__(self, *, longest: int = _LONGEST) -> None:
        self._half = longest // 2
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._begin = ""
        self._left_out = 0
        self._end = ""

    @property
    def unfinished(self) -> str:
        """The end of what there is of a line that has not ended."""
        return plain(self._end[-2 * _UNFINISHED :])[-_UNFINISHED:]

    def feed(self, data: bytes) -> list[str]:
        """Take what was written next; return the lines that it ends."""
        text = self._decoder.decode(data)
        if "\n" not in text:
            self._grow(text)
            return []
        first, *whole, last = text.split("\n")
        self._grow(first)
        lines = [self._take()]
        if not _is_quiet(data) or len(text) > 2 * self._half:
            whole = [self._cut(line) for line in whole]
        self._grow(last)
        return lines + whole

    def end(self) -> list[str]:
        """Return the line that never ended, if there is one."""
        self._grow(self._decoder.decode(b"", final=True))
        return [self._take()] if self._end else []

    def _cut(self, line: str) -> str:
        self._grow(line)
        return self._take()

    def _grow(self, text: str) -> None:
        """Go on with a line; a state that was written over is let go."""
        over = text.rstrip("\r").rfind("\r") if "\r" in text else -1
        if over >= 0 or (self._end.endswith("\r") and text.strip("\r")):
            text = text[over:] if over >= 0 else text
            self._begin, self._left_out, self._end = "", 0, ""
        self._end += text
        if len(self._end) <= 2 * self._half:
            return
        if not self._begin:
            self._begin, self._end = self._end[: self._half], self._end[self._half :]
        self._left_out += max(len(self._end) - self._half, 0)
        self._end = self._end[-self._half :]

    def _take(self) -> str:
        line = plain(self._end)
        if self._begin:
            note = f" … {self._left_out:,} characters left out … " if self._left_out else ""
            line = plain(self._begin) + note + line
        self._begin, self._left_out, self._end = "", 0, ""
        return line


def _is_quiet(data: bytes) -> bool:
    return not data.translate(None, _QUIET)


def _struck(text: str) -> str:
    kept: list[str] = []
    for character in text:
        if character != "\b":
            kept.append(character)
        elif kept:
            kept.pop()
    return "".join(kept)
