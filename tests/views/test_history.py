"""The one rule: `History` against a reading that looks at all events anew, and is plainly right."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.expressions.bits import same_bits as same
from interplane.testing.histories import Past, histories
from interplane.views.history import FOREVER, Event, History, rank, window_value
from interplane.views.view import Latest, Window, example

many = settings(deadline=None, max_examples=120)
randoms = st.one_of(st.randoms(use_true_random=False), st.integers(0, 2**32).map(random.Random))


def by_values(event):
    """The order of events that were known together."""
    return (event.event, [(value is not None, value) for value in event.values])


def latest_of(events, time):
    """The event with the greatest event time; of several the last known; then by values."""
    known = [event for event in events if event.known <= time]
    return max(known, key=lambda e: (e.event, e.known, by_values(e)), default=None)


def in_window(events, time, span):
    """The last version of each event, if it happened in the window, in the order of windows."""
    versions = {}
    for event in events:
        if event.known <= time:
            versions.setdefault(event.key, []).append(event)
    last = [max(group, key=lambda e: (e.known, by_values(e))) for group in versions.values()]
    end = time - span.delay_us
    inside = [event for event in last if event.event <= end]
    if span.duration_us is not None:
        inside = [event for event in inside if end - span.duration_us < event.event]
    inside.sort(key=lambda e: (e.event, e.known, by_values(e)))
    return inside if span.rows is None else inside[-span.rows :]


def exactly(values):
    """The sum of floats by fractions; None where there is none."""
    infinite = {value for value in values if value in {float("inf"), float("-inf")}}
    if infinite:
        return infinite.pop() if len(infinite) == 1 else None
    try:
        return float(sum(map(Fraction, values), Fraction())) + 0.0
    except OverflowError:
        return None


def deviation(values):
    """The deviation of a sample by fractions: rounded, divided, and the root of it."""
    count = len(values)
    if count < 2 or not all(map(math.isfinite, values)):
        return None
    exact = [Fraction(value) for value in values]
    spread = count * sum(x * x for x in exact) - sum(exact) ** 2
    if not spread:
        return 0.0
    half = 0
    while spread >= 2:
        spread, half = spread / 4, half + 1
    while spread < Fraction(1, 2):
        spread, half = spread * 4, half - 1
    try:
        return math.ldexp(math.sqrt(float(spread) / (count * (count - 1))), half)
    except OverflowError:
        return None


def statistic(window, values):
    """A window's value, from its definition."""
    values = [value for value in values if value is not None]
    if window.function in {"count", "count_distinct"}:
        return len(values if window.function == "count" else set(values))
    if not values:
        return None
    if window.function in {"min", "max"}:
        return {"min": min, "max": max}[window.function](values)
    if window.function in {"first", "last"}:
        return values[0 if window.function == "first" else -1]
    if window.function == "std":
        return deviation([float(value) for value in values])
    if window.function == "sum" and window.of != "float":
        total = sum(values)
        return total if -(2**63) <= total < 2**63 else None
    total = exactly([float(value) for value in values])
    return total / len(values) if window.function == "mean" and total is not None else total


def brute_force(view, events, time):
    """The view's features at a time, from all events."""
    found = []
    latest = latest_of(events, time)
    fresh = latest and (view.ttl_us is None or time - latest.event <= view.ttl_us)
    for feature in view.features.values():
        if isinstance(feature, Latest):
            found.append(latest.values[feature.argument] if fresh else None)
        else:
            alive = in_window(events, time, feature.span)
            found.append(statistic(feature, [e.values[feature.argument] for e in alive]))
    return tuple(found)


