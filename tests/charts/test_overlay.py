"""Two profiles over each other: what is said of a bin is what the rows say, or said to be about that."""

import re
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from interplane.charts.overlay import draw_overlay
from interplane.data.profile import profile
from interplane.data.table import Table

WHOLE = st.lists(st.integers(-40, 40) | st.integers(0, 23), min_size=30, max_size=200)
SAYS = re.compile(
    r"(-?[\d.e+-]+)(?: to (-?[\d.e+-]+))?(, about)?: ([\d.]+)% before, ([\d.]+)% after"
)


def drawn(before, after):
    """Return the bins of two columns: begin, end, whether it is about, and the shares said."""
    profiles = [profile(Table.from_columns({"n": values})) for values in (before, after)]
    overlay = draw_overlay(profiles[0]["n"], profiles[1]["n"], rows=(len(before), len(after)))
    for bar in [] if overlay is None else overlay.bars:
        begin, end, about, old, new = SAYS.fullmatch(bar.says).groups()
        yield float(begin), float(end or begin), bool(about), float(old), float(new)


def share(values, begin, end):
    """Return the share of whole numbers in a bin, both ends within, as it is written."""
    return float(f"{100 * sum(begin <= each <= end for each in values) / len(values):.1f}")


@settings(max_examples=60, deadline=None)
@given(WHOLE, WHOLE)
def test_whole_numbers_are_where_they_are(before, after):
    """A bin that is not said to be about has the share that the rows have, on either side; all is drawn once."""
    assume(len(set(before)) > 1 < len(set(after)))  # of one value alone there is no spread
    bins = list(drawn(before, after))
    for begin, end, about, old, new in bins:
        if not about:
            assert (share(before, begin, end), share(after, begin, end)) == (old, new)
    for (_, end, *_), (begin, *_) in pairwise(bins):
        assert begin == end + 1
    for place in (3, 4):
        assert abs(sum(each[place] for each in bins) - 100) < 0.1 * len(bins)


def test_a_month_more_of_the_same_hours_is_drawn_as_the_rows_have_it():
    """Where both begin and end alike nothing is estimated: no hour is where nobody flew."""
    before = [hour for hour in (1, 5, 6, 7, 8, 12, 17, 23) for _ in range(hour * 3)]
    after = [*before, *([5] * 40), *([23] * 10)]
    bins = list(drawn(before, after))
    assert not any(about for _, _, about, _, _ in bins)
    for begin, end, _, old, new in bins:
        assert (share(before, begin, end), share(after, begin, end)) == (old, new)
    assert any(old == new == 0 for _, _, _, old, new in bins)
