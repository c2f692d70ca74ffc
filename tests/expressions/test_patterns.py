"""Regular expressions: what is refused, and random ones that engine and row program read alike."""

from __future__ import annotations

import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from interplane.errors import ExpressionError
from interplane.expressions.expr import Row
from interplane.expressions.nodes import Column, Node
from interplane.expressions.operations import call
from interplane.expressions.patterns import Pattern, parse_pattern
from interplane.expressions.row_program import compile_row
from interplane.testing.parity_bench import Bench

LETTERS = "abAB01-. \nßİé🦤_"
CLASSES = [
    "[a-z]",
    "[^a]",
    "[^a-zß]",
    "[ab0-9]",
    "[.-]",
    "[\\d_]",
    "[^\\w]",
    "[é-🦤]",
    "[A-]",
    ".",
    "\\d",
    "\\w",
    "\\D",
    "\\W",
    "\\n",
]


class _Patterns:
    """Random patterns of what is allowed."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def one(self) -> Pattern:
        """Return a pattern that is not refused."""
        while True:
            try:
                return parse_pattern(self._choice(2))
            except ExpressionError:
                continue

    def _choice(self, depth: int) -> str:
        return "|".join(self._sequence(depth) for _ in range(self.draw.choice((1, 1, 1, 2, 3))))

    def _sequence(self, depth: int) -> str:
        text = ""
        for _ in range(self.draw.choice((0, 1, 1, 2, 2, 3))):
            text += self._item(depth)
            if self.draw.random() < 0.4:
                text += self.draw.choice(("*", "+", "?", "{2}", "{1,3}", "{2,}"))
                text += self.draw.choice(("", "", "?"))
        return text

    def _item(self, depth: int) -> str:
        kind = self.draw.random()
        if kind < 0.45:
            return re.escape(self.draw.choice(LETTERS)).replace("\\\n", "\n").replace("\\ ", " ")
        if kind < 0.7:
            return self.draw.choice(CLASSES)
        if kind < 0.76 or depth == 0:
            return self.draw.choice("^$ab")
        return f"{self.draw.choice(('(', '(', '(?:'))}{self._choice(depth - 1)})"


def test_random_patterns_mean_the_same_on_both_sides() -> None:
    """Search, extract, replace and count, of whatever is not refused, on texts of the same letters."""
    seed = random.SystemRandom().randrange(2**31)
    patterns = _Patterns(seed)
    draw = patterns.draw
    texts = ["".join(draw.choices(LETTERS, k=draw.randrange(9))) for _ in range(200)]
    text = Column("s", "str")
    nodes: list[Node] = []
    for _ in range(60):
        pattern = patterns.one()
        group = min(draw.randrange(3), pattern.groups)
        nodes += [
            call("re_search", text, pattern=pattern.text),
            call("re_extract", text, pattern=pattern.text, group=group),
        ]
        if not pattern.nullable:
            new = f"<\\{group}>"
            nodes += [
                call("re_replace", text, pattern=pattern.text, replacement=new),
                call("re_count", text, pattern=pattern.text),
            ]
    bench = Bench({"s": "str"}, {"s": texts}, {})
    try:
        assert [] == bench.compare(nodes).differences, f"seed {seed}"
    finally:
        bench.close()


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"a\s", r"\[ \\t\\n\]"),
        (r"\bword", r"\^\|"),
        ("(?i)a", "lower"),
        ("(?=a)", "look-around"),
        ("(?P<name>a)", "names"),
        (r"(a)\1", "refers back"),
        (r"\pL", "class"),
        ("(?:)a", "group of nothing"),
        ("a**", "repeat of a repeat"),
        ("*a", "repeats nothing"),
        ("(a*)*", "may be empty"),
        ("(^)+", "may be empty"),
        ("(a?|b)*", "may be empty"),
        ("a{3,2}", "smaller number"),
        ("a{x", "counts nothing"),
        ("[b-a]", "does not rise"),
        ("[]", "class of nothing"),
        ("[[:alpha:]]", "alpha"),
        ("(a", r"without \)"),
        ("a)", r"without \("),
        ("a{999}b{999}", "copies"),
        ("((a{20}){20}){3}", "copies"),
        ("a" * 1001, "too long"),
        ("x]", "by itself"),
        ("$b", "not at the end"),
        ("(a|b^)", "not at the beginning"),
        ("(a$)b", "not at the end"),
    ],
)
def test_what_both_sides_read_differently_is_refused(pattern: str, reason: str) -> None:
    """With the place, the reason, and what to write instead; where it is written."""
    row = Row({"s": "str"})
    with pytest.raises(ExpressionError, match=reason):
        row.s.re_search(pattern)


LONG = {
    ".*a.*b.*c": "a" * 100_000,
    "(a+)+$": "a" * 100_000 + "b",
    "(a|ab)*c": "ab" * 50_000,
    "^(a?b?a)*$": "a" * 100_000 + "c",
    "((a*b*c)+(a|b)+)+d": "abcab" * 20_000,
    "(.*,){9}x": "," * 100_000,
    "(a|b)*a(a|b){20}c": "ab" * 50_000,
    "^(ß|[ßa]+)+$": "ß" * 100_000 + "!",
}
"""Patterns that a search by trial and error takes a power, or an exponential, of the text for."""


@pytest.mark.parametrize("pattern", LONG)
def test_no_text_keeps_a_pattern_busy(pattern: str) -> None:
    """Repeats of repeats, and several in a row, end on a long text that does not fit."""
    row = Row({"s": "str"})
    outputs = {
        "found": row.s.re_search(pattern).node,
        "group": row.s.re_extract(f"({pattern})", 1).node,
    }
    program = compile_row(outputs, inputs={"s": "str"})
    assert {"found": False, "group": None} == program({"s": LONG[pattern]})


def test_long_texts_are_read_alike() -> None:
    """What is made of long texts is the same on the engine, whichever of its ways RE2 takes."""
    texts = [*LONG.values(), *(f"{text[:70_000]}c{text[:7]}d,x,y" for text in LONG.values())]
    s = Column("s", "str")
    nodes = [
        call(name, s, pattern=pattern, **more)
        for pattern in LONG
        for name, more in (
            ("re_search", {}),
            ("re_extract", {"group": 0}),
            *((("re_extract", {"group": 1}),) if "(" in pattern else ()),
        )
    ]
    bench = Bench({"s": "str"}, {"s": texts}, {})
    try:
        assert [] == bench.compare(nodes).differences
    finally:
        bench.close()


def test_threads_share_a_pattern() -> None:
    """A pattern is one object of the process, and RE2 gives the interpreter's lock back meanwhile."""
    row = Row({"s": "str"})
    outputs = {"s": row.s.re_replace("([a-c]+)-", r"<\1>").node}
    program = compile_row(outputs, inputs={"s": "str"})
    rows = [{"s": f"{'abc' * (n % 50)}-{n}" * 20} for n in range(400)]
    expected = [program(each) for each in rows]
    with ThreadPoolExecutor(8) as pool:
        assert expected * 5 == list(pool.map(program, rows * 5))


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (lambda s: s.re_replace("a*", ""), "fits no empty text"),
        (lambda s: s.re_extract("(a)", 2), "group 2"),
        (lambda s: s.re_replace("(a)", r"\2"), "group 2"),
        (lambda s: s.re_replace("a", r"\n"), "backslash"),
        (lambda s: s.re_search(s), "only a constant"),
        (lambda s: s.length().re_search("a"), "cannot take"),
    ],
)
def test_settings_that_cannot_be_are_refused(written: object, what: str) -> None:
    """Empty fits in a replacement, groups that are not there, patterns that are no constants."""
    with pytest.raises(ExpressionError, match=what):
        written(Row({"s": "str"}).s)  # type: ignore[operator]
