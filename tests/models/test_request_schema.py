"""One request: taken exactly, or refused with its path."""

# ruff: noqa: DTZ001  our timestamps are UTC without a zone

from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.data.table import Table
from interplane.errors import DataError, RequestRejected, UnknownName
from interplane.expressions.nodes import Column
from interplane.features.frozen import Frozen
from interplane.models.request_schema import Field, RequestSchema

TYPES = ("bool", "int", "float", "str", "date", "timestamp")
SCHEMA = RequestSchema(
    fields=tuple(Field(name=kind, type=kind, nullable=False, required=False) for kind in TYPES),
    inputs=6,
)


def flight_schema(**options) -> RequestSchema:
    """Derived from features that read two columns, and rows with a null in one of them."""
    frozen = Frozen(
        features={"a": Column("distance", "float"), "b": Column("seats", "float")},
        label="late",
        time="at",
        key=("flight",),
        context=("origin", "seats"),
    )
    training = Table.from_columns(
        {
            "distance": [1.0, 2.0],
            "seats": [100.0, None],
            "flight": ["a", "b"],
            "origin": ["JFK", "LGA"],
            "at": [datetime(2013, 1, 1), None],
            "late": [True, None],
        }
    )
    return RequestSchema.of(frozen, training, **options)


def test_a_schema_is_derived():
    """Inputs must be there and are null only where they were; the label is no part of a request."""
    assert json.loads(json.dumps(flight_schema().to_dict())) == {
        "format": 1,
        "fields": [
            {"name": "distance", "type": "float", "nullable": False, "required": True},
            {"name": "seats", "type": "float", "nullable": True, "required": True},
            {"name": "flight", "type": "str", "nullable": True, "required": False},
            {"name": "at", "type": "timestamp", "nullable": True, "required": False},
            {"name": "origin", "type": "str", "nullable": True, "required": False},
        ],
        "inputs": 2,
        "key": ["flight"],
        "time": "at",
        "context": ["origin", "seats"],
    }


def test_a_schema_comes_back_the_same():
    """Through JSON."""
    schema = flight_schema(optional=["seats"])
    assert RequestSchema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema
    for broken in ({}, {"fields": 3}, {**schema.to_dict(), "format": 9}):
        with pytest.raises(DataError, match="the request schema"):
            RequestSchema.from_dict(broken)


def test_an_optional_column_must_be_an_input():
    """A typo is found when the schema is made."""
    with pytest.raises(UnknownName, match="Did you mean 'seats'"):
        flight_schema(optional=["seat"])


def test_training_rows_must_have_the_columns():
    """Their types come from there."""
    frozen = Frozen(features={"a": Column("x", "float")}, key=("id",))
    with pytest.raises(UnknownName, match="no column 'id' in the training rows"):
        RequestSchema.of(frozen, Table.from_columns({"x": [1.0]}))


def test_a_request_is_decoded_in_the_schemas_order():
    """With None for what was rightly left out."""
    request = {"at": "2013-05-01T06:15:00-04:00", "seats": None, "distance": 1400}
    assert flight_schema().decode(request) == {
        "distance": 1400.0,
        "seats": None,
        "flight": None,
        "at": datetime(2013, 5, 1, 10, 15),
        "origin": None,
    }
    assert list(flight_schema().decode(request)) == ["distance", "seats", "flight", "at", "origin"]


