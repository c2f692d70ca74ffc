"""Patterns of one row: RE2, which the engine has too. No text takes longer than in proportion.

Its Python package is asked for bytes: for `str` it counts code points in Python, which takes three
times as long. It is imported by who has a pattern, and by nobody else.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from interplane.expressions.text_runtime import longest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Template", "compiled", "counter", "extractor", "replacer", "searcher"]

_UTF8 = 4
"""The most bytes of a code point."""


class _Match(Protocol):
    def __getitem__(self, group: int) -> bytes | None: ...

    def span(self) -> tuple[int, int]: ...


class _Compiled(Protocol):
    def search(self, text: bytes) -> _Match | None: ...

    def finditer(self, text: bytes) -> Iterator[_Match]: ...


@lru_cache(maxsize=1000)
def compiled(pattern: str) -> _Compiled:
    """Return a pattern of RE2, compiled.

    Raises:
        ValueError: if RE2 does not take it.
    """
    import re2

    options = re2.Options()
    # Where a text needs more states than there is memory for, it goes on without keeping them, and
    # would say so on the process's standard error.
    options.log_errors = False
    try:
        made: _Compiled = re2.compile(pattern, options=options)
    except re2.error as error:
        raise ValueError(str(error)) from error
    return made


def searcher(pattern: str) -> Callable[[str], bool]:
    """Return what says whether a pattern fits anywhere in a text.

    >>> searcher("b+c")("abbc")
    True
    """
    search = compiled(pattern).search

    def fits(text: str) -> bool:
        return search(text.encode()) is not None

    return fits


def extractor(pattern: str, group: int) -> Callable[[str], str | None]:
    """Return what gives what a group first took: None without a fit, '' where it took no part.

    >>> first = extractor("a(b)?", 1)
    >>> first("ab"), first("a"), first("b")
    ('b', '', None)
    """
    search = compiled(pattern).search

    def extracted(text: str) -> str | None:
        found = search(text.encode())
        return None if found is None else (found[group] or b"").decode()

    return extracted


def counter(pattern: str, most: int | None = None) -> Callable[[str], int | None]:
    """Return what counts how often a pattern fits, one fit after the other.

    It gives None of texts of more than ``most`` bytes (`pattern_costs.most_bytes`).

    >>> counter("[^ ]+")("two words"), counter("a(.*b)?", 5)("a" * 6)
    (2, None)
    """
    finditer = compiled(pattern).finditer

    def counted(text: str) -> int | None:
        return sum(1 for _ in finditer(text.encode()))

    def counted_of_short(text: str) -> int | None:
        data = text.encode()
        return sum(1 for _ in finditer(data)) if len(data) <= most else None  # type: ignore[operator]

    return counted if most is None else counted_of_short


class Template:
    r"""What replaces a fit: texts, and what groups took.

    Attributes:
        parts: bytes, and the numbers of groups.
        fixed: how many bytes the texts are, and `letters` how many code points.
        times: how often each group is in it.

    >>> Template(r"<\1>\\").parts, Template("ß").letters
    ([b'<', 1, b'>\\'], 1)
    """

    __slots__ = ("fixed", "letters", "parts", "times")

    def __init__(self, replacement: str) -> None:
        self.parts: list[bytes | int] = []
        text = ""
        self.letters = 0
        for piece in re.findall(r"\\[0-9\\]|[^\\]+", replacement):
            if piece[0] == "\\" and piece[1].isdigit():
                self.parts += [text.encode()] * bool(text) + [int(piece[1])]
                text = ""
            else:
                text += "\\" if piece[0] == "\\" else piece
                self.letters += 1 if piece[0] == "\\" else len(piece)
        self.parts += [text.encode()] * bool(text)
        self.fixed = sum(len(part) for part in self.parts if isinstance(part, bytes))
        self.times = Counter(part for part in self.parts if isinstance(part, int))

    def filled(self, found: _Match, most: int) -> bytes | None:
        """Return what replaces a fit, or None where that is more than ``most`` bytes."""
        if not self.times:
            return b"".join(self.parts)  # type: ignore[arg-type]  # all of them bytes
        taken = {group: found[group] or b"" for group in self.times}
        if self.fixed + sum(len(taken[group]) * n for group, n in self.times.items()) > most:
            return None
        return b"".join([part if isinstance(part, bytes) else taken[part] for part in self.parts])


def replacer(
    pattern: str, replacement: str, most: int | None = None
) -> Callable[[str], str | None]:
    r"""Return what replaces each fit of a pattern that fits no empty text.

    It gives None where the text would become too long (`longest_of`), and of texts of more than
    ``most`` bytes (`pattern_costs.most_bytes`).

    >>> replacer("([0-9]+)", r"<\1>")("a1b22")
    'a<1>b<22>'
    """
    finditer = compiled(pattern).finditer
    template = Template(replacement)
    same = None if template.times else b"".join(template.parts)  # type: ignore[arg-type]

    def replaced(text: str) -> str | None:
        data = text.encode()
        if most is not None and len(data) > most:
            return None
        longest = longest_of(text)
        room, end = _UTF8 * longest, 0
        pieces: list[bytes] = []
        for found in finditer(data):
            start, stop = found.span()
            new = template.filled(found, room) if same is None else same
            if new is None or len(new) > room:
                return None
            room -= len(new)
            pieces += (data[end:start], new)
            end = stop
        if not pieces:
            return text
        made = b"".join((*pieces, data[end:])).decode()
        return made if len(made) <= longest else None

    return replaced
