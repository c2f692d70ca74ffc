"""The row program: rows, vectors, look-ups, refusals."""

from __future__ import annotations

import copy
import math
import subprocess
import sys
from array import array
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

import interplane as ip
from interplane.errors import ExpressionError, NotFreezable, UnknownName
from interplane.expressions.expr import Expr, Row, if_else
from interplane.expressions.nodes import Literal, Lookup
from interplane.expressions.row_program import RowProgram, compile_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.record import Type

INPUTS: dict[str, Type] = {
    "x": "float",
    "n": "int",
    "s": "str",
    "late": "bool",
    "at": "timestamp",
}
ROW = Row(INPUTS)


def _program(**exprs: Expr) -> RowProgram:
    return compile_row({name: expr.node for name, expr in exprs.items()}, inputs=INPUTS)


def _row(**values: Any) -> dict[str, Any]:
    return {**dict.fromkeys(INPUTS), **values}


def test_a_dict_in_and_a_dict_out() -> None:
    """Outputs come by name, null as None, each of its type."""
    program = _program(z=(ROW.x - 1) / 2, far=ROW.n > 3, low=ROW.s.lower(), h=ROW.at.hour())
    row = _row(x=4.0, n=4, s="JFK", at=datetime(2013, 1, 1, 5))  # noqa: DTZ001
    assert {"z": 1.5, "far": True, "low": "jfk", "h": 5} == program(row)
    assert dict.fromkeys(["z", "far", "low", "h"]) == program(_row())


def test_a_vector_for_a_model() -> None:
    """Bools are 1 and 0, null is NaN, integers floats, in the order of the outputs."""
    program = _program(n=ROW.n, far=ROW.n > 3, x=ROW.x, late=ROW.late)
    assert [4.0, 1.0, -0.5, 0.0] == program.vector([-0.5, 4, None, False, None])
    assert [True] * 4 == [math.isnan(x) for x in program.vector([None] * 5)]


def test_inputs_are_coerced_once() -> None:
    """An int is a float where a float is asked for; NaN is null; -0.0 stays."""
    program = _program(x=ROW.x, null=ROW.x.is_null())
    assert {"x": 3.0, "null": False} == program(_row(x=3))
    assert float is type(program(_row(x=3))["x"])
    assert {"x": None, "null": True} == program(_row(x=math.nan))
    assert -1.0 == math.copysign(1.0, program(_row(x=-0.0))["x"])
    assert math.inf == program(_row(x=math.inf))["x"]


def test_nan_made_inside_is_null() -> None:
    """inf - inf is null before anything can see it."""
    made = ROW.x - ROW.x
    program = _program(made=made, filled=made.fill_null(7), less=made < 1, text=made.cast("str"))
    assert {"made": None, "filled": 7.0, "less": None, "text": None} == program(_row(x=math.inf))


def test_look_ups_find_their_value_or_the_default() -> None:
    """Absent keys and nulls in a key give the default; a null in the table is a null."""
    one = Lookup("one", (ROW.s.node,), Literal(0.5, "float"), "float")
    two = Lookup("two", (ROW.s.node, ROW.n.node), Literal(None, "str"), "str")
    tables = {"one": {("a",): 0.1, ("b",): None}, "two": {("a", 1): "x"}}
    program = compile_row({"one": one, "two": two}, inputs=INPUTS, lookups=tables)
    assert {"one": 0.1, "two": "x"} == program(_row(s="a", n=1))
    assert {"one": None, "two": None} == program(_row(s="b"))
    assert {"one": 0.5, "two": None} == program(_row(s="zebra"))
    assert {"one": 0.5, "two": None} == program(_row())


def test_shared_parts_are_computed_once() -> None:
    """The logarithm stands once in the source, though two outputs use it."""
    log = (ROW.x + 1).ln()
    program = _program(a=log * 2, b=log * 3)
    assert 1 == program.source.count("log(")


def test_unused_inputs_are_not_read() -> None:
    """A row only needs the columns that the outputs read."""
    assert {"n": 2} == _program(n=ROW.n + 1)({"n": 1})
    assert [2.0] == _program(n=ROW.n + 1).vector([None, 1, None, None, None])


