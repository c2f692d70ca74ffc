"""Windows are judged in order, each once, none before it can be told."""

import pytest

from interplane.monitoring.calendar import HOUR_US, window_at
from interplane.monitoring.passes.due import due_windows, is_told, reach_us
from interplane.monitoring.rules import Reference, Rule
from interplane.monitoring.tally import Tally

TRAFFIC = Rule(name="traffic", model="flights", metric="traffic", window="1h")
RANKING = Rule(
    name="ranking", model="flights", metric="roc_auc", window="1h", coverage=0.9, patience="2d"
)


def test_a_new_rule_begins_with_the_latest_closed_window():
    """What was before the rule is history."""
    found = list(due_windows(TRAFFIC, None, first_us=0, watermark_us=int(5.5 * HOUR_US)))
    assert [(4, 5)] == [window.hours for window in found]


def test_nothing_is_left_out_after_a_pause():
    """All windows since the last judged one are due, in order."""
    found = list(due_windows(TRAFFIC, 3 * HOUR_US, first_us=0, watermark_us=6 * HOUR_US))
    assert [(3, 4), (4, 5), (5, 6)] == [window.hours for window in found]


def test_what_was_judged_is_not_due_again():
    """The same look twice finds nothing."""
    assert [] == list(due_windows(TRAFFIC, 5 * HOUR_US, first_us=0, watermark_us=5 * HOUR_US))


def test_a_window_that_is_not_over_is_not_due():
    """Nothing is judged before its end."""
    assert [] == list(due_windows(TRAFFIC, None, first_us=0, watermark_us=HOUR_US - 1))


@pytest.mark.parametrize(
    ("covered", "days", "told"), [(90, 0, True), (89, 0, False), (89, 2, True), (0, 1.9, False)]
)
def test_outcomes_are_waited_for_until_they_are_enough_or_patience_ends(covered, days, told):
    """Coverage or patience, whichever comes first."""
    window = window_at("1h", 0)
    at_us = window.end_us + int(days * 86_400e6)
    whole = Tally(rows=100, covered=covered)
    assert told == is_told(RANKING, window, whole, watermark_us=at_us)


def test_what_needs_no_outcomes_is_told_at_once():
    """Traffic is known when the window closes."""
    window = window_at("1h", 0)
    assert is_told(TRAFFIC, window, Tally(), watermark_us=window.end_us)


@pytest.mark.parametrize(
    ("metric", "window", "against", "days"),
    [
        ("traffic", "1d", None, 2),
        ("traffic", "1mo", Reference(kind="previous"), 63),
        ("traffic", "1h", Reference(kind="hour-of-week", periods=4), 30),
        ("roc_auc", "1w", Reference(kind="hour-of-day", periods=3), 25),
    ],
)
def test_a_rule_reaches_as_far_back_as_what_it_compares(metric, window, against, days):
    """Its window, what it is compared with, and the time that it may wait; a day to spare."""
    rule = Rule(
        name="any", model="flights", metric=metric, window=window, against=against, patience="14d"
    )
    assert days == reach_us(rule) // (24 * HOUR_US)


def test_how_many_outcomes_came_is_told_when_the_time_for_it_is_over():
    """Of a window that has just closed, that there are none yet is no news."""
    rule = Rule(
        name="late", model="flights", metric="coverage", window="1h", at_least=0.5, patience="2d"
    )
    window = window_at("1h", 0)
    days = [window.end_us + day * 24 * HOUR_US for day in (0, 1, 2)]
    some, whole = Tally(rows=100, covered=60), Tally(rows=100, covered=100)
    assert [False, False, True] == [is_told(rule, window, some, watermark_us=at) for at in days]
    assert is_told(rule, window, whole, watermark_us=days[0])


def test_a_window_without_predictions_waits_for_nothing():
    """A night without traffic does not keep the day after it waiting."""
    window = window_at("1h", 0)
    assert is_told(RANKING, window, Tally(), watermark_us=window.end_us)
