"""A canary beside the live crossing: who answers, what is logged, and what it costs a client."""

import dataclasses
import json
from collections import Counter

import msgspec
import pytest
import toy_crossings as toy

from interplane.errors import RequestRejected, StorageError, StorageFull
from interplane.models.request_schema import Field
from interplane.predictions.entry import decode_entries, encode_entries
from interplane.serving.rollout import split

NOW = 1_370_067_300_000_000
ROWS = [toy.request_of(row) for row in toy.flights(300, seed=7).to_rows()]


def body_of(**request):
    """JSON as a client writes it."""
    return json.dumps(request).encode()


def ask(rolled, **request):
    """Ask, and return what was answered; it has to be an answer."""
    answer = rolled.answer(body_of(**request))
    assert 200 == answer.status, answer.body
    return json.loads(answer.body)


def logged(rolled):
    """What a reader of the log gets, by id."""
    entries = decode_entries(encode_entries(rolled.log.entries))
    found = {entry.id: entry for entry in entries}
    assert len(entries) == len(found)
    return found


def score_of(loaded, row):
    """What Python gives for a request's row."""
    values = list(loaded.schema.decode(row).values())[: loaded.schema.inputs]
    return loaded.predictor.predict_one(loaded.frozen.vector(values))


def is_canary(rolled, row, share):
    """Whether a row is below a share."""
    return split(rolled.canary.crossing, json.dumps([row["flight"]])) < share


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_each_key_has_its_crossing(roll, share):
    """Score, name and digest are of the one that answered; the log has the same."""
    rolled = roll().share(share)
    loaded = {each.crossing: each for each in (rolled.live, rolled.canary)}
    for row in ROWS:
        answer = ask(rolled, row=row)
        expected = rolled.canary if is_canary(rolled, row, share) else rolled.live
        assert expected.crossing == answer["crossing"]
        assert (expected.name, score_of(expected, row)) == (answer["model"], answer["score"])
        entry = logged(rolled)[answer["id"]]
        assert (answer["crossing"], answer["score"]) == (entry.crossing, entry.score)
        assert (None, None) == (entry.instead_of, entry.because)
        assert loaded[entry.crossing].schema.decode(entry.row)["flight"] == row["flight"]
    assert Counter(entry.crossing for entry in logged(rolled).values()) == rolled.meter.by_crossing
    assert (len(ROWS), 0) == (rolled.meter.predicted, rolled.meter.rejected)


def test_a_batch_is_split_row_by_row(roll):
    """What the canary answered says so; the batch is the live crossing's."""
    rolled = roll().share(0.5)
    answer = ask(rolled, rows=ROWS)
    assert (rolled.live.name, rolled.live.crossing) == (answer["model"], answer["crossing"])
    for row, item in zip(ROWS, answer["predictions"], strict=True):
        if is_canary(rolled, row, 0.5):
            assert (rolled.canary.name, rolled.canary.crossing) == (item["model"], item["crossing"])
            assert score_of(rolled.canary, row) == item["score"]
        else:
            assert {"score", "id", "time"} == set(item)
            assert score_of(rolled.live, row) == item["score"]
    assert 1 == len(rolled.log.frames)
    assert 300 == sum(rolled.meter.by_crossing.values())


def test_rows_without_a_key_are_split_by_their_prediction(roll):
    """And those of a client that brings an id all go one way: it may ask again."""
    rolled = roll().share(0.5)
    row = {**ROWS[0], "flight": None}
    answer = ask(rolled, rows=[row] * 200)
    salt = rolled.canary.crossing
    below = [split(salt, item["id"]) < 0.5 for item in answer["predictions"]]
    assert below == ["crossing" in item for item in answer["predictions"]]
    assert 60 < sum(below) < 140
    for number in range(20):
        name = f"client {number}"
        items = ask(rolled, rows=[row] * 3, id=name)["predictions"]
        assert [split(salt, name) < 0.5] * 3 == ["crossing" in item for item in items]


