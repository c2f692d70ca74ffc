"""Authoring: types, constants, text, and the hints for what cannot be written."""

from __future__ import annotations

import functools
import math
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np
import pytest

from interplane.errors import ExpressionError, UnknownName
from interplane.expressions.expr import (
    Expr,
    Row,
    cases,
    coalesce,
    concat,
    greatest,
    if_else,
    least,
    literal,
)
from interplane.expressions.nodes import Literal
from interplane.expressions.operations import TABLE, call
from interplane.expressions.reductions import REDUCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

ROW = Row(
    {
        "distance": "int",
        "wind": "float",
        "carrier": "str",
        "late": "bool",
        "day": "date",
        "at": "timestamp",
        "count": "int",
    },
    name="flight",
)


@pytest.mark.parametrize(
    ("expr", "type_", "text"),
    [
        (ROW.distance + 1, "int", "distance + 1"),
        (1 + ROW.distance, "int", "1 + distance"),
        (ROW.distance * 0.5, "float", "distance.cast('float') * 0.5"),
        (ROW.wind + 1, "float", "wind + 1.0"),
        (ROW.distance / 2, "float", "distance.cast('float') / 2.0"),
        (2 - ROW.distance // 3, "int", "2 - distance // 3"),
        (-(ROW.distance % 7), "int", "-(distance % 7)"),
        ((ROW.wind - 1) * 2, "float", "(wind - 1.0) * 2.0"),
        (ROW.wind - (ROW.wind - 1), "float", "wind - (wind - 1.0)"),
        (2**ROW.wind, "float", "2.0 ** wind"),
        (abs(ROW.wind), "float", "wind.abs()"),
        (round(ROW.wind, 2), "float", "wind.round(digits=2)"),
        (math.floor(ROW.distance), "int", "distance"),
        (math.ceil(ROW.wind), "float", "wind.ceil()"),
        (+ROW.wind, "float", "wind"),
        (ROW.carrier + "-" + ROW.carrier, "str", "carrier + '-' + carrier"),
        ("x" + ROW.carrier, "str", "'x' + carrier"),
        ((ROW.distance > 5) & ~ROW.late, "bool", "(distance > 5) & ~late"),
        (True ^ ROW.late | ROW.late, "bool", "True ^ late | late"),
        (ROW.carrier.is_in(["AA", "UA"]), "bool", "carrier.is_in(values=['AA', 'UA'])"),
        (ROW.wind.is_in([1, 2.5]), "bool", "wind.is_in(values=[1.0, 2.5])"),
        (ROW.distance.between(1, 5), "bool", "(distance >= 1) & (distance <= 5)"),
        (ROW.wind.clip(0, 80), "float", "wind.at_least(0.0).at_most(80.0)"),
        (ROW.wind.clip(upper=80), "float", "wind.at_most(80.0)"),
        (ROW.distance.fill_null(0.5), "float", "coalesce(distance.cast('float'), 0.5)"),
        (ROW.at.hour(), "int", "at.hour()"),
        (ROW.at.date().day_of_week(), "int", "at.cast('date').day_of_week()"),
        (ROW.at + timedelta(days=1), "timestamp", "(at + 1 day, 0:00:00)"),
        (ROW.at - timedelta(hours=1), "timestamp", "(at + -1 day, 23:00:00)"),
        (ROW.at.days_since(ROW.at), "float", "at.days_since(at)"),
        (ROW.day.days_since(date(2013, 1, 1)), "int", "day.days_since(2013-01-01)"),
        (ROW["count"], "int", "count"),
        (ROW.late.mean(), "float", "mean(late)"),
        (ROW.wind.quantile(0.9, where=ROW.late), "float", "quantile(wind, q=0.9, where=late)"),
        (ROW.late.mean(by=[ROW.carrier]), "float", "mean(late, by=[carrier])"),
        (ROW.late.count(by=ROW.carrier), "int", "count(late, by=[carrier])"),
        (if_else(ROW.late, ROW.distance, 0.5), "float", "if_else(late, distance.cast('float'), 0.5)"),
        (if_else(ROW.late, None, "a"), "str", "if_else(late, None, 'a')"),
        (cases((ROW.late, 1), otherwise=2), "int", "if_else(late, 1, 2)"),
        (cases((ROW.late, "x")), "str", "if_else(late, 'x', None)"),
        (coalesce(ROW.wind, ROW.distance, 0), "float",
         "coalesce(coalesce(wind, distance.cast('float')), 0.0)"),
        (greatest(1, ROW.distance), "int", "greatest(1, distance)"),
        (least(ROW.day, date(2013, 1, 1)), "date", "least(day, 2013-01-01)"),
        (concat("a", ROW.carrier), "str", "'a' + carrier"),
        (literal(None, "date"), "date", "None"),
        (np.float64(0.5) * ROW.wind, "float", "0.5 * wind"),
        (np.int64(3) + ROW.distance, "int", "3 + distance"),
        (ROW.distance < np.int64(3), "bool", "distance < 3"),
    ],
)  # fmt: skip
def test_types_and_text(expr: Expr, type_: str, text: str) -> None:
    """An expression knows its type and shows itself as it is written."""
    assert (type_, text) == (expr.type, repr(expr))


@pytest.mark.parametrize(
    ("write", "hint"),
    [
        (lambda: 1 if ROW.late else 0, "if_else(condition, a, b)"),
        (lambda: ROW.late and ROW.late, "&, | and ~"),
        (lambda: not ROW.late, "~ with parentheses"),
        (lambda: 1 < ROW.distance < 5, "x.between(a, c)"),
        (lambda: ROW.carrier in ["AA", "UA"], "x.is_in([…])"),
        (lambda: "A" in ROW.carrier, "x.contains(text)"),
        (lambda: [*ROW.carrier, 1], "It is one value for each row"),
        (lambda: len(ROW.carrier) > 2, "x.length()"),
        (lambda: ROW.carrier[0:2], "s.substr(start, length)"),
        (lambda: math.log(ROW.wind), "x.ln()"),
        (lambda: int(ROW.wind) + 1, 'x.cast("float")'),
        (lambda: np.log(ROW.wind), "Write x.ln()"),
        (lambda: np.sin(ROW.wind), "Write x.sin()"),
        (lambda: np.add.reduce(ROW.wind), "NumPy cannot compute it"),
        (lambda: np.asarray(ROW.wind), "x.clip(a, b)"),
        (lambda: ROW.wind == None, "(wind).is_null()"),  # noqa: E711  the mistake under test
        (lambda: ROW.at - ROW.at, "a.seconds_since(b) or a.days_since(b)"),
        (lambda: ROW.carrier + 1, "'carrier' (str), '1' (int)"),
        (lambda: ROW.carrier * 2, 'carrier.cast("float")'),
        (lambda: ROW.late + 1, 'late.cast("int")'),
        (ROW.carrier.hour, "Expected arguments of the types (timestamp)"),
        (lambda: ROW.wind & ROW.late, "(bool, bool)"),
        (lambda: ROW.wind + math.nan, "NaN is no constant here"),
        (lambda: ROW.distance + 2**63, "int (64 bits)"),
        (lambda: ROW.carrier + "\x00", "without NUL"),
        (lambda: ROW.carrier + "\ud800", "cannot be a constant"),
        (lambda: ROW.carrier + b"x", "of type bytes"),
        (lambda: ROW.carrier.is_in([]), "1 to 10,000 constants"),
        (lambda: ROW.carrier.is_in(["a", 1]), "of the type of x"),
        (lambda: ROW.distance.is_in([1.5]), "of the type of x"),
        (lambda: ROW.wind.bucket([2, 1]), "each above the one before"),
        (lambda: ROW.wind.round(16), "an int from 0 to 15"),
        (lambda: ROW.wind.round(ROW.distance), "a constant"),
        (lambda: ROW.at.truncate("decade"), "one of year"),
        (lambda: ROW.day.truncate("hour"), "of a date: a day or longer"),
        (lambda: ROW.day + timedelta(hours=1), "of a date: whole days"),
        (lambda: ROW.carrier.split_part("", 0), "text, not empty"),
        (lambda: ROW.carrier.left(-1), "an int, 0 or more"),
        (ROW.carrier.mean, "a value of type bool or int or float"),
        (lambda: ROW.late.mean(where=ROW.wind), "a condition (bool)"),
        (lambda: ROW.late.mean(by=[ROW.wind]), ".bucket([…])"),
        (lambda: ROW.wind.quantile(1.5), "a float from 0.0 to 1.0"),
        (lambda: coalesce(None, ROW.wind), "literal(None"),
        (lambda: if_else(ROW.late, None, None), "literal(None"),
        (cases, "(condition, value) pairs"),
        (lambda: literal("a", "int"), "a constant of type int"),
    ],
)  # fmt: skip
def test_mistakes_say_what_to_write(write: object, hint: str) -> None:
    """What cannot be written is an ExpressionError that shows the way."""
    with pytest.raises(ExpressionError) as caught:
        write()  # type: ignore[operator]
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("isnull", "is_null()"), ("lowercase", "lower()"), ("hours", "hour()"),
     ("zebra", "docs/operations.md")],
)  # fmt: skip
def test_unknown_methods_name_ours(name: str, hint: str) -> None:
    """A method of another library is answered with ours."""
    with pytest.raises(AttributeError, match=name) as caught:
        getattr(ROW.wind, name)
    assert hint in str(caught.value)


