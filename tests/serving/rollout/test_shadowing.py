"""A shadow predicts logged rows as of their prediction time; what it cannot is a line with a reason."""

import dataclasses
import json
import subprocess
import sys

import msgspec
import toy_crossings as toy

from interplane.errors import RequestRejected
from interplane.models.request_schema import Field
from interplane.predictions.entry import decode_entries, encode_entries
from interplane.serving.shadowing import Shadow, unanswered

NOW = 1_370_067_300_000_000
ROWS = [toy.request_of(row) for row in toy.flights(40, seed=7).to_rows()]


def logged(rolled, rows, **request):
    """What the log has of rows that the live crossing answered."""
    answer = rolled.answer(json.dumps({"rows": rows, **request}).encode())
    assert 200 == answer.status
    return decode_entries(encode_entries(rolled.log.entries))


def score_of(loaded, row):
    """What Python gives for a request's row."""
    values = list(loaded.schema.decode(row).values())[: loaded.schema.inputs]
    return loaded.predictor.predict_one(loaded.frozen.vector(values))


def test_the_same_id_and_times_another_score(roll, crossings):
    """Its own row, time taken, and crossing."""
    shadow = Shadow(crossings[1])
    for row, entry in zip(ROWS, logged(roll(), ROWS, id="mine"), strict=True):
        found = shadow.predict(entry)
        assert score_of(crossings[1], row) == found.score != entry.score
        for name in ("id", "model", "time_us", "at_us", "client_id", "replay"):
            assert getattr(entry, name) == getattr(found, name)
        assert (crossings[1].crossing, None, None) == (
            found.crossing,
            found.instead_of,
            found.because,
        )
        assert row["flight"] == decode_entries(encode_entries([found]))[0].row["flight"]


def test_the_prediction_time_is_the_logs(roll, crossings):
    """Also where the shadow's schema has none, and in replay."""
    schema = msgspec.structs.replace(crossings[1].schema, time=None)
    shadow = Shadow(dataclasses.replace(crossings[1], schema=schema))
    for entry in logged(roll(replay=True), ROWS):
        found = shadow.predict(entry)
        assert (entry.time_us, entry.at_us, True) == (found.time_us, found.at_us, found.replay)
        assert NOW == found.at_us != found.time_us


class LookUps:
    """Views of a shadow: what is known at a time."""

    names = ("views.hour",)

    def __init__(self):
        self.asked = []

    def read(self, row, time_us):
        """Note what was asked."""
        self.asked.append(time_us)
        raise RequestRejected("before what is kept")


def test_what_it_cannot_is_a_line_with_the_reason(roll, crossings):
    """A column that it needs, a model that raises, history that is not kept."""
    needs = Field(name="gate", type="str", nullable=True, required=True)
    schema = msgspec.structs.replace(
        crossings[1].schema, fields=(*crossings[1].schema.fields, needs)
    )
    entries = logged(roll(), ROWS[:3])

    class Raising:
        def predict_one(self, vector):
            raise ZeroDivisionError

    look_ups = LookUps()
    for shadow, because in (
        (Shadow(dataclasses.replace(crossings[1], schema=schema)), "request-rejected"),
        (Shadow(dataclasses.replace(crossings[1], predictor=Raising())), "ZeroDivisionError"),
        (Shadow(crossings[1], look_ups=look_ups), "request-rejected"),
    ):
        for entry in entries:
            found = shadow.predict(entry)
            expected = unanswered(entry, crossings[1].crossing, because, took_us=found.took_us)
            assert (expected, None) == (found, found.score)
    assert [entry.time_us for entry in entries] == look_ups.asked


def test_rows_from_files_are_predicted_alike(roll, crossings):
    """There null stands for what a request lacked, and whole numbers may be floats."""
    shadow = Shadow(crossings[1])
    row = {name: value for name, value in ROWS[0].items() if name != "flight"} | {"seats": 180}
    (entry,) = logged(roll(), [row])
    assert "flight" not in entry.row
    from_file = msgspec.structs.replace(
        entry, row={**entry.row, "flight": None, "seats": 180.0, "other": None}
    )
    assert score_of(crossings[1], row) == shadow.predict(entry).score
    assert shadow.predict(entry).score == shadow.predict(from_file).score


def test_an_entry_without_a_row_is_no_reason_to_stop(roll, crossings):
    """Whatever the log has."""
    (entry,) = logged(roll(), ROWS[:1])
    found = Shadow(crossings[1]).predict(msgspec.structs.replace(entry, row=None))
    assert (None, "request-rejected") == (found.score, found.because)


def test_the_process_of_shadows_is_as_light_as_a_worker():
    """It brings in no engine and no training library."""
    code = (
        "import sys, interplane.project.shadow, interplane.predictions.catching_up\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    heavy = {"duckdb", "numpy", "pyarrow", "pandas", "polars", "sklearn", "lightgbm", "scipy"}
    assert set() == heavy & set(done.stdout.split())
