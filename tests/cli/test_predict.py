"""`interplane predict`: a crossing scores a dataset in batch."""

import pytest

LATER = """\
ride,began_at,zone,miles,payment,long
q1,2026-01-29T00:00:00,north,3.5,card,
q2,2026-01-29T01:00:00,south,2.5,barter,
q3,2026-01-29T02:00:00,,4.5,card,true
"""
SHAPE = {
    *("crossing", "dataset", "number", "rows", "unlabelled", "evaluation", "unevaluated"),
    "unsliced",
}


@pytest.fixture
def later(finished):
    """Return the finished project with three more rides: unlabelled, unseen, null."""
    schema = (finished.root / "schemas/rides.toml").read_text()
    schema = schema.replace("nulls = 0\n", "").replace('allowed = ["card", "cash"]\n', "")
    finished.write("schemas/rides.toml", schema)
    finished.write("later.csv", LATER)
    finished.must("data", "add", "rides", "later.csv", "--append")
    return finished


def test_the_scores_are_a_dataset_with_crossing_and_prediction_id(finished):
    """Each row keeps its key, its context and its label."""
    out = finished.must("predict", "rides@live", "--out", "scored").out
    assert "scored@1  82 rows of test scored by rides@1" in out
    assert "roc_auc" in out
    shown = finished.must("data", "show", "scored", "--json").json
    names = [column["name"] for column in shown["columns"]]
    assert ["ride", "began_at", "zone", "long", "score", "crossing", "prediction_id"] == names


def test_the_same_prediction_twice_is_the_same_version(finished):
    """Scores, ids and digest."""
    words = ("predict", "rides@live", "--out", "scored", "--json")
    first, again = finished.must(*words).json, finished.must(*words).json
    assert SHAPE == set(first)
    assert first == again
    assert (1, 82, 0, "") == tuple(
        first[k] for k in ("number", "rows", "unlabelled", "unevaluated")
    )


def test_rows_are_chosen_by_prediction_time(finished):
    """From since on, before until."""
    parts = [
        finished.must("predict", "rides@live", "--out", "scored", "--json", *bounds).json["rows"]
        for bounds in (["--until", "2026-01-24"], ["--since", "2026-01-24"], [])
    ]
    assert parts[2] == parts[0] + parts[1]
    assert min(parts) > 0


def test_training_rows_are_no_test(finished):
    """Figures on what the model was fitted on are said to flatter."""
    assert "careful" not in finished.must("predict", "rides@live", "--out", "s").out
    finished.edit("rides.py", 'rows="test"', 'rows="train"')
    out = finished.must("predict", "rides@live", "--out", "s").out
    assert "careful: the model was fitted on 158 of these rows" in out


def test_beside_another_crossing(finished):
    """On the same rows, with what would have been decided otherwise."""
    out = finished.must("predict", "rides@live", "--out", "s", "--beside", "rides@2").out
    assert ["rides@1", "rides@2"] == [line.split()[0] for line in out.splitlines()[2:4]]
    assert "roc_auc - champion" in out
    assert "decisions differ" in out


def test_an_unseen_category_and_a_null_are_scored(later):
    """They are values that training did not see, no errors."""
    words = ("predict", "rides@live", "--out", "s", "--since", "2026-01-29", "--json")
    done = later.must(*words).json
    assert (3, 2) == (done["rows"], done["unlabelled"])
    profile = later.must("data", "show", "s", "--json").json["profile"]
    assert 3 == profile["rows"]


def test_scores_that_cannot_be_judged_are_kept_all_the_same(later):
    """One label is no ground for a ROC curve: the scores stay, the reason is said."""
    result = later.must("predict", "rides@live", "--out", "s", "--since", "2026-01-29")
    assert "s@1  3 rows of test scored by rides@1" in result.out
    assert "not evaluated: all 1 labels in 'long' are 1" in result.out


def test_no_row_is_no_version(later):
    """Nothing in that time: said, and nothing is added."""
    result = later("predict", "rides@live", "--out", "s", "--since", "2027-01-01")
    assert 2 == result.code
    assert "the output 'test' has none between these times" in result.err
    assert 2 == later("data", "show", "s").code


def test_null_labels_are_counted_and_left_out_of_training(later):
    """Not dropped in silence."""
    assert "(2 more have no label)" in later.must("predict", "rides@live", "--out", "s").out
    later.must("run", "--from-day", "25", "--least", "0.1")
    assert "2 more have no label" in later.must("show", "rides@3").out


def test_a_changed_data_step_is_refused(finished):
    """Rows made by other code might mean something else."""
    finished.edit("rides.py", "day(began_at) >= {from_day}", "day(began_at) > {from_day}")
    result = finished("predict", "rides@live", "--out", "s")
    assert 2 == result.code
    assert "rides.split has changed since" in result.err
    assert "Run the pipeline to record a new crossing" in result.err
    finished.must("run", "--least", "0.1")
    assert 0 == finished("predict", "rides@3", "--out", "s").code


def test_scores_never_go_over_another_dataset(finished):
    """The input, for example."""
    result = finished("predict", "rides@live", "--out", "rides")
    assert 2 == result.code
    assert "'rides' holds something else than scores" in result.err
    assert 1 == finished.must("data", "list", "--json").json[0]["number"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rides@7", "--out", "s"], "The last one is rides@2"),
        (["rides@liev", "--out", "s"], "there is no rides@liev"),
        (["riides@live", "--out", "s"], "Did you mean 'rides'?"),
        (["rides@live", "--out", "a b"], "'a b' cannot name a dataset"),
        (["rides@live", "--out", "s", "--since", "soon"], "'soon' does not match"),
        (["rides@live", "--out", "s", "--beside", "rides@3"], "there is no rides@3"),
        (["rides@live", "--out", "s", "--data", "ridez@1"], "there is no input 'ridez'"),
        (["rides@live"], "Missing option '--out'"),
    ],
)
def test_a_typo_is_named(words, said, finished):
    """Before anything is scored or kept."""
    result = finished("predict", *words)
    assert 2 == result.code
    assert said in result.err
    assert 1 == len(finished.must("data", "list", "--json").json)


def test_a_crossing_that_does_not_say_its_rows_cannot_score(finished):
    """It is told where to say it."""
    finished.edit("rides.py", ', rows="test"', "")
    result = finished("predict", "rides@live", "--out", "s")
    assert 2 == result.code
    assert "rows=OUTPUT" in result.err
