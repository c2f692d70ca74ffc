"""From the bytes of a request to a logged answer."""

# ruff: noqa: DTZ001  our timestamps are UTC without a zone

from __future__ import annotations

import dataclasses
import json
import math
import struct
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
import toy_crossings as toy

import interplane as ip
from interplane.errors import InterplaneError, RequestRejected, StorageError, StorageFull
from interplane.expressions.expr import Row
from interplane.expressions.nodes import Column
from interplane.features.frozen import Frozen
from interplane.models.feature_flavor import FeatureFlavor, FeatureScore
from interplane.models.request_schema import Field, RequestSchema
from interplane.predictions.entry import decode_entries, encode_entries
from interplane.serving.answers import row_body
from interplane.serving.loading import Loaded
from interplane.serving.prediction_ids import derived_id
from interplane.views.view import Latest, View, ViewUse

NOW = 1_370_067_300_000_000
ROWS = [toy.request_of(row) for row in toy.flights(40, seed=7).to_rows()]
ROW = ROWS[0]


def body_of(**request):
    """JSON as a client writes it."""
    return json.dumps(request).encode()


def read(answer):
    """An answer's status and JSON."""
    return answer.status, json.loads(answer.body)


def logged(bench):
    """What a reader of the log gets."""
    return decode_entries(encode_entries(bench.log.entries))


def expected_score(loaded, row):
    """What Python gives for a request's row."""
    values = list(loaded.schema.decode(row).values())[: loaded.schema.inputs]
    return loaded.predictor.predict_one(loaded.frozen.vector(values))


# ---- one row ----------------------------------------------------------------------------------


def test_a_row_is_answered(bench, loaded):
    """Score, id, crossing and time; nothing else."""
    status, answer = read(bench.answer(body_of(row=ROW)))
    assert 200 == status
    assert ["score", "id", "model", "crossing", "time"] == list(answer)
    assert expected_score(loaded, ROW) == answer["score"]
    assert ("flights@1", loaded.crossing) == (answer["model"], answer["crossing"])
    assert f"{ROW['at']}Z" == answer["time"]
    assert 32 == len(answer["id"])


def test_what_is_answered_was_logged(bench, loaded):
    """The entry has the request, decoded, and the answer."""
    _, answer = read(bench.answer(body_of(row={**ROW, "at": "2013-05-01T08:00:00+02:00"})))
    (entry,) = logged(bench)
    assert answer["id"] == entry.id
    assert answer["score"] == entry.score
    assert ("flights", loaded.crossing) == (entry.model, entry.crossing)
    assert "2013-05-01T06:00:00Z" == answer["time"]
    assert (1_367_388_000_000_000, NOW) == (entry.time_us, entry.at_us)
    assert (None, False, None) == (entry.client_id, entry.replay, entry.looked_up)
    assert entry.took_us >= 100
    again = loaded.schema.decode(entry.row)
    assert {**loaded.schema.decode(ROW), "at": datetime(2013, 5, 1, 6)} == again


def test_both_ways_of_decoding_answer_and_log_the_same(bench, loaded):
    """A body with an escape goes the exact way."""
    escaped = json.dumps({"row": ROW}).replace('"flight"', '"\\u0066light"').encode()
    answers = [read(bench.answer(body))[1] for body in (body_of(row=ROW), escaped)]
    assert answers[0] | {"id": ""} == answers[1] | {"id": ""}
    one, other = logged(bench)
    assert loaded.schema.decode(one.row) == loaded.schema.decode(other.row)
    assert list(one.row) == list(other.row)


def test_a_row_that_is_refused_is_422_with_its_path(bench):
    """Nothing is logged; it is counted."""
    status, answer = read(bench.answer(body_of(row={**ROW, "seats": 1.5})))
    assert (422, "request-rejected") == (status, answer["error"]["code"])
    assert {"path": "$.row.seats"} == answer["error"]["details"]
    assert [] == bench.log.frames
    assert (0, 1, 1) == (bench.meter.predicted, bench.meter.rejected, bench.meter.requests)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed-request"),
        (b"{}", "malformed-request"),
        (b'{"row":{},"raw":1}', "malformed-request"),
        (b'{"row":{},"id":""}', "malformed-request"),
    ],
)
def test_what_is_no_request_is_400(bench, body, code):
    """In the one shape of errors."""
    status, answer = read(bench.answer(body))
    assert (400, code) == (status, answer["error"]["code"])
    assert {"code", "what", "expected", "do", "details"} == set(answer["error"])


