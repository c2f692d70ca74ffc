"""Operations that make long texts of short ones: null beyond a length, the same one on both sides."""

from __future__ import annotations

import tracemalloc

from interplane.expressions.nodes import Column, Literal, Node
from interplane.expressions.operations import call
from interplane.expressions.row_program import compile_row
from interplane.testing.parity_bench import Bench

MILLION = 1_000_000
S = Column("s", "str")


def differences(made: list[Node], texts: list[str]) -> list[str]:
    """Return where the lengths of what is made of texts are not alike."""
    bench = Bench({"s": "str"}, {"s": texts}, {})
    try:
        return list(map(str, bench.compare([call("length", node) for node in made]).differences))
    finally:
        bench.close()


def test_repeated_and_replaced_texts_end_at_the_same_letter() -> None:
    """What would become too long is null on both sides; what is longer may stay as long."""
    made: list[Node] = [
        *(call("repeat", S, times=times) for times in (1, 2, 100)),
        *(
            call("replace", S, Literal(old, "str"), Literal(new, "str"))
            for old, new in (("a", "bb"), ("ab", "bab"), ("a", ""), ("", "bb"), ("a", "ß" * 100))
        ),
    ]
    texts = ["a" * n for n in (1, 9_999, 10_000, 10_001, MILLION - 1, MILLION, MILLION + 1)]
    texts += ["a" * 500_000, "a" * 500_001, "ab" * 300_000, "b" * MILLION + "a", "ß" * 10_001]
    assert [] == differences(made, texts)
    doubled = compile_row({"s": made[1]}, inputs={"s": "str"})
    assert [False, True] == [doubled({"s": "a" * n})["s"] is None for n in (500_000, 500_001)]


def test_patterns_replaced_end_at_the_same_letter() -> None:
    """Texts, groups that take part or none, backslashes: counted alike before they are made."""
    templates = [
        ("a", "b" * 100),
        ("(a)(b)?", r"\1\2\\" * 100),
        ("(a)(b)?", r"\2ß" * 100),
        (r"[^\n]+", r"\0" * 100),
        ("b+", r"\0-\0"),
        ("b+", ""),
    ]
    made: list[Node] = [
        call("re_replace", S, pattern=pattern, replacement=new) for pattern, new in templates
    ]
    texts = ["a" * n for n in (1, 4_999, 5_000, 5_001, 9_999, 10_000, 10_001)]
    texts += ["ab" * 4_000, "b" * MILLION + "a", "b" * 499_999, "b" * 500_000, "c" * MILLION + "a"]
    assert [] == differences(made, texts)


def test_a_hostile_replacement_makes_no_gigabytes() -> None:
    """Thousands of copies of a long group are counted before they are made."""
    node = call("re_replace", S, pattern="(.+)", replacement=r"\1" * 5_000)
    program = compile_row({"s": node}, inputs={"s": "str"})
    tracemalloc.start()
    try:
        assert {"s": None} == program({"s": "a" * MILLION})
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()
