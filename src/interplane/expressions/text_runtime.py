"""What the generated Python of one row calls for texts. Standard library only."""

from __future__ import annotations

import hashlib
import re
from functools import partial
from typing import TYPE_CHECKING

from interplane.expressions.casing import text_lower, text_upper

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FUNCTIONS", "LONGEST", "like_matcher", "longest_of"]

LONGEST = 1_000_000
"""How long, in code points, an operation may make a text; one that is longer may stay so."""


def longest_of(text: str) -> int:
    """Return how long what is made of a text may be."""
    return max(len(text), LONGEST)


def text_capitalize(text: str) -> str:
    """Return the first letter in capital form, the others in small form."""
    return text_upper(text[:1]) + text_lower(text[1:])


def text_lpad(text: str, length: int, fill: str) -> str:
    """Return ``text`` filled up on the left.

    >>> text_lpad("7", 4, "ab"), text_rpad("7", 4, "ab"), text_lpad("abc", 2, "-")
    ('aba7', '7aba', 'abc')
    """
    return _filling(length - len(text), fill) + text


def text_rpad(text: str, length: int, fill: str) -> str:
    """Return ``text`` filled up on the right."""
    return text + _filling(length - len(text), fill)


def _filling(length: int, fill: str) -> str:
    return (fill * (length // len(fill) + 1))[:length] if length > 0 else ""


def md5_hex(text: str) -> str:
    """Return the MD5 of the UTF-8 bytes in hexadecimal digits; a name, no protection."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def sha256_hex(text: str) -> str:
    """Return the SHA-256 of the UTF-8 bytes in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def hash_bucket(text: str, buckets: int) -> int:
    """Return the first 60 bits of the MD5, modulo ``buckets``.

    >>> hash_bucket("JFK", 10)
    6
    """
    return int(md5_hex(text)[:15], 16) % buckets


def text_replace(text: str, old: str, new: str) -> str | None:
    """Return ``text`` with each ``old`` replaced; None where it would become too long.

    >>> text_replace("a-b", "-", "--"), text_replace("a-b", "", "x")
    ('a--b', 'a-b')
    >>> text_replace("a" * 1001, "a", "b" * 1000) is None
    True
    """
    if not old:
        return text
    # Each of its letters becomes `new` at most, so mostly nothing has to be counted.
    if len(text) * len(new) > LONGEST:
        more = text.count(old) * (len(new) - len(old))
        if len(text) + more > longest_of(text):
            return None
    return text.replace(old, new)


def like_matcher(pattern: str) -> Callable[[str], bool]:
    """Return whether a text is like ``pattern``: ``%`` is any text, ``_`` one code point.

    Each piece between two ``%`` is taken where it is found first, so no text takes long.

    >>> [like_matcher("a%b_")(text) for text in ("ab", "abc", "a%bbc", "abcc")]
    [False, True, True, False]
    """
    first, *rest = (_piece(piece) for piece in pattern.split("%"))
    if not rest:
        return partial(_is_whole, first)
    return partial(_is_like, first, rest[:-1], rest[-1])


def _piece(piece: str) -> tuple[re.Pattern[str], int]:
    letters = ("." if letter == "_" else re.escape(letter) for letter in piece)
    return re.compile("".join(letters), re.DOTALL), len(piece)


def _is_whole(piece: tuple[re.Pattern[str], int], text: str) -> bool:
    return piece[0].fullmatch(text) is not None


def _is_like(
    first: tuple[re.Pattern[str], int],
    middle: list[tuple[re.Pattern[str], int]],
    last: tuple[re.Pattern[str], int],
    text: str,
) -> bool:
    end = len(text) - last[1]
    if end < first[1] or first[0].match(text) is None or last[0].match(text, end) is None:
        return False
    at = first[1]
    for pattern, _ in middle:
        found = pattern.search(text, at, end)
        if found is None:
            return False
        at = found.end()
    return True


FUNCTIONS = (
    hash_bucket,
    md5_hex,
    sha256_hex,
    text_capitalize,
    text_lower,
    text_lpad,
    text_replace,
    text_rpad,
    text_upper,
)
"""What generated code may call."""
