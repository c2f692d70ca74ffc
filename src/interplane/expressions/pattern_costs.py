r"""How long a text may be that a pattern is counted, or replaced, in.

One search takes time in proportion to the text (RE2). Counting searches again behind each fit, and a
search reads on behind its fit while something better may still come: ``a(.*b)?`` takes one ``a`` and
reads to the end of the line for a ``b``, behind every ``a``, which is the square of the length.

Whether a pattern can do that is told by its positions (Glushkov's automaton). What reads on behind a
fit is *silent*: were it to fit, it would be the fit. So letters are read more than twice only if a
whole fit lies within a silent run. The search for such a run goes through pairs: what is silent, and
what began to fit meanwhile, each a set of positions. Where there is none, time is in proportion; where
there is one, and where the search became too large, a text has a length beyond which the result is null.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from interplane.expressions.pattern_trees import Choice, End, Group, Letters, Repeat, Sequence
from interplane.expressions.patterns import parse_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interplane.expressions.pattern_trees import Ranges, Tree

__all__ = ["most_bytes", "reads_on"]

_BUDGET_NS: Final = 50_000_000
"""How long counting may take."""

_TABLE_NS: Final = 4
"""A byte read by RE2's table of states; measured: 2 to 3 ns."""

_POSITION_NS: Final = 5
"""A byte read by RE2 without a table, for each letter of the pattern; measured: 3 to 5 ns."""

_FEW_STATES: Final = 100
"""So many sets of positions are in RE2's table at once, whatever the pattern."""

_MOST_WORK: Final = 200_000
"""How many positions a search looks at; a pattern that needs more is taken to read on."""

_UNBOUNDED: Final = 1_000_000