def test_unknown_columns_have_a_suggestion() -> None:
    """A typo in a column names the row, the columns and the nearest one."""
    with pytest.raises(UnknownName) as caught:
        _ = ROW.distnace
    assert "in flight" in str(caught.value)
    assert "Did you mean 'distance'?" in str(caught.value)


def test_timestamps_of_a_zone_become_utc() -> None:
    """An aware constant is the same instant in UTC."""
    noon = datetime(2013, 1, 31, 12, tzinfo=timezone(timedelta(hours=-5)))
    assert Literal(datetime(2013, 1, 31, 17), "timestamp") == literal(noon).node  # noqa: DTZ001
    assert literal(noon).node == literal(noon.astimezone(UTC)).node


def test_expressions_are_hashable_by_identity() -> None:
    """They can be keys of a dict, though == builds a comparison."""
    one, other = ROW.wind, ROW.wind
    assert len({one: 1, other: 2}) == 2


@pytest.mark.parametrize("grow", [lambda expr: expr + 1, lambda expr: expr * expr])
def test_too_large_is_refused_when_it_is_built(grow: Callable[[Expr], Expr]) -> None:
    """A loop that nests without end stops with a message, not a RecursionError."""
    with pytest.raises(ExpressionError, match="at most 100,000 operations, 250 inside"):
        functools.reduce(lambda expr, _: grow(expr), range(300), ROW.distance)