def test_no_inputs_and_no_outputs() -> None:
    """Constants alone are a program too, and so is nothing."""
    program = compile_row({"one": Literal(1.0, "float")}, inputs={})
    assert ({"one": 1.0}, [1.0]) == (program({}), program.vector([]))
    assert ({}, []) == (compile_row({}, inputs={})({}), compile_row({}, inputs={}).vector([]))


def test_hostile_names_are_only_names() -> None:
    """Names of columns and outputs never enter the source."""
    name = 'x"]; import os  # \n{0}'
    program = compile_row({name: Row({name: "int"})[name].node}, inputs={name: "int"})
    assert {name: 3} == program({name: 3})
    assert "import" not in program.source


def test_statistics_are_refused() -> None:
    """A statistic has no value for one row."""
    with pytest.raises(NotFreezable, match=r"the statistic mean\(x\)"):
        _program(z=ROW.x - ROW.x.mean())


def test_missing_columns_and_tables_are_named() -> None:
    """What the expressions read must be among inputs and tables, with its type."""
    with pytest.raises(UnknownName, match="no column 'x' in the inputs"):
        compile_row({"x": ROW.x.node}, inputs={"y": "float"})
    with pytest.raises(ExpressionError, match="Expected float, as in the expression"):
        compile_row({"x": ROW.x.node}, inputs={"x": "int"})
    with pytest.raises(UnknownName, match="no lookup table 't'"):
        compile_row({"x": Lookup("t", (ROW.s.node,), Literal(None, "int"), "int")}, inputs=INPUTS)


def test_text_has_no_place_in_a_vector() -> None:
    """The output is named, and what to do about it."""
    with pytest.raises(ExpressionError, match="output 'low' is str"):
        _program(low=ROW.s.lower()).vector([None] * 5)


def test_a_program_is_not_copied_by_pickling() -> None:
    """The stored form is JSON; compiled code never travels."""
    with pytest.raises(ExpressionError, match="cannot be pickled"):
        copy.copy(_program(n=ROW.n))


def test_long_chains_compile() -> None:
    """Two hundred operations inside one another are no problem for Python's parser."""
    expr, cased = ROW.x, ROW.n
    for step in range(200):
        expr = expr + step if step % 2 else expr * 1.5
        cased = if_else(ROW.n == step, step, cased) if step < 100 else cased
    program = _program(long=expr, cased=cased)
    assert 99 == program(_row(x=1.0, n=99))["cased"]
    assert program(_row(x=1.0))["long"] > 0.0


