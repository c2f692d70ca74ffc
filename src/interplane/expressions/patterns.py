r"""Regular expressions that mean the same on the engine and for one row: both have RE2.

They are of different versions, and what is frozen has to last longer than either. So a pattern is
read here, into a tree, and written out again: letters, classes, groups, alternatives, repeats, and
the two ends of the text. What versions of RE2 read differently, or people from ``re`` would, is
refused: white space classes, word boundaries, flags, look-around, back references, names. ``\d`` and
``\w`` are of ASCII, ``.`` is anything but a line feed, and ``$`` is the very end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from interplane.errors import ExpressionError
from interplane.expressions.pattern_runtime import compiled
from interplane.expressions.pattern_trees import (
    Choice,
    End,
    Group,
    Letters,
    Repeat,
    Sequence,
    copies,
    has_end,
    misplaced,
    nullable,
    written,
)

if TYPE_CHECKING:
    from interplane.expressions.pattern_trees import Ranges, Tree

__all__ = ["Pattern", "is_pattern", "parse_pattern"]

_LAST = 0x10FFFF
_LONGEST = 1000
_MOST_COPIES = 1000

_DIGITS: Ranges = ((0x30, 0x39),)
_WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}

_ELSEWHERE = {
    "s": r"Write what you mean as a class, for example [ \t\n]",
    "S": r"Write what you mean as a class, for example [^ \t\n]",
    "b": r"Write what stands around it, for example (^|[^0-9A-Za-z_])",
    "B": "Write what stands around it as a class",
    "A": "Write ^",
    "Z": "Write $, which is the very end here",
    "z": "Write $, which is the very end here",
    "x": "Write the letter itself",
    "u": "Write the letter itself",
    "p": "Write the letters as a class, for example [a-zäöü]",
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that both sides understand alike.

    Attributes:
        text: as the author wrote it.
        re2: as RE2 gets it.
        groups: how many numbered groups it has.
        nullable: whether it fits the empty text.
        tree: what it is made of.
    """

    text: str
    re2: str
    groups: int
    nullable: bool
    tree: Tree


def is_pattern(value: object) -> bool:
    """Return whether a value is a pattern that `parse_pattern` takes."""
    if not isinstance(value, str):
        return False
    try:
        parse_pattern(value)
    except ExpressionError:
        return False
    return True


@lru_cache(maxsize=1000)
def parse_pattern(text: str) -> Pattern:
    r"""Read a pattern.

    Raises:
        ExpressionError: if it would not be read alike everywhere, or is too large; says where, and
            what to write instead.

    >>> pattern = parse_pattern(r"^N(\d+)[A-Z]?$")
    >>> pattern.re2, pattern.groups
    ('\\AN([0-9]+)[A-Z]?\\z', 1)
    """
    if len(text) > _LONGEST or "\x00" in text:
        raise _refused(text, 0, "it is too long, or has NUL in it", f"Use up to {_LONGEST} letters")
    reader = _Reader(text)
    tree = reader.read()
    if copies(tree) > _MOST_COPIES:
        raise _refused(text, 0, "its repeats make too many copies", "Repeat with * or +")
    symbol = misplaced(tree)
    if symbol:
        # DuckDB 1.5.6 finds $b in 'b-'.
        where = "beginning" if symbol == "^" else "end"
        raise _refused(
            *(text, text.index(symbol), f"a {symbol} that is not at the {where}"),
            rf"Put it there, or write \{symbol} for the letter",
        )
    re2 = written(tree)
    try:
        compiled(re2)
    except ValueError as error:
        raise _refused(text, 0, f"RE2 cannot take it ({error})", "Make it simpler") from error
    return Pattern(text, re2, reader.groups, nullable(tree), tree)


def _refused(text: str, place: int, why: str, do: str) -> ExpressionError:
    return ExpressionError(
        f"the pattern {text!r:.200} at {place}: {why}",
        expected="letters, classes [a-z], groups (…), alternatives a|b, repeats * + ? {m,n}, ^, $",
        do=do,
    )


