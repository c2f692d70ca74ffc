"""Rules say what they found in numbers; a verdict is the record of all of them."""

from __future__ import annotations

import pytest

from interplane.errors import UnknownName, UsageError
from interplane.evaluation.evaluate import evaluate
from interplane.evaluation.evaluation import Evaluation
from interplane.evaluation.gates import judge, rule
from interplane.evaluation.intervals import Estimate
from interplane.evaluation.results import Skipped, SliceResult


def make_evaluation(
    auc=(0.75, 0.74, 0.76), *, loss=(0.5, 0.49, 0.51), difference=None, worse_loss=None, slices=()
) -> Evaluation:
    """An evaluation with these figures."""
    estimates = {"roc_auc": estimate(auc), "log_loss": estimate(loss)}
    differences = {}
    if difference:
        differences = {
            "roc_auc": estimate(difference),
            "log_loss": estimate(worse_loss or difference),
        }
    return Evaluation(
        model="m",
        champion="c" if difference else None,
        label="late",
        rows=1000,
        null_labels=0,
        threshold=0.5,
        confidence=0.95,
        resamples=500,
        seed=0,
        min_rows=100,
        overall=SliceResult(
            rows=1000,
            metrics=estimates,
            champion=estimates if difference else {},
            difference=differences,
        ),
        slicings=(("carrier",),),
        slices=tuple(
            SliceResult(
                by=("carrier",),
                values=(name,),
                rows=100,
                metrics={"roc_auc": estimate(numbers)},
                champion={},
                difference={},
            )
            for name, numbers in slices
        ),
        skipped=(
            Skipped(by=("carrier",), values=("HA",), rows=7, reason="7 rows, fewer than 100"),
        ),
    )


def estimate(numbers) -> Estimate:
    value, low, high = numbers
    return Estimate(value=value, low=low, high=high)


def test_a_bound_on_the_value_says_its_numbers():
    """Held and broken alike."""
    auc = make_evaluation()["roc_auc"]
    held, broken = auc.at_least(0.7), auc.at_least(0.8)
    assert held.to_text() == "roc_auc at least 0.7: 0.7500 [0.7400, 0.7600]"
    assert (bool(held), bool(broken)) == (True, False)
    assert [auc.at_most(limit).passed for limit in (0.74, 0.75, 0.76)] == [False, True, True]


def test_a_bound_with_a_confidence_must_be_shown():
    """The value reaches it, the lower bound does not."""
    auc = make_evaluation()["roc_auc"]
    assert auc.at_least(0.745).passed
    shown = auc.at_least(0.745, confidence=0.975)
    assert not shown.passed
    assert shown.words == "roc_auc at least 0.745, shown at 98%"
    assert shown.found == "0.7500 [0.7400, 0.7600], lower bound 0.7400"
    assert auc.at_least(0.739, confidence=0.975).passed
    assert make_evaluation()["log_loss"].at_most(0.51, confidence=0.95).passed


CHAMPION = [
    # difference of AUC, and whether it is not worse by 0.005, and better
    ((0.010, 0.005, 0.015), True, True),
    ((0.001, -0.003, 0.005), True, False),
    ((0.000, -0.010, 0.010), False, False),
    ((-0.010, -0.012, -0.008), False, False),
]


@pytest.mark.parametrize(("difference", "not_worse", "better"), CHAMPION)
def test_the_champion_must_be_shown_to_be_met(difference, not_worse, better):
    """By the one-sided bound of the paired difference; for a loss, down is better."""
    turned = (-difference[0], -difference[2], -difference[1])
    evaluation = make_evaluation(difference=difference, worse_loss=turned)
    for metric in ("roc_auc", "log_loss"):
        assert evaluation[metric].not_worse_than_champion(by=0.005).passed is not_worse
        assert evaluation[metric].better_than_champion().passed is better
        assert not evaluation[metric].better_than_champion(by=0.02).passed


def test_a_comparison_says_both_sides():
    """Value, champion's value, difference with interval, bound."""
    ruling = make_evaluation(difference=(0.01, 0.005, 0.015))["roc_auc"].not_worse_than_champion(
        0.005
    )
    assert ruling.to_text() == (
        "roc_auc not worse than the champion by 0.005, shown at 95%: 0.7500 against 0.7500, "
        "difference +0.0100 [+0.0050, +0.0150], lower bound +0.0058"
    )


def test_without_a_champion_a_comparison_passes_and_says_so():
    """The first model has nobody to meet."""
    auc = make_evaluation()["roc_auc"]
    verdict = judge([auc.not_worse_than_champion(by=0.005), auc.better_than_champion()])
    assert verdict.passed
    assert all("there is no champion to compare with yet" in held for held in verdict.held)


def test_a_metric_without_a_direction_is_no_comparison(flights, scored):
    """A base rate is neither good nor bad."""
    evaluation = evaluate(scored("good"), flights, metrics=["base_rate"], resamples=100)
    with pytest.raises(UsageError, match="neither better nor worse"):
        evaluation["base_rate"].better_than_champion()


