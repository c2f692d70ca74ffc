"""A function whose features are others each time it is called has none that could be frozen."""

import itertools
import random
from datetime import datetime

import pytest

import interplane as ip
from interplane.errors import NotFreezable

TYPES = {
    "x": "float",
    "s": "str",
    "at": "timestamp",
    "known": "timestamp",
    "id": "int",
    "y": "bool",
}
ROWS = ip.Table.from_columns(
    {"x": [1.0, 2.0], "s": ["a", "b"], "at": [datetime(2026, 1, 1)] * 2, "y": [True, False]}  # noqa: DTZ001
)
NUMBERS = itertools.count()
CHANGING = {
    "chance": lambda row: {"same": row.x, "odd": row.x * random.random()},
    "an encoding": lambda row: {"odd": ip.one_hot(row.s, top=1 + next(NUMBERS))},
    "several": lambda row: {"odd": ip.cyclic(row.x, period=1 + random.random())},
}


@pytest.mark.parametrize("what", CHANGING)
def test_a_feature_that_is_another_each_time_is_refused(what):
    """By name, with both, and before anything is computed."""
    written = ip.features(label="y")(CHANGING[what])
    with pytest.raises(
        NotFreezable, match=r"the feature 'odd' of .* when it is called again"
    ) as caught:
        written.fit(ROWS)
    assert "odd" == caught.value.details["feature"]


def test_names_that_change_are_refused():
    """The number of features as well."""
    calls = []

    @ip.features(label="y")
    def growing(row):
        calls.append(row)
        return {f"x{number}": row.x for number in range(len(calls))}

    with pytest.raises(NotFreezable, match="the features of growing are"):
        growing.fit(ROWS)


def test_a_view_is_held_to_it_too():
    """One over a source, and one over views."""

    @ip.feature_view(source="events", entity="s", event_time="at", key="id")
    def odd(event):
        return {"odd": event.x + random.random()}

    with pytest.raises(NotFreezable, match="the feature 'odd' of odd"):
        odd.define(TYPES)


def test_what_is_the_same_is_no_other():
    """Constants of every kind, windows, and what is calculated anew."""

    @ip.features(label="y")
    def same(row):
        return {
            "zero": row.x.fill_null(-0.0),
            "some": row.s.is_in([*"ab"]),
            "rate": ip.target_encode([row.s], row.y, smoothing=1.0),
            "hot": ip.one_hot(row.s),
            "cycle": ip.cyclic(row.at.hour(), period=24),
        }

    assert 2 == same.fit(ROWS).training.rows

    @ip.feature_view(source="events", entity="s", event_time="at", key="id")
    def view(event):
        return {"mean": event.x.mean().over(ip.last("1d")), "x": event.x}

    assert {"mean", "x"} == set(view.define(TYPES).features)
