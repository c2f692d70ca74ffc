"""The budget: parts that add up to the stated chance, and Holm within a part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.errors import UsageError
from interplane.monitoring.calendar import LENGTHS
from interplane.monitoring.findings import Cell, Finding
from interplane.monitoring.judging.budget import alpha_of, budgets, decide, sitting_of
from interplane.monitoring.metrics import METRICS
from interplane.monitoring.rules import Rule

CELL = Cell(rule="a", model="flights", metric="drift")


def finding(p, *, counts=True, skipped=""):
    """One cell."""
    return Finding(cell=CELL, begin_us=0, end_us=1, p=p, counts=counts, skipped=skipped)


def fires(findings, alpha=0.05):
    """Which fire."""
    return [each.fires for each in decide(findings, alpha)]


def test_holm_goes_on_until_one_does_not_fire():
    """0.05 / 3, 0.05 / 2, 0.05."""
    assert [True, True, True] == fires([finding(0.04), finding(0.016), finding(0.02)])
    assert [False, True, False] == fires([finding(0.04), finding(0.016), finding(0.026)])
    assert [False, False, False] == fires([finding(0.017), finding(0.017), finding(0.017)])


def test_small_effects_take_their_part_and_stop_nothing():
    """A cell below the floor is judged like any other; it only does not fire."""
    assert [False, True] == fires([finding(1e-9, counts=False), finding(0.04)])
    assert [False, False] == fires([finding(0.9, counts=False), finding(0.04)])


def test_what_was_skipped_is_no_cell():
    """It takes no part of the budget, and never fires."""
    assert [True, False] == fires([finding(0.04), finding(0.0, skipped="3 rows, fewer than 100")])


def test_no_cells_are_no_alarm():
    """An hour without rows."""
    assert [] == decide([], 0.05)


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.001, 0.5))
def test_holm_is_between_bonferroni_and_nothing(chances, alpha):
    """Whatever Bonferroni finds it finds, and nothing above alpha; the order does not matter."""
    fired = fires([finding(p) for p in chances], alpha)
    for p, fire in zip(chances, fired, strict=True):
        assert fire or p > alpha / max(len(chances), 1)
        assert not fire or p <= alpha
    assert fired == fires([finding(p) for p in chances[::-1]], alpha)[::-1]


rules = st.builds(
    Rule,
    name=st.just("a"),
    model=st.sampled_from(["flights", "trips"]),
    metric=st.sampled_from(sorted(METRICS)),
    window=st.sampled_from(LENGTHS),
)


@given(st.lists(rules, min_size=1, max_size=12), st.floats(0.001, 0.9))
def test_all_sittings_of_a_day_have_the_stated_chance(project, stated):
    """However many rules there are: 24 hours of the hourly ones, one day of the daily ones."""
    parts = budgets(project, false_alarms=stated)
    total = sum(part * (24 if each.window == "1h" else 1) for each, part in parts.items())
    assert total == pytest.approx(stated)
    assert {sitting_of(rule) for rule in project} == set(parts)


def test_a_part_that_is_none_is_refused():
    """With what was expected."""
    with pytest.raises(UsageError, match="false_alarms is 0"):
        alpha_of("1d", false_alarms=0, windows=["1d"])
    with pytest.raises(UsageError, match="'1h' of"):
        alpha_of("1h", false_alarms=0.05, windows=["1d"])
    with pytest.raises(UsageError, match="'2h' of"):
        alpha_of("2h", false_alarms=0.05, windows=["2h"])
