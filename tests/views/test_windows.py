"""Windows of many rows at once: ranges, exact sums, blocks, versions of events."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from functools import cached_property

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.expressions.bits import same_bits as same
from interplane.testing.histories import Past, table_of
from interplane.views.limbs import deviations, float_sums, int_sums
from interplane.views.ranges import Ranges
from interplane.views.source_events import SourceEvents
from interplane.views.sums import Moments, exact_sum
from interplane.views.versions import Versions
from interplane.views.windows import read_windows

fine = settings(deadline=None)
few = settings(deadline=None, max_examples=40)
nasty = st.one_of(
    st.floats(allow_nan=False).map(lambda x: x + 0.0),
    st.sampled_from([5e-324, -5e-324, 1e16, 1e16 + 2, 1.0, -1.0, 0.1, 0.0, 3.0, 2.0**53]),
    st.sampled_from([1.7976931348623157e308, -1.7976931348623157e308, 2.0**970, -(2.0**970)]),
    st.sampled_from([2.2250738585072014e-308, 1e300, -1e300, 1e-300, math.inf, -math.inf]),
)
ints = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-3, 3),
    st.sampled_from([2**63 - 1, -(2**63), 2**32, -(2**32), 2**31, 2**62]),
)


@st.composite
def ranges_of(draw, values, *, size=8, most=30):
    """Some ranges of places and a value for each; some ranges are many places long."""
    size = draw(st.one_of(st.integers(1, size), st.integers(1, 70)))
    found = draw(
        st.lists(st.tuples(st.integers(0, size - 1), st.integers(1, size), values), max_size=most)
    )
    begin = np.array([b for b, _, _ in found], np.int64)
    end = np.array([min(size, b + n) for b, n, _ in found], np.int64)
    return Ranges(begin, end, size), [value for _, _, value in found]


def at_each(ranges, values):
    """For each place the values of the ranges that hold it."""
    return [
        [v for b, e, v in zip(ranges.begin, ranges.end, values, strict=True) if b <= place < e]
        for place in range(ranges.size)
    ]


@fine
@given(ranges_of(ints))
def test_counts_and_extremes(drawn):
    """Counts, least and greatest values are those of the ranges that hold a place."""
    ranges, values = drawn
    here, array = at_each(ranges, values), np.array(values, np.int64)
    low, high = -(2**63), 2**63 - 1
    assert [len(each) for each in here] == ranges.counts.tolist()
    assert max(map(len, here)) == ranges.most
    assert [max(e, default=low) for e in here] == ranges.extremes(array, np.maximum, low).tolist()
    assert [min(e, default=high) for e in here] == ranges.extremes(array, np.minimum, high).tolist()


@fine
@given(ranges_of(ints))
def test_sums_of_integers(drawn):
    """Sums are exact where they have room in 64 bits, and null elsewhere."""
    ranges, values = drawn
    sums, defined = int_sums(ranges, np.array(values, np.int64))
    expected = [sum(each) for each in at_each(ranges, values)]
    assert [-(2**63) <= total < 2**63 for total in expected] == defined.tolist()
    assert all(s == e for s, e, ok in zip(sums.tolist(), expected, defined, strict=True) if ok)


@settings(deadline=None, max_examples=500)
@given(ranges_of(nasty))
def test_sums_of_floats(drawn):
    """Sums have the bits of the exact sum, rounded once: what `math.fsum` gives."""
    ranges, values = drawn
    sums, defined = float_sums(ranges, np.array(values, np.float64))
    for place, here in enumerate(at_each(ranges, values)):
        expected = exact_sum(here)
        found = float(sums[place]) if defined[place] else None
        assert same(expected, found), (here, expected, found)


@fine
@given(ranges_of(st.floats(-1e6, 1e6).map(lambda x: x + 0.0), most=200))
def test_sums_of_usual_floats(drawn):
    """The same for numbers as they are in most columns, and more of them."""
    ranges, values = drawn
    sums, defined = float_sums(ranges, np.array(values, np.float64))
    assert defined.all()
    assert all(
        same(exact_sum(h), f) for h, f in zip(at_each(ranges, values), sums.tolist(), strict=True)
    )


def deviations_differ(drawn):
    """Where deviations are not those of the moments of what is there."""
    ranges, values = drawn
    found, defined = deviations(ranges, np.array(values, np.float64))
    return [
        (here, value)
        for here, value, there in zip(
            at_each(ranges, values), found.tolist(), defined.tolist(), strict=True
        )
        if not same(Moments(here).deviation(), value if there else None)
    ]


@settings(deadline=None, max_examples=300)
@given(ranges_of(nasty))
def test_deviations_of_floats(drawn):
    """The bits of the exact moments: the same however far apart the powers are."""
    assert deviations_differ(drawn) == []


@fine
@given(
    ranges_of(st.floats(-1e6, 1e6).map(lambda x: x + 0.0), most=200)
    | ranges_of(ints.map(float), most=200)
    | ranges_of(st.integers(-3, 3).map(float), most=200)
)
def test_deviations_of_usual_floats(drawn):
    """The same for numbers as they are in most columns, and for whole ones."""
    assert deviations_differ(drawn) == []


@fine
@given(ranges_of(st.integers(-3, 3)))
def test_distinct_values(drawn):
    """Ranges of one value that overlap count once."""
    ranges, values = drawn
    expected = [len(set(here)) for here in at_each(ranges, values)]
    assert expected == ranges.united(np.array(values, np.int64)).counts.tolist()


@pytest.mark.parametrize(
    "values",
    [
        [2.0**53, 1.0],  # a tie, to even: down
        [2.0**53 + 2, 1.0],  # a tie, to even: up
        [2.0**53, 1.0, 2.0**-1074],  # just above a tie
        [2.0**53, 1.0, -(2.0**-1074)],  # just below one
        [-(2.0**53), -1.0, -(2.0**-1074)],
        [2.0**1023, 2.0**1023 - 2.0**970],  # the largest float, as a sum
        [2.0**1023, 2.0**1023 - 2.0**970, 2.0**969],  # rounds to it
        [2.0**1023, 2.0**1023 - 2.0**970, 2.0**970],  # rounds to infinity
        [2.0**1023, 2.0**1023, -(2.0**1023)],  # too large on the way only
        [2.0**-1074, 2.0**-1074],
        [2.0**-1022, -(2.0**-1074)],  # the largest subnormal float
        [1.0, -1.0, 2.0**-1074],
        [1.0, -1.0],
        [1e16, 1.0, -1e16],
    ],
)
def test_roundings(values):
    """Ties, the borders of the range of floats, and what cancels."""
    count = len(values)
    ranges = Ranges(np.zeros(count, np.int64), np.ones(count, np.int64), 1)
    for sign in (1.0, -1.0):
        signed = [sign * value for value in values]
        sums, defined = float_sums(ranges, np.array(signed))
        assert same(exact_sum(signed), float(sums[0]) if defined[0] else None)


@pytest.mark.parametrize("tie", [2.0**53, 2.0**53 + 2])
@pytest.mark.parametrize("scale", range(0, 32, 5))
def test_what_is_just_beside_a_tie(tie, scale):
    """A single bit, however far below, decides a tie, wherever it stands in the limbs."""
    for below in range(1, 140):
        values = [tie, 1.0, 2.0**-below, -(2.0**-200)]
        scaled = [math.ldexp(value, scale) for value in values]
        count = len(scaled)
        ranges = Ranges(np.zeros(count, np.int64), np.arange(count, 0, -1), count)
        sums, _ = float_sums(ranges, np.array(scaled))
        expected = [exact_sum(scaled[: count - place]) for place in range(count)]
        assert expected == sums.tolist()


def test_many_of_one_value():
    """A hundred thousand of the largest mantissa in one place: limbs have room for them."""
    count = 100_000
    ranges = Ranges(np.zeros(count, np.int64), np.ones(count, np.int64), 1)
    for value in (math.nextafter(1.0, 0.0), -math.nextafter(2.0**40, 0.0), 0.1):
        sums, defined = float_sums(ranges, np.full(count, value))
        assert (exact_sum([value] * count), True) == (sums[0], defined[0])


def random_windows(random, rows, asking):
    """A view with windows, its events, and entities and times that ask."""
    past = Past(random)
    view = next(view for view in iter(past.view, None) if view.has_windows)
    events = SourceEvents.read(view, table_of(past.events(view, rows), view.columns))
    asked = [row["t"] for row in past.asking(view, asking, by=_by(view))]
    times = np.array(
        [0 if t is None else int(np.datetime64(t, "us").astype(np.int64)) for t in asked], np.int64
    )
    entity = np.array([random.randint(-1, events.entities.count - 1) for _ in asked], np.int64)
    return view, events, entity, times, np.array([t is not None for t in asked], np.bool_)


def _by(view):
    return [f"by {place}" for place in range(len(view.entity))]


@few
@given(st.integers(0, 2**32).map(random.Random), st.integers(0, 60), st.integers(0, 60))
def test_blocks_are_no_matter(random, rows, asking):
    """One entity at a time, or all at once: the same windows."""
    view, events, *asked = random_windows(random, rows, asking)
    versions = Versions.of(events, view)
    whole = read_windows(view, versions, *asked)
    for block in (1, 10):
        cut = read_windows(view, versions, *asked, block=block)
        assert all(whole[slot].equals(cut[slot]) for slot in whole)


class Colliding(SourceEvents):
    """Events whose keys all have the same hash."""

    @cached_property
    def key_hashes(self):
        return np.zeros(len(self.known), np.uint64)


@few
@given(st.integers(0, 2**32).map(random.Random), st.integers(0, 60), st.integers(0, 60))
def test_hashes_that_collide_are_no_matter(random, rows, asking):
    """Versions are found by what the keys are; hashes only say where to look."""
    view, events, *asked = random_windows(random, rows, asking)
    colliding = Colliding(**{name: getattr(events, name) for name in events.__dataclass_fields__})
    found = read_windows(view, Versions.of(colliding, view), *asked)
    expected = read_windows(view, Versions.of(events, view), *asked)
    assert all(expected[slot].equals(found[slot]) for slot in expected)


@few
@given(st.integers(0, 2**32).map(random.Random), st.integers(0, 60), st.integers(0, 60))
def test_the_order_of_the_source_is_no_matter(random, rows, asking):
    """Events in order of time are sorted in another way; the windows are the same."""
    view, events, *asked = random_windows(random, rows, asking)
    order = np.argsort(events.known, kind="stable")
    known = events.known[order]
    ordered = replace(
        events,
        entity=events.entity[order],
        known=known,
        event=known if events.event is events.known else events.event[order],
        key=tuple(column.take(order) for column in events.key),
        arguments=tuple(column.take(order) for column in events.arguments),
    )
    found = read_windows(view, Versions.of(ordered, view), *asked)
    expected = read_windows(view, Versions.of(events, view), *asked)
    assert all(expected[slot].equals(found[slot]) for slot in expected)
