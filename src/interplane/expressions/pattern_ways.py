"""Whether what a regular expression repeats can be read in one way only."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from interplane.expressions.pattern_trees import (
    Choice,
    Group,
    Letters,
    Repeat,
    Sequence,
    nullable,
)

if TYPE_CHECKING:
    from interplane.expressions.pattern_trees import Ranges, Tree

__all__ = ["in_one_way"]

_EXPANDED = 20

_Both = tuple[list[int], list[int]]


class _Places:
    """The letters of a tree, and which may follow which, each as often as there are ways to.

    The automaton of Glushkov ("The abstract theory of automata", 1961). Where no two followers of
    a place share a letter, a text can be read in one way only.
    """

    def __init__(self) -> None:
        self.letters: list[Ranges] = []
        self.after: list[list[int]] = []

    def add(self, tree: Tree) -> _Both:
        """Add a tree; return where it may begin and end."""
        match tree:
            case Letters(ranges):
                self.letters.append(ranges)
                self.after.append([])
                return [len(self.letters) - 1], [len(self.letters) - 1]
            case Sequence(items):
                return self._sequence(items)
            case Choice(items):
                both = [self.add(item) for item in items]
                return [p for first, _ in both for p in first], [
                    p for _, last in both for p in last
                ]
            case Group(item):
                return self.add(item)
            case Repeat():
                return self._repeat(tree)
            case _:  # an end
                return [], []

    def _letters(self, ranges: Ranges) -> _Both:
        self.letters.append(ranges)
        self.after.append([])
        return [len(self.letters) - 1], [len(self.letters) - 1]

    def _choice(self, items: tuple[Tree, ...]) -> _Both:
        both = [self.add(item) for item in items]
        return [p for first, _ in both for p in first], [p for _, last in both for p in last]

    def _repeat(self, tree: Repeat) -> _Both:
        if tree.least == tree.most and tree.least <= _EXPANDED:
            return self._sequence((tree.item,) * tree.least)
        first, last = self.add(tree.item)
        if tree.most != 1:
            self._follow(last, first)
        return first, last

    def _sequence(self, items: tuple[Tree, ...]) -> _Both:
        first: list[int] = []
        last: list[int] = []
        begun = False
        for item in items:
            begins, ends = self.add(item)
            self._follow(last, begins)
            if not begun:
                first += begins
            last = last + ends if nullable(item) else ends
            begun = begun or not nullable(item)
        return first, last

    def _follow(self, last: list[int], first: list[int]) -> None:
        for place in last:
            self.after[place] += first

    def apart(self, places: list[int]) -> bool:
        """Whether no two of these places share a letter."""
        spans = sorted(span for place in places for span in self.letters[place])
        return all(one[1] < other[0] for one, other in pairwise(spans))


def in_one_way(repeat: Repeat) -> bool:
    """Return whether what is repeated can be read in one way only.

    >>> from interplane.expressions.pattern_trees import Letters
    >>> digits = Repeat(Letters(((48, 57),)), 1, None, lazy=False)
    >>> in_one_way(Repeat(Sequence((digits, Letters(((44, 44),)))), 0, None, lazy=False))
    True
    >>> in_one_way(Repeat(digits, 0, None, lazy=False))
    False
    """
    places = _Places()
    first, last = places.add(repeat.item)
    for place in last:
        places.after[place] += first
    return all(places.apart(each) for each in (first, *places.after))
