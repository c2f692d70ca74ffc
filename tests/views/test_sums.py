"""Sums of floats that do not depend on the order."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.expressions.bits import same_bits as same
from interplane.views.sums import exact_sum

nasty = st.one_of(
    st.floats(allow_nan=False),
    st.sampled_from([5e-324, 1e16, 1e16 + 2, 1.0, -1.0, 2.0**970, 1.7976931348623157e308]),
    st.sampled_from([-1e16, -1.7976931348623157e308, -(2.0**970), 0.0, math.inf, -math.inf]),
)


@given(st.lists(nasty), st.randoms(use_true_random=False))
def test_order_is_no_matter(values, order):
    """Any order gives the same bits, or null in any."""
    expected = exact_sum(values)
    order.shuffle(values)
    assert same(expected, exact_sum(values))


@given(st.lists(nasty.filter(math.isfinite)))
def test_exact_and_rounded_once(values):
    """The sum is the float nearest to the sum of fractions; null beyond the largest float."""
    try:
        expected = float(sum(map(Fraction, values), Fraction())) + 0.0
    except OverflowError:
        expected = None
    assert same(expected, exact_sum(values))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], 0.0),
        ([-0.0], 0.0),
        ([math.inf, 1.0], math.inf),
        ([-math.inf, 1.7976931348623157e308], -math.inf),
        ([math.inf, -math.inf], None),
        ([1.7976931348623157e308, 1.7976931348623157e308, -math.inf], -math.inf),
        ([1.7976931348623157e308, 1.7976931348623157e308, math.inf, -math.inf], None),
        ([1.7976931348623157e308, 2.0**970], None),
        ([1.7976931348623157e308, 2.0**970, -(2.0**970)], 1.7976931348623157e308),
        ([1.7976931348623157e308, 2.0**969], 1.7976931348623157e308),
        ([5e-324, -5e-324], 0.0),
    ],
)
def test_edges(values, expected):
    """Infinities, what is beyond the largest float on the way or in the end, and zeros."""
    assert same(expected, exact_sum(values))
