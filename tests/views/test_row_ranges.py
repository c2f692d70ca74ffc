"""When versions are among the last n events: against a count of all of them at each time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.views.events import FOREVER
from interplane.views.row_ranges import RowRanges

VERSION = st.tuples(st.integers(0, 12), st.none() | st.integers(0, 14), st.integers(0, 1000))


@st.composite
def entities(draw, *, corrections):
    """Versions of a few entities: when each enters and ends, and their order."""
    found = draw(st.lists(st.lists(VERSION, max_size=14), min_size=1, max_size=5))
    starts = np.cumsum([0, *map(len, found)])
    versions = [each for some in found for each in some]
    enter = np.array([enter for enter, _, _ in versions], np.int64)
    ends = [FOREVER if end is None or not corrections else end for _, end, _ in versions]
    order = [
        int(begin) + place
        for begin, some in zip(starts, found, strict=False)
        for place in sorted(range(len(some)), key=lambda place, some=some: some[place][2])
    ]
    return starts, np.array(order, np.int64), enter, np.array(ends, np.int64)


def brute_force(starts, order, enter, until, rows, time):
    """The versions of each entity that are among the last at a time."""
    found = set()
    for begin, end in pairwise(starts):
        alive = [int(v) for v in order[begin:end] if enter[v] <= time < until[v]]
        found |= set(alive[-rows:])
    return found


def held(ranges, time):
    """The versions whose ranges hold a time, each as often as it is there."""
    inside = (ranges.begin <= time) & (time < ranges.end)
    return sorted(ranges.which[inside].tolist())


@settings(deadline=None, max_examples=120)
@given(entities(corrections=False), st.integers(1, 6))
def test_events_in_any_order(drawn, rows):
    """However late some are: sorted times where they may be used, a heap elsewhere."""
    starts, order, enter, _ = drawn
    ranges = RowRanges.of(starts, order, enter, None, rows=rows)
    for time in range(-1, 15):
        assert sorted(brute_force(*drawn, rows, time)) == held(ranges, time)
    assert starts.tolist() == ranges.starts.tolist()


@settings(deadline=None, max_examples=120)
@given(entities(corrections=True), st.integers(1, 6))
def test_versions_that_end(drawn, rows):
    """Whoever is taken out makes room for an older one; each is there once at any time."""
    starts, order, enter, until = drawn
    ranges = RowRanges.of(starts, order, enter, until, rows=rows)
    for time in range(-1, 17):
        assert sorted(brute_force(*drawn, rows, time)) == held(ranges, time)
    entity = np.repeat(np.arange(len(starts) - 1), np.diff(ranges.starts))
    expected = np.searchsorted(starts, ranges.which, side="right") - 1
    assert expected.tolist() == entity.tolist()


@pytest.mark.parametrize("block", [1, 7, 50])
def test_blocks_are_no_matter(block):
    """Entities are looked at a few at a time."""
    draw = np.random.default_rng(3)
    sizes = draw.integers(0, 30, 40)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    enter = np.arange(starts[-1]) + draw.integers(0, 9, starts[-1])
    order = np.arange(starts[-1])
    whole = RowRanges.of(starts, order, enter, None, rows=4)
    cut = RowRanges.of(starts, order, enter, None, rows=4, block=block)
    assert whole.end.tolist() == cut.end.tolist()