GAPS = [
    # two slices' intervals, the limit, whether it holds
    (((0.70, 0.60, 0.80), (0.90, 0.80, 0.95)), 0.05, True),  # wide: nothing is shown
    (((0.70, 0.69, 0.71), (0.90, 0.89, 0.91)), 0.05, False),
    (((0.70, 0.69, 0.71), (0.90, 0.89, 0.91)), 0.20, True),
    (((0.80, 0.79, 0.81), (0.80, 0.79, 0.81)), 0.0, True),
]


@pytest.mark.parametrize(("slices", "limit", "held"), GAPS)
def test_a_gap_is_broken_only_where_it_is_shown(slices, limit, held):
    """Intervals are compared, not values: chance alone opens gaps."""
    evaluation = make_evaluation(slices=zip(("AA", "UA"), slices, strict=True))
    gap = evaluation["roc_auc"].gap_between("carrier")
    assert gap.at_most(limit).passed is held
    assert 0 <= gap.shown <= gap.value + 1e-12


def test_a_gap_names_the_slices():
    """The lowest and the highest."""
    evaluation = make_evaluation(slices=[("AA", (0.7, 0.69, 0.71)), ("UA", (0.9, 0.89, 0.91))])
    ruling = evaluation["roc_auc"].gap_between("carrier").at_most(0.05)
    assert "carrier=AA 0.7000 [0.6900, 0.7100] to carrier=UA 0.9000" in ruling.found
    assert ruling.words == "roc_auc gap between carrier at most 0.05"


def test_a_gap_of_one_slice_is_skipped_not_passed_over():
    """The verdict lists it."""
    evaluation = make_evaluation(slices=[("AA", (0.7, 0.69, 0.71))])
    verdict = judge([evaluation["roc_auc"].gap_between("carrier").at_most(0.1)])
    assert verdict.passed
    [skipped] = verdict.skipped
    assert skipped.endswith("at most 0.1: 1 slices with figures: there is nothing to compare")


def test_chance_alone_breaks_no_gap(flights, scored):
    """Slices of the same quality: no gap is shown, however the values lie."""
    evaluation = evaluate(scored("noise"), flights, slices=["hour", "carrier"], resamples=100)
    assert evaluation["roc_auc"].gap_between("hour").at_most(0.0).passed


def test_a_real_gap_is_shown(flights, scored):
    """B's scores are noise."""
    evaluation = evaluate(scored("good"), flights, slices=["carrier"], resamples=100)
    gap = evaluation["roc_auc"].gap_between("carrier")
    assert not gap.at_most(0.1).passed
    assert "carrier=B" in gap.at_most(0.1).found


def test_a_slice_can_be_ruled_over():
    """By its values; one without figures says why."""
    evaluation = make_evaluation(slices=[("AA", (0.7, 0.69, 0.71))])
    ruling = evaluation["roc_auc"].of("carrier", "AA").at_least(0.8)
    assert ruling.to_text() == "roc_auc of carrier=AA at least 0.8: 0.7000 [0.6900, 0.7100]"
    with pytest.raises(UnknownName, match="carrier=HA has no figures: 7 rows, fewer than 100"):
        evaluation["roc_auc"].of("carrier", "HA")
    with pytest.raises(UnknownName, match="there is no slice 'carrier=XX'"):
        evaluation["roc_auc"].of("carrier", "XX")


def test_a_verdict_keeps_every_rule():
    """Held, broken and skipped, in words."""
    evaluation = make_evaluation()
    auc = evaluation["roc_auc"]
    verdict = judge([auc.at_least(0.7), auc.at_least(0.8), auc.gap_between("carrier").at_most(0.1)])
    assert (verdict.asked, verdict.passed) == (3, False)
    assert (len(verdict.held), len(verdict.breaches), len(verdict.skipped)) == (1, 1, 1)
    assert "stop roc_auc at least 0.8: 0.7500 [0.7400, 0.7600]" in verdict.to_text()


def test_one_rule_needs_no_list():
    """A gate of one."""
    assert judge(make_evaluation()["roc_auc"].at_least(0.7)).asked == 1


@pytest.mark.parametrize("wrong", [True, None, [True], ["roc_auc > 0.7"], 3])
def test_what_is_no_rule_is_refused(wrong):
    """A bare comparison would hide its numbers."""
    with pytest.raises(UsageError, match="a gate returned"):
        judge(wrong)


def test_a_gate_without_rules_is_refused():
    """It would let everything pass."""
    with pytest.raises(UsageError, match="without a rule"):
        judge([])


def test_a_rule_of_your_own_is_judged_alike():
    """Broken, it says what to do."""
    own = rule("at most 200 trees", holds=False, found="300 trees", do="Train fewer")
    [breach] = judge([own]).breaches
    assert (breach.rule, breach.found, breach.do) == (
        "at most 200 trees",
        "300 trees",
        "Train fewer",
    )
