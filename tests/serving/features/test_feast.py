"""Feast's form: requests as its documentation has them, answered as its feature server does."""

import json

import pytest
from test_feature_reads import VIEW, Bench

from interplane.errors import UnknownName
from interplane.views.derived import use_of


@pytest.fixture
def bench():
    """A store with what is known of a few entities."""
    return Bench()


def ask(bench, plain):
    """Ask for online features."""
    return bench.ask("read_as_feast", json.dumps(plain).encode())


def test_a_request_column_by_column(bench):
    """Entities first, then the features, each with statuses and times."""
    plain = {
        "features": ["example:x", "example:n"],
        "entities": {"who": ["new", "null", "unknown", "old"]},
    }
    status, answer = ask(bench, plain)
    assert 200 == status
    assert ["who", "x", "n"] == answer["metadata"]["feature_names"]
    never = "1970-01-01T00:00:00Z"
    times = ["2024-05-01T11:59:55Z", "2024-05-01T11:59:55Z", never, "2024-05-01T11:58:30Z"]
    assert [
        {
            "values": ["new", "null", "unknown", "old"],
            "statuses": ["PRESENT"] * 4,
            "event_timestamps": [never] * 4,
        },
        {
            "values": [0.1, None, None, None],
            "statuses": ["PRESENT", "NULL_VALUE", "NOT_FOUND", "OUTSIDE_MAX_AGE"],
            "event_timestamps": times,
        },
        {
            "values": [0, 0, 0, 0],
            "statuses": ["PRESENT", "PRESENT", "NOT_FOUND", "PRESENT"],
            "event_timestamps": times,
        },
    ] == answer["results"]


def test_full_feature_names(bench):
    """The view's name before each feature, as Feast writes it."""
    plain = {"features": ["example:x"], "entities": {"who": []}, "full_feature_names": True}
    assert ["who", "example__x"] == ask(bench, plain)[1]["metadata"]["feature_names"]


def test_a_feature_service_is_what_a_model_looks_up(bench, monkeypatch):
    """By the columns of its requests."""
    uses = {"past": use_of(VIEW, ("rider",))}

    def service(name):
        if name != "trips":
            raise UnknownName.of("feature service", name, ["trips"])
        return uses

    monkeypatch.setattr("test_feature_reads.service", service)
    plain = {"feature_service": "trips", "entities": {"rider": ["new"]}, "full_feature_names": True}
    status, answer = ask(bench, plain)
    assert (200, ["rider", "past__x", "past__n"]) == (status, answer["metadata"]["feature_names"])
    assert [["new"], [0.1], [0]] == [each["values"] for each in answer["results"]]
    assert 404 == ask(bench, {**plain, "feature_service": "trisp"})[0]


ASKED = {"features": ["example:x"], "entities": {"who": ["new"]}}


@pytest.mark.parametrize(
    ("plain", "status", "why"),
    [
        ({**ASKED, "features": ["x"]}, 400, "'x' at $.features"),
        ({**ASKED, "features": ["example:y"]}, 404, "no feature 'y'"),
        ({**ASKED, "features": ["nobody:y"]}, 404, "no feature view 'nobody'"),
        ({**ASKED, "features": []}, 400, "neither features nor feature_service"),
        ({**ASKED, "feature_service": "s"}, 400, "both features and feature_service"),
        ({**ASKED, "features": ["example:x", "example:x"]}, 400, "called 'x'"),
        ({**ASKED, "features": ["example:x", "places:x"]}, 400, "$.entities.day is missing"),
        ({"features": ["example:x"]}, 400, "at $.entities"),
        ({**ASKED, "entities": [1]}, 400, "at $.entities"),
        ({**ASKED, "entities": {"who": 1}}, 400, "at $.entities"),
        ({**ASKED, "entities": {}}, 400, "$.entities.who is missing"),
        ({**ASKED, "entities": {"who": [], "day": []}}, 400, "'day' at $.entities names no"),
        ({**ASKED, "entities": {"who": [5]}}, 422, "5 at $.entities.who[0]"),
        ({**ASKED, "entities": {"who": ["a"] * 1001}}, 422, "1,001 entities"),
        ({**ASKED, "full_feature_names": 1}, 400, "full_feature_names"),
        ({**ASKED, "query": "x"}, 400, "'query' at $"),
        (
            {**ASKED, "include_feature_view_version_metadata": True},
            422,
            "include_feature_view_version_metadata is not supported",
        ),
    ],
)
def test_what_is_not_supported_is_refused_by_name(bench, plain, status, why):
    """Never left out in silence."""
    found, answer = ask(bench, plain)
    assert (status, True) == (found, why in answer["error"]["what"]), answer


def push(bench, plain):
    """Push in Feast's form."""
    return bench.ask("push_as_feast", json.dumps(plain).encode())


def frame(**columns):
    """Return a push of two events, column by column."""
    rows = {
        "who": ["f", "g"],
        "at": ["2024-05-01T11:59:58Z", "2024-05-01T11:59:59Z"],
        "id": [1, 2],
        "x": [1.5, None],
        "day": ["2024-05-01", "2024-05-01"],
    }
    return {"push_source_name": "events", "df": {**rows, **columns}}


def test_a_push_column_by_column(bench):
    """Its rows are events of the source; what nobody reads is named."""
    plain = {**frame(created=["now", "now"]), "to": "online", "allow_registry_cache": True}
    assert (200, {"new": 2, "known": 0, "unread": ["created"]}) == push(bench, plain)
    _, answer = ask(bench, {**ASKED, "entities": {"who": ["f", "g"]}})
    assert [1.5, None] == answer["results"][1]["values"]
    assert (200, 2) == (push(bench, plain)[0], push(bench, plain)[1]["known"])


def test_a_row_of_a_push_that_is_refused_says_where_it_is(bench):
    """The others are taken."""
    status, answer = push(bench, frame(x=[1.5, "high"]))
    assert 422 == status
    assert "$.df[1].x" in answer["error"]["what"]
    assert (1, [1]) == (
        answer["error"]["details"]["new"],
        [each["index"] for each in answer["error"]["details"]["refused"]],
    )


@pytest.mark.parametrize(
    ("plain", "status", "why"),
    [
        ([], 400, "the request is"),
        ({"push_source_name": 5, "df": {}}, 400, "5 at $.push_source_name"),
        ({"push_source_name": "events", "df": []}, 400, "[] at $.df"),
        ({"push_source_name": "events", "df": {"a": 1}}, 400, "at $.df"),
        ({**frame(), "to": "offline"}, 422, "to is 'offline'"),
        ({**frame(), "to": "online_and_offline"}, 422, "to is 'online_and_offline'"),
        ({**frame(), "transform_on_write": False}, 422, "transform_on_write"),
        ({**frame(), "mode": "x"}, 400, "'mode' at $"),
        (frame(x=[1.0]), 400, "several lengths"),
        ({"push_source_name": "events", "df": {"a": [1] * 1001}}, 422, "1,001 rows"),
        ({**frame(), "push_source_name": "nobody"}, 404, "no source 'nobody'"),
    ],
)
def test_a_push_that_is_not_supported_is_refused_by_name(bench, plain, status, why):
    """Nothing of it is written."""
    found, answer = push(bench, plain)
    assert (status, True) == (found, why in answer["error"]["what"]), answer
    assert 3 == sum(bool(bench.store.kept(1, (who,))) for who in ("new", "old", "null"))
    assert [] == bench.store.kept(1, ("f",))
