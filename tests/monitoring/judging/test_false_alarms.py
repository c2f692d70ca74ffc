"""The stated chance of false alarms holds where nothing changes; what changes is found and named.

A short version of the study ``make study``: windows drawn from the frequencies of real flights.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def study():
    """The study's own code: it lies beside the benchmarks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        from benchmarks import false_alarms

        yield false_alarms


@pytest.fixture(scope="module")
def flights(study):
    """A year of flights, as a log has them."""
    return study.read_flights()


@pytest.fixture(scope="module")
def world(study, flights):
    """Their frequencies."""
    return study.read_world(flights)


@pytest.mark.parametrize(
    ("rows", "against", "days"),
    [(1_000, "baseline", 60), (1_000, "previous", 40), (100_000, "baseline", 20)],
)
def test_days_without_a_change_are_quiet(rows, against, days, study, world):
    """With every effect counting, not only those above a floor."""
    rate = study.drawn_rate(world, rows, days=days, floors=False, against=against, seed=5)
    assert rate.holds, str(rate)
    assert rate.cells > 250


def test_hours_share_the_budget_of_their_day(study, world):
    """Each of 24 has its part, and one baseline is beside all of them."""
    rate = study.hours_rate(world, 500, days=4, floors=False, seed=5)
    assert rate.holds, str(rate)


def test_real_rows_are_quiet_too(study, flights):
    """Drawn row by row, counted by bins that the baseline decided."""
    rate = study.rows_rate(flights, 3_000, days=4, floors=False, seed=5)
    assert rate.holds, str(rate)


def test_each_chance_is_a_bound(study, world):
    """Of all cells of days without a change, at most a share x has a p up to x, for each metric."""
    rules = study.make_rules(floors=False)
    rng = np.random.default_rng(7)
    chances = {}
    for _ in range(12):
        now, before = world.draw(rng, 5_000), world.draw(rng, 20_000)
        for each in study.judge_window(rules, now, before, world.layout):
            if not each.skipped:
                chances.setdefault(each.cell.metric, []).append(each.p)
    assert set(study.FLOORS) == set(chances)
    for metric, found in chances.items():
        for level in (0.01, 0.05, 0.2):
            share = np.mean(np.array(found) <= level)
            # Slices share rows, so their chances hang together: the spread is of days, not of cells.
            assert share <= level + 3 * math.sqrt(level / 12 / 10), (metric, level, share)


def test_without_the_budget_every_day_has_an_alarm(study, world):
    """So that this test would see a budget that is broken."""
    rules = study.make_rules(floors=False)
    rng = np.random.default_rng(8)
    alarmed = 0
    for _ in range(5):
        found = study.judge_window(
            rules, world.draw(rng, 10_000), world.draw(rng, 50_000), world.layout
        )
        alarmed += any(not each.skipped and each.p <= study.STATED for each in found)
    assert 5 == alarmed


def test_a_change_is_found_and_named(study, flights, world):
    """A unit and nulls on the first day of 2,000 rows; one slice's positives with more of them."""
    unit, nulls, positive, quality = study.make_shifts(world, study.raw_winds(flights, world))
    for shift, rows in ((unit, 2_000), (nulls, 2_000), (positive, 200_000)):
        found = study.delay(world, shift, rows, repeats=2, seed=3)
        assert ([1, 1], 2, 0) == (found.delays, found.named, found.strange), shift.name
    found = study.delay(world, quality, 1_000_000, repeats=1, baseline=1_000_000, seed=3)
    assert ([1], 1, 0) == (found.delays, found.named, found.strange)