def test_an_endpoint_says_what_it_is(bench, loaded):
    """For people, and for clients that make forms of it."""
    described = bench.endpoint.describe()
    assert ("flights@1", "lightgbm", "at", 100) == tuple(
        described[key] for key in ("name", "flavor", "time", "golden_rows")
    )
    assert "seats" in [column["name"] for column in described["columns"]]
    assert json.loads(msgspec.json.encode(described)) == described
    assert loaded.schema.to_json_schema() == bench.endpoint.json_schema()


# ---- batches ----------------------------------------------------------------------------------


def test_a_batch_is_answered_in_order(bench, loaded):
    """With one frame in the log."""
    status, answer = read(bench.answer(body_of(rows=ROWS)))
    assert 200 == status
    scores = [item["score"] for item in answer["predictions"]]
    assert [expected_score(loaded, row) for row in ROWS] == scores
    assert [40] == [len(frame) for frame in bench.log.frames]
    assert [item["id"] for item in answer["predictions"]] == [e.id for e in logged(bench)]
    assert ["predictions", "model", "crossing"] == list(answer)


def test_bad_rows_harm_no_neighbour(bench, loaded):
    """Each has its own error in its place; the good ones are predicted and logged."""
    rows = [ROW, {**ROW, "night": 1}, "no row", {**ROW, "at": "2014-01-01T00:00:00Z"}, ROW]
    status, answer = read(bench.answer(body_of(rows=rows)))
    good = expected_score(loaded, ROW)
    assert 200 == status
    assert [good, None, None, None, good] == [i.get("score") for i in answer["predictions"]]
    paths = [item["error"]["details"]["path"] for item in answer["predictions"][1:4]]
    assert ["$.rows[1].night", "$.rows[2]", "$.rows[3].at"] == paths
    assert 2 == len(logged(bench))
    assert (2, 3) == (bench.meter.predicted, bench.meter.rejected)


def test_a_batch_of_nothing(bench):
    """And one of which nothing is left: both are answered, and nothing is logged."""
    status, answer = read(bench.answer(b'{"rows":[]}'))
    assert (200, []) == (status, answer["predictions"])
    status, answer = read(bench.answer(body_of(rows=[{}, 3])))
    assert (200, 2) == (status, len(answer["predictions"]))
    assert [] == bench.log.frames


def test_a_batch_has_a_limit(make_bench):
    """The path says which."""
    status, answer = read(make_bench(most_rows=3).answer(body_of(rows=[ROW] * 4)))
    assert (422, "$.rows") == (status, answer["error"]["details"]["path"])


# ---- time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ahead_s", "status"), [(300, 200), (301, 422), (10**8, 422)])
def test_a_time_ahead_of_the_clock_is_refused(bench, ahead_s, status):
    """After five minutes; a clock that differs by less is no mistake."""
    at = datetime.fromtimestamp(NOW / 1e6 + ahead_s, UTC)
    found, answer = read(bench.answer(body_of(row={**ROW, "at": at.isoformat()})))
    assert status == found
    if status == 422:
        assert "$.row.at" == answer["error"]["details"]["path"]
        assert "2013-06-01T06:15:00Z" in answer["error"]["what"]


def test_a_replay_takes_any_time(make_bench):
    """And the log says that it was one."""
    bench = make_bench(replay=True)
    assert 200 == bench.answer(body_of(row={**ROW, "at": "2031-01-01T00:00:00Z"})).status
    (entry,) = logged(bench)
    assert entry.replay


def column(name, kind):
    """A column that may be null or left out."""
    return Field(name=name, type=kind, nullable=True, required=False)


def passing(features, schema, **parts):
    """A crossing whose score is its first feature."""
    frozen = Frozen(features=features, **parts)
    flavor = FeatureFlavor()
    files = flavor.save(FeatureScore(frozen.names[0]), frozen.names)
    return Loaded(
        name="toy@1",
        model="toy",
        crossing="c" * 64,
        flavor="feature",
        frozen=frozen,
        predictor=flavor.load(files),
        schema=schema,
    )


@ip.operation(args=["float"], result="float", sql="if({0} = 12345.5, NULL, {0})")
def rare_fault(x):
    """Return the number; fail at one that no test of the operation has."""
    if x == 12345.5:
        raise ValueError("boom")
    return x


