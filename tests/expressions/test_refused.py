"""What has no exact twin is refused where it is written: the operation, the reason, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import interplane as ip
from interplane.errors import ExpressionError, NotFreezable, UnknownName
from interplane.expressions.expr import Expr, Row
from interplane.expressions.operations import TABLE
from interplane.expressions.places import called
from interplane.expressions.refused import FUNCTIONS, KINDS, find_refusal
from interplane.expressions.uncounted import Several
from interplane.expressions.windows import last

if TYPE_CHECKING:
    from collections.abc import Callable

ROW = Row({"x": "float", "carrier": "str", "at": "timestamp"})


@pytest.mark.parametrize(
    ("write", "what"),
    [
        (ROW.x.lag, r"x\.lag\(\) cannot be: it depends on the other rows"),
        (ROW.x.rank, r"x\.rank\(\).*feature view"),
        (lambda: ROW.x.rolling_mean(7), r"x\.rolling_mean\(\)"),
        (lambda: ROW.x.rolling(7).mean(), r"x\.rolling\(\)"),
        (ROW.x.cum_sum, r"x\.cum_sum\(\)"),
        (lambda: ROW.x.apply(abs), r"no twin on the engine.*@ip\.operation"),
        (lambda: ROW.carrier.map_elements(len, return_dtype=int), r"carrier\.map_elements\(\)"),
        (ROW.carrier.hash, r"hash_bucket"),
        (ROW.carrier.reverse, r"code points"),
        (lambda: ROW.at.strftime("%Y"), r"lpad"),
        (lambda: ROW.at > ip.now(), r"ip\.now\(\) cannot be: the clock.*prediction time"),
        (lambda: ROW.x + ip.random(), r"ip\.random\(\).*hash_bucket"),
        (ip.row_number, r"other rows"),
        (lambda: divmod(ROW.x, 2), r"x is given to divmod\(\).*x // y and x % y"),
        (lambda: divmod(7, ROW.x), r"divmod\(\)"),
        (lambda: pow(ROW.x, 2, 3), r"third argument.*\(x \*\* y\) % z"),
        (lambda: ROW.x @ ROW.x, r"x is multiplied with @.*x \* y"),
        (lambda: [1.0] @ ROW.x, r"x is multiplied with @"),
        (lambda: ROW.carrier.str, r"carrier has no method 'str'.*x\.lower\(\)"),
        (lambda: ROW.join(ROW), r"row\.join\(\) cannot be: another table.*feature view"),
        (lambda: ROW.filter(ROW.x > 1), r"row\.filter\(\) cannot be"),
    ],
)
def test_refusals_say_why_and_what_to_do(write: Callable[[], Any], what: str) -> None:
    """At the line where it is written, with the column."""
    with pytest.raises(ExpressionError, match=what):
        write()


def test_a_column_that_tables_have_as_a_method() -> None:
    """It is the column: what a table can do is refused where there is none of the name."""
    row = Row({"join": "float"})
    assert "join + 1.0" == repr(row.join + 1.0)
    with pytest.raises(UnknownName, match="no column 'filter'"):
        row["filter"]


@pytest.mark.parametrize(
    ("write", "what"),
    [
        (lambda row: row.x.round(1, 2, 3), r"round\(\) takes from 1 to 2 positional arguments"),
        (
            lambda row: row.x.mean(over=row.carrier),
            r"unexpected keyword argument 'over'|\['over'\]",
        ),
        (lambda row: row.x.ln().nothing, "has no method 'nothing'"),
        (lambda row: row.x << 2, "unsupported operand"),
        (lambda row: row.at(), "not callable"),
        (lambda row: divmod(row.x, 2), r"divmod\(\)"),
    ],
)
def test_what_python_raises_names_the_feature(write: Callable[[Any], Any], what: str) -> None:
    """An argument too many, an operator that nobody wrote: with the feature, the line and what to do."""

    def written(row: Any) -> dict[str, Any]:
        return {"speed": write(row)}

    with pytest.raises(ExpressionError, match=what) as caught:
        called(written, ROW, of="flights")
    error = caught.value
    assert "the feature 'speed' (test_refused.py, line " in error.what
    assert "speed" == error.details["feature"]
    assert error.do


@pytest.mark.parametrize(
    ("write", "method"),
    [
        (lambda row: row.x - row.x.mean, "mean"),
        (lambda row: row.x.mean - row.x, "mean"),
        (lambda row: ip.standardize(row.x.abs), "abs"),
        (lambda row: ip.if_else(row.x > 0, row.x.ln, 0.0), "ln"),
    ],
)
def test_a_method_that_is_not_called_says_so(write: Callable[[Any], Any], method: str) -> None:
    """The most common slip: no parentheses."""

    def written(row: Any) -> dict[str, Any]:
        return dict(speed=write(row))  # noqa: C408 - as many authors write it

    with pytest.raises(
        ExpressionError, match=rf"the feature 'speed' .*the method '{method}' is not called"
    ) as caught:
        called(written, ROW, of="flights")
    assert f"Write {method}() with its arguments" in caught.value.do
    assert "speed" == caught.value.details["feature"]


@pytest.mark.parametrize("write", [lambda row: row.count, lambda row: row.count + 1])
def test_a_column_that_has_the_name_of_a_method_is_read_by_it(write: Callable[[Any], Any]) -> None:
    """As a feature, and where it is calculated with."""
    definition = ip.features()(lambda row: {"many": write(row)})
    with pytest.raises(NotFreezable, match=r'a column of (this|its) name is row\["count"\]'):
        definition.expressions({"count": "int"})
    as_column = ip.features()(lambda row: {"many": row["count"] + 1})
    assert "{'many': count + 1}" == repr(as_column.expressions({"count": "int"}))


def test_hasattr_says_no() -> None:
    """Who asks whether there is a method is answered, not stopped."""
    window = ROW.x.mean().over(last("7d"))
    assert (False, False, True) == (
        *(hasattr(each, "to_numpy") for each in (ROW.x, window)),
        hasattr(window, "statistic"),
    )


@pytest.mark.parametrize("of", [ROW.x.mean().over(last("7d")), ip.one_hot(ROW.carrier)])
@pytest.mark.parametrize(
    "write",
    [
        lambda w: w + 1,
        lambda w: 1 - w,
        lambda w: w == 1,
        lambda w: w != w,
        lambda w: w > 1,
        lambda w: w | (ROW.x > 1),
        lambda w: (ROW.x > 1) | w,
        lambda w: ROW.x * w,
        ROW.x.fill_null,
        lambda w: divmod(w, 2),
        bool,
        lambda w: w.fill_null(0),
        lambda w: w.cast("float"),
    ],
)
def test_what_is_no_value_of_a_row_is_calculated_with(
    of: object, write: Callable[[Any], Any]
) -> None:
    """Each operator, comparison and method says what it is and what to write; none is silently false."""
    with pytest.raises(
        ExpressionError, match=r"got (a statistic over a window|the features of one_hot)"
    ):
        write(of)


def test_several_features_are_a_dict_all_the_same() -> None:
    """They are compared, joined and asked for emptiness like any."""
    several = Several(sin=1)
    assert several == {"sin": 1}
    assert ({"sin": 1, "cos": 2}, {"cos": 2, "sin": 1}) == (
        several | {"cos": 2},
        {"cos": 2} | several,
    )
    assert (True, False) == (bool(several), bool(Several()))
    with pytest.raises(ExpressionError, match="several features"):
        _ = several.mean


def test_rows_are_counted_by_groups() -> None:
    """A row has no null, so its count is that of the rows."""
    assert "count(where=x > 0.0, by=[carrier])" == repr(ROW.count(where=ROW.x > 0, by=ROW.carrier))


def test_nothing_that_there_is_is_refused() -> None:
    """A refused name is no method. (The table's shift is by a duration, and written with + and -.)"""
    there = {*TABLE, *(name for name in dir(Expr) if not name.startswith("_"))} - {"shift"}
    assert set() == {name for name in there if find_refusal(name) is not None}
    assert all(find_refusal(name) is not None for name in FUNCTIONS)
    assert all(kind.names and kind.reason and kind.do for kind in KINDS)


def test_is_in_takes_columns_too() -> None:
    """Then it is a chain of comparisons; text alone is no list."""
    row = Row({"origin": "str", "dest": "str"})
    assert "(origin == 'JFK') | (origin == dest)" == repr(row.origin.is_in(["JFK", row.dest]))
    with pytest.raises(ExpressionError, match="1 to 10,000 constants"):
        row.origin.is_in("JFK")


def test_small_ints_and_widths() -> None:
    """They are ints that are null beyond their width; other names of widths are ours."""
    assert ("int", "int", "float") == tuple(
        ROW.x.cast(kind).type
        for kind in ("int8", "int64", "float64")  # type: ignore[arg-type]
    )
    assert "x.cast('int').narrow(bits=16)" == repr(ROW.x.cast("int16"))
    assert repr(ROW.x) == repr(ROW.x.try_cast("float"))
    assert ("x.ln()", "x.log(3.0)") == (repr(ROW.x.log()), repr(ROW.x.log(3)))
