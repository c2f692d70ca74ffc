"""Where the records of a CSV text begin and how many fields each has, by NumPy.

A parser forgives: it joins what stands after a closing quote, fills up short rows, passes over blank
lines. Here each of these is found, with its line and byte, so that the reader can refuse it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Fault", "Structure"]

_CR, _LF = 13, 10
_STRIDE = 64 << 20


@dataclass(frozen=True)
class Fault:
    """Something wrong at a byte of the text."""

    byte: int
    reason: str
    kind: str


class Structure:
    r"""The quotes, lines and fields of a text.

    >>> Structure(b'a,b\n"1,5",2\n3\n', delimiter=",", quote='"').fields().tolist()
    [2, 2, 1]
    """

    def __init__(self, text: bytes, *, delimiter: str, quote: str) -> None:
        self._text = text
        self._bytes = np.frombuffer(text, np.uint8)
        self._delimiter = ord(delimiter)
        self._quotes = self._positions(ord(quote)) if quote else np.zeros(0, np.int64)

    def _positions(self, byte: int) -> Any:
        """Return where a byte stands; by strides, so that no mask of the whole text is held."""
        if self._text.find(bytes([byte])) < 0:
            return np.zeros(0, np.int64)
        found = [
            np.flatnonzero(self._bytes[start : start + _STRIDE] == byte) + start
            for start in range(0, len(self._bytes), _STRIDE)
        ]
        return np.concatenate(found)

    def _outside(self, positions: Any) -> Any:
        """Keep the positions that stand outside quotes."""
        if not len(self._quotes):
            return positions
        return positions[np.searchsorted(self._quotes, positions) % 2 == 0]

    def _line_ends(self) -> Any:
        r"""Return the last byte of each line end: ``\n``, ``\r\n`` or a ``\r`` alone."""
        returns = self._positions(_CR)
        if len(returns):
            following = np.minimum(returns + 1, len(self._bytes) - 1)
            paired = (self._bytes[following] == _LF) & (following > returns)
            returns = returns[~paired]
        return np.sort(np.concatenate([self._positions(_LF), returns]))

    def quote_fault(self) -> Fault | None:
        """Return the first quote that is not where RFC 4180 has quotes."""
        quotes = self._quotes
        if not len(quotes):
            return None
        last = len(self._bytes) - 1
        before = self._bytes[np.maximum(quotes - 1, 0)]
        after = self._bytes[np.minimum(quotes + 1, last)]
        opening = np.arange(len(quotes)) % 2 == 0
        is_start = (quotes == 0) | np.isin(before, [self._delimiter, _CR, _LF])
        is_end = (quotes == last) | np.isin(after, [self._delimiter, _CR, _LF])
        gaps = np.diff(quotes) == 1
        doubled_before = np.concatenate([[False], gaps])
        doubled_after = np.concatenate([gaps, [False]])
        good = np.where(opening, is_start | doubled_before, is_end | doubled_after)
        bad = np.flatnonzero(~good)
        if len(bad):
            reason = (
                "a quote stands inside a field that does not begin with one"
                if bad[0] % 2 == 0
                else "text follows the closing quote of a field"
            )
            return Fault(int(quotes[bad[0]]), reason, "quote")
        if len(quotes) % 2:
            return Fault(int(quotes[-1]), "a quoted field is never closed", "quote")
        return None

    def has_quoted_line_ends(self) -> bool:
        """Return whether a quoted field spans lines."""
        if not len(self._quotes):
            return False
        ends = self._line_ends()
        return len(self._outside(ends)) < len(ends)

    def starts(self) -> Any:
        """Return the byte at which each record begins."""
        starts = np.concatenate([[0], self._outside(self._line_ends()) + 1])
        return starts[starts < len(self._bytes)]

    def blank_line(self) -> int | None:
        """Return the byte of the first blank line, or None."""
        pairs = (b"\n\n", b"\n\r", b"\r\r")
        if not self._text.startswith((b"\n", b"\r")) and all(
            self._text.find(pair) < 0 for pair in pairs
        ):
            return None
        starts = self.starts()
        blank = np.isin(self._bytes[starts], [_CR, _LF])
        return int(starts[blank][0]) if blank.any() else None

    def fields(self) -> Any:
        """Return the number of fields of each record."""
        delimiters = self._outside(self._positions(self._delimiter))
        starts = self.starts()
        owner = np.searchsorted(starts, delimiters, side="right") - 1
        return np.bincount(owner, minlength=len(starts)) + 1

    def line_of(self, byte: int) -> int:
        """Return the line, counted from 1, in which a byte stands."""
        return int(np.searchsorted(self._line_ends(), byte)) + 1

    def record_at(self, index: int) -> int:
        """Return the byte at which the record ``index`` begins."""
        return int(self.starts()[index])

    def row_at(self, index: int, *, skip_blank: bool) -> int:
        """Return the byte of the record ``index``, blank lines left out where they are skipped."""
        starts = self.starts()
        if skip_blank:
            starts = starts[~np.isin(self._bytes[starts], [_CR, _LF])]
        return int(starts[index])
