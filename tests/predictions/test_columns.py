"""Columns of what was logged: kinds that hold the values exactly, and no two with one name."""

import json
import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.data.types import check_names
from interplane.errors import DataError
from interplane.predictions.casts import check_type
from interplane.predictions.columns import OWN, schema_of, spelled, to_arrow
from interplane.predictions.kinds import in_common, kind_of, widen
from interplane.testing.prediction_laws import made_up_entry

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.lists(st.integers(), max_size=2),
)


def columns_of(rows):
    """Return the requests' columns of entries with these rows, and their kinds."""
    table, kinds = to_arrow([made_up_entry(n, row=row) for n, row in enumerate(rows)])
    names = [name for name in table.column_names if name.startswith("row.")]
    return {name[4:]: table.column(name).to_pylist() for name in names}, kinds


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([], "null"),
        ([None, None], "null"),
        ([True, None], "bool"),
        ([2**53, -(2**53)], "int"),
        ([2**53 + 1], "wide"),
        ([2**63 - 1, -(2**63)], "wide"),
        ([2**63], "json"),
        ([1, 0.5], "float"),
        ([2**53 + 1, 0.5], "json"),
        (["a", None], "str"),
        ([1, True], "json"),
        ([1, "1"], "json"),
        ([[1]], "json"),
        ([{"a": 1}], "json"),
    ],
)
def test_the_kind_of_values(values, kind):
    """The narrowest that holds all of them."""
    assert kind == kind_of(values)


@given(st.lists(VALUES, max_size=6), st.lists(VALUES, max_size=6))
def test_kinds_of_parts_make_a_kind_that_holds_the_whole(first, then):
    """It may be wider than that of the whole, never narrower; the order does not matter."""
    both = in_common([kind_of(first), kind_of(then)])
    assert both == in_common([kind_of(then), kind_of(first)])
    assert both == in_common([both, kind_of([*first, *then])])


@given(st.lists(VALUES, min_size=1, max_size=8))
def test_values_are_kept_exactly(values):
    """As they are, as floats where those hold them, or as JSON."""
    found, kinds = columns_of([{"x": value} for value in values])
    kind = kinds["row.x"]
    if kind == "null":
        assert {} == found
    elif kind == "json":
        assert values == [None if text is None else json.loads(text) for text in found["x"]]
    else:
        assert values == found["x"]
        assert kind == "float" or [type(v) for v in values] == [type(v) for v in found["x"]]


def test_a_row_without_a_column_has_null_in_it():
    """Whichever row came first."""
    found, kinds = columns_of([{"a": 1}, {"b": "x", "a": None}, None, {}])
    assert {"a": [1, None, None, None], "b": [None, "x", None, None]} == found
    assert {"row.a": "int", "row.b": "str", "looked_up.carrier.late_rate_7d": "float"} == kinds


def test_floats_keep_their_bits():
    """The sign of zero, the infinities, NaN."""
    found, _ = columns_of([{"x": value} for value in (-0.0, math.inf, math.nan, 5e-324)])
    assert ["-0.0", "inf", "nan", "5e-324"] == [str(value) for value in found["x"]]


@given(st.lists(st.text(max_size=4), unique=True, max_size=8))
def test_a_table_can_tell_all_columns_apart(names):
    """Also those that differ in case only."""
    found = spelled(names)
    assert names == list(found)
    check_names([f"row.{name}" for name in found.values()], where="the log")


def test_the_logs_own_columns_come_first():
    """With their types, whatever the requests had."""
    table, kinds = to_arrow([made_up_entry(1, score=None, client_id="a7")])
    assert list(OWN) == table.column_names[: len(OWN)]
    assert schema_of(kinds).equals(table.schema)
    (row,) = table.to_pylist()
    assert ("flights", None, "a7", 120, False) == tuple(
        row[name] for name in ("model", "score", "client_id", "took_us", "replay")
    )
    assert pa.types.is_timestamp(table.schema.field("at").type)


def test_columns_of_several_files():
    """Each is as wide as needed."""
    assert {"a": "float", "b": "str", "c": "json"} == widen(
        {"a": "int", "c": "str"}, {"b": "str", "a": "float", "c": "bool"}
    )


@pytest.mark.parametrize(
    ("kind", "wanted"), [("str", "int"), ("bool", "float"), ("json", "int"), ("float", "date")]
)
def test_a_type_that_values_never_have_is_refused(kind, wanted):
    """When the table is asked for."""
    with pytest.raises(DataError, match=f"can be read as {wanted}"):
        check_type("x", kind, wanted)
