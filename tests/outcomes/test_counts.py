"""How many outcomes there are, and how many belong to a prediction."""

from toy_predictions import START, predictions, store_of

from interplane.outcomes.counts import Counts, counts
from interplane.outcomes.unmatched import Unmatched, unmatched
from interplane.testing.outcome_laws import by_id, said

AFTER = 1_470_000_000_000_000


def counted(table, store, key=("flight_id",)):
    """Return the counts of flights."""
    return counts(table, store, model="flights", key=key)


def test_each_name_is_counted():
    """By what counts of each target; versions and repeats beside it."""
    store = store_of(
        said("UA1", True, known_at_us=AFTER),
        said("UA1", False, known_at_us=AFTER + 1),
        said("UA2", True, known_at_us=1),
        said("UA2", True, known_at_us=2),
        said("UA9", None, known_at_us=AFTER),
        said(key={"flight_id": "UA1", "day": 1}),
        by_id(1, None, known_at_us=AFTER),
        by_id(77, True),
        by_id(77, True),
        by_id(0, 0.5, name="clicked", known_at_us=AFTER),
    )
    label, clicked = counted(predictions(["UA1", "UA2", "UA1"]), store)
    assert (
        Counts(
            model="flights",
            name="label",
            outcomes=6,
            matched=3,
            unmatched=3,
            early=1,
            null=2,
            corrected=1,
            versions=8,
            repeated=1,
        )
        == label
    )
    assert Counts(model="flights", name="clicked", outcomes=1, matched=1, versions=1) == clicked


def test_nothing_said_is_nothing_counted():
    """And without a prediction nothing is matched."""
    assert [] == counted(predictions(["UA1"]), store_of())
    empty = predictions(["UA1"]).select("prediction_id", "time").head(0)
    (label,) = counted(empty, store_of(said(), by_id(1)))
    assert (2, 0, 2) == (label.outcomes, label.matched, label.unmatched)


def test_without_a_key_only_ids_match():
    """What was said of keys is counted all the same."""
    (label,) = counted(predictions(["UA1"]), store_of(said(), by_id(0)), key=())
    assert (2, 1, 1) == (label.outcomes, label.matched, label.unmatched)


def test_unmatched_outcomes_are_shown():
    """Those that were known last first; what counts of each."""
    store = store_of(
        said("UA1"),
        said("UA8", True, known_at_us=1),
        said("UA8", None, known_at_us=2),
        said("UA9", False, known_at_us=1),
        by_id(0),
        by_id(5, known_at_us=3),
    )
    asked = {"model": "flights", "key": ["flight_id"]}
    found = unmatched(predictions(["UA1"]), store, **asked)
    moments = [START.replace(1970, 1, 1, microsecond=us) for us in (3, 2, 1)]
    assert [
        Unmatched(target={"prediction_id": f"{5:032x}"}, outcome=True, known_at=moments[0]),
        Unmatched(target={"flight_id": "UA8"}, outcome=None, known_at=moments[1]),
        Unmatched(target={"flight_id": "UA9"}, outcome=False, known_at=moments[2]),
    ] == found
    assert found[:1] == unmatched(predictions(["UA1"]), store, **asked, limit=1)
    nothing = predictions(["UA1"]).select("prediction_id", "time").head(0)
    assert 5 == len(unmatched(nothing, store, **asked))
    assert [] == unmatched(nothing, store, **asked, name="clicked")