def turning_points(view, events):
    """Some of the times at which something may change, and the moments beside them."""
    spans = [span for span, _ in view.window_slots]
    steps = [0, *(span.delay_us for span in spans)]
    steps += [span.delay_us + (span.duration_us or 0) for span in spans]
    steps += [] if view.ttl_us is None else [view.ttl_us + 1]
    times = {time + step for e in events for time in (e.known, e.event) for step in steps}
    there_is = [time for time in times if time < 2**58]  # later than the year 9999
    every = sorted({time + beside for time in there_is for beside in (-1, 0, 1)})
    return every[:: 1 + len(every) // 60]


def drawn(random, rows):
    """A view and the events of the entity that has most."""
    past = Past(random)
    view = past.view()
    found = histories(view, past.events(view, rows))
    return view, max(found.values(), key=len, default=[])


@many
@given(randoms, st.integers(0, 20), st.randoms(use_true_random=False))
def test_reads_what_is_there(random, rows, order):
    """Whatever the order of arrival, a reading is that of all events looked at anew."""
    view, events = drawn(random, rows)
    order.shuffle(events)
    history = History(view, events, few=order.choice((0, 2, 64)))
    for time in turning_points(view, events):
        expected, found = brute_force(view, events, time), history.at(time).values
        assert all(map(same, expected, found)), (time, expected, found)


@many
@given(randoms, st.integers(0, 20))
def test_reads_half_way(random, rows):
    """After each event that comes in, a reading is that of the events so far."""
    view, events = drawn(random, rows)
    history, times = History(view, few=random.choice((0, 0, 2))), turning_points(view, events)
    for count, event in enumerate(events, start=1):
        history.insert(event)
        for time in times[:: max(1, len(times) // 10)]:
            expected, found = brute_force(view, events[:count], time), history.at(time).values
            assert all(map(same, expected, found)), (time, expected, found)


@many
@given(randoms, st.integers(0, 20))
def test_a_reading_is_valid_until_it_says(random, rows):
    """Nothing differs before ``valid_until``, which is later than the reading."""
    view, events = drawn(random, rows)
    history, times = (
        History(view, events, few=random.choice((0, 2, 64))),
        turning_points(view, events),
    )
    for place, time in enumerate(times):
        values, until = history.at(time)
        assert until > time
        for later in times[place:]:
            if later >= until:
                break
            assert all(map(same, values, history.at(later).values)), (time, later)


@many
@given(randoms, st.integers(1, 20))
def test_insert_says_whether_anything_can_differ(random, rows):
    """An event that is there changes nothing, and neither does one for which insert is False."""
    view, events = drawn(random, rows)
    history, times = History(view, few=random.choice((0, 0, 2))), turning_points(view, events)
    for event in events:
        before = [history.at(time).values for time in times]
        if not history.insert(event):
            assert before == [history.at(time).values for time in times]
    # Events that differ in nothing but their keys may take each other's place in the frontier.
    if len({rank(event) for event in events}) == len(set(events)):
        assert not any(history.insert(event) for event in events)


@many
@given(randoms, st.integers(0, 20))
def test_the_frontier_is_what_is_latest_at_some_time(random, rows):
    """Each time at which something was known has its latest event in it, and nothing else is."""
    view, events = drawn(random, rows)
    view = replace(view, features={"latest": Latest(0, view.arguments[0].type)})
    wanted = {latest_of(events, event.known)[:2] for event in events}
    assert sorted(wanted) == [event[:2] for event in History(view, events).frontier()]


def event(at, x, *, known=None, key=0):
    """An event of the example view."""
    return Event(at if known is None else known, at, (key,), (x,))


def test_older_than_its_time_to_live():
    """A value is null once it is older than the time-to-live, and not while it is just as old."""
    history = History(replace(example(), ttl_us=10), [event(5, 1.0)])
    assert [(1.0, 1), (None, 1)] == [history.at(time).values for time in (15, 16)]
    assert 16 == history.at(15).valid_until


def test_an_older_event_never_hides_a_newer_one():
    """Push an event of t=10, then of t=5: the latest is that of t=10."""
    history = History(example(), [event(10, 1.0, key=1), event(5, 2.0, known=20, key=2)])
    assert (1.0, 2) == history.at(30).values


def test_a_correction_is_seen_from_when_it_is_known():
    """A corrected value dated before is not seen before it was made; then it replaces the first."""
    history = History(example(), [event(10, 1.0), event(10, 7.0, known=50)])
    assert [(1.0, 1), (7.0, 1)] == [history.at(time).values for time in (49, 50)]


def test_a_version_outside_of_the_window_takes_the_event_with_it():
    """An event that is corrected to have happened long ago is in the window no more."""
    history = History(example(), [event(500, 1.0), event(5, 1.0, known=510)])
    assert [1, 0] == [history.at(time).values[1] for time in (509, 510)]


def test_windows_end_just_before_they_are_as_old_as_they_are_long():
    """A window of 100 holds an event of t=5 until t=104."""
    history = History(example(), [event(5, 1.0)])
    assert [0, 1, 1, 0] == [history.at(time).values[1] for time in (4, 5, 104, 105)]
    assert (105, FOREVER) == (history.at(104).valid_until, history.at(105).valid_until)


def test_what_is_known_before_it_happens():
    """A forecast is the latest from when it is known; in windows it counts when it has happened."""
    history = History(replace(example(), forecast=True), [event(50, 1.0, known=10)])
    assert [(1.0, 0), (1.0, 1)] == [history.at(time).values for time in (49, 50)]


def test_ties_are_broken_by_the_greater_values():
    """Of events that happened and were known together the greatest counts, null last."""
    events = [event(5, None, key=1), event(5, 2.0, key=2), event(5, 1.0, key=3)]
    assert (2.0, 2) == History(example(), events).at(5).values


@pytest.mark.parametrize(
    ("function", "of", "values", "expected"),
    [
        ("count", "str", ["a", None, "a"], 2),
        ("sum", "int", [2**63 - 1, 1], None),
        ("sum", "int", [2**63 - 1, 1, -1], 2**63 - 1),
        ("sum", "bool", [True, True], 2),
        ("mean", "bool", [True, None, False], 0.5),
        ("sum", "float", [1e16, 1.0, -1e16], 1.0),
        ("mean", "float", [1.7976931348623157e308] * 2, None),
        ("min", "bool", [True, False], False),
        ("max", "int", [None], None),
        ("max", "str", ["a", "b", None], "b"),
        ("count_distinct", "str", ["a", None, "a", "b"], 2),
        ("first", "str", [None, "b", "a"], "b"),
        ("last", "float", [1.0, 2.0, None], 2.0),
        ("std", "int", [1, 3], 1.4142135623730951),
        ("std", "float", [1.7976931348623157e308, -1.7976931348623157e308], None),
        ("std", "float", [1.0], None),
        ("std", "bool", [True, True], 0.0),
        ("std", "float", [1.0, math.inf], None),
    ],
)
def test_window_values(function, of, values, expected):
    """Statistics of a window, exact or null."""
    assert same(expected, window_value(Window(function, 0, 1, of), values))