REFUSED = {
    "missing": ({"seats": 1}, "$.distance is missing", "the value"),
    "missing null": ({"distance": 1}, "$.seats is missing", "null where it is not known"),
    "null": ({"distance": None, "seats": 1}, "null at $.distance, which was never null", "number"),
    "text": ({"distance": "far", "seats": 1}, "'far' at $.distance", "a finite number"),
    "extra": ({"distance": 1, "seats": 1, "oirgin": "JFK"}, "'oirgin' at $", "mean 'origin'"),
    "label": ({"distance": 1, "seats": 1, "late": True}, "'late' at $", "only distance"),
    "no text": ({"distance": 1, "seats": 1, 3: 1}, "'3' at $", "only distance"),
    "list": ([1, 2], "[1, 2] at $", "an object"),
    "nothing": (None, "None at $", "an object"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_request_is_refused(name):
    """Where, what and what instead."""
    request, what, expected = REFUSED[name]
    with pytest.raises(RequestRejected) as caught:
        flight_schema().decode(request)
    assert what in str(caught.value)
    assert expected in str(caught.value)
    assert caught.value.details["path"].startswith("$")


def test_a_batch_says_which_request():
    """The path begins where the caller says."""
    with pytest.raises(RequestRejected, match=r"at \$\[3\]\.distance"):
        flight_schema().decode({"distance": True, "seats": 1}, at="$[3]")


def test_a_long_value_is_shown_short():
    """The message is bounded however long the value."""
    with pytest.raises(RequestRejected) as caught:
        SCHEMA.decode({"int": "9" * 100_000})
    assert len(str(caught.value)) < 200


TAKEN = [
    ("bool", True, True),
    ("bool", False, False),
    ("int", 0, 0),
    ("int", 2**63 - 1, 2**63 - 1),
    ("int", -(2**63), -(2**63)),
    ("float", 1, 1.0),
    ("float", -0.0, -0.0),
    ("float", 2**53, 2.0**53),
    ("float", 1.5e308, 1.5e308),
    ("str", "", ""),
    ("str", " JFK ", " JFK "),
    ("str", "007", "007"),
    ("str", "naïve 🛩", "naïve 🛩"),
    ("date", "2013-05-01", date(2013, 5, 1)),
    ("date", date(2013, 5, 1), date(2013, 5, 1)),
    ("timestamp", "2013-05-01T06:15:00Z", datetime(2013, 5, 1, 6, 15)),
    ("timestamp", "2013-05-01 06:15", datetime(2013, 5, 1, 6, 15)),
    ("timestamp", "2013-05-01T06:15:00.000001+02:00", datetime(2013, 5, 1, 4, 15, 0, 1)),
    ("timestamp", datetime(2013, 5, 1, 6, tzinfo=UTC), datetime(2013, 5, 1, 6)),
    ("timestamp", datetime(2013, 5, 1, 6), datetime(2013, 5, 1, 6)),
]


@pytest.mark.parametrize(("kind", "given_value", "expected"), TAKEN)
def test_a_fitting_value_is_taken_exactly(kind, given_value, expected):
    """Value and type."""
    found = SCHEMA.decode({kind: given_value})[kind]
    assert repr(found) == repr(expected)


MISFITS = [
    *(("bool", value) for value in (0, 1, 1.0, "true", [], {})),
    *(("int", value) for value in (True, 5.0, "5", 2**63, -(2**63) - 1, 10**30, 1e19)),
    *(("float", value) for value in (True, "1.5", float("nan"), float("inf"), -float("inf"))),
    *(("float", value) for value in (2**53 + 1, 10**400, [1.0])),
    *(("str", value) for value in (5, True, b"x", "a\0b", "\ud800", ["JFK"])),
    *(("date", value) for value in ("2013-5-1", "2013-02-30", "20130501", 15826, "2013-W18-3")),
    *(("date", value) for value in ("2013-05-01T00:00:00", "٢٠١٣-05-01", datetime(2013, 5, 1))),
    *(("timestamp", value) for value in ("2013-05-01", "2013-05-01T25:00", 1367388900, "now")),
    *(("timestamp", value) for value in ("2013-05-01T06:15:00.1234567", "2013-05-01T06:15:60")),
    *(("timestamp", value) for value in ("0001-01-01T00:00:00+05:00", date(2013, 5, 1))),
    ("timestamp", datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5)))),
]


@pytest.mark.parametrize(("kind", "value"), MISFITS)
def test_a_misfit_is_never_coerced(kind, value):
    """It is refused with its path."""
    with pytest.raises(RequestRejected, match=rf"at \$\.{kind}"):
        SCHEMA.decode({kind: value})


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
def test_any_json_is_decoded_or_refused(value):
    """Nothing else is ever raised, whatever stands anywhere."""
    for request in (value, dict.fromkeys(TYPES, value)):
        with contextlib.suppress(RequestRejected):
            SCHEMA.decode(request)


def test_a_schema_speaks_json_schema():
    """For clients."""
    spoken = flight_schema().to_json_schema()
    assert spoken["required"] == ["distance", "seats"]
    assert spoken["additionalProperties"] is False
    assert spoken["properties"]["seats"] == {"type": ["number", "null"]}
    assert spoken["properties"]["at"] == {"type": ["string", "null"], "format": "date-time"}
