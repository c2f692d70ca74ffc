"""Rows that are no test of a model: refused, or let in by name and told of in every verdict."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from interplane.data.splits import split_at_random, split_by_entity, split_by_time
from interplane.data.table import Table
from interplane.errors import Leak, UsageError
from interplane.evaluation.evaluate import evaluate
from interplane.evaluation.evaluation import Evaluation
from interplane.evaluation.gates import judge
from interplane.features.definition import features
from interplane.features.frozen import Frozen
from interplane.models.feature_flavor import FeatureScore
from interplane.models.model import Model

FAST = {"resamples": 100}
ROWS = 120


@features(label="late", key=["id"])
def keyed(row):
    """A score that is a column."""
    return {"chance": row.chance}


@pytest.fixture(scope="module")
def rows():
    """Rows of two classes on 60 days, two a day, of 20 people; a third of the last has no label."""
    numbers = range(ROWS)
    return Table.from_columns(
        {
            "id": list(numbers),
            "who": [f"p{n % 20}" for n in numbers],
            "day": [date(2024, 1, 1) + timedelta(days=n // 2) for n in numbers],
            "late": [None if n >= 90 and n % 3 == 0 else n % 3 == 1 for n in numbers],
            "chance": [0.7 if n % 4 == 1 else 0.2 for n in numbers],
        }
    )


def fitted(rows):
    """A model of features that were fitted on these rows."""
    return Model(FeatureScore("chance"), features=keyed.fit(rows))


def first(rows, many):
    """The first rows."""
    return rows.sql(f"FROM self WHERE id < {many} ORDER BY id")


def after(rows, many):
    """The rows after them."""
    return rows.sql(f"FROM self WHERE id >= {many} ORDER BY id")


def test_rows_that_were_fitted_on_are_refused_with_their_keys(rows):
    """Those that have a label: the others are not tested on."""
    with pytest.raises(Leak) as caught:
        evaluate(fitted(first(rows, 96)), after(rows, 86), **FAST)
    text = str(caught.value)
    assert (
        "8 of the 24 test rows were fitted on: id 86; id 87; id 88; id 89; id 91; and 3 more"
        in text
    )
    assert 'evaluate(…, seen="allow")' in text
    details = caught.value.details
    assert (8, [{"id": 86}, {"id": 87}]) == (details["rows"], details["examples"][:2])


def test_other_rows_are_a_test(rows):
    """None was fitted on, and the evaluation says so; without a key it says that it cannot tell."""
    model = fitted(first(rows, 60))
    found = evaluate(model, after(rows, 60), **FAST)
    assert (0, None, None, False) == (
        found.seen,
        found.champion_seen,
        found.crossed,
        found.seen_allowed,
    )
    keyless = after(rows, 60).select("late", "chance")
    assert evaluate(model, keyless, **FAST).seen is None
    assert found == Evaluation.from_dict(found.to_dict())


def test_rows_that_are_let_in_are_in_every_verdict(rows):
    """In values, gaps and comparisons; and in the evaluation's text."""
    test = after(rows, 50)
    model = fitted(first(rows, 60))
    found = evaluate(model, test, against=model, seen="allow", slices=["who"], min_rows=2, **FAST)
    assert (10, 10, True) == (found.seen, found.champion_seen, found.seen_allowed)
    assert "careful: the model was fitted on 10 of these rows" in found.to_text()
    assert "careful: the champion was fitted on 10 of these rows" in found.to_text()
    verdict = judge(
        [
            found["roc_auc"].at_least(0.0),
            found["roc_auc"].not_worse_than_champion(by=0.9),
        ]
    )
    told = f"; of the {found.rows} rows 10 were fitted on, seen='allow'"
    assert all(each.endswith(told) for each in verdict.held)
    assert "the champion was fitted on 10 of the" in verdict.held[1]


def test_a_champion_may_have_seen_the_rows(rows):
    """It was trained at another time: that is counted, and no reason to refuse."""
    found = evaluate(fitted(first(rows, 40)), after(rows, 60), against=fitted(rows), **FAST)
    assert (0, found.rows) == (found.seen, found.champion_seen)
    ruling = found["roc_auc"].not_worse_than_champion(by=0.9)
    assert f"the champion was fitted on {found.rows} of the {found.rows} rows" in ruling.found
    assert "seen=" not in ruling.found


def test_entities_on_both_sides_are_refused_where_the_split_promised_otherwise(rows):
    """The model was trained on some people; other rows of the same people are no test of it."""
    split = split_by_entity(rows, "who", share=0.5)
    model = fitted(first(split.train, 60))
    others = after(rows, 60)
    with pytest.raises(Leak, match=r"rows have an entity \(who\) of the training rows: who 'p"):
        evaluate(model, others, **FAST)
    found = evaluate(model, others, seen="allow", **FAST)
    assert 0 < found.crossed < found.rows
    assert "break what the training rows were split off by" in found.to_text()
    assert f"{found.crossed} break their split" in found["roc_auc"].at_least(0).found
    assert 0 == evaluate(model, split.test, **FAST).crossed


