"""`View` as it is stored: there and back through JSON, and what is refused on the way."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.errors import DataError
from interplane.expressions.jsonform import to_json
from interplane.expressions.nodes import Column, Reduce
from interplane.testing.histories import Past
from interplane.views.history import Event
from interplane.views.view import Latest, View, ViewUse, Window, example

randoms = st.one_of(st.randoms(use_true_random=False), st.integers(0, 2**32).map(random.Random))


def at(second):
    """A time, with a second after the start of 1970."""
    return datetime(1970, 1, 1, 0, 0, second)  # noqa: DTZ001 - ours have no zone


@settings(deadline=None)
@given(randoms)
def test_there_and_back(random):
    """A view read from its JSON is the same one, by its digest and in all its parts."""
    view = Past(random).view()
    read = View.from_dict(json.loads(json.dumps(view.to_dict())))
    assert view == read
    assert (view.digest, hash(view)) == (read.digest, hash(read))
    assert view.to_dict() == read.to_dict()
    assert (view.types, view.window_slots, view.latest_slots) == (
        read.types,
        read.window_slots,
        read.latest_slots,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"ttl_us": 1},
        {"forecast": True},
        {"source": "others"},
        {"key": ("id", "who")},
        {"features": {"x": Latest(0, "float")}},
        {"features": {"x": Latest(0, "float"), "n": Window("count", 0, 101, "float")}},
    ],
)
def test_another_definition_is_another_view(change):
    """A changed time-to-live, or whatever else is changed, is a new version."""
    changed = replace(example(), **change)
    assert example().digest != changed.digest
    assert example() != changed


def test_parts():
    """What is derived of a view: types, the longest window, nothing."""
    view = example()
    assert ({"x": "float", "n": "int"}, 100) == (view.types, view.longest_us)
    assert (None, None) == view.nothing
    assert {"view": view.to_dict(), "by": ["name"]} == ViewUse(view, ("name",)).to_dict()


def test_a_row_of_the_source():
    """A row is an event of an entity; NaN is null in it and negative zero is zero."""
    row = {"who": "a", "at": at(1), "known": at(2), "id": 7, "x": -0.0}
    found = example().event_of(row)
    assert (("a",), Event(2_000_000, 1_000_000, (7,), (0.0,))) == (example().entity_of(row), found)
    assert "0.0" == str(found.values[0])
    assert (None,) == example().event_of({**row, "x": float("nan")}).values


@pytest.mark.parametrize("name", ["at", "known", "id"])
def test_rows_that_are_no_event(name):
    """Without event time, known-at time or key there is no event; without a name no entity."""
    row = {"who": None, "at": at(1), "known": at(1), "id": 7, "x": 1.0}
    assert example().event_of({**row, name: None}) is None
    assert example().entity_of(row) is None


def test_known_before_it_happened():
    """That is refused, but for forecasts."""
    row = {"who": "a", "at": at(2), "known": at(1), "id": 7, "x": 1.0}
    with pytest.raises(DataError, match=r"1970-01-01 00:00:02 was known before.*00:00:01.*>="):
        example().event_of(row)
    found = replace(example(), forecast=True).event_of(row)
    assert (1_000_000, 2_000_000) == (found.known, found.event)


WINDOW = {"name": "n", "argument": 0, "function": "sum"}
FIRST = {
    "form": "interplane-view",
    "version": 1,
    "name": "example",
    "source": "events",
    "entity": ["who"],
    "event_time": "at",
    "known_at": "known",
    "ttl_us": None,
    "forecast": False,
    "key": ["id"],
    "columns": [
        {"name": "who", "type": "str"},
        {"name": "at", "type": "timestamp"},
        {"name": "known", "type": "timestamp"},
        {"name": "id", "type": "int"},
        {"name": "x", "type": "float"},
    ],
    "arguments": [to_json(Column("x", "float"))],
    "features": [
        {"name": "x", "argument": 0},
        {"name": "n", "argument": 0, "function": "count", "duration_us": 100},
    ],
}
MEAN = to_json(Reduce("mean", (Column("x", "float"),), None, (), (), "float"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"form": "other"}, "it is none"),
        ({"version": 99}, "version 99 of its form"),
        ({"more": 1}, "unknown field `more`"),
        ({"name": "a/b"}, "a/b"),
        ({"entity": []}, "no entity"),
        ({"features": []}, "no feature"),
        ({"features": [{"name": "x", "argument": 0}] * 2}, "a feature twice"),
        ({"features": [{"name": "x", "argument": 1}]}, "out of range"),
        ({"features": [{"name": "x", "argument": -1}]}, "-1"),
        ({"features": [{"name": "x", "argument": 0, "function": "sum"}]}, "has other windows"),
        ({"version": 2}, "has other windows"),
        ({"features": [{"name": "x", "argument": 0, "rows": 1}]}, "half of a window"),
        ({"features": [{"name": "x", "argument": 0, "delay_us": 1}]}, "half of a window"),
        (
            {"features": [WINDOW | {"rows": 5, "duration_us": 5}]},
            "a length and a number of events",
        ),
        ({"version": 2, "features": [WINDOW | {"rows": 0}]}, "holds no events"),
        ({"version": 2, "features": [WINDOW | {"delay_us": -1}]}, "ends after"),
        ({"features": [{"name": "x", "argument": 0, "duration_us": 1}]}, "half of a window"),
        ({"features": [{"name": "", "argument": 0}]}, "without a name"),
        ({"ttl_us": -1}, "negative"),
        ({"entity": ["whom"]}, "'whom' has no type"),
        ({"entity": ["x"]}, "a float names"),
        ({"key": ["x"]}, "a float names"),
        ({"key": []}, "windows and no key"),
        ({"event_time": "id"}, "no timestamp"),
        ({"columns": [{"name": "x", "type": "decimal"}]}, "decimal"),
        ({"arguments": [to_json(Column("x", "int"))]}, "'x' has two types"),
        ({"arguments": [MEAN]}, "holds a statistic"),
        ({"arguments": ["x"]}, "cannot be read"),
        (
            {"features": [{"name": "n", "argument": 0, "function": "sum", "duration_us": 0}]},
            "no length",
        ),
        (
            {"features": [{"name": "n", "argument": 0, "function": "median", "duration_us": 5}]},
            "median",
        ),
        (
            {
                "arguments": [to_json(Column("who", "str"))],
                "features": [{"name": "n", "argument": 0, "function": "sum", "duration_us": 5}],
            },
            "there is no sum of str over a window",
        ),
    ],
)
def test_what_is_refused(change, said):
    """A form with a part that cannot be is refused, and the message says which."""
    with pytest.raises(DataError) as raised:
        View.from_dict({**example().to_dict(), **change})
    assert said in str(raised.value)


def test_windows_of_the_first_version():
    """A view without newer windows has the form that it always had, and the digest."""
    view = View.from_dict(json.loads(json.dumps(FIRST)))
    assert FIRST == view.to_dict() == example().to_dict()
    assert "cd9d4e2786083402a4124d1f9112b42e9796f24ed173c652eca98371ce448bdc" == view.digest


@pytest.mark.parametrize(
    ("window", "plain"),
    [
        (Window("sum", 0, None, "float", 50), {"function": "sum", "rows": 50}),
        (Window("mean", 0, None, "float"), {"function": "mean"}),
        (
            Window("max", 0, 7, "float", None, 5),
            {"function": "max", "duration_us": 7, "delay_us": 5},
        ),
        (Window("std", 0, 7, "float"), {"function": "std", "duration_us": 7}),
        (Window("first", 0, 7, "float"), {"function": "first", "duration_us": 7}),
        (Window("count_distinct", 0, None, "float", 1, 3),
         {"function": "count_distinct", "rows": 1, "delay_us": 3}),
    ],
)  # fmt: skip
def test_newer_windows_have_the_second_version(window, plain):
    """The form says that it needs a newer Interplane, and nothing that a window does not have."""
    view = replace(example(), features={"f": window})
    stored = view.to_dict()
    assert (2, [{"name": "f", "argument": 0, **plain}]) == (stored["version"], stored["features"])
    assert window == View.from_dict(json.loads(json.dumps(stored))).features["f"]


def test_the_least_text_is_a_newer_window():
    """The first version of the form had extremes of numbers only."""
    view = replace(
        example(), arguments=(Column("who", "str"),), features={"f": Window("min", 0, 7, "str")}
    )
    assert 2 == view.to_dict()["version"]
    assert view == View.from_dict(view.to_dict())


@pytest.mark.parametrize("plain", [None, [], "view", {}])
def test_what_is_no_form(plain):
    """Anything else is refused too."""
    with pytest.raises(DataError, match="cannot be read"):
        View.from_dict(plain)