def test_an_id_is_answered_the_same_while_the_share_moves(roll):
    """By the crossing that answered first, under the same ids; it is logged once."""
    rolled = roll().share(0.0)
    first = {number: ask(rolled, row=ROWS[number], id=f"id {number}") for number in range(40)}
    batch = ask(rolled, rows=ROWS, id="all")
    for share in (1.0, 0.5):
        rolled.share(share)
        assert first == {
            number: ask(rolled, row=ROWS[number], id=f"id {number}") for number in first
        }
        assert batch == ask(rolled, rows=ROWS, id="all")
    rolled.endpoint = rolled.alone
    assert first[3] == ask(rolled, row=ROWS[3], id="id 3")
    assert 340 == len(logged(rolled))


def test_the_id_of_a_clients_prediction_does_not_depend_on_who_answers(roll, crossings):
    """Also where the canary reads fewer columns: a log that forgot it gets the same id again."""
    canary = crossings[1]
    rolled = roll(canary=without_flight(canary)).share(1.0)
    one = ask(rolled, row=ROWS[0], id="mine")
    assert rolled.canary.crossing == one["crossing"]
    assert "flight" not in logged(rolled)[one["id"]].row
    other = roll(canary=canary)
    other.endpoint._ids = type(rolled.alone._ids)(rolled.alone._ids.path.with_name("more.sqlite"))
    assert one["id"] == ask(other, row=ROWS[0], id="mine")["id"]


# ---- a canary that cannot answer ----------------------------------------------------------------


class Broken:
    """A model that does what it should not."""

    def __init__(self, error):
        self.error = error

    def predict_one(self, vector):
        """Raise."""
        raise self.error


@pytest.mark.parametrize(
    ("error", "because"),
    [
        (ZeroDivisionError("x"), "ZeroDivisionError"),
        (RecursionError("deep"), "RecursionError"),
        (MemoryError(), "MemoryError"),
        (RequestRejected("no"), "request-rejected"),
        (StorageError("the views cannot be read"), "storage"),
    ],
)
def test_what_the_canary_raises_costs_no_client_anything(roll, crossings, error, because):
    """The live crossing answers, and the log says instead of which, and because of what."""
    canary = dataclasses.replace(crossings[1], predictor=Broken(error))
    rolled = roll(canary=canary).share(0.5)
    answers = [ask(rolled, row=row) for row in ROWS[:60]]
    batch = ask(rolled, rows=ROWS[60:])
    once = ask(rolled, row=ROWS[0], id="mine")
    assert once == ask(rolled, row=ROWS[0], id="mine")
    assert {rolled.live.crossing} == {answer["crossing"] for answer in (*answers, batch, once)}
    for row, answer in zip(ROWS, (*answers, *batch["predictions"]), strict=True):
        assert score_of(rolled.live, row) == answer["score"]
        entry = logged(rolled)[answer["id"]]
        expected = (None, None)
        if is_canary(rolled, row, 0.5):
            expected = (canary.crossing, because)
        assert expected == (entry.instead_of, entry.because)
        assert rolled.live.crossing == entry.crossing
    assert 301 == rolled.meter.by_crossing[rolled.live.crossing] == rolled.meter.predicted
    instead = sum(entry.instead_of is not None for entry in logged(rolled).values())
    assert 100 < instead == rolled.meter.instead


def test_what_both_refuse_is_refused_as_the_live_crossing_says(roll):
    """It is no failure of the canary."""
    rolled = roll().share(1.0)
    ahead = {**ROWS[0], "at": "2999-01-01T00:00:00Z"}
    for row in ({**ROWS[0], "seats": 1.5}, ahead, {"wind": 1}, {**ROWS[0], "nobody": 1}):
        answer = rolled.answer(body_of(row=row))
        assert 422 == answer.status
        assert (
            answer.body == rolled.alone.answer(body_of(row=row), now_us=NOW, received_us=NOW).body
        )
    mixed = ask(rolled, rows=[ahead, ROWS[1]])["predictions"]
    assert ("error" in mixed[0], rolled.canary.crossing) == (True, mixed[1]["crossing"])
    assert 0 == rolled.meter.instead


