"""Bins that a baseline decided: what it has never seen, and what chance made frequent in it, is no news."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interplane.data.table import Table
from interplane.monitoring.counting.count import count
from interplane.monitoring.counting.layouts import make_layout
from interplane.monitoring.judging.bounds import bins_bound
from interplane.monitoring.judging.chosen import chosen_bound
from interplane.monitoring.judging.judge import judge
from interplane.monitoring.layout import Bins
from interplane.monitoring.rules import Reference, Rule

CITIES = Bins(
    column="row.city",
    kind="categories",
    categories=tuple(f"c{number}" for number in range(5)),
    known=("rare", "rarer"),
)


def table(rng, rows, draw):
    """Rows with a city; half of them of another slice."""
    return Table.from_columns(
        {
            "row.city": [f"c{each}" for each in draw(rng, rows)],
            "row.half": (rng.random(rows) < 0.5).tolist(),
            "score": np.full(rows, 0.5),
        }
    )


def findings(metric, now, before, layout, *, against="baseline", by=()):
    """What a rule finds in every slice."""
    rule = Rule(
        name="r",
        model="m",
        metric=metric,
        against=Reference(kind=against),
        columns=("city",),
        moves_by=1e-12,
        direction="up",
    )
    one, other = (count(each, layout, slicings=[("half",)]).tallies(by) for each in (now, before))
    return judge(rule, one, other, layout=layout, by=by, window=(0, 1))


DRAWS = {
    "few": lambda rng, rows: rng.zipf(2.5, rows) % 20,
    "long tail": lambda rng, rows: rng.zipf(1.3, rows) % 1500,
    "all alike": lambda rng, rows: rng.integers(0, 300, rows),
}


@pytest.mark.parametrize("kind", DRAWS)
@pytest.mark.parametrize("rows", [600, 4000])
def test_each_chance_is_a_bound(kind, rows):
    """Of windows without a change, whole and by slice, with bins that each baseline decided."""
    rng = np.random.default_rng(4)
    found = {"drift": [], "unseen_rate": []}
    days = 30
    for _ in range(days):
        before, now = table(rng, 4000, DRAWS[kind]), table(rng, rows, DRAWS[kind])
        layout = make_layout(before)
        for metric, chances in found.items():
            for by in ((), ("half",)):
                chances += [each.p for each in findings(metric, now, before, layout, by=by)]
    for metric, chances in found.items():
        for level in (0.001, 0.01, 0.05):
            share = np.mean(np.array(chances) <= level)
            assert share <= level + 3 * math.sqrt(level / days), (metric, level, share)


def test_without_that_care_a_long_tail_alarms_every_day():
    """So that the test before would see it."""
    rng = np.random.default_rng(4)
    before, now = (table(rng, 4000, DRAWS["long tail"]) for _ in range(2))
    layout = make_layout(before)
    [careless] = findings("drift", now, before, layout, against="previous")
    [careful] = findings("drift", now, before, layout)
    assert careless.p < 1e-9
    assert careful.p > 0.05


def test_a_category_that_comes_up_is_found():
    """And named, as never seen."""
    rng = np.random.default_rng(5)
    before = table(rng, 4000, lambda rng, rows: rng.integers(0, 8, rows))
    now = table(rng, 1000, lambda rng, rows: rng.integers(0, 9, rows))
    layout = make_layout(before)
    [drift] = findings("drift", now, before, layout)
    [unseen] = findings("unseen_rate", now, before, layout)
    assert drift.p < 1e-20
    assert drift.detail.startswith("city never seen: 0.0 % to 1")
    assert unseen.p < 1e-20
    assert (0.0, unseen.value) == (unseen.reference, unseen.effect)


def test_a_category_that_goes_is_found():
    """It was chosen as it was frequent, and that by far."""
    before = np.array([[900, 800, 700, 600, 500, 40, 0, 0]])
    now = np.array([[100, 5, 70, 60, 50, 4, 0, 0]])
    looked = chosen_bound(CITIES, now, before, before[0].tolist())
    assert 1 == looked.place[0]
    assert looked.p[0] < 1e-9
    # What stands far above the least of those chosen loses next to nothing.
    assert looked.p[0] <= bins_bound(now, before).p[0] * 1.5


def test_the_least_of_those_chosen_proves_nothing_by_shrinking():
    """It is there because chance favoured it; to grow it needed no luck."""
    before = np.array([[900, 900, 900, 900, 60, 540, 0, 0]])
    shrunk = np.array([[300, 300, 300, 300, 0, 200, 0, 0]])
    grown = np.array([[300, 300, 300, 300, 100, 100, 0, 0]])
    assert 1.0 == chosen_bound(CITIES, shrunk, before, before[0].tolist()).p[0]
    looked = chosen_bound(CITIES, grown, before, before[0].tolist())
    assert 4 == looked.place[0]
    assert looked.p[0] < 1e-9