def test_rows_before_the_end_of_the_gap_are_refused(rows):
    """A split by time promised that the test comes later, and how much."""
    split = split_by_time(rows, "day", until="2024-01-21", gap="5d")
    model = fitted(split.train)
    assert 0 == evaluate(model, split.test, **FAST).crossed
    with pytest.raises(Leak) as caught:
        evaluate(model, after(rows, split.train.rows), **FAST)
    assert (
        "10 of the 70 test rows are not after the training rows (train of a split by time (day), "
        "before 2024-01-21T00:00:00, and a gap of 5 days, 0:00:00): day 2024-01-21"
        in str(caught.value)
    )


def test_a_key_that_names_several_rows_is_said(rows):
    """The refusal says what to look at first: the declared key is no key of the rows."""
    by_person = features(label="late", key=["who"])(lambda row: {"chance": row.chance})
    model = Model(FeatureScore("chance"), features=by_person.fit(first(rows, 60)))
    with pytest.raises(Leak, match=r"names 60 training rows by 20 values: if other rows share it"):
        evaluate(model, after(rows, 60), **FAST)


def test_only_two_words_are_known(rows):
    """What is to be done with such rows is refuse, or allow."""
    with pytest.raises(UsageError, match="seen is 'ignore'"):
        evaluate(fitted(rows), rows, seen="ignore")


IDS = st.sets(st.integers(0, 200), min_size=40, max_size=80)


@settings(max_examples=20, deadline=None)
@given(IDS, IDS, st.sampled_from(["time", "entity", "row"]))
def test_a_test_is_refused_exactly_where_it_is_none(trained, tested, by):
    """Whatever was trained on, split whichever way: by rows, people or days that both sides have."""

    def table(ids):
        ids = sorted(ids)
        return Table.from_columns(
            {
                "id": ids,
                "who": [f"p{n % 40}" for n in ids],
                "day": [date(2024, 1, 1) + timedelta(days=n // 5) for n in ids],
                "late": [n % 3 == 1 for n in ids],
                "chance": [0.7 if n % 4 == 1 else 0.2 for n in ids],
            }
        )

    whole, rows = table(trained), table(tested)
    assume(min(trained) // 5 < 24 and max(trained) // 5 >= 27)  # else a part would be empty
    if by == "time":
        part = split_by_time(whole, "day", until="2024-01-25", gap="3d").train
    else:
        split = split_by_entity if by == "entity" else split_at_random
        part = split(whole, "who" if by == "entity" else "id", share=0.3).train
    learned = set(part.column("id").to_pylist())
    people = {n % 40 for n in learned}
    seen = {n for n in tested if n in learned}
    crossed = {
        n
        for n in tested
        if {"time": n // 5 < 27, "entity": n % 40 in people, "row": n in learned}[by]
    }
    model = fitted(part)
    found = evaluate(model, rows, metrics=["brier"], seen="allow", **FAST)
    assert (len(seen), len(crossed)) == (found.seen, found.crossed)
    if not seen | crossed:
        assert 0 == evaluate(model, rows, metrics=["brier"], **FAST).seen
        return
    with pytest.raises(Leak) as caught:
        evaluate(model, rows, metrics=["brier"], **FAST)
    assert len(seen or crossed) == caught.value.details["rows"]


def test_rows_without_the_columns_that_tell_are_said_to_be_without(rows):
    """Those of the key, and of the split: nothing is refused, and nothing is silent."""
    split = split_by_entity(rows, "who", share=0.5)
    model = fitted(first(split.train, 60))
    found = evaluate(model, after(rows, 60).select("late", "chance"), **FAST)
    assert (None, None) == (found.seen, found.crossed)
    asked, promised = found.untold
    assert "whether they were fitted on: they have no column 'id'" == asked
    assert promised.startswith(
        "whether they keep to the split of the training rows (train of a split"
    )
    assert promised.endswith("they have no column 'who'")
    assert f"careful: of these rows nobody can tell {promised}" in found.to_text()
    assert found == Evaluation.from_dict(found.to_dict())
    assert () == evaluate(model, split.test, **FAST).untold


def test_a_split_by_time_needs_the_time_alone(rows):
    """And features without a key say nothing of one."""
    split = split_by_time(rows, "day", until="2024-02-01")
    keyless = features(label="late")(lambda row: {"chance": row.chance})
    model = Model(FeatureScore("chance"), features=keyless.fit(split.train))
    (told,) = evaluate(model, split.test.select("late", "chance"), **FAST).untold
    assert told.endswith("they have no column 'day'")
    assert () == evaluate(model, split.test, **FAST).untold


def test_keys_that_are_not_kept_are_said_to_be_missing(rows):
    """Features that were copied as JSON know that there are some."""
    copied = Frozen.from_dict(keyed.fit(first(rows, 60)).to_dict())
    (told,) = evaluate(
        Model(FeatureScore("chance"), features=copied), after(rows, 60), **FAST
    ).untold
    assert "whether they were fitted on: the keys of the training rows are not kept" in told
