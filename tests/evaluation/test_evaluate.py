"""An evaluation: honest about labels, slices and the champion; the same twice; JSON and text."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from interplane.data.table import Table
from interplane.errors import DataError, UnknownName, UsageError
from interplane.evaluation.evaluate import evaluate
from interplane.evaluation.evaluation import Evaluation
from interplane.features.definition import features
from interplane.models.feature_flavor import FeatureScore
from interplane.models.model import Model

FAST = {"resamples": 100}


@pytest.fixture(scope="module")
def evaluation(flights, scored):
    """Good against fair, sliced three ways."""
    return evaluate(
        scored("good"),
        flights,
        against=scored("fair"),
        metrics=["roc_auc", "log_loss"],
        slices=["carrier", ("carrier", "hour"), {"early": lambda flight: flight.hour < 1}],
        resamples=200,
    )


def known(flights, *names):
    frame = flights.to_pandas().dropna(subset=["late"])
    return [frame[name].to_numpy(dtype=float) for name in names]


def test_the_figures_are_scikit_learns(evaluation, flights):
    """Of all rows with a label, and of each slice."""
    late, good = known(flights, "late", "good")
    carrier = flights.to_pandas().dropna(subset=["late"])["carrier"].to_numpy()
    assert evaluation["roc_auc"].value == pytest.approx(roc_auc_score(late, good), abs=1e-12)
    assert evaluation["log_loss"].value == pytest.approx(log_loss(late, good), abs=1e-12)
    for each in evaluation.by("carrier"):
        own = carrier == each.values[0]
        assert each.rows == own.sum()
        assert each.positives == late[own].sum()
        assert each.metrics["roc_auc"].value == pytest.approx(roc_auc_score(late[own], good[own]))
        assert (
            each.metrics["roc_auc"].low
            < each.metrics["roc_auc"].value
            < each.metrics["roc_auc"].high
        )


def test_rows_without_a_label_are_counted(evaluation, flights):
    """Left out, not dropped in silence."""
    assert (evaluation.rows, evaluation.null_labels) == (flights.rows - 60, 60)


def test_slices_without_figures_say_why(evaluation):
    """Few rows, one class; every row is in a slice or in one of these."""
    reasons = {each.values: each.reason for each in evaluation.skipped if each.by == ("carrier",)}
    assert reasons == {
        ("tiny",): "39 rows, fewer than 100",
        ("never",): "one class only: all 147 rows are false",
    }
    for slicing in evaluation.slicings:
        rows = [each.rows for each in evaluation.by(slicing)]
        rows += [each.rows for each in evaluation.skipped if each.by == slicing]
        assert sum(rows) == evaluation.rows


def test_the_champion_is_compared_on_the_same_rows(evaluation, flights):
    """Its values, the paired difference, and the decisions that change."""
    late, good, fair = known(flights, "late", "good", "fair")
    overall = evaluation.overall
    assert overall.champion["roc_auc"].value == pytest.approx(roc_auc_score(late, fair))
    difference = evaluation["roc_auc"].difference
    assert difference.value == pytest.approx(roc_auc_score(late, good) - roc_auc_score(late, fair))
    assert difference.high - difference.low < evaluation["roc_auc"].high - evaluation["roc_auc"].low
    flips = evaluation.flips
    assert flips.rows == np.sum((good >= 0.5) != (fair >= 0.5)) == flips.to_right + flips.to_wrong


def test_the_comparison_is_antisymmetric(flights, scored):
    """Turning model and champion round turns the difference round, and the flips."""
    options = {"metrics": ["roc_auc", "brier"], "slices": ["hour"], **FAST}
    one = evaluate(scored("good"), flights, against=scored("fair"), **options)
    other = evaluate(scored("fair"), flights, against=scored("good"), **options)
    for ours, theirs in zip(
        (one.overall, *one.slices), (other.overall, *other.slices), strict=True
    ):
        assert ours.champion == theirs.metrics
        for metric, difference in ours.difference.items():
            turned = theirs.difference[metric]
            assert difference.value == -turned.value
            assert difference.low == pytest.approx(-turned.high)
            assert difference.high == pytest.approx(-turned.low)
    assert (one.flips.to_right, one.flips.to_wrong) == (other.flips.to_wrong, other.flips.to_right)


def test_a_model_against_itself_does_not_differ(flights, scored):
    """Paired: no difference, no width."""
    same = evaluate(scored("good"), flights, against=scored("good"), **FAST)
    difference = same["roc_auc"].difference
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert same.flips.rows == 0


def test_two_evaluations_have_the_same_digest(flights, scored):
    """And another seed gives other intervals of the same values."""
    first, again, other = (
        evaluate(scored("good"), flights, seed=seed, slices=["carrier"], **FAST)
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first.digest == again.digest
    assert first["roc_auc"].value == other["roc_auc"].value
    assert first["roc_auc"].low != other["roc_auc"].low


def test_slices_do_not_change_each_other(flights, scored):
    """What else is asked for changes no figure."""
    alone = evaluate(scored("good"), flights, slices=["hour"], metrics=["roc_auc"], **FAST)
    among = evaluate(
        scored("good"),
        flights,
        slices=["carrier", "hour"],
        metrics=["log_loss", "roc_auc"],
        **FAST,
    )
    assert alone["roc_auc"].estimate == among["roc_auc"].estimate
    for ours, theirs in zip(alone.by("hour"), among.by("hour"), strict=True):
        assert ours.metrics["roc_auc"] == theirs.metrics["roc_auc"]


def test_an_evaluation_comes_back_the_same(evaluation):
    """Through JSON text."""
    plain = json.loads(json.dumps(evaluation.to_dict()))
    assert Evaluation.from_dict(plain) == evaluation
    for broken in ({}, {**plain, "rows": "many"}, {**plain, "format": 9}):
        with pytest.raises(DataError, match="the evaluation"):
            Evaluation.from_dict(broken)


def test_values_can_be_learned_too(flights, scored):
    """Regression: by default where the label is no yes or no."""
    evaluation = evaluate(scored("minutes", "delay"), flights, slices=["carrier"], **FAST)
    assert list(evaluation) == ["mae", "rmse"]
    assert evaluation.overall.positives is None
    assert evaluation.flips is None
    assert {each.values[0] for each in evaluation.skipped} == {"tiny"}
    assert evaluation["rmse"].value == pytest.approx(1.0, abs=0.1)


def test_unknown_names_are_refused(evaluation, flights, scored):
    """Metrics, slicings and labels, each with the nearest known one."""
    with pytest.raises(UnknownName, match="Did you mean 'roc_auc'"):
        evaluate(scored("good"), flights, metrics=["roc_acu"])
    with pytest.raises(UnknownName, match=r"Ask for it: evaluate\(…, metrics=\[…, 'brier'\]\)"):
        evaluation["brier"]
    with pytest.raises(UnknownName, match="Did you mean 'carrier'"):
        evaluation.by("carier")
    with pytest.raises(UnknownName, match="no column 'lat'"):
        evaluate(scored("good"), flights, label="lat")


WRONG = {
    "no label": ({"label": "late"}, "WHERE late IS NULL", DataError, "none of the 60 test rows"),
    "one class": ({}, "WHERE late", DataError, "labels in 'late' are 1. Expected rows of both"),
    "confidence": ({"confidence": 95}, "", UsageError, "the confidence is 95"),
    "resamples": ({"resamples": 10}, "", UsageError, "resamples is 10. Expected at least 100"),
    "text label": ({"label": "carrier"}, "", UsageError, "the label 'carrier' is of type str"),
    "no classes": ({"label": "delay", "metrics": ["f1"]}, "", UsageError, "f1 was asked for"),
    "infinite": (
        {"label": "endless"},
        "",
        DataError,
        "1 of 3,000 labels in 'endless' are infinite",
    ),
    "no rows": ({}, "WHERE false", DataError, "none of the 0 test rows"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_evaluated_is_refused(flights, scored, name):
    """With the reason."""
    options, where, error, message = WRONG[name]
    with pytest.raises(error, match=message):
        evaluate(scored("good"), flights.sql(f"FROM self {where}"), **options)


def test_rows_without_a_score_are_refused(flights, scored):
    """A null score is no score."""
    with pytest.raises(DataError, match="300 of 2,940 rows have no finite score"):
        evaluate(scored("holes"), flights)


def test_scores_that_are_no_probabilities_are_refused(flights, scored):
    """But AUC takes them."""
    with pytest.raises(UsageError, match="probabilities between 0 and 1"):
        evaluate(scored("minutes"), flights)
    assert evaluate(scored("minutes"), flights, metrics=["roc_auc"], **FAST)["roc_auc"].value > 0.7


def test_features_without_a_label_need_one_named(flights, scored):
    """The label is a property of the features, or said."""
    with pytest.raises(UsageError, match="name no label"):
        evaluate(scored("good", None), flights)
    assert evaluate(scored("good", None), flights, label="late", **FAST).label == "late"


def test_the_table_shows_the_worst_slices_first(evaluation):
    """Bounded; with the champion, the flips and what was skipped."""
    lines = evaluation.to_text(slices=2).splitlines()
    assert lines[0] == (
        "late on 2,940 rows (60 more have no label); 95% intervals from 200 resamples"
    )
    assert lines[2].split()[:3] == ["slice", "rows", "true"]
    assert lines[3].startswith("all rows")
    assert lines[4].startswith("carrier=B")
    assert lines[7].startswith(f"and {len(evaluation.slices) - 2} better slices")
    assert "decisions differ from the champion's at 0.5" in lines[8]
    assert "carrier=never (one class only: all 147 rows are false)" in lines[9]


def test_notes_fit_the_line(evaluation):
    """They are wrapped where a width is given, and one line each where not."""
    wide, narrow = evaluation.to_text(slices=2), evaluation.to_text(slices=2, width=60)
    assert max(map(len, narrow.splitlines()[7:])) <= 60
    assert "".join(narrow[narrow.index("and ") :].split()).startswith(
        "".join(wide[wide.index("and ") :].split())
    )


def test_a_notebook_shows_it_too(evaluation):
    """Text is escaped."""
    html = evaluation._repr_html_()
    figures, _, others = html.partition("</table>")
    assert 14 == figures.count("<tr>")
    assert "carrier=B" in figures
    assert "<script" not in html
    # A whisker each, which says whether a slice is worse than all rows beyond chance.
    assert 13 == figures.count('<svg class="whiskers')
    assert 1 == figures.count("beside all rows")
    # What was decided otherwise than by the champion, and the slices by two columns.
    assert (1, 1) == (others.count('<svg class="flips'), others.count('<table class="grid'))


def test_too_few_rows_for_an_interval(flights, scored):
    """Without the figure that was asked for there is no evaluation; it would pass no gate."""
    rows = flights.sql(
        "(FROM self WHERE late LIMIT 1) UNION ALL (FROM self WHERE NOT late LIMIT 19)"
    )
    with pytest.raises(DataError, match=r"20 rows .* 1 of them true, are too few .* of roc_auc"):
        evaluate(scored("good"), rows, metrics=["roc_auc"], **FAST)


def test_a_champion_that_reads_a_column_that_is_gone(flights, scored):
    """It is the champion that cannot be scored, and the message says so."""
    rows = flights.select("late", "good")
    with pytest.raises(UnknownName, match=r"no column 'fair' in the test rows.*The champion reads"):
        evaluate(scored("good"), rows, against=scored("fair"), **FAST)


def test_a_seed_below_zero(flights, scored):
    """No resamples are drawn by it."""
    with pytest.raises(UsageError, match=r"seed is -1. Expected at least 0"):
        evaluate(scored("good"), flights, seed=-1)


def test_a_slicing_asked_for_twice(flights, scored):
    """It is one slicing."""
    found = evaluate(scored("good"), flights, slices=["carrier", ("carrier",)], **FAST)
    assert (("carrier",),) == found.slicings
    assert len({each.name for each in found.slices}) == len(found.slices)


def test_a_table_that_is_too_wide_loses_columns_and_names_them(evaluation):
    """What fits is shown; the rest is said, not cut off."""
    wide = evaluation.to_text(slices=2).splitlines()
    narrow = evaluation.to_text(slices=2, width=60).splitlines()
    assert max(len(line) for line in narrow[2:6]) <= 60 < max(len(line) for line in wide[2:6])
    assert "too wide to show here: roc_auc - champion" in "\n".join(narrow)


def test_rows_that_a_model_may_have_learned_from_are_counted():
    """Told by the time of its last training row; a verdict against such a champion says so."""
    days = [date(2013, 5, day) for day in range(1, 31)]
    late = [day % 3 == 0 for day in range(30)]
    chance = [0.7 if day % 4 == 0 else 0.2 for day in range(30)]
    rows = Table.from_columns({"day": days, "late": late, "chance": chance})

    @features(label="late", time="day")
    def known_rate(row):
        return {"chance": row.chance}

    def trained_until(day):
        frozen = known_rate.fit(rows.sql(f"FROM self WHERE day <= DATE '2013-05-{day:02}'"))
        assert frozen.training.last == f"2013-05-{day:02}"
        return Model(FeatureScore("chance"), features=frozen)

    test = rows.sql("FROM self WHERE day > DATE '2013-05-10'")
    found = evaluate(trained_until(10), test, against=trained_until(25), **FAST)
    assert (0, 15) == (found.maybe_seen, found.champion_maybe_seen)
    assert "careful: 15 of these rows are not after the champion's last" in found.to_text()
    ruling = found["roc_auc"].not_worse_than_champion(by=0.1)
    assert "the champion may have learned from 15 of the 20 rows" in ruling.found
    assert "careful" not in evaluate(trained_until(10), test, **FAST).to_text()


def test_what_is_no_model_is_named(flights):
    """A score, or a booster without its features, is told how to become one."""
    with pytest.raises(UsageError, match=r"1 is no model: it is of type int.*interplane\.Model"):
        evaluate(1, flights)