def test_a_server_needs_no_engine() -> None:
    """Compiling and running a row imports no DuckDB, NumPy or PyArrow."""
    code = (
        "import sys\n"
        "from interplane.expressions.expr import Row\n"
        "from interplane.expressions.row_program import compile_row\n"
        "program = compile_row({'y': (Row({'x': 'float'}).x + 1).node}, inputs={'x': 'float'})\n"
        "assert program.vector([1.0]) == [2.0]\n"
        "print([m for m in ('duckdb', 'numpy', 'pyarrow', 'pandas') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout


def test_many_rows_give_the_vectors_one_after_the_other() -> None:
    """The loop inside gives what a vector at a time gives, of rows and of columns."""
    program = _program(n=ROW.n, far=ROW.n > 3, x=ROW.x.ln(), late=ROW.late)
    rows = [(2.5, 4, None, True, None), (None,) * 5, (-1, -7, "a", False, None)]
    each = [number for row in rows for number in program.vector(row)]
    assert repr(each) == repr(list(program.many(rows)))
    assert repr(each) == repr(list(program.many(zip(*zip(*rows, strict=True), strict=True))))


def test_many_rows_as_columns() -> None:
    """By name, a value for each row, of any type, null as None."""
    program = _program(low=ROW.s.lower(), n=ROW.n + 1)
    rows = [(None, 1, "A", None, None), (None, None, None, None, None)]
    assert {"low": ["a", None], "n": [2, None]} == program.many_columns(rows)


def test_many_of_nothing() -> None:
    """No rows, no inputs, no outputs: each is a batch too."""
    program = _program(n=ROW.n)
    assert (array("d"), {"n": []}) == (program.many([]), program.many_columns([]))
    one = compile_row({"one": Literal(1.0, "float")}, inputs={})
    expected = (array("d", [1.0, 1.0]), {"one": [1.0, 1.0]})
    assert expected == (one.many([(), ()]), one.many_columns([(), ()]))
    nothing = compile_row({}, inputs={})
    assert (array("d"), {}) == (nothing.many([(), ()]), nothing.many_columns([(), ()]))


def test_text_has_no_place_among_many_vectors() -> None:
    """The output is named here as well."""
    with pytest.raises(ExpressionError, match="output 'low' is str"):
        _program(low=ROW.s.lower()).many([])


def _filled(equal: Expr) -> Expr:
    return equal.fill_null(False).cast("float")


def _chosen(equal: Expr) -> Expr:
    return if_else(equal, 1.0, 0.0)


def _one_hot(
    expr: Expr, values: list[Any], write: Callable[[Expr], Expr] = _chosen
) -> dict[str, Expr]:
    """Return the features of a one-hot encoding, as the encoding of that name makes them."""
    return {
        f"{name} is {value}": write(expr == value)
        for name, value in zip("abcdefghij", values, strict=False)
    }


@pytest.mark.parametrize("write", [_filled, _chosen])
@pytest.mark.parametrize(
    ("expr", "values", "asked"),
    [
        (ROW.s, list("uvwxyz"), ["u", "z", "?", None]),
        (ROW.n, [1, 0, -5, 2**62, 7], [0, 2**62, 3, None]),
        (ROW.x, [0.0, 1.5, -0.0, math.inf, 2.0, 3.0, 4.0, 5.0], [-0.0, 0, math.inf, math.nan]),
        (ROW.late, [True, False], [True, False, None]),
    ],
)
def test_a_one_hot_is_looked_up_as_it_is_compared(
    expr: Expr, values: list[Any], asked: list[Any], write: Callable[[Expr], Expr]
) -> None:
    """Many values at once give what one comparison after the other gives, between other outputs."""
    outputs = {"first": ROW.n, **_one_hot(expr, values, write), "last": ROW.x + 1}
    program = _program(**outputs)
    alone = [_program(**{name: output}) for name, output in outputs.items()]
    for value in asked:
        (name,) = (name for name in INPUTS if repr(ROW[name]) == repr(expr))
        row = _row(**{name: value})
        each = {name: found for one in alone for name, found in one(row).items()}
        assert repr(each) == repr(program(row)) == repr(program(row))
        assert repr({name: [found] for name, found in each.items()}) == repr(
            program.many_columns([list(row.values())])
        )
        expected = [math.nan if found is None else float(found) for found in each.values()]
        assert repr(expected) == repr(program.vector(list(row.values())))
        assert repr(expected) == repr(list(program.many([list(row.values())])))


def test_the_features_of_one_hot_are_looked_up() -> None:
    """Whatever the encoding writes: thousands of values cost one look, in source and in time."""
    table = ip.Table.from_columns({"s": [f"v{n}" for n in range(2_000)]})
    frozen = ip.features()(lambda row: {"s": ip.one_hot(row.s, top=2_000)}).fit(table)
    assert len(frozen.program.source) < 2_000
    found = frozen.row({"s": "v7"})
    assert (2_000, ["s_v7"]) == (len(found), [name for name, value in found.items() if value])


@pytest.mark.parametrize("ends", [(1.0, -0.0), (-1.0, 0.0), (0.0, 1.0), (1.0, 2.0), (1.0, ROW.x)])
def test_what_is_like_a_one_hot(ends: tuple[Any, Any]) -> None:
    """Other values than 1 and 0 are chosen one by one, to the sign of a zero."""
    outputs = {f"is {v}": if_else(ROW.s == v, *ends) for v in "uvwxyz"}
    program = _program(**outputs)
    for value in ("u", "?", None):
        row = _row(s=value)
        each = {name: _program(**{name: made})(row)[name] for name, made in outputs.items()}
        assert repr(each) == repr(program(row))


def test_two_one_hots_side_by_side() -> None:
    """Of two parts, and of one part twice over the same values."""
    twice = {f"{name} again": expr for name, expr in _one_hot(ROW.s, list("uvwxy")).items()}
    program = _program(**_one_hot(ROW.s, list("uvwxy")), **_one_hot(ROW.n, list(range(6))), **twice)
    row = _row(s="w", n=4)
    assert [float(each) for each in program(row).values()] == program.vector(list(row.values()))
    assert 3.0 == sum(program.vector(list(row.values())))