def test_an_operation_that_raises_refuses_its_row(make_bench):
    """The others of the request are answered and logged; operation, value and place are named."""
    features = {"x": rare_fault(Row({"x": "float"}).x).node}
    bench = make_bench(passing(features, RequestSchema(fields=(column("x", "float"),), inputs=1)))
    status, answer = read(bench.answer(body_of(rows=[{"x": 1.5}, {"x": 12345.5}, {"x": 2.5}])))
    good, bad, other = answer["predictions"]
    assert (200, 1.5, 2.5) == (status, good["score"], other["score"])
    assert (
        "the operation 'rare_fault' raised ValueError: boom on (12345.5,)" in bad["error"]["what"]
    )
    assert "in $.rows[1]" in bad["error"]["what"]
    assert [1.5, 2.5] == [entry.score for entry in logged(bench)]
    status, answer = read(bench.answer(body_of(row={"x": 12345.5})))
    assert (422, True) == (status, "in $.row" in answer["error"]["what"])


def timed(kind):
    """A crossing with a time column of some type, which its features do not read."""
    fields = (column("x", "float"), column("when", kind))
    return passing({"x": Column("x", "float")}, RequestSchema(fields=fields, inputs=1, time="when"))


TIMES = {
    "text": ("timestamp", "2013-05-01T06:15:00Z", "2013-05-01T06:15:00Z"),
    "space": ("timestamp", "2013-05-01 06:15:00Z", "2013-05-01T06:15:00Z"),
    "no zone": ("timestamp", "2013-05-01T06:15:00", "2013-05-01T06:15:00Z"),
    "part": ("timestamp", "2013-05-01T06:15:00.5Z", "2013-05-01T06:15:00.500000Z"),
    "offset": ("timestamp", "2013-05-01T06:15+02:00", "2013-05-01T04:15:00Z"),
    "old": ("timestamp", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    "date": ("date", "2013-05-01", "2013-05-01T00:00:00Z"),
    "null": ("timestamp", None, "2013-06-01T06:15:00.000000Z"),
    "number": ("int", 7, "2013-06-01T06:15:00.000000Z"),
}


@pytest.mark.parametrize("name", TIMES)
def test_the_prediction_time(make_bench, name):
    """What the request says, where its type is one of times; else the server's clock."""
    kind, given, time = TIMES[name]
    bench = make_bench(timed(kind))
    _, answer = read(bench.answer(body_of(row={"x": 1, "when": given})))
    assert time == answer["time"]
    microsecond = 1 / 1e6
    (entry,) = logged(bench)
    stated = datetime.fromisoformat(time).timestamp()
    assert abs(stated - entry.time_us / 1e6) < microsecond


def test_the_clock_is_told_to_the_microsecond(make_bench):
    """Whatever second was told before."""
    bench = make_bench(timed("timestamp"))
    for now_us in (NOW, NOW + 1, NOW + 1_999_999, NOW + 60_000_000):
        _, answer = read(bench.answer(b'{"row":{"x":1}}', now_us))
        seconds, part = divmod(now_us - NOW, 1_000_000)
        minute = 15 + seconds // 60
        assert f"2013-06-01T06:{minute}:{seconds % 60:02}.{part:06}Z" == answer["time"]


# ---- scores -----------------------------------------------------------------------------------


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_score_is_read_back_bit_for_bit(score):
    """Whatever number it is."""
    body = row_body(score, "0" * 32, "toy@1", "c" * 64, "2013-05-01T06:15:00Z")
    assert struct.pack("<d", score) == struct.pack("<d", json.loads(body)["score"])


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_null(make_bench, score):
    """In the answer and in the log; it is no fault of the request."""

    class Constant:
        feature_names = ("x",)

        def predict_one(self, values):
            return score

    loaded = with_parts(timed("timestamp"), predictor=Constant())
    bench = make_bench(loaded)
    status, answer = read(bench.answer(b'{"row":{"x":1}}'))
    assert (200, None) == (status, answer["score"])
    _, batch = read(bench.answer(b'{"rows":[{"x":1}]}'))
    assert None is batch["predictions"][0]["score"]
    assert [None, None] == [entry.score for entry in logged(bench)]


def with_parts(loaded, **changed):
    """A crossing with some part changed."""
    return dataclasses.replace(loaded, **changed)


# ---- look-ups ---------------------------------------------------------------------------------


class Memory:
    """Look-ups that know one carrier, from a time on."""

    names = ("carrier.rate", "carrier.flights")
    horizon_us = NOW - 3_600_000_000

    def __init__(self):
        self.asked = []
        self.failing = None

    def read(self, row, time_us):
        """Values by carrier."""
        if self.failing is not None:
            raise self.failing
        if time_us < self.horizon_us:
            raise RequestRejected("too old", expected="a later time", do="Ask for now", path="$")
        self.asked.append((dict(row), time_us))
        return {"UA": [0.75, 12]}.get(row["carrier"], [None, None])


@pytest.fixture
def viewed(make_bench):
    """An endpoint whose features read a view, and its look-ups."""
    view = View(
        name="carrier_history",
        source="flights",
        entity=("carrier",),
        event_time="at",
        known_at="at",
        ttl_us=None,
        forecast=False,
        key=(),
        columns={"carrier": "str", "at": "timestamp", "rate": "float", "flights": "int"},
        arguments=(Column("rate", "float"), Column("flights", "int")),
        features={"rate": Latest(0, "float"), "flights": Latest(1, "int")},
    )
    fields = (column("x", "float"), column("carrier", "str"), column("when", "timestamp"))
    features = {"rate": Column("carrier.rate", "float"), "x": Column("x", "float")}
    loaded = passing(
        features,
        RequestSchema(fields=fields, inputs=1, time="when"),
        uses={"carrier": ViewUse(view, ("carrier",))},
        time="when",
    )
    look_ups = Memory()
    return make_bench(loaded, look_ups=look_ups), look_ups


def test_what_views_know_is_a_feature(viewed):
    """It is asked for as of the prediction time, by the columns of the join, and logged."""
    bench, look_ups = viewed
    rows = [{"x": 1, "carrier": "UA"}, {"x": 1, "carrier": "AA"}, {"x": 1}]
    rows[0]["when"] = "2013-06-01T06:00:00Z"
    _, answer = read(bench.answer(body_of(rows=rows)))
    assert [0.75, None, None] == [item["score"] for item in answer["predictions"]]
    expected = [("UA", NOW - 900_000_000), ("AA", NOW), (None, NOW)]
    assert [({"carrier": name}, time) for name, time in expected] == look_ups.asked
    first, second, _ = logged(bench)
    assert {"carrier.rate": 0.75, "carrier.flights": 12} == first.looked_up
    assert {"carrier.rate": None, "carrier.flights": None} == second.looked_up
    assert ["carrier.rate", "carrier.flights"] == bench.endpoint.describe()["looked_up"]


def test_a_time_before_the_history_is_422(viewed):
    """Also of one row in a batch, whose neighbours are answered."""
    bench, _ = viewed
    old, new = {"x": 1, "when": "2013-01-01T00:00:00Z"}, {"x": 1}
    assert 422 == bench.answer(body_of(row=old)).status
    _, answer = read(bench.answer(body_of(rows=[old, new])))
    assert ["error", "score"] == [next(iter(item)) for item in answer["predictions"]]


def test_a_store_that_cannot_be_read_is_503(viewed):
    """Nobody guesses what a view knows."""
    bench, look_ups = viewed
    look_ups.failing = StorageError("the disk is gone", do="Mend it")
    for body in (b'{"row":{"x":1}}', b'{"rows":[{"x":1}]}', b'{"row":{"x":1},"id":"a"}'):
        status, answer = read(bench.answer(body))
        assert (503, "storage") == (status, answer["error"]["code"])
    assert [] == bench.log.frames


# ---- the log ----------------------------------------------------------------------------------


@pytest.mark.parametrize("failing", [StorageFull("no space"), OSError(5, "Input/output error")])
def test_what_cannot_be_logged_is_not_answered(bench, failing):
    """503, and nothing is acknowledged; the next one may be."""
    bench.log.failing = failing
    bodies = [body_of(row=ROW), body_of(rows=ROWS), body_of(row=ROW, id="a7")]
    for body in bodies:
        status, answer = read(bench.answer(body))
        assert 503 == status
        assert "score" not in str(answer)
    assert (3, 0) == (bench.meter.lost, bench.meter.predicted)
    bench.log.failing = None
    assert [200] * 3 == [bench.answer(body).status for body in bodies]


# ---- clients' own ids -------------------------------------------------------------------------


def test_an_id_is_answered_once(bench):
    """A retry gets the same bytes, later too, and is logged once."""
    body = body_of(row=ROW, id="order 7")
    first = bench.answer(body)
    assert first == bench.answer(body, NOW + 3_600_000_000)
    (entry,) = logged(bench)
    assert "order 7" == entry.client_id
    row = msgspec.json.encode(entry.row)
    assert derived_id("flights", "order 7", 0, row) == entry.id == json.loads(first.body)["id"]
    assert 1 == bench.meter.predicted


def test_a_batch_with_an_id(bench):
    """Each row has an id of its own, whatever rows beside it were refused."""
    body = body_of(rows=[ROW, {}, ROWS[1]], id="b")
    first = bench.answer(body)
    assert first == bench.answer(body)
    first_one, last_one = logged(bench)
    for place, entry in ((0, first_one), (2, last_one)):
        assert derived_id("flights", "b", place, msgspec.json.encode(entry.row)) == entry.id


def test_an_id_with_another_row_is_409(bench):
    """The first one stays."""
    first = bench.answer(body_of(row=ROW, id="a7"))
    status, answer = read(bench.answer(body_of(row=ROWS[1], id="a7")))
    assert (409, "id-taken") == (status, answer["error"]["code"])
    assert first == bench.answer(body_of(row=ROW, id="a7"))
    assert 1 == len(bench.log.entries)


def test_a_refused_row_leaves_its_id_free(bench):
    """The client corrects it and comes again."""
    assert 422 == bench.answer(body_of(row={**ROW, "night": 3}, id="a7")).status
    assert 200 == bench.answer(body_of(row=ROW, id="a7")).status


def test_another_worker_answers_the_same(make_bench):
    """Whichever is asked, and whichever crossing it has by then."""
    one, other = make_bench(), make_bench()
    body = body_of(row=ROW, id="a7")
    assert one.answer(body) == other.answer(body)
    assert {one.log.entries[0].id} == {entry.id for entry in logged(other)} | {
        entry.id for entry in logged(one)
    }


def test_a_retry_is_answered_though_the_schema_has_changed(make_bench, loaded):
    """What was answered stays answered."""
    first = make_bench().answer(body_of(row=ROW, id="a7"))
    fields = [msgspec.structs.replace(each, type="int") for each in loaded.schema.fields]
    strict = msgspec.structs.replace(loaded.schema, fields=tuple(fields))
    changed = make_bench(with_parts(loaded, schema=strict))
    assert 422 == changed.answer(body_of(row=ROW)).status
    assert first == changed.answer(body_of(row=ROW, id="a7"))


def test_a_worker_that_died_before_it_logged(make_bench):
    """The next one logs what it left behind, with its time and its id."""
    dying = make_bench()
    dying.log.failing = StorageError("killed here")
    body = body_of(row=ROW, id="a7")
    assert 503 == dying.answer(body).status
    other = make_bench()
    answer = other.answer(body, NOW + 5_000_000)
    assert 200 == answer.status
    (entry,) = logged(other)
    assert (json.loads(answer.body)["id"], NOW) == (entry.id, entry.at_us)
    assert answer == other.answer(body)
    assert 1 == len(other.log.entries)


def test_ids_that_cannot_be_kept_are_503(bench):
    """Requests without one are answered all the same."""
    bench.endpoint._ids.path.parent.write_text("no folder")
    assert 503 == bench.answer(body_of(row=ROW, id="a7")).status
    assert 200 == bench.answer(body_of(row=ROW)).status


# ---- whatever comes ---------------------------------------------------------------------------

MARKS = ["{", "}", "[", "]", ",", "null", "true", "1e400", "NaN", "-0", "9" * 30, '"a"']
TEXTS = ['"\\ud800"', '"\\u0000"', "\xff", '"2013-05-01"', '"row":', '"rows":', '"id":']
PIECES = st.sampled_from([*(f'"{name}":' for name in ROW), *MARKS, *TEXTS])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.one_of(st.binary(max_size=40), st.lists(PIECES).map("".join).map(str.encode)))
def test_whatever_a_client_sends_is_answered(bench, body):
    """Valid JSON, and never a fault of ours."""
    status, answer = read(bench.answer(body))
    assert status in {200, 400, 422}
    assert "error" in answer or "predictions" in answer


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.dictionaries(
        st.sampled_from(list(ROW)),
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just({})),
    )
)
def test_whatever_a_row_holds_is_answered(bench, values):
    """A score, or the path of what is wrong."""
    text = json.dumps({"row": {**ROW, **values}})
    status, answer = read(bench.answer(text.encode()))
    assert status == 200 or answer["error"]["details"]["path"].startswith("$.row")


def test_a_fault_of_ours_is_no_answer(make_bench):
    """It goes up, to whoever answers 500 and tells the operator."""

    class Broken:
        feature_names = ("x",)

        def predict_one(self, values):
            raise InterplaneError("a fault")

    bench = make_bench(with_parts(timed("timestamp"), predictor=Broken()))
    with pytest.raises(InterplaneError, match="a fault"):
        bench.answer(b'{"row":{"x":1}}')