def test_a_log_that_cannot_be_written_is_no_fault_of_the_canary(roll):
    """503, as without one."""
    rolled = roll().share(1.0)
    rolled.log.failing = StorageFull("no space left")
    assert 503 == rolled.answer(body_of(row=ROWS[0])).status
    assert (0, 1) == (rolled.meter.instead, rolled.meter.lost)


# ---- a canary with another request schema -------------------------------------------------------


def changed(loaded, **fields):
    """A crossing whose schema has other fields: by name, a `Field` or None to leave it out."""
    others = [fields.get(field.name, field) for field in loaded.schema.fields]
    schema = msgspec.structs.replace(
        loaded.schema, fields=tuple(field for field in others if field is not None)
    )
    return dataclasses.replace(loaded, schema=schema)


def without_flight(loaded):
    """A crossing that was published without a key."""
    loaded = changed(loaded, flight=None)
    return dataclasses.replace(loaded, schema=msgspec.structs.replace(loaded.schema, key=()))


def field(loaded, name):
    """A field of a schema."""
    return next(each for each in loaded.schema.fields if each.name == name)


def test_a_column_that_only_the_live_crossing_knows_is_left_out(roll, crossings):
    """Clients go on sending it: the canary answers without."""
    rolled = roll(canary=without_flight(crossings[1])).share(1.0)
    answer = ask(rolled, row=ROWS[0])
    assert (rolled.canary.crossing, score_of(crossings[1], ROWS[0])) == (
        answer["crossing"],
        answer["score"],
    )


def test_a_column_that_only_the_canary_needs_is_missing(roll, crossings):
    """No client can send it yet: the live crossing answers, and the log says why."""
    more = Field(name="gate", type="str", nullable=True, required=True)
    schema = msgspec.structs.replace(
        crossings[1].schema, fields=(*crossings[1].schema.fields, more)
    )
    rolled = roll(canary=dataclasses.replace(crossings[1], schema=schema)).share(1.0)
    answer = ask(rolled, row=ROWS[0])
    assert rolled.live.crossing == answer["crossing"]
    entry = logged(rolled)[answer["id"]]
    assert (rolled.canary.crossing, "request-rejected") == (entry.instead_of, entry.because)


def test_a_null_that_the_canary_never_saw_is_refused_by_it(roll, crossings):
    """Row by row: the others are its own."""
    strict = msgspec.structs.replace(field(crossings[1], "wind"), nullable=False)
    rolled = roll(canary=changed(crossings[1], wind=strict)).share(1.0)
    for row in ROWS[:50]:
        answer = ask(rolled, row=row)
        expected = rolled.live if row["wind"] is None else rolled.canary
        assert (expected.crossing, score_of(expected, row)) == (
            answer["crossing"],
            answer["score"],
        )


def test_types_may_differ_as_far_as_values_are_the_same(roll, crossings):
    """A whole number that the live crossing reads as a float is one again."""
    as_float = msgspec.structs.replace(field(crossings[0], "seats"), type="float")
    rolled = roll(live=changed(crossings[0], seats=as_float)).share(1.0)
    row = {**ROWS[0], "seats": 180}
    for body in (row, {**row, "flight": "a\n"}):
        answer = ask(rolled, row=body)
        assert (rolled.canary.crossing, score_of(crossings[1], row)) == (
            answer["crossing"],
            answer["score"],
        )
    answer = ask(rolled, row={**row, "seats": 180.5})
    assert rolled.live.crossing == answer["crossing"]


# ---- what it says of itself ---------------------------------------------------------------------


def test_an_endpoint_says_what_is_beside_it(roll):
    """Nothing, a canary that answers, one that cannot be loaded."""
    rolled = roll()
    assert rolled.endpoint.describe()["rollout"] is None
    rolled.share(0.05, shadow="e" * 64)
    assert {
        "canary": rolled.canary.crossing,
        "share": 0.05,
        "answers": True,
        "shadow": "e" * 64,
    } == rolled.endpoint.describe()["rollout"]
    assert rolled.live.crossing == rolled.endpoint.describe()["crossing"]
    assert rolled.alone.describe()["rollout"] is None
