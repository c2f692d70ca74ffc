"""Metric curves in a picture: in their frame, no spike lost, what is no number said."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from interplane.charts.metrics import Told, draw_metric
from interplane.charts.scales import Scale
from interplane.charts.svg_metrics import metric, metric_key

finite = st.floats(allow_nan=False, allow_infinity=False)
curves = st.lists(
    st.lists(st.tuples(finite, st.floats(width=64)), max_size=40), min_size=1, max_size=4
)


def told(points, name="a", **more):
    """Return a curve of pairs."""
    return Told(name, [at for at, _ in points], [value for _, value in points], **more)


def places(line):
    """Return the places of a line's points."""
    return [tuple(map(float, each.split(","))) for piece in line.pieces for each in piece.split()]


@given(curves)
def test_every_point_is_in_the_frame(drawn_of):
    """Or is said where it is no number; as many as there are."""
    picture = draw_metric("loss", [told(each) for each in drawn_of])
    with_points = [each for each in drawn_of if each]
    if not with_points:
        assert picture is None
        return
    for line, points in zip(picture.lines, with_points, strict=True):
        known = [value for _, value in points if math.isfinite(value)]
        assert len(known) == len(places(line))
        assert min(len(points) - len(known), 20) == len(line.odd)
        for x, y in places(line):
            assert picture.left <= x <= picture.right
            assert picture.top <= y <= picture.bottom
        assert (line.end_x is None) == (not known)
    for tick in (*picture.across, *picture.upright):
        assert math.isfinite(tick.place)
    assert "<svg" in metric(picture)


@given(st.lists(st.floats(-1e3, 1e3), min_size=50, max_size=400), st.integers(4, 60))
def test_no_spike_is_lost(values, most):
    """Of many points the least, the greatest, the first and the last are drawn."""
    points = list(enumerate(values))
    whole = draw_metric("loss", [told(points)], most=1000).lines[0]
    few = draw_metric("loss", [told(points)], most=most).lines[0]
    assert len(places(few)) <= max(most, 4) + 4
    assert set(places(few)) <= set(places(whole))
    heights = [y for _, y in places(whole)]
    drawn = [y for _, y in places(few)]
    assert (min(heights), max(heights)) == (min(drawn), max(drawn))
    assert places(whole)[0] == places(few)[0]
    assert places(whole)[-1] == places(few)[-1]


def test_a_line_breaks_where_a_value_is_no_number():
    """And a mark says what it was; a point alone is drawn as one."""
    points = [(0, 1.0), (1, math.nan), (2, 3.0), (3, math.inf), (4, 2.0), (5, 1.0)]
    picture = draw_metric("loss", [told(points)])
    (line,) = picture.lines
    assert [1, 1, 2] == [len(piece.split()) for piece in line.pieces]
    assert ["a: NaN at 1", "a: infinite at 3"] == [each.says for each in line.odd]
    assert 1 == metric(picture).count("<polyline")
    nothing = draw_metric("loss", [told([(0, math.nan)])])
    assert "a: nothing that is finite" == nothing.lines[0].says


def test_values_far_apart_stand_by_powers_of_ten():
    """Where they are positive; else evenly."""
    assert draw_metric("loss", [told([(0, 1e4), (1, 1.0)])]).is_log
    assert not draw_metric("loss", [told([(0, 1e4), (1, 0.0)])]).is_log
    picture = draw_metric("loss", [told([(0, 1e4), (1, 1.0)])])
    assert ["1", "10", "100", "1,000", "10,000"] == [each.text for each in picture.upright]


def test_points_are_drawn_in_the_order_of_their_places():
    """However they were told."""
    picture = draw_metric("loss", [told([(2, 3.0), (0, 1.0), (1, 2.0)])])
    assert places(picture.lines[0]) == sorted(places(picture.lines[0]))
    assert "a: 3 at 2; least 1, most 3" == picture.lines[0].says


def test_names_are_text():
    """Whatever a metric or a run is called."""
    picture = draw_metric("<b>", [told([(0, 1.0)], "<i>", href="/runs/1")])
    assert "<i>" not in metric(picture) + metric_key(picture)
    assert "<b>" not in metric(picture)


@given(finite, finite, st.booleans())
def test_ticks_are_few_and_between_the_ends(low, high, is_whole):
    """Of any scale."""
    low, high = sorted((low, high))
    ticks = Scale(low, high, 0.0, 100.0).ticks(is_whole=is_whole)
    assert len(ticks) <= 8
    assert all(-0.1 <= each.place <= 100.1 for each in ticks)
    assert all(np.isfinite([each.place for each in ticks]))