@lru_cache(maxsize=1000)
def most_bytes(pattern: str) -> int | None:
    """Return how many bytes of UTF-8 a text may have that the pattern is counted or replaced in.

    It depends on the pattern alone, so that engine and row program, and every process, agree.

    Returns:
        None where time is in proportion to the text, however long.

    >>> most_bytes("[a-z]+(-[a-z]+)*"), most_bytes("<[^>]*>"), most_bytes("a(.*b)?")
    (None, None, 5000)
    """
    if not reads_on(pattern):
        return None
    automaton = _automaton(pattern)
    cost = _TABLE_NS if automaton.has_few_states() else _POSITION_NS * len(automaton.follow)
    square = math.isqrt(2 * _BUDGET_NS // cost)
    run = automaton.longest_silence()
    most = square if run is None else max(square, _BUDGET_NS // (cost * run))
    return None if most >= _UNBOUNDED else most


def reads_on(pattern: str) -> bool:
    """Whether letters may be read more than twice while a pattern is counted, as far as can be told.

    >>> reads_on("a.*b"), reads_on("ab(abc)?")
    (False, True)
    """
    return _automaton(pattern).fits_in_silence()


def _automaton(pattern: str) -> _Automaton:
    found = _Positions()
    whole = found.read(parse_pattern(pattern).tree)
    return _Automaton(whole.first, whole.last, found.follow, found.moves())


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a pattern: where it begins, where it ends (sets of positions, as bits), if it may be empty."""

    first: int
    last: int
    nullable: bool


_EMPTY = _Part(0, 0, nullable=True)
_NEVER = _Part(0, 0, nullable=False)
"""An end of the text: within the text nothing fits it."""


@dataclass(slots=True)
class _Positions:
    """The letters of a pattern, one after the other, counted repeats written out.

    Attributes:
        letters: what each takes.
        follow: which ones may come after each.
    """

    letters: list[Ranges] = field(default_factory=list)
    follow: list[int] = field(default_factory=list)

    def read(self, tree: Tree) -> _Part:
        """Add the letters of a part."""
        match tree:
            case Letters(ranges):
                self.letters.append(ranges)
                self.follow.append(0)
                bit = 1 << (len(self.letters) - 1)
                return _Part(bit, bit, nullable=False)
            case End():
                return _NEVER
            case Sequence(items):
                return self._sequence(map(self.read, items))
            case Choice(items):
                parts = [self.read(item) for item in items]
                first, last = _union(part.first for part in parts), _union(p.last for p in parts)
                return _Part(first, last, nullable=any(part.nullable for part in parts))
            case Group(item):
                return self.read(item)
            case Repeat(item, least, most):
                return self._repeat(item, least, most)

    def _join(self, last: int, first: int) -> None:
        for position in _bits(last):
            self.follow[position] |= first

    def _sequence(self, parts: Iterable[_Part]) -> _Part:
        made = _EMPTY
        for part in parts:
            self._join(made.last, part.first)
            made = _Part(
                made.first | (part.first if made.nullable else 0),
                part.last | (made.last if part.nullable else 0),
                nullable=made.nullable and part.nullable,
            )
        return made

    def _repeat(self, item: Tree, least: int, most: int | None) -> _Part:
        parts = [self.read(item) for _ in range(max(least, 1) if most is None else most)]
        for one, other in pairwise(parts):
            self._join(one.last, other.first)
        if most is None:
            self._join(parts[-1].last, parts[-1].first)
        last = _union(part.last for part in parts[max(least, 1) - 1 :])
        return _Part(parts[0].first, last, nullable=least == 0)

    def moves(self) -> list[int]:
        """Return the sets of positions that some letter is taken by, each once."""
        places: dict[Ranges, int] = {}
        for position, ranges in enumerate(self.letters):
            places[ranges] = places.get(ranges, 0) | 1 << position
        # Between two of these, all letters are taken alike.
        codes = {code for ranges in places for low, high in ranges for code in (low, high + 1)}
        found = (
            _union(
                there
                for ranges, there in places.items()
                if any(low <= code <= high for low, high in ranges)
            )
            for code in sorted(codes)
        )
        return list(dict.fromkeys(filter(None, found)))


@dataclass(frozen=True, slots=True)
class _Automaton:
    """Positions as bits: where a fit begins and ends, what follows each, what a letter is taken by."""

    first: int
    last: int
    follow: list[int]
    moves: list[int]

    def fits_in_silence(self) -> bool:
        """Whether a whole fit may lie within a silent run, as far as can be told."""
        waiting = [(1 << position, 0) for position in range(len(self.follow))]
        seen, work = set(waiting), 0
        while waiting:
            silent, begun = waiting.pop()
            work += silent.bit_count() + begun.bit_count() + len(self.moves)
            if work > _MOST_WORK:
                return True
            silent, begun = self._after(silent), self._after(begun) | self.first
            for move in self.moves:
                pair = (silent & move, begun & move)
                if not pair[0] or pair[0] & self.last:
                    continue
                if pair[1] & self.last:
                    return True
                if pair not in seen:
                    seen.add(pair)
                    waiting.append(pair)
        return False

    def has_few_states(self) -> bool:
        """Whether a search from every place has few sets of positions."""
        seen, waiting = {0}, [0]
        while waiting and len(seen) <= _FEW_STATES:
            after = self._after(waiting.pop()) | self.first
            new = {after & move for move in self.moves} - seen
            seen |= new
            waiting += new
        return len(seen) <= _FEW_STATES

    def longest_silence(self) -> int | None:
        """Return how many letters a silent run has at most; None if it may be of any number."""
        # Which positions lead to one that has no further: layer by layer, from the ends.
        left = set(range(len(self.follow)))
        length = 0
        while left:
            open_ = sum(1 << position for position in left) & ~self.last
            ends = {position for position in left if not self.follow[position] & open_}
            if not ends:
                return None
            left -= ends
            length += 1
        return length

    def _after(self, positions: int) -> int:
        return _union(self.follow[position] for position in _bits(positions))


def _union(sets: Iterable[int]) -> int:
    found = 0
    for each in sets:
        found |= each
    return found


def _bits(positions: int) -> Iterator[int]:
    while positions:
        lowest = positions & -positions
        yield lowest.bit_length() - 1
        positions ^= lowest
