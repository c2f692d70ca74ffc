"""Trees of regular expressions: what they can do, and their text for RE2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Choice",
    "End",
    "Group",
    "Letters",
    "Ranges",
    "Repeat",
    "Sequence",
    "Tree",
    "copies",
    "has_end",
    "misplaced",
    "nullable",
    "written",
]

Ranges = tuple[tuple[int, int], ...]
"""Code points: first and last of each range; the ranges rise and do not touch."""

_SPECIAL = frozenset("\\^$.|?*+()[]{}")


@dataclass(frozen=True, slots=True)
class Letters:
    """One code point of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class End:
    """The beginning (``^``) or the end (``$``) of the text."""

    symbol: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other; of nothing: the empty text."""

    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The first that fits."""

    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Parentheses; ``number`` is None where they only hold together."""

    item: Tree
    number: int | None


@dataclass(frozen=True, slots=True)
class Repeat:
    """``least`` to ``most`` (None: any number) times, as many as possible or as few."""

    item: Tree
    least: int
    most: int | None
    lazy: bool


Tree = Letters | End | Sequence | Choice | Group | Repeat


def _below(tree: Tree) -> tuple[Tree, ...]:
    match tree:
        case Sequence(items) | Choice(items):
            return items
        case Group(item) | Repeat(item):
            return (item,)
        case _:
            return ()


def nullable(tree: Tree) -> bool:
    """Whether it fits the empty text."""
    match tree:
        case Letters():
            return False
        case End():
            return True
        case Sequence(items):
            return all(map(nullable, items))
        case Choice(items):
            return any(map(nullable, items))
        case Group(item):
            return nullable(item)
        case Repeat(item, least):
            return least == 0 or nullable(item)


def has_end(tree: Tree) -> bool:
    """Whether it asks for the beginning or the end of the text."""
    return isinstance(tree, End) or any(map(has_end, _below(tree)))


def misplaced(tree: Tree, *, first: bool = True, last: bool = True) -> str:
    """Return ``^`` or ``$`` if one stands where only letters can come before, or after, it.

    >>> misplaced(Sequence((End("$"), Letters(((98, 98),)))))
    '$'
    """
    match tree:
        case End(symbol):
            return "" if (first if symbol == "^" else last) else symbol
        case Sequence(items):
            end = len(items) - 1
            found = (
                misplaced(item, first=first and place == 0, last=last and place == end)
                for place, item in enumerate(items)
            )
            return next(filter(None, found), "")
        case _:
            found = (misplaced(item, first=first, last=last) for item in _below(tree))
            return next(filter(None, found), "")


def copies(tree: Tree) -> int:
    """How many letters it has when counted repeats are written out."""
    below = sum(map(copies, _below(tree)))
    if isinstance(tree, Repeat):
        return below * max(tree.most or 1, tree.least, 1)
    return max(below, 1)


def written(tree: Tree) -> str:
    """Return the text for RE2."""
    return "".join(_pieces(tree))


def _pieces(tree: Tree) -> Iterator[str]:
    match tree:
        case Letters(ranges):
            yield _letters(ranges)
        case End(symbol):
            yield "\\A" if symbol == "^" else "\\z"
        case Sequence(items):
            for item in items:
                yield from _pieces(item)
        case Choice(items):
            yield "|".join(written(item) for item in items)
        case Group(item, number):
            yield f"({'?:' if number is None else ''}{written(item)})"
        case Repeat(item, least, most, lazy):
            yield from _pieces(item)
            yield _times(least, most) + ("?" if lazy else "")


def _times(least: int, most: int | None) -> str:
    if (least, most) in {(0, None), (1, None), (0, 1)}:
        return {(0, None): "*", (1, None): "+", (0, 1): "?"}[least, most]
    return f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}"


def _letters(ranges: Ranges) -> str:
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _letter(ranges[0][0])
    inside = "".join(
        _letter(low) + (f"-{_letter(high)}" if high > low else "") for low, high in ranges
    )
    return f"[{inside}]"


def _letter(code: int) -> str:
    letter = chr(code)
    if letter.isascii() and letter.isalnum():
        return letter
    if " " <= letter <= "~":
        return f"\\{letter}" if letter in _SPECIAL or letter in "-&~" else letter
    return f"\\x{{{code:x}}}"
