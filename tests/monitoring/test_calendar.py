"""Windows of the calendar lie side by side and cover every moment."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.monitoring.calendar import LENGTHS, length_days, window_at, windows_between

MOMENTS = st.integers(0, 4_102_444_800_000_000)


@given(st.sampled_from(LENGTHS), MOMENTS)
def test_a_moment_lies_in_its_window_and_the_next_begins_where_it_ends(length, at_us):
    """No moment is in two windows, or in none."""
    window = window_at(length, at_us)
    assert window.begin_us <= at_us < window.end_us
    assert window.end_us == window_at(length, window.end_us).begin_us
    assert window == window_at(length, window.begin_us)


@pytest.mark.parametrize(
    ("length", "name", "days"),
    [("1w", "week of 2013-06-10", 7), ("1mo", "2013-06", 30), ("1y", "2013", 365)],
)
def test_long_windows_are_those_of_the_calendar(length, name, days):
    """Weeks begin on Monday, months and years on their first day."""
    at = datetime(2013, 6, 13, 17, tzinfo=UTC)
    window = window_at(length, int(at.timestamp() * 1e6))
    assert (name, days) == (window.name, (window.end_us - window.begin_us) / 86_400e6)
    assert abs(length_days(length) - days) < 1


@given(st.sampled_from(LENGTHS), MOMENTS, st.integers(0, 400 * 86_400_000_000))
def test_windows_between_are_whole(length, since_us, span_us):
    """Each one ends after the beginning, the last one not after the end."""
    until_us = since_us + min(span_us, 86_400_000_000 * 40)
    found = list(windows_between(length, since_us, until_us))
    assert all(one.end_us == other.begin_us for one, other in pairwise(found))
    assert all(since_us < w.end_us <= since_us + span_us for w in found)
