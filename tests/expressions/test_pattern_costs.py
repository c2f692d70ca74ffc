"""How often a pattern reads a letter: proved by its positions, held against a machine that counts."""

from __future__ import annotations

import random
import re
from itertools import pairwise

import pytest

from interplane.errors import ExpressionError
from interplane.expressions.expr import Row
from interplane.expressions.nodes import Column, Node
from interplane.expressions.operations import call
from interplane.expressions.pattern_costs import most_bytes, reads_on
from interplane.expressions.pattern_runtime import counter
from interplane.expressions.pattern_trees import (
    Choice,
    End,
    Group,
    Letters,
    Repeat,
    Sequence,
    Tree,
)
from interplane.expressions.patterns import parse_pattern
from interplane.expressions.row_program import compile_row
from interplane.testing.parity_bench import Bench


class _Machine:
    """Threads in the order of what they prefer, as RE2 has them; counts the letters that are read."""

    def __init__(self, tree: Tree) -> None:
        self.code: list[tuple[object, ...]] = []
        self._write(tree)
        self.code.append(("fit",))
        self.reads = 0

    def _write(self, tree: Tree) -> None:
        match tree:
            case Letters(ranges):
                self.code.append(("take", ranges))
            case End(symbol):
                self.code.append(("end", symbol))
            case Sequence(items):
                for item in items:
                    self._write(item)
            case Choice(items):
                self._choose([lambda item=item: self._write(item) for item in items])
            case Group(item):
                self._write(item)
            case Repeat():
                self._repeat(tree)

    def _repeat(self, tree: Repeat) -> None:
        for _ in range(tree.least):
            self._write(tree.item)
        for _ in range((tree.most or tree.least) - tree.least):
            self._choose([lambda: self._write(tree.item), lambda: None], lazy=tree.lazy)
        if tree.most is None:
            start = len(self.code)

            def again() -> None:
                self._write(tree.item)
                self.code.append(("split", [start]))

            self._choose([again, lambda: None], lazy=tree.lazy)

    def _choose(self, branches: list, *, lazy: bool = False) -> None:  # type: ignore[type-arg]
        split, ends = len(self.code), []
        self.code.append(())
        starts = []
        for branch in branches:
            starts.append(len(self.code))
            branch()
            ends.append(len(self.code))
            self.code.append(())
        for end in ends:
            self.code[end] = ("split", [len(self.code)])
        self.code[split] = ("split", starts[::-1] if lazy else starts)

    def _add(self, to: dict[int, int], place: int, start: int, at: int, text: str) -> None:
        if place in to:
            return
        to[place] = start
        match self.code[place]:
            case ("split", places):
                for each in places:  # type: ignore[attr-defined]
                    self._add(to, each, start, at, text)
            case ("end", symbol) if at == (0 if symbol == "^" else len(text)):
                self._add(to, place + 1, start, at, text)

    def count(self, text: str) -> int:
        """Return how often it fits, one fit after the other; ``reads`` are the letters read for it."""
        begin, found = 0, 0
        while True:
            fit = self._search(text, begin)
            if fit is None:
                return found
            begin, found = fit, found + 1

    def _search(self, text: str, begin: int) -> int | None:
        threads: dict[int, int] = {}
        fit = None
        for at in range(begin, len(text) + 1):
            if fit is None:
                self._add(threads, 0, at, at, text)
            kept: dict[int, int] = {}
            for place, start in threads.items():
                if self.code[place] == ("fit",):
                    fit = at
                    break
                kept[place] = start
            if (fit is not None and not kept) or at == len(text):
                return fit
            self.reads += 1
            threads = {}
            for place, start in kept.items():
                code = self.code[place]
                if code[0] == "take" and any(low <= ord(text[at]) <= high for low, high in code[1]):  # type: ignore[attr-defined]
                    self._add(threads, place + 1, start, at + 1, text)
        return fit


def _pattern(draw: random.Random, depth: int = 3) -> str:
    branches = []
    for _ in range(draw.choice((1, 1, 2, 3))):
        text = ""
        for _ in range(draw.choice((1, 1, 2, 3))):
            group = depth and draw.random() < 0.4
            text += (
                f"({_pattern(draw, depth - 1)})"
                if group
                else draw.choice(("a", "b", "c", "[ab]", "[^a]", "."))
            )
            if draw.random() < 0.5:
                text += draw.choice(("*", "+", "?", "{2}", "{1,3}", "*?", "+?", "??"))
        branches.append(text + draw.choice(("", "", "", "", "$")) * (depth == 3))
    return "|".join(branches)


