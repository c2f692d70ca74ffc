"""Bounds of chance: never below the exact tail, never above Chvátal's where it matters, monotone."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.monitoring.judging.bounds import (
    binomial_bound,
    bins_bound,
    self_normalised,
    share_bound,
    z_bound,
)


def exact(k, n, j, m):
    """The upper tail of the hypergeometric distribution, in whole numbers."""
    both, rows = k + j, n + m
    ways = sum(
        math.comb(n, i) * math.comb(m, both - i)
        for i in range(k, min(n, both) + 1)
        if both - i <= m
    )
    return Fraction(ways, math.comb(rows, both))


def chvatal(k, n, j, m):
    """exp(-n KL(k/n, K/N)), the better of both samples'."""

    def divergence(a, b):
        terms = [(a, b), (1 - a, 1 - b)]
        return sum(x * math.log(x / y) for x, y in terms if x > 0)

    share = (k + j) / (n + m)
    return math.exp(-max(n * divergence(k / n, share), m * divergence(j / m, share)))


@st.composite
def samples(draw, most=120):
    """Hits and rows of two samples."""
    n, m = draw(st.integers(1, most)), draw(st.integers(1, most))
    return draw(st.integers(0, n)), n, draw(st.integers(0, m)), m


@given(samples())
def test_a_share_is_never_below_its_exact_tail(sample):
    """Whatever the sizes, in exact arithmetic."""
    assert float(share_bound(*sample)) >= exact(*sample)


@given(samples())
def test_a_share_is_never_above_chvatal(sample):
    """Where Chvátal's bound says anything."""
    k, n, j, m = sample
    if k * m > j * n and chvatal(*sample) < 0.5:
        assert float(share_bound(*sample)) <= chvatal(*sample) * (1 + 1e-9)


@given(samples())
def test_a_further_hit_is_never_likelier(sample):
    """Of the rows that have it, one more in the sample and one less in the reference."""
    k, n, j, m = sample
    if k < n and j > 0:
        nearer, further = share_bound([k, k + 1], n, [j, j - 1], m)
        assert 0 <= further <= nearer <= 1


def test_the_bound_is_nearly_exact_in_the_tail():
    """So that few rows are asked for more than chance needs."""
    for sample in [(20, 100, 80, 1000), (75, 500, 400, 5000), (9, 40, 10, 400)]:
        truth = float(exact(*sample))
        assert truth < 1e-3
        assert truth <= float(share_bound(*sample)) <= 1.2 * truth


def test_many_rows_are_as_exact_as_few():
    """Logarithms of large factorials are rounded to the safe side."""
    scipy = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(3)
    for size in (10_000, 1_000_000, 100_000_000):
        n, m = (int(x) for x in rng.integers(size // 10, size, 2))
        k = rng.binomial(n, 0.01, 40) + int(4 * math.sqrt(n * 0.01))
        j = rng.binomial(m, 0.01, 40)
        truth = scipy.hypergeom.sf(k - 1, n + m, k + j, n)
        bound = share_bound(k, n, j, m)
        assert (bound >= truth * (1 - 1e-9)).all()
        assert (bound <= truth * 1.3)[truth < 0.001].all()


def test_no_row_at_all_says_nothing():
    """Of an empty sample anything is likely."""
    assert [1.0, 1.0] == share_bound([0, 0], [0, 10], [5, 0], [10, 0]).tolist()


@given(st.integers(1, 150), st.data())
def test_a_binomial_tail_is_never_below_the_exact_one(n, data):
    """In exact arithmetic; the share is a whole per mille."""
    k = data.draw(st.integers(0, n))
    share = Fraction(data.draw(st.integers(0, 1000)), 1000)
    truth = sum(math.comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(k, n + 1))
    assert float(binomial_bound(k, n, float(share))) >= float(truth) * (1 - 1e-12)


def test_bins_name_the_one_that_moved():
    """A bin, or the cut up to it."""
    before = np.full(10, 1000)
    one = np.full(10, 100)
    one[7] += 90
    shifted = np.full(10, 100)
    shifted[:5] -= 25
    shifted[5:] += 25
    looked = bins_bound([one, shifted], [before, before], ordered=10)
    assert [7, 4] == looked.place.tolist()
    assert [False, True] == looked.cut.tolist()
    assert (looked.p < 1e-5).all()


def test_bins_without_rows_are_not_looked_at():
    """A layout with a hundred empty bins judges as one without."""
    counts, reference = [[30, 70, 0]], [[500, 500, 0]]
    wide = bins_bound([counts[0] + [0] * 100], [reference[0] + [0] * 100])
    assert bins_bound(counts, reference).p.tolist() == wide.p.tolist()


def test_one_bin_of_all_rows_cannot_move():
    """A constant column: there is nothing to look at, and nothing unlikely in it."""
    assert [1.0] == bins_bound([[0, 50, 0]], [[0, 900, 0]], ordered=2).p.tolist()


def test_the_chance_of_bins_holds_in_draws():
    """Of two samples of one distribution, at most a share p has a bound up to p."""
    rng = np.random.default_rng(5)
    shares = rng.dirichlet(np.ones(12))
    now = rng.multinomial(300, shares, 4000)
    before = rng.multinomial(900, shares, 4000)
    p = bins_bound(now, before, ordered=9).p
    for level in (0.001, 0.01, 0.05, 0.2):
        assert (p <= level).mean() <= level + 2 * math.sqrt(level / 4000)


@pytest.mark.parametrize("draw", ["normal", "exponential", "rare"])
@pytest.mark.parametrize("rows", [30, 100, 1000])
def test_the_chance_of_means_holds_in_draws(draw, rows):
    """Also of skewed values and few rows, beside a large reference and a small one."""
    rng = np.random.default_rng(11)
    sample = {
        "normal": lambda *size: rng.standard_normal(size),
        "exponential": lambda *size: rng.exponential(1, size),
        "rare": lambda *size: (rng.random(size) < 0.1) * 1.0,
    }[draw]
    reps = 4000 if rows < 1000 else 1000
    for reference_rows in (rows, rows * 5):
        now, before = sample(reps, rows), sample(reps, reference_rows)
        difference = now.mean(1) - before.mean(1)
        variance = self_normalised(
            difference, now.var(1) * rows, rows, before.var(1) * reference_rows, reference_rows
        )
        p = z_bound(difference / np.sqrt(np.maximum(variance, 1e-300)))
        for level in (0.001, 0.01, 0.05, 0.2):
            assert (p <= level).mean() <= level + 2 * math.sqrt(level / reps)


def test_few_rows_can_not_be_very_unlikely():
    """Ten rows that are all alike prove nothing: the shift itself counts as spread."""
    variance = self_normalised(5.0, 0.0, 10, 0.0, 10)
    assert float(z_bound(5.0 / np.sqrt(variance))) > 1e-5
