"""`/openapi.json`: whole, made of the models' own schemas, and true."""

import json

from toy_rows import ToyEvents, ToyLog, ToyModels

from interplane.serving.app import App
from interplane.serving.board import Board
from interplane.serving.openapi import describe_api
from interplane.serving.ports import Opening, RowPath


def references(value):
    """Yield every reference in a document."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


class Meter:
    """Counts nothing."""

    def live(self, model, crossing, name):
        return None


def toy(tmp_path, *models, events=None):
    opening = Opening(project=str(tmp_path), models=models)
    models, log = ToyModels(opening, Meter()), ToyLog(opening)
    return RowPath(models, log, events, outcomes=events, features=events)


def test_every_reference_is_there_and_every_operation_has_its_own_name(shared):
    """As a generator of clients needs it."""
    document = shared.get("/openapi.json").json
    assert "3.1.0" == document["openapi"]
    names = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    found = set(references(document))
    assert found <= names
    assert "#/components/schemas/flights.row" in found
    operations = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
    ]
    assert len(operations) == len(set(operations))


def test_it_says_every_route_of_the_table(tmp_path):
    """A route that is added has to be said."""
    with Board.create(1) as board:
        app = App(toy(tmp_path, "flights", events=ToyEvents()), board)
        document = json.loads(app.show_api("", b"", 0).body)
        for route in app.routes:
            path = route.path
            if route.label == "predict":
                path = path.replace("{name}", "flights")
            assert route.method.lower() in document["paths"][path], path


def test_the_request_of_a_model_is_one_row_or_many(shared):
    """Each row as the model's own schema says it, without the key that only a document of its own has."""
    schemas = shared.get("/openapi.json").json["components"]["schemas"]
    row = shared.get("/v1/models/flights/schema").json
    assert {key: value for key, value in row.items() if key != "$schema"} == schemas["flights.row"]
    one, many = schemas["flights.request"]["oneOf"]
    reference = {"$ref": "#/components/schemas/flights.row"}
    assert reference == one["properties"]["row"]
    assert reference == many["properties"]["rows"]["items"]


def test_errors_are_said_at_their_statuses(shared):
    """All of one shape, which is the one that is sent."""
    document = shared.get("/openapi.json").json
    responses = document["paths"]["/v1/models/flights/predict"]["post"]["responses"]
    assert {
        "200",
        "400",
        "401",
        "403",
        "408",
        "409",
        "411",
        "413",
        "415",
        "421",
        "422",
        "503",
    } == set(responses)
    for status, response in responses.items():
        if status != "200":
            schema = response["content"]["application/json"]["schema"]
            assert {"$ref": "#/components/schemas/Error"} == schema
    shape = document["components"]["schemas"]["Error"]["properties"]["error"]
    assert set(shape["required"]) == set(shared.get("/nothing").json["error"])


def test_without_a_source_of_events_there_is_no_push(tmp_path):
    """Neither in the document nor in what is answered."""
    path = toy(tmp_path, "flights")
    endpoints = [path.models.find("flights")]
    assert "/v1/sources/{name}/events" not in describe_api(endpoints, has_events=False)["paths"]
    with Board.create(1) as board:
        answered = App(path, board).push("bookings", b"", 0)
    assert 404 == answered.status
    assert "unknown-source" == json.loads(answered.body)["error"]["code"]


def test_models_that_come_and_go_are_found_the_quick_way(tmp_path):
    """In the very dictionary that the gate holds."""
    path = toy(tmp_path, "flights")
    with Board.create(1) as board:
        app = App(path, board)
        quick = app.quick
        assert {b"/v1/models/flights/predict"} == set(quick)
        path.models._found["taxis"] = path.models._found.pop("flights")
        app.refresh()
        assert quick is app.quick
        assert {b"/v1/models/taxis/predict"} == set(quick)