def _texts(draw: random.Random) -> list[str]:
    whole = [draw.choice(("a", "b", "ab", "ba", "abc", "aab")) * 40 for _ in range(3)]
    return [
        *whole,
        *("".join(draw.choices("abc", (9, 3, 1), k=60)) for _ in range(3)),
        "ab" * 20 + "c",
    ]


def test_a_pattern_without_a_bound_reads_each_letter_twice_at_most() -> None:
    """Random patterns, on texts that repeat: by a machine with threads, which counts as RE2 does."""
    seed = random.SystemRandom().randrange(2**31)
    draw = random.Random(seed)
    free = bound = 0
    while free < 150:
        try:
            pattern = parse_pattern(_pattern(draw))
        except ExpressionError:
            continue
        if pattern.nullable:
            continue
        for text in _texts(draw):
            machine = _Machine(pattern.tree)
            found = machine.count(text)
            assert counter(pattern.re2)(text) == found, (seed, pattern.text, text)
            if not reads_on(pattern.text):
                assert machine.reads <= 2 * len(text) + found, (seed, pattern.text, text)
        free, bound = free + (not reads_on(pattern.text)), bound + reads_on(pattern.text)
    assert bound > 0


SQUARE = {
    "a(.*b)?": "a",
    "foo.*bar|foo": "foo",
    r"\w+(, \w+)* and \w+|\w+": "a, ",
    "([ab]*a[ab]{900}c)|a|b": "ab",
    "a([ab]*a[ab]{20}c)?": "aab",
}


@pytest.mark.parametrize("pattern", SQUARE)
def test_a_pattern_that_reads_on_has_a_bound(pattern: str) -> None:
    """Its reads grow with the square of the text, in letters."""
    reads = []
    for times in (20, 40, 80):
        machine = _Machine(parse_pattern(pattern).tree)
        machine.count(SQUARE[pattern] * times)
        reads.append(machine.reads)
    assert all(3 * few < many for few, many in pairwise(reads))
    assert (most_bytes(pattern) or 10**9) <= 5000


@pytest.mark.parametrize(
    "pattern",
    [
        "[a-z]+(-[a-z]+)*", "<[^>]*>", r"(\w+)-(\w+)", r"[a-z0-9._]+@[a-z0-9.]+\.[a-z]{2,}",
        r'"([^"\\]|\\.)*"', r"/\*(.|\n)*?\*/", r"\d+(\.\d+)?(e[+-]?\d+)?", "a.*b", "a.*?b", "[^ ]+",
        r"https?://[^ ]+", r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?", "(.*,){9}x", "(a+)+$", "(a|ab)*c",
    ],
)  # fmt: skip
def test_what_people_write_has_no_bound(pattern: str) -> None:
    """Words, tags, addresses, quotes, comments, numbers, dates."""
    assert most_bytes(pattern) is None


def test_both_sides_end_at_the_same_byte() -> None:
    """Counted, replaced: as before up to the bound, in bytes of UTF-8, and null behind it."""
    s = Column("s", "str")
    nodes: list[Node] = [
        made
        for pattern in (*SQUARE, "é(.*ß)?")
        for made in (
            call("re_count", s, pattern=pattern),
            call("re_replace", s, pattern=pattern, replacement=r"<\0>"),
            call("re_replace", s, pattern=pattern, replacement=""),
        )
    ]
    edges = {most_bytes(pattern) or 0 for pattern in SQUARE}
    texts = [
        letter * n for edge in sorted(edges) for n in (edge - 1, edge, edge + 1) for letter in "a,"
    ]
    texts += [
        "é" * 2_500,
        "é" * 2_501,
        "aé" * 1_666 + "a",
        "aé" * 1_666 + "aa",
        "🦤é" * 833 + "é",
        "",
    ]
    bench = Bench({"s": "str"}, {"s": texts}, {})
    try:
        assert [] == bench.compare(nodes).differences
    finally:
        bench.close()
    program = compile_row({"n": nodes[0]}, inputs={"s": "str"})
    assert [5_000, None] == [program({"s": "a" * n})["n"] for n in (5_000, 5_001)]


def test_a_long_text_is_answered_at_once() -> None:
    """A megabyte that took minutes: null for a pattern that reads on, counted for any other."""
    row = Row({"s": "str"})
    hostile = "a" * 1_000_000
    outputs = {
        "square": row.s.re_count("a(.*b)?").node,
        "replaced": row.s.re_replace("a(.*b)?", "x").node,
        "free": row.s.re_count("a+(-a+)*").node,
    }
    found = compile_row(outputs, inputs={"s": "str"})({"s": hostile})
    assert {"square": None, "replaced": None, "free": 1} == found
    assert re.fullmatch(r"s\.re_count\(.*\)", repr(row.s.re_count("a(.*b)?")))
