"""Both sides of a rule are found among the windows, and a sitting judges its rules together."""

import pytest

from interplane.monitoring.calendar import window_at
from interplane.monitoring.layout import Bins, Layout
from interplane.monitoring.passes.compared import Comparing
from interplane.monitoring.passes.sittings import judge_sitting, sittings_of
from interplane.monitoring.rules import Reference, Rule
from interplane.monitoring.tally import Tally

WIND = Bins(column="row.wind", kind="numbers", edges=(10.0,))
LAYOUT = Layout(columns=(WIND,))
LIVE, OTHER = "a" * 64, "b" * 64


class Hours:
    """Counts of hours by crossing: what comparing asks of windows."""

    def __init__(self, hours):
        self._hours = hours

    def crossings(self, model, *, begin_hour, end_hour):
        """How many rows each crossing has."""
        found = {}
        for (hour, crossing), tally in self._hours.items():
            if begin_hour <= hour < end_hour:
                found[crossing] = found.get(crossing, 0) + tally.rows
        return found

    def tallies(self, model, *, slicing, begin_hour, end_hour, crossing):
        """The counts of some hours of a crossing."""
        total = Tally()
        for (hour, who), tally in self._hours.items():
            if begin_hour <= hour < end_hour and who == crossing:
                total += tally
        return {(): total} if total.rows else {}


def rows(low, high):
    """Rows whose wind is low, and high."""
    return Tally(rows=low + high, columns={"row.wind": (low, high, 0, 0)}, positive=high)


def rule(kind, metric="l_infinity", **more):
    """A rule against something."""
    against = Reference(kind=kind, periods=2)
    return Rule(
        name=kind, model="flights", metric=metric, against=against, moves_by=0.1, min_rows=1, **more
    )


@pytest.mark.parametrize(
    ("kind", "reference"),
    [
        ("baseline", rows(500, 500)),
        ("previous", rows(70, 30)),
        ("hour-of-day", rows(130, 70)),
        ("hour-of-week", rows(20, 80)),
    ],
)
def test_each_reference_is_found(kind, reference):
    """The baseline, the window before, the same hours of other days and weeks."""
    hours = {
        (400, LIVE): rows(90, 10),
        (399, LIVE): rows(70, 30),
        (400 - 24, LIVE): rows(60, 40),
        (400 - 48, LIVE): rows(70, 30),
        (400 - 168, LIVE): rows(20, 80),
    }
    comparing = Comparing(
        Hours(hours), baseline=lambda crossing, by: {(): rows(500, 500)}, live=LIVE
    )
    window = window_at("1h", 400 * 3_600_000_000)
    found = comparing.compare(rule(kind), window, crossing=LIVE, by=())
    assert ({(): rows(90, 10)}, {(): reference}) == (found.now, found.reference)


def test_a_rule_judges_who_answered_most():
    """Rows of a canary beside it are left out; against the champion they are what is judged."""
    hours = Hours({(5, LIVE): rows(90, 0), (5, OTHER): rows(0, 10)})
    comparing = Comparing(hours, baseline=lambda crossing, by: None, live=LIVE)
    window = window_at("1h", 5 * 3_600_000_000)
    shares = rule("champion", metric="positive_rate")
    assert LIVE == comparing.judged_crossing(rule("baseline"), window)
    assert OTHER == comparing.judged_crossing(shares, window)
    found = comparing.compare(shares, window, crossing=OTHER, by=())
    assert ({(): rows(0, 10)}, {(): rows(90, 0)}) == (found.now, found.reference)
    bins = comparing.compare(rule("champion"), window, crossing=OTHER, by=())
    assert bins.reference is None  # two crossings have bins of their own


def test_a_sitting_finds_the_cell_that_moved():
    """The rules of a sitting share a part of the budget; what moved fires."""
    hours = Hours({(4, LIVE): rows(900, 100), (5, LIVE): rows(500, 500)})
    comparing = Comparing(hours, baseline=lambda crossing, by: None, live=LIVE)
    rules = [rule("previous"), rule("baseline")]
    [(_, together)] = sittings_of(rules, model="flights").items()
    found = judge_sitting(
        together,
        window_at("1h", 5 * 3_600_000_000),
        comparing=comparing,
        layout_of=lambda crossing: LAYOUT,
        alpha=0.05,
    )
    fires = {each.cell.rule: (each.fires, each.skipped) for each in found}
    assert {
        "previous": (True, ""),
        "baseline": (False, "there is no baseline to compare with"),
    } == (fires)
