"""One row as a dict: what is refused, and how it is said."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from interplane.errors import RequestRejected, UnknownName
from interplane.features.requests import check_row, fits

INPUTS = {"distance": "float", "carrier": "str", "day": "date", "at": "timestamp", "n": "int"}
ROW = {"distance": 1, "carrier": "UA", "day": date(2013, 1, 1), "at": None, "n": 3}


def test_a_row_that_fits():
    """Integers are numbers, None is null, the label may be there."""
    check_row({**ROW, "late": True}, INPUTS, also=frozenset({"late"}))


def test_a_missing_column():
    """It is named; null has to be said."""
    with pytest.raises(UnknownName, match=r"'distance' in the row.*as None"):
        check_row({"carrier": "UA"}, INPUTS, also=frozenset())


def test_an_unknown_column():
    """A typo is not dropped in silence."""
    with pytest.raises(UnknownName, match="Did you mean 'carrier'"):
        check_row({**ROW, "carier": "UA"}, INPUTS, also=frozenset())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("distance", "500"),
        ("distance", True),
        ("distance", 2**70),
        ("carrier", 7),
        ("carrier", "U\x00"),
        ("carrier", "\ud800"),
        ("day", datetime(2013, 1, 1)),  # noqa: DTZ001
        ("at", date(2013, 1, 1)),
        ("at", datetime(2013, 1, 1, tzinfo=UTC)),
        ("n", 1.0),
        ("n", True),
        ("n", 2**63),
    ],
)
def test_a_value_of_another_type(name, value):
    """The message has the path of the value."""
    with pytest.raises(RequestRejected, match=rf"at \$\.{name}"):
        check_row({**ROW, name: value}, INPUTS, also=frozenset())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.0, 3, 2**63 - 1])
def test_what_a_float_may_be(value):
    """NaN is null, infinities are numbers, integers of 64 bits are rounded."""
    assert fits(value, "float")