# ---- reading ------------------------------------------------------------------------------------


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self.groups = 0

    def read(self) -> Tree:
        tree = self._choice()
        if self._at < len(self._text):
            raise self._wrong("a ) without (", r"Write \) for the letter")
        return tree

    def _peek(self, length: int = 1) -> str:
        return self._text[self._at : self._at + length]

    def _wrong(self, why: str, do: str) -> ExpressionError:
        return _refused(self._text, self._at, why, do)

    def _choice(self) -> Tree:
        items = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            items.append(self._sequence())
        return items[0] if len(items) == 1 else Choice(tuple(items))

    def _sequence(self) -> Tree:
        items: list[Tree] = []
        while self._at < len(self._text) and self._peek() not in {"|", ")"}:
            items.append(self._repeated(self._item()))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _item(self) -> Tree:
        letter = self._peek()
        if letter == "(":
            return self._group()
        if letter == "[":
            return self._class()
        if letter == "\\":
            return Letters(self._escape())
        if letter in {"*", "+", "?"}:
            raise self._wrong(f"{letter} repeats nothing", rf"Write \{letter} for the letter")
        if letter in {"{", "}", "]"}:
            raise self._wrong(f"a {letter} by itself", rf"Write \{letter} for the letter")
        self._at += 1
        if letter in {"^", "$"}:
            return End(letter)
        if letter == ".":
            return Letters(_without(((0x0A, 0x0A),)))
        return Letters(((ord(letter), ord(letter)),))

    def _group(self) -> Tree:
        self._at += 1
        number = None
        if self._peek(2) == "?:":
            self._at += 2
        elif self._peek() == "?":
            raise self._wrong(
                "flags, names and look-around are not read alike",
                "Write (…) for a group with a number and (?:…) for one without; lower() for the case",
            )
        else:
            self.groups += 1
            number = self.groups
        self._depth += 1
        if self._depth > 50:
            raise self._wrong("more than 50 groups inside one another", "Make it simpler")
        item = self._choice()
        if number is None and item == Sequence(()):
            # DuckDB 2.0.0 finds no 'a' in 'a.' by a(?:).
            raise self._wrong("a group of nothing", "Leave it out")
        if self._peek() != ")":
            raise self._wrong("a ( without )", r"Write \( for the letter")
        self._at += 1
        self._depth -= 1
        return Group(item, number)

    def _escape(self) -> Ranges:
        letter = self._peek(2)[1:]
        if letter in {"d", "w", "D", "W"}:
            self._at += 2
            ranges = _DIGITS if letter in {"d", "D"} else _WORD
            return ranges if letter.islower() else _without(ranges)
        if letter in _CONTROLS:
            self._at += 2
            return ((ord(_CONTROLS[letter]), ord(_CONTROLS[letter])),)
        if not letter or letter.isalnum() or ord(letter) > 0x7E or letter <= " ":
            hint = _ELSEWHERE.get(letter, "Write the letter itself, without the backslash")
            what = (
                f"\\{letter} refers back" if letter.isdigit() else f"\\{letter} is not read alike"
            )
            raise self._wrong(what, hint)
        self._at += 2
        return ((ord(letter), ord(letter)),)

    def _class(self) -> Tree:
        self._at += 1
        negated = self._peek() == "^"
        self._at += negated
        found: list[tuple[int, int]] = []
        while self._peek() != "]":
            first = self._member()
            if self._peek() == "-" and self._peek(2)[1:] not in {"]", ""}:
                self._at += 1
                last = self._member()
                if len(first) > 1 or len(last) > 1 or first[0][0] > last[0][1]:
                    raise self._wrong("a range that does not rise", r"Write \- for the letter")
                first = ((first[0][0], last[0][1]),)
            found += first
        self._at += 1
        ranges = _merged(found)
        if negated:
            ranges = _without(ranges)
        if not ranges:
            raise self._wrong("a class of nothing", r"Write \[ for the letter")
        return Letters(ranges)

    def _member(self) -> Ranges:
        letter = self._peek()
        if letter == "\\":
            return self._escape()
        if not letter or letter == "[":
            raise self._wrong(
                "a class without ], or a [ in it",
                r"Write \[ for the letter; no [:alpha:] and the like",
            )
        self._at += 1
        return ((ord(letter), ord(letter)),)

    def _repeated(self, item: Tree) -> Tree:
        counts = self._counts()
        if counts is None:
            return item
        lazy = self._peek() == "?"
        self._at += lazy
        if self._peek() in {"*", "+", "?", "{"}:
            raise self._wrong("a repeat of a repeat", "Put the inner one into (?:…)")
        if nullable(item) or has_end(item):
            raise self._wrong(
                "what is repeated may be empty", "Repeat something of at least a letter"
            )
        return Repeat(item, *counts, lazy)

    def _counts(self) -> tuple[int, int | None] | None:
        letter = self._peek()
        if letter in {"*", "+", "?"}:
            self._at += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[letter]
        if letter != "{":
            return None
        found = re.compile(r"\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\}").match(self._text, self._at)
        if found is None:
            raise self._wrong(
                "a { that counts nothing", r"Write {2}, {2,} or {2,5}; \{ for the letter"
            )
        least = int(found[1])
        most = None if found[2] and not found[3] else int(found[3] or found[1])
        if most is not None and (least > most or most == 0):
            raise self._wrong(f"{found[0]} counts nothing", "Write the smaller number first")
        self._at = found.end()
        return least, most


def _merged(ranges: list[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def _without(ranges: Ranges) -> Ranges:
    """Return all code points but these."""
    low, left = 0, []
    for first, last in ranges:
        if low < first:
            left.append((low, first - 1))
        low = last + 1
    if low <= _LAST:
        left.append((low, _LAST))
    return tuple(left)
