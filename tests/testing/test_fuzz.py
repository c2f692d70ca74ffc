"""The fuzzer finds what differs, and a short run of it finds nothing."""

from __future__ import annotations

import os
import random
from dataclasses import replace

import pytest

from interplane.expressions.nodes import Column, Literal
from interplane.expressions.operations import TABLE, call
from interplane.testing import fuzz as subject
from interplane.testing.fuzz import Bench, fuzz, main


def test_a_short_run_finds_no_difference() -> None:
    """Engine and row program agree bit for bit on random expressions, with a new seed each time."""
    seed = int(os.environ.get("INTERPLANE_FUZZ_SEED", random.SystemRandom().randrange(2**31)))
    compared, found = fuzz(seed=seed, values=60_000)
    assert not found, f"INTERPLANE_FUZZ_SEED={seed}\n" + "\n".join(map(str, found))
    assert compared >= 60_000


def test_a_wrong_operation_is_found_with_its_smallest_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An operation whose two sides differ is named, not the expression around it."""
    right = TABLE["floor"]
    wrong = replace(right, forms=(replace(right.forms[0], python="float_ceil({0})"),))
    monkeypatch.setitem(TABLE, "floor", wrong)
    inside = call("floor", Column("x", "float"))
    node = call(
        "if_else", Literal(True, "bool"), call("add", inside, Literal(1.0, "float")), inside
    )
    bench = Bench({"x": "float"}, {"x": [1.0, 2.5, None]}, {})
    (found,) = bench.compare([node])
    bench.close()
    assert ("x.floor()", {"x": 2.5}, 2.0, 3.0) == (
        found.expression,
        found.row,
        found.engine,
        found.program,
    )


def test_an_operation_that_raises_on_the_engine_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """No operation may fail on a value: an error of the engine is a difference."""
    right = TABLE["exp"]
    raising = replace(right, forms=(replace(right.forms[0], sql="error('no')"),))
    monkeypatch.setitem(TABLE, "exp", raising)
    bench = Bench({"x": "float"}, {"x": [1.0]}, {})
    (found,) = bench.compare([call("exp", Column("x", "float"))])
    bench.close()
    assert "x.exp()" == found.expression


def test_the_command_prints_seed_and_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """The seed is printed first, the counts last; the exit code says whether all agreed."""
    assert main(["--values", "2000", "--seed", "7", "--rows", "50"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("seed 7, DuckDB ")
    assert "2,400 values compared" in out
    assert "0 differences" in out


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [(0.0, -0.0, False), (1, True, False), (float("nan"), float("nan"), False), ("a", "a", True)],
)
def test_same_means_the_same_bits(one: object, other: object, expected: bool) -> None:  # noqa: FBT001
    """Types and the sign of zero count; NaN is never a result."""
    assert expected == subject.same(one, other)
