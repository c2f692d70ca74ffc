"""What peers' users miss, at the endpoint: nullable integers are enforced, and three ways score alike."""

from __future__ import annotations

import json
import math
import struct
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import toy_crossings as toy

from interplane.models.request_schema import RequestSchema

NOW = 1_370_067_300_000_000


def body_of(row):
    """A request for one row."""
    return json.dumps({"row": row}).encode()


def bits(number):
    """A number as its bits; null is NaN, of which there is one."""
    is_null = number is None or math.isnan(number)
    return struct.pack("<d", math.nan if is_null else number)


@pytest.fixture
def asked(bench):
    """Ask for one row; return status and JSON."""

    def ask(row):
        answer = bench.answer(body_of(row))
        return answer.status, json.loads(answer.body)

    return ask


def test_peers_7_nullable_integers(asked, loaded):
    """An integer column with nulls is trained on, inferred and served; it stays an integer column."""
    rows, model = toy.train()
    seats = rows.to_arrow().column("seats")
    assert ("int", True) == (rows.types["seats"], seats.null_count > 0)
    inferred = RequestSchema.of(model.features, rows)
    assert inferred == loaded.schema
    (field,) = [each for each in inferred.fields if each.name == "seats"]
    assert ("int", True, True) == (field.type, field.nullable, field.required)

    row = {**toy.request_of(rows.to_rows()[0]), "seats": 180}
    with_seats, without = asked(row), asked({**row, "seats": None})
    assert (200, 200) == (with_seats[0], without[0])
    assert bits(model.predict_row(as_row(row))) == bits(with_seats[1]["score"])
    assert bits(model.predict_row(as_row({**row, "seats": None}))) == bits(without[1]["score"])

    for wrong in (180.5, 180.0, "180", True, 2**63, [180]):
        status, answer = asked({**row, "seats": wrong})
        assert (422, {"path": "$.row.seats"}) == (status, answer["error"]["details"])
    del row["seats"]
    assert "$.row.seats is missing" == asked(row)[1]["error"]["what"]
    assert 422 == asked({**row, "seats": 180, "distance": None})[0]


def as_row(request):
    """A request as Python has it: decoded, and without what features do not read."""
    rows, model = toy.train()
    decoded = RequestSchema.of(model.features, rows).decode(request)
    return {name: decoded[name] for name in model.features.inputs}


def test_peers_10_one_row_in_three_ways(bench):
    """Over the endpoint, in Python, and in a batch of 10,000: the same bits."""
    _, model = toy.train()
    batch = toy.flights(10_000, seed=11)
    in_batch = model.predict(batch)
    matrix = model.features.matrix(batch, seen="allow")
    rows = batch.to_rows()
    places = [*range(0, 10_000, 97), 9_999]
    for place in places:
        request = toy.request_of(rows[place])
        answer = json.loads(bench.answer(body_of(request)).body)
        python = model.predict_row(as_row(request))
        assert bits(in_batch[place]) == bits(python) == bits(answer["score"])
        features = model.features.row(as_row(request)).values()
        assert list(map(bits, matrix[place])) == list(map(bits, features))
    asked = [toy.request_of(rows[place]) for place in places]
    body = json.dumps({"rows": asked}).encode()
    together = json.loads(bench.answer(body).body)["predictions"]
    assert [bits(in_batch[place]) for place in places] == [bits(i["score"]) for i in together]
