"""What has no exact twin is refused where it is written: the operation, the reason, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import interplane as ip
from interplane.errors import ExpressionError
from interplane.expressions.expr import Expr, Row
from interplane.expressions.operations import TABLE
from interplane.expressions.refused import FUNCTIONS, KINDS, find_refusal

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
    ],
)
def test_refusals_say_why_and_what_to_do(write: Callable[[], Any], what: str) -> None:
    """At the line where it is written, with the column."""
    with pytest.raises(ExpressionError, match=what):
        write()


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
