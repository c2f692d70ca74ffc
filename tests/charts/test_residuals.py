"""Residuals: the figures are scikit-learn's, every row is counted, however many and however odd."""

import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from interplane.charts.residuals import draw_residuals
from interplane.charts.svg_residuals import residuals as written

numbers = st.floats(-1e6, 1e6, width=32)
odd = st.sampled_from([np.nan, np.inf, -np.inf])


@st.composite
def regressions(draw):
    """Predictions, often equal ones, and outcomes; some of them are no numbers."""
    count = draw(st.integers(1, 120))
    steps = draw(arrays(np.float64, count, elements=st.integers(0, 9).map(float) | numbers))
    came = draw(arrays(np.float64, count, elements=numbers | odd))
    return steps, came


@settings(deadline=None)
@given(regressions())
def test_the_figures_are_those_of_scikit_learn(rows):
    """Of the rows that have both; every one is in a bar, and in a bin of about its prediction."""
    said, came = rows
    known = np.isfinite(came)
    drawn = draw_residuals(said, came)
    if not known.any():
        assert drawn is None
        return
    close = {"rtol": 1e-9, "atol": 1e-9}
    assert np.isclose(mean_absolute_error(came[known], said[known]), drawn.mae, **close)
    assert np.isclose(root_mean_squared_error(came[known], said[known]), drawn.rmse, **close)
    assert np.isclose((came - said)[known].mean(), drawn.bias, **close)
    assert drawn.bias_low <= drawn.bias <= drawn.bias_high
    assert (int(known.sum()), int((~known).sum())) == (drawn.rows, drawn.left_out)
    for shapes in (drawn.spread.bars, drawn.plane.bins):
        counted = [int(re.search(r"([\d,]+) rows$", each.says)[1].replace(",", "")) for each in shapes]  # fmt: skip
        assert drawn.rows == sum(counted)
    low, high = drawn.spread_ends
    assert low <= 0 <= high
    assert "<svg" in written(drawn)


def places(points):
    """Return the places of a polygon or polyline."""
    return [tuple(map(float, each.split(","))) for each in points.split()]


@settings(deadline=None)
@given(regressions())
def test_everything_is_in_the_frame(rows):
    """Cells, bands and bins; the middle half lies within the middle 80 %."""
    drawn = draw_residuals(*rows)
    if drawn is None:
        return
    it = drawn.plane
    drawn_places = [*places(it.wide), *places(it.half), *places(it.median)]
    cells = re.findall(r"M([\d.-]+),([\d.-]+)h", "".join(it.cells))
    assert cells
    for x, y in [*drawn_places, *((float(x), float(y)) for x, y in cells)]:
        assert it.left - 0.1 <= x <= it.right + 0.1
        assert 0 <= y <= it.bottom + 0.1
    assert 0 <= it.zero <= it.bottom
    count = len(places(it.median))
    wide, half, median = places(it.wide), places(it.half), places(it.median)
    for place in range(count):
        lower = (wide[-1 - place], half[-1 - place])
        ys = [wide[place], half[place], median[place], lower[1], lower[0]]
        assert sorted(y for _, y in ys) == [y for _, y in ys]


def test_bands_are_quantiles():
    """Of a noise that grows with the prediction, in each bin of as many rows."""
    draw = np.random.default_rng(5)
    said = draw.uniform(1, 10, 100_000)
    came = said + draw.normal(size=said.size) * said
    drawn = draw_residuals(said, came)
    for place, each in enumerate(drawn.plane.bins):
        words = re.search(r"median (\S+), half of them from (\S+) to (\S+), of ([\d,]+) rows", each.says)  # fmt: skip
        middle = 1 + 9 * (place + 0.5) / 20
        assert abs(float(words[1])) < 0.1 * middle
        assert abs(float(words[3]) - 0.674 * middle) < 0.08 * middle
        assert abs(int(words[4].replace(",", "")) - 5000) < 2


def test_a_few_far_away_do_not_hide_the_others():
    """They stand at the edge, and are counted."""
    said = np.zeros(10_000)
    came = np.random.default_rng(5).normal(size=10_000)
    came[:3] = 1e9
    drawn = draw_residuals(said, came)
    assert drawn.spread_ends[1] < 20
    assert 3 <= drawn.beyond <= 40
    assert f"{drawn.beyond} rows beyond the edge" in written(drawn)


def test_a_million_rows_take_as_much_room_as_some():
    """What is drawn does not grow."""
    draw = np.random.default_rng(5)
    said = draw.gamma(2, 5, 1_000_000)
    drawn = draw_residuals(said, said + draw.normal(size=said.size))
    assert len(written(drawn)) < 60_000
    assert 1_000_000 == drawn.rows