# to_local takes the name of a zone, and writes its changes: see test_zones.py.
METHODS = sorted(name for name in TABLE if name in dir(Expr) and name != "to_local")


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_its_row_of_the_table(name: str) -> None:
    """A method builds the operation of its name, for every form and setting."""
    for form in TABLE[name].forms:
        first, *others = (Row({"x": kind}).x for kind in form.args)
        options = {option.name: option.samples(form.args[0])[-1] for option in TABLE[name].options}
        if name in {"floor", "ceil", "round"} and form.args == ("int",):
            continue
        made = getattr(first, name)(*others, **options)
        assert call(name, *(each.node for each in (first, *others)), **options) == made.node


@pytest.mark.parametrize("name", sorted(set(REDUCTIONS) - {"first", "last"}))
def test_every_statistic_has_its_method(name: str) -> None:
    """A method builds the statistic of its name, with condition and groups."""
    options = {"q": 0.25} if REDUCTIONS[name].option else {}
    for kind, result in REDUCTIONS[name].types.items():
        x = Row({"x": kind}).x
        made = getattr(x, name)(where=ROW.late, by=[ROW.carrier], **options)
        assert (name, result) == (made.node.function, made.type)
        assert (ROW.late.node, (ROW.carrier.node,)) == (made.node.where, made.node.by)


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (1.5 * ROW.wind / 2, "1.5 * wind / 2.0"),
        (1 / ROW.wind, "1.0 / wind"),
        (7 // ROW.distance, "7 // distance"),
        (7 % ROW.distance, "7 % distance"),
        (timedelta(days=1) + ROW.day, "(day + 1 day, 0:00:00)"),
        (True & ROW.late, "True & late"),
        (ROW.late != True, "late != True"),  # noqa: E712  a column of bools
        ((ROW.wind <= 1) | (ROW.wind >= 2), "(wind <= 1.0) | (wind >= 2.0)"),
        (ROW.wind.null_if(-1), "wind.null_if(-1.0)"),
        (ROW.wind.identical_to(None), "wind.identical(None)"),
    ],
)
def test_operators_from_both_sides(expr: Expr, text: str) -> None:
    """A constant may stand on the left as well."""
    assert text == repr(expr)


def test_long_expressions_are_cut_in_the_middle() -> None:
    """A message stays readable."""
    text = repr(ROW.carrier.is_in([f"dest{n}" for n in range(1000)]))
    assert 200 > len(text)
    assert 420 > len(repr(functools.reduce(lambda a, b: a + b, [ROW.wind] * 200)))


def test_a_row_shows_its_columns() -> None:
    """In a debugger and for completion."""
    row = Row({"b": "int", "a": "str"}, name="weather")
    assert ("weather(b: int, a: str)", ["a", "b"]) == (repr(row), dir(row))
