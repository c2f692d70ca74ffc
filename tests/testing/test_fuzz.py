"""The fuzzer finds what differs, and a short run of it finds nothing."""

from __future__ import annotations

import os
import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from interplane.expressions.nodes import Column, Literal
from interplane.expressions.operations import TABLE, call
from interplane.expressions.row_program import compile_row
from interplane.testing import parity_bench
from interplane.testing.fuzz import fuzz, main
from interplane.testing.parity_bench import Bench, Compared, Difference

if TYPE_CHECKING:
    from interplane.expressions.row_program import RowProgram


def test_a_short_run_finds_no_difference() -> None:
    """Engine, row program and its loop agree on random expressions, with a new seed each time."""
    seed = int(os.environ.get("INTERPLANE_FUZZ_SEED", random.SystemRandom().randrange(2**31)))
    compared = fuzz(seed=seed, values=60_000)
    found = "\n".join(map(str, compared.differences))
    assert not found, f"INTERPLANE_FUZZ_SEED={seed}\n{found}"
    assert 60_000 <= compared.values
    assert 2 * compared.values < compared.comparisons


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
    (found,) = bench.compare([node]).differences
    bench.close()
    assert found == Difference("x.floor()", {"x": 2.5}, 2.0, 3.0, arguments=(2.5,))


def test_an_operation_that_raises_on_the_engine_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """No operation may fail on a value: an error of the engine is a difference."""
    right = TABLE["exp"]
    raising = replace(right, forms=(replace(right.forms[0], sql="error('no')"),))
    monkeypatch.setitem(TABLE, "exp", raising)
    bench = Bench({"x": "float"}, {"x": [1.0]}, {})
    (found,) = bench.compare([call("exp", Column("x", "float"))]).differences
    bench.close()
    assert "x.exp()" == found.expression


def test_an_operation_that_raises_in_python_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row program may not fail either: the first row on which it does is shown."""
    right = TABLE["exp"]
    raising = replace(right, forms=(replace(right.forms[0], python="log({0})"),))
    monkeypatch.setitem(TABLE, "exp", raising)
    bench = Bench({"x": "float"}, {"x": [None, 1.0, -1.0]}, {})
    (found,) = bench.compare([call("exp", Column("x", "float"))]).differences
    bench.close()
    assert ("x.exp()", {"x": -1.0}, "no error") == (found.expression, found.row, found.engine)
    assert found.program.startswith("ValueError: ")


@pytest.mark.parametrize(
    ("way", "wrong"),
    [
        ("vector", lambda program: (program, "vector", lambda _: [0.0])),
        ("many", lambda program: (program, "many", lambda rows: [0.0 for _ in rows])),
        (
            "many_columns",
            lambda program: (program, "many_columns", lambda r: {"0": [0.0] * len(r)}),
        ),
    ],
)
def test_every_executor_is_compared(way: str, wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is wrong by itself is found, and named."""

    class Wrong:
        def __init__(self, program: RowProgram) -> None:
            self._of = wrong(program)

        def __call__(self, row: Any) -> Any:
            return self._of[0](row)

        def __getattr__(self, name: str) -> Any:
            program, broken, instead = self._of
            return instead if name == broken else getattr(program, name)

    monkeypatch.setattr(
        parity_bench, "compile_row", lambda *args, **settings: Wrong(compile_row(*args, **settings))
    )
    bench = Bench({"x": "float"}, {"x": [0.0, 1.0]}, {})
    (found,) = bench.compare([Column("x", "float")]).differences
    bench.close()
    assert Difference("x", {"x": 1.0}, 1.0, 0.0, way=way) == found


def test_what_is_compared_is_counted() -> None:
    """Two expressions of three rows are six values; numbers are compared five times, text three."""
    bench = Bench({"x": "float", "s": "str"}, {"x": [0.0, None, 1.0], "s": ["a", "b", None]}, {})
    compared = bench.compare([Column("x", "float"), Column("s", "str")])
    bench.close()
    assert Compared(values=6, comparisons=3 * 5 + 3 * 3) == compared


def test_the_command_prints_seed_and_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """The seed is printed first, the counts last; the exit code says whether all agreed."""
    assert main(["--values", "2000", "--seed", "7", "--rows", "50"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("seed 7, DuckDB ")
    (count,) = re.findall(r"([\d,]+) values compared", out)
    assert int(count.replace(",", "")) >= 2000
    assert "each on the engine, in the row program and in its loop" in out
    assert "0 differences" in out


def test_nan_is_never_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """A NaN is a difference, though every way gives it."""
    right = TABLE["exp"]
    nan = replace(right, forms=(replace(right.forms[0], sql="'nan'::DOUBLE", python="nan"),))
    monkeypatch.setitem(TABLE, "exp", nan)
    bench = Bench({"x": "float"}, {"x": [1.0]}, {})
    (found,) = bench.compare([call("exp", Column("x", "float"))]).differences
    bench.close()
    assert "nan" == repr(found.engine)
