"""Frozen tables and their JSON form."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.errors import DataError
from interplane.expressions.constants import INT_MAX, INT_MIN
from interplane.features.lookups import LookupTable

values = st.floats(allow_nan=False)
keys = st.tuples(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    st.integers(INT_MIN, INT_MAX),
    st.booleans(),
    st.dates(),
    st.datetimes().map(lambda time: time.replace(fold=0)),
)


@given(st.dictionaries(keys, values, max_size=5))
def test_json_round_trip(entries):
    """Reading what was written gives the same table, bit for bit."""
    table = LookupTable(("str", "int", "bool", "date", "timestamp"), "float", entries)
    again = LookupTable.from_dict(json.loads(json.dumps(table.to_dict())))
    assert repr(table) == repr(again)


def changed(**change):
    """Return the JSON form of a small table with something else in it."""
    return {**LookupTable(("str",), "float", {("a",): 1.0, ("b",): 2.0}).to_dict(), **change}


@pytest.mark.parametrize(
    "plain",
    [
        None,
        {},
        changed(keys=[]),
        changed(keys=[{"type": "str", "values": ["a"]}]),
        changed(keys=[{"type": "str", "values": ["a", "a"]}]),
        changed(keys=[{"type": "str", "values": ["a", None]}]),
        changed(keys=[{"type": "float", "values": ["1.0", "2.0"]}]),
        changed(keys=[{"type": "object", "values": ["a", "b"]}]),
        changed(value={"type": "float", "values": ["1.0", "x"]}),
        changed(value={"type": "float", "values": ["1.0", None]}),
        changed(value={"type": "float", "values": 7}),
    ],
)
def test_a_broken_form_is_refused(plain):
    """The table is named; nothing of it is used."""
    with pytest.raises(DataError, match="'rates'"):
        LookupTable.from_dict(plain, name="rates")
