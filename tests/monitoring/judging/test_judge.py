"""Judging: each kind of metric finds what moved, says where, and does not judge what it cannot."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from interplane.errors import UsageError
from interplane.monitoring.judging.distances import Distances, distance
from interplane.monitoring.judging.judge import judge
from interplane.monitoring.judging.outside import judge_value
from interplane.monitoring.layout import LATENCY_EDGES_US, Bins, Layout
from interplane.monitoring.metrics import METRICS, get_metric
from interplane.monitoring.rules import Reference, Rule
from interplane.monitoring.tally import Moments, Tally

WINDOW = (0, 3_600_000_000)


def rule(metric, **keys):
    """A rule against the window before."""
    against = None if "at_most" in keys or "at_least" in keys else Reference(kind="previous")
    keys = {"against": against, "moves_by": None if against is None else 0.03} | keys
    return Rule(
        name="r",
        model="flights",
        metric=metric,
        **({"direction": get_metric(metric).bad} | keys),
    )


def one(rule, now, reference, layout, **more):
    """The one finding of all rows."""
    before = None if reference is None else {(): reference}
    [found] = judge(rule, {(): now}, before, layout=layout, window=WINDOW, **more)
    return found


def scored(rows, positive):
    """Scores of which some are positive."""
    return [0.9] * positive + [0.1] * (rows - positive)


def test_a_share_moves(layout, tally):
    """Effect in its own unit, with both values, interval and chance."""
    found = one(
        rule("positive_rate"),
        tally(layout, scores=scored(2000, 500)),
        tally(layout, scores=scored(4000, 800)),
        layout,
        crossing="c1",
    )
    assert (0.25, 0.2, 0.05) == (found.value, found.reference, pytest.approx(found.effect))
    assert (2000, 4000, "c1", WINDOW[1]) == (
        found.rows,
        found.reference_rows,
        found.crossing,
        found.end_us,
    )
    assert found.low < 0.25 < found.high
    assert found.counts
    assert 1e-6 < found.p < 1e-4
    assert not found.fires


def test_the_floor_decides_what_counts(layout, tally):
    """However unlikely it is: a hundredth of a million rows is no alarm."""
    now, before = (
        Tally(rows=10**6, positive=hits, moments=tally(layout, scores=[0.5] * 10**6).moments)
        for hits in (210_000, 200_000)
    )
    found = one(rule("positive_rate"), now, before, layout)
    assert found.p < 1e-20
    assert not found.counts


@pytest.mark.parametrize(("direction", "counts"), [("up", True), ("down", False), ("either", True)])
def test_only_the_direction_of_the_rule_counts(direction, counts, layout, tally):
    """And one direction is asked for alone: half the chance of both."""
    now, before = (tally(layout, scores=scored(1000, hits)) for hits in (300, 200))
    found = one(rule("positive_rate", direction=direction), now, before, layout)
    assert counts == found.counts
    both = one(rule("positive_rate", direction="either"), now, before, layout)
    assert found.p == pytest.approx({"up": both.p / 2, "down": 1.0, "either": both.p}[direction])


def test_drift_names_column_and_bin(layout, tally):
    """Of every column of the crossing; what was wind in knots is in km/h now."""
    rng = np.random.default_rng(0)
    wind = rng.gamma(4, 2, 2000)
    before = tally(layout, scores=[0.5] * 2000, columns={"row.wind": wind.tolist()})
    now = tally(layout, scores=[0.5] * 2000, columns={"row.wind": (wind * 1.852).tolist()})
    found = judge(
        rule("drift", moves_by=0.1), {(): now}, {(): before}, layout=layout, window=WINDOW
    )
    assert ["row.wind", "row.carrier"] == [each.cell.column for each in found]
    assert found[0].counts
    assert found[0].p < 1e-20
    assert found[0].detail.startswith("wind above 10: 2")
    assert "0 rows, fewer than 100" == found[1].skipped


def test_columns_are_named_in_full_or_without_where_they_come_from(layout, tally):
    """One that is not there is skipped, and says so."""
    now = tally(layout, scores=[0.5] * 200, columns={"row.wind": [5.0] * 150 + [None] * 50})
    before = tally(layout, scores=[0.5] * 200, columns={"row.wind": [5.0] * 200})
    found = judge(
        rule("null_rate", columns=("wind", "rain"), moves_by=0.1),
        {(): now},
        {(): before},
        layout=layout,
        window=WINDOW,
    )
    assert [
        ("row.wind", 0.25, True, ""),
        ("rain", 0.0, False, "the crossing has no such column"),
    ] == [(each.cell.column, each.effect, each.counts, each.skipped) for each in found]


def test_unseen_categories_are_of_categories_alone(layout):
    """A column of numbers is not watched for them, and skipped where it is named."""
    now, before = (
        Tally(rows=1000, columns={"row.carrier": (500, 400, 20, odd, 0)}) for odd in (80, 0)
    )
    [found] = judge(rule("unseen_rate"), {(): now}, {(): before}, layout=layout, window=WINDOW)
    assert ("row.carrier", True) == (found.cell.column, found.counts)
    [named] = judge(
        rule("unseen_rate", columns=("wind",)),
        {(): now},
        {(): before},
        layout=layout,
        window=WINDOW,
    )
    assert "a column of numbers has no categories" == named.skipped


def test_quality_falls(layout, tally):
    """The area under the curve, by the ranks of both windows."""
    rng = np.random.default_rng(1)

    def window(apart, rows=4000):
        labels = rng.random(rows) < 0.3
        scores = 1 / (1 + np.exp(-rng.normal(labels * apart, 1)))
        return tally(layout, scores=scores, labels=labels)

    found = one(rule("roc_auc"), window(0.7), window(1.2, 20_000), layout)
    assert found.counts
    assert found.p < 1e-6
    assert found.effect == pytest.approx(found.value - found.reference)
    same = one(rule("roc_auc"), window(1.2), window(1.2, 20_000), layout)
    assert not same.counts
    better = one(rule("roc_auc"), window(1.6), window(1.2, 20_000), layout)
    assert (False, 1.0) == (better.counts, better.p)


@pytest.mark.parametrize("metric", ["mean_score", "log_loss", "brier", "accuracy", "calibration"])
def test_means_move(metric, layout, tally):
    """A model that says too little of everything."""
    rng = np.random.default_rng(2)

    def window(less):
        scores = rng.uniform(0.05, 0.95, 5000)
        labels = rng.random(5000) < scores
        return tally(layout, scores=np.clip(scores - less, 0.01, 1), labels=labels)

    found = one(rule(metric, moves_by=0.02), window(0.3), window(0.0), layout)
    assert found.counts
    assert found.p < 1e-6
    quiet = one(rule(metric, moves_by=0.02), window(0.0), window(0.0), layout)
    assert not quiet.counts
    assert quiet.p > 1e-3


@pytest.mark.parametrize("metric", ["mae", "rmse", "bias", "label_rate"])
def test_errors_of_values_move(metric, tally):
    """The same of a regression."""
    rng = np.random.default_rng(3)
    layout = Layout(columns=(), kind="regression")

    def window(more):
        labels = rng.gamma(2, 10, 3000)
        labels += more
        return tally(layout, scores=labels - more + rng.normal(0, 5, 3000), labels=labels)

    found = one(rule(metric, moves_by=1.0, direction="either"), window(6), window(0), layout)
    assert found.counts
    assert found.p < 1e-6
    if metric == "rmse":
        assert found.effect == pytest.approx(found.value - found.reference)


def took(*micros):
    """A tally of how long predictions took."""
    bins = Bins(column="took_us", kind="numbers", edges=LATENCY_EDGES_US)
    counts = np.zeros(bins.size, int)
    np.add.at(counts, [bins.place(each) for each in micros], 1)
    return Tally(rows=len(micros), columns={"took_us": tuple(counts.tolist())})


def test_latency_moves_by_a_share():
    """Within a third: that is how wide its bins are."""
    rng = np.random.default_rng(4)
    usual, slow = rng.lognormal(6, 0.4, 3000), rng.lognormal(6, 0.4, 3000)
    slow[:90] *= 8
    layout = Layout(columns=())
    tail = one(rule("latency_p99", moves_by=0.5), took(*slow), took(*usual), layout)
    assert tail.counts
    assert tail.p < 1e-4
    assert tail.reference == pytest.approx(np.quantile(usual, 0.99), rel=0.3)
    middle = one(rule("latency_p50", moves_by=0.2), took(*slow), took(*usual), layout)
    assert not middle.counts
    faster = one(rule("latency_p50", moves_by=0.2), took(*(usual / 3)), took(*usual), layout)
    assert (False, 1.0) == (faster.counts, faster.p)


def test_latency_has_bounds():
    """Rows beyond the bound, beside how many may be."""
    layout = Layout(columns=())
    calm = one(
        rule("latency_p95", at_most=3000.0), took(*[500.0] * 980, *[9000.0] * 20), None, layout
    )
    late = one(
        rule("latency_p95", at_most=3000.0), took(*[500.0] * 850, *[9000.0] * 150), None, layout
    )
    assert (False, 0.0) == (calm.counts, calm.effect)
    assert late.counts
    assert late.p < 1e-20
    quick = one(rule("latency_p50", at_least=100.0), took(*[30.0] * 200), None, layout)
    assert quick.counts
    assert quick.p < 1e-20
    few = one(rule("latency_p99", min_rows=10, at_most=1.0), took(*[5.0] * 50), None, layout)
    assert "50 rows: too few for the slowest 1%" == few.skipped


def test_traffic_that_stops_is_seen():
    """A slice without any row is the worst of all; one that never had many is not judged."""
    found = judge(
        rule("traffic", moves_by=0.5, direction="down"),
        {("EWR",): Tally(rows=900), ("LGA",): Tally(rows=5)},
        {("EWR",): Tally(rows=1000), ("JFK",): Tally(rows=800), ("LGA",): Tally(rows=7)},
        layout=Layout(columns=()),
        by=("origin",),
        window=WINDOW,
    )
    said = {each.cell.values[0]: each for each in found}
    assert (-1.0, 0.0, True) == (said["JFK"].effect, said["JFK"].value, said["JFK"].counts)
    assert said["JFK"].p < 1e-50
    assert not said["EWR"].counts
    assert "7 rows, fewer than 100" == said["LGA"].skipped


def test_no_row_at_all_is_below_a_bound():
    """Also where nothing was logged, and so no tally is there."""
    [found] = judge(
        rule("traffic", at_least=10.0), {}, None, layout=Layout(columns=()), window=WINDOW
    )
    assert (0.0, -10.0, 0.0, True, "at least 10") == (
        found.value,
        found.effect,
        found.p,
        found.counts,
        found.detail,
    )


def test_traffic_has_to_leave_what_other_weeks_showed():
    """It is compared with their mean, and busy weeks make it wide."""
    weeks = [{(): Tally(rows=rows)} for rows in (1000, 1900, 950, 1050)]
    total = {(): Tally(rows=4900)}
    moved = rule("traffic", against=Reference(kind="hour-of-week"), moves_by=0.3)

    def at(rows):
        return one(moved, Tally(rows=rows), total[()], Layout(columns=()), spread=weeks)

    assert 1225.0 == at(1800).reference
    assert not at(1800).counts
    assert at(2000).counts
    assert at(500).counts


def test_a_share_has_to_leave_what_other_weeks_showed(layout, tally):
    """Weeks that differ among themselves are no alarm."""
    weeks = [{(): tally(layout, scores=scored(1000, hits))} for hits in (150, 310, 180, 200)]
    total = sum((each[()] for each in weeks[1:]), weeks[0][()])
    moved = rule("positive_rate", against=Reference(kind="hour-of-week"))
    now = tally(layout, scores=scored(1000, 300))
    assert not one(moved, now, total, layout, spread=weeks).counts
    assert one(moved, now, total, layout).counts


def test_bounds_ask_whether_chance_could_do_it(layout, tally):
    """Eleven of a hundred are beyond a tenth, and prove nothing; of ten thousand they do."""
    few = one(
        rule("positive_rate", at_most=0.1), tally(layout, scores=scored(100, 11)), None, layout
    )
    many = one(
        rule("positive_rate", at_most=0.1), tally(layout, scores=scored(10_000, 1100)), None, layout
    )
    assert (True, True) == (few.counts, many.counts)
    assert few.p > 0.3
    assert many.p < 0.005
    assert (0.1, "at most 0.1") == (many.reference, many.detail)
    within = one(
        rule("positive_rate", at_most=0.1), tally(layout, scores=scored(100, 9)), None, layout
    )
    assert (False, 0.0, 1.0) == (within.counts, within.effect, within.p)


@pytest.mark.parametrize(
    ("metric", "bound"),
    [("roc_auc", {"at_least": 0.9}), ("log_loss", {"at_most": 0.3}), ("accuracy", {"at_least": 0.95})],
)  # fmt: skip
def test_quality_has_bounds(metric, bound, layout, tally):
    """By the same errors as everywhere."""
    rng = np.random.default_rng(5)
    scores = rng.uniform(0.05, 0.95, 3000)
    window = tally(layout, scores=scores, labels=rng.random(3000) < scores)
    found = one(rule(metric, **bound), window, None, layout)
    assert found.counts
    assert found.p < 1e-6
    loose = {"at_least": 0.1} if "at_least" in bound else {"at_most": 5.0}
    assert (False, 1.0) == tuple(
        getattr(one(rule(metric, **loose), window, None, layout), name) for name in ("counts", "p")
    )


def test_a_bound_and_a_move_are_two_tests(layout, tally):
    """Either is an alarm, and each has half of the chance."""
    both = Rule(
        name="r",
        model="flights",
        metric="positive_rate",
        against=Reference(kind="previous"),
        moves_by=0.03,
        at_most=0.28,
    )
    now, before = (tally(layout, scores=scored(1000, hits)) for hits in (260, 200))
    moved = one(both, now, before, layout)
    assert moved.reference == 0.2
    assert moved.p == pytest.approx(2 * one(rule("positive_rate"), now, before, layout).p)
    beyond = one(
        both,
        tally(layout, scores=scored(1000, 320)),
        tally(layout, scores=scored(1000, 310)),
        layout,
    )
    assert (0.28, "at most 0.28", True) == (beyond.reference, beyond.detail, beyond.counts)


def test_what_cannot_be_judged_says_why(layout, tally):
    """It is on the list, and no cell of the budget."""
    good = tally(layout, scores=scored(500, 100), labels=[1] * 100 + [0] * 400)
    few = tally(layout, scores=scored(5, 1), labels=[1, 0, 0, 0, 0])
    alike = tally(layout, scores=scored(500, 100), labels=[0] * 500)
    now = {("A",): good, ("B",): few, ("C",): good, ("D",): alike, ("E",): good, ("F",): good}
    before = {("A",): good, ("B",): good, ("C",): few, ("D",): good, ("E",): alike}
    found = judge(rule("roc_auc"), now, before, layout=layout, by=("origin",), window=WINDOW)
    assert {
        "A": "",
        "B": "5 rows, fewer than 100",
        "C": "reference: 5 rows, fewer than 100",
        "D": "one class only: all 500 rows are false",
        "E": "reference: one class only: all 500 rows are false",
        "F": "not in the reference (previous)",
    } == {each.cell.values[0]: each.skipped for each in found}


def test_nothing_to_compare_with_is_said(layout, tally):
    """A crossing without baseline rows."""
    now = tally(layout, scores=scored(500, 100))
    against = Reference(kind="baseline")
    found = one(rule("positive_rate", against=against), now, None, layout)
    assert "there is no baseline to compare with" == found.skipped


def test_a_metric_of_other_outcomes_is_skipped(layout, tally):
    """Errors of values say nothing of classes."""
    now = tally(layout, scores=scored(500, 100))
    assert "mae is for regression, and the outcomes are true or false" == (
        one(rule("mae"), now, now, layout).skipped
    )


def test_other_bins_are_not_compared(layout):
    """Two crossings may have cut a column differently."""
    now, before = (
        Tally(rows=900, columns={"row.wind": counts}) for counts in ((300,) * 5, (300,) * 6)
    )
    found = judge(
        rule("drift", columns=("wind",)), {(): now}, {(): before}, layout=layout, window=WINDOW
    )
    assert ["reference: counted by the bins of another crossing"] == [
        each.skipped for each in found
    ]


def test_every_metric_is_judged_or_from_outside(layout, tally):
    """None of the table is without a way."""
    now = tally(layout, scores=scored(500, 100), labels=[1] * 100 + [0] * 400)
    for name, metric in METRICS.items():
        if metric.kind == "outside":
            with pytest.raises(UsageError, match=f"{name} is no metric of tallies"):
                one(rule(name, moves_by=0.1), now, now, layout)
        else:
            found = judge(
                rule(name, moves_by=0.1), {(): now}, {(): now}, layout=layout, window=WINDOW
            )
            assert found
            assert not any(each.counts for each in found)


def test_large_numbers_do_not_seem_to_move(tally):
    """Their spread drowns in the rounding of the sums: that is no proof of anything."""
    rng = np.random.default_rng(9)
    layout = Layout(columns=(), kind="regression")
    windows = []
    for _ in range(2):
        labels = 1e12 + rng.normal(0, 1, 1000)
        windows.append(tally(layout, scores=labels, labels=labels))
    found = one(rule("label_rate", moves_by=1e-9, direction="either"), *windows, layout)
    assert found.p > 0.01


def test_numbers_that_cannot_be_added_up_are_skipped():
    """Squares beyond what a float holds; one row alone."""
    layout = Layout(columns=(), kind="regression")
    huge = Tally(moments={"label": Moments(count=500, total=1e300, squares=float("inf"))})
    assert "the numbers are too large to add up" == (
        one(rule("label_rate"), huge, huge, layout).skipped
    )
    alone = Tally(moments={"label": Moments(count=1, total=1.0, squares=1.0)})
    assert "1 rows: no spread to tell chance by" == (
        one(rule("label_rate", min_rows=1), alone, alone, layout).skipped
    )


def test_a_bound_of_a_root_is_one_of_its_square(tally):
    """And none of it can be below nothing."""
    rng = np.random.default_rng(10)
    layout = Layout(columns=(), kind="regression")
    labels = rng.normal(0, 5, 2000)
    window = tally(layout, scores=np.zeros(2000), labels=labels)
    assert one(rule("rmse", at_most=4.0), window, None, layout).p < 1e-6
    assert 1.0 == one(rule("rmse", at_most=6.0), window, None, layout).p
    assert 0.0 == one(rule("rmse", at_most=-1.0), window, None, layout).p


def test_weeks_that_have_no_such_slice_show_nothing(layout, tally):
    """A slice that is in the sum of the weeks only by one of them."""
    moved = rule("positive_rate", against=Reference(kind="hour-of-week"))
    now, before = (tally(layout, scores=scored(1000, hits)) for hits in (300, 200))
    assert one(moved, now, before, layout, spread=[{}, {}]).counts
    assert one(moved, now, before, layout, spread=[{}, {(): before}]).counts


def test_ids_are_not_watched(layout, tally):
    """A column that the layout left out is skipped where a rule names it."""
    with_ids = msgspec.structs.replace(layout, left_out=("row.flight_id",))
    now = tally(layout, scores=[0.5] * 200)
    found = one(rule("null_rate", columns=("flight_id",)), now, now, with_ids)
    assert ("row.flight_id", "it holds ids") == (found.cell.column, found.skipped)


# Distances


def test_small_samples_do_not_seem_to_drift():
    """On average what chance adds is taken off: a plain PSI of 100 rows would be above 0.1."""
    rng = np.random.default_rng(6)
    shares = np.full(12, 1 / 12)
    for name in ("drift", "jensen_shannon"):
        drawn = [
            distance(
                name, rng.multinomial(5000, shares).tolist(), rng.multinomial(100, shares).tolist()
            )
            for _ in range(200)
        ]
        assert np.mean(drawn) < 0.05


@pytest.mark.parametrize("name", ["drift", "jensen_shannon", "l_infinity"])
def test_bins_of_neither_do_not_count(name):
    """However many of them a layout has."""
    before, after = [500, 300, 200], [300, 300, 400]
    wide = [distance(name, [*before, *([0] * k)], [*after, *([0] * k)]) for k in (0, 50)]
    assert wide[0] == wide[1] > 0


def test_a_distance_has_no_value_of_its_own(layout):
    """It is between two."""
    drift = Distances("drift", layout["row.wind"])
    with pytest.raises(UsageError, match="no value of one window"):
        drift.sample(Tally())
    with pytest.raises(UsageError, match="no bound"):
        drift.beyond(Tally(), 0.1, above=True)


# From outside


def test_a_number_from_outside_is_judged_by_its_bounds():
    """Freshness is exact; an error rate is a sample of requests."""
    fresh = rule("freshness", at_most=600.0)
    late = judge_value(fresh, 900.0, window=WINDOW, column="carrier_history")
    assert (True, 300.0, 0.0, "carrier_history") == (
        late.counts,
        late.effect,
        late.p,
        late.cell.column,
    )
    assert (False, 1.0) == (judge_value(fresh, 60.0, window=WINDOW).counts, 1.0)
    errors = rule("error_rate", at_most=0.01)
    assert judge_value(errors, 1 / 3, window=WINDOW, rows=3).p > 0.02
    assert judge_value(errors, 1 / 3, window=WINDOW, rows=300).p < 1e-20


def test_a_number_that_is_not_known_is_skipped():
    """And so is a share of nothing."""
    errors = rule("error_rate", at_most=0.01)
    assert "not known" == judge_value(errors, None, window=WINDOW).skipped
    assert "nothing was counted" == judge_value(errors, 0.0, window=WINDOW, rows=0).skipped
