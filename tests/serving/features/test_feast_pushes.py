"""Pushes in Feast's form that are wrong: one shape of error in JSON, the place and what to do, nothing half stored.

Feast's client shows the text of an answer that is not 200; all of it has to be JSON for that.
"""

import json
from datetime import date

import pytest
from test_feature_reads import Bench

from interplane.errors import StorageError

DAY = date(2024, 5, 1)
TIMES = ["2024-05-01T11:59:58Z", "2024-05-01T11:59:59Z"]
FRAME = {
    "who": ["f", "g"],
    "at": TIMES,
    "id": [1, 2],
    "x": [1.5, 2.5],
    "day": ["2024-05-01", "2024-05-01"],
}


@pytest.fixture
def bench():
    """A store that knows none of what is pushed."""
    return Bench()


def push(bench, plain):
    """Push plain values, or bytes as they are."""
    body = plain if isinstance(plain, bytes) else json.dumps(plain).encode()
    return bench.ask("push_as_feast", body)


def frame(*without, **columns):
    """Return a push of two events without some columns, and with others."""
    left = {name: values for name, values in FRAME.items() if name not in without}
    return {"push_source_name": "events", "df": {**left, **columns}}


def stored(bench):
    """Return which of the pushed entities have an event, under each view of the source."""
    entities = ("f", "g")
    views = list(bench.store.views.values())
    assert ["example", "places", "several"] == [each.view.name for each in views]
    return [
        "".join(
            who
            for who in entities
            if any(bench.store.kept(number, (who, *more)) for more in ((), (DAY,)))
        )
        for number in (each.number for each in views)
    ]


def test_what_is_right_is_stored_under_every_view_of_the_source(bench):
    """So that the tests below would see it."""
    assert 200 == push(bench, frame())[0]
    assert ["fg", "fg", "fg"] == stored(bench)


TIME = "a time such as '2013-05-01T06:15:00Z'"


@pytest.mark.parametrize(
    ("plain", "places", "expected"),
    [
        (frame("x"), ["$.df[0].x is missing", "$.df[1].x is missing"], "a finite number, or null"),
        (frame("who"), ["$.df[0].who is missing", "$.df[1].who is missing"], "text"),
        (frame("at"), ["$.df[0].at is missing", "$.df[1].at is missing"], TIME),
        (frame("id"), ["$.df[0].id is missing", "$.df[1].id is missing"], "a whole number"),
        (frame(at=[None, None]), ["null at $.df[0].at", "null at $.df[1].at"], TIME),
        (frame(at=[1714564798, 5.5]), ["1714564798 at $.df[0].at", "5.5 at $.df[1].at"], TIME),
        (frame(at=["noon", ""]), ["'noon' at $.df[0].at", "'' at $.df[1].at"], TIME),
        (frame(x=["1.5", True]), ["'1.5' at $.df[0].x", "at $.df[1].x"], "a finite number"),
        (frame(x=[[1], {}]), ["[1] at $.df[0].x", "{} at $.df[1].x"], "a finite number"),
        (frame(id=[1.0, "2"]), ["1.0 at $.df[0].id", "'2' at $.df[1].id"], "a whole number"),
        (frame(id=[2**63, 10**40]), ["$.df[0].id", "$.df[1].id"], "a whole number"),
        (frame(who=[1, 2]), ["1 at $.df[0].who", "2 at $.df[1].who"], "text"),
        (frame(who=["\0", "\ud800"]), ["$.df[0].who", "$.df[1].who"], "text"),
        # Wrong for one view of the source alone: then no other has it either.
        (frame("day"), ["$.df[0].day is missing", "$.df[1].day is missing"], "a date such as"),
        (frame(day=["2024-13-01", 7]), ["$.df[0].day", "$.df[1].day"], "a date such as"),
    ],
)
def test_rows_that_are_wrong_are_all_named(bench, plain, places, expected):
    """Columns that are missing, of another type, without an event time: row by row, and nothing is stored."""
    status, answer = push(bench, plain)
    assert (422, ["error"]) == (status, list(answer))
    error = answer["error"]
    assert {"code", "what", "expected", "do", "details"} == set(error)
    assert places[0] in error["what"]
    assert error["expected"].startswith(expected), error
    assert error["do"]
    refused = error["details"]["refused"]
    assert [0, 1] == [each["index"] for each in refused]
    assert all(
        place in each["error"]["what"] for place, each in zip(places, refused, strict=True)
    ), refused
    assert (0, 0) == (error["details"]["new"], error["details"]["known"])
    assert ["", "", ""] == stored(bench)


def test_a_row_is_taken_by_all_views_of_its_source_or_by_none(bench):
    """The other row of the push is taken whole, and the answer says so; sent again it is known."""
    plain = frame(day=["tomorrow", "2024-05-01"])
    status, answer = push(bench, plain)
    details = answer["error"]["details"]
    assert (422, 1, 0, [0]) == (
        status,
        details["new"],
        details["known"],
        [each["index"] for each in details["refused"]],
    )
    assert ["g", "g", "g"] == stored(bench)
    status, answer = push(bench, frame(known=TIMES))
    assert 200 == status
    assert ["fg", "fg", "fg"] == stored(bench)
    assert {"new": 0, "known": 2, "unread": []} == push(bench, frame(known=TIMES))[1]


@pytest.mark.parametrize(
    ("plain", "status", "what", "do"),
    [
        (b"", 400, "the body is no JSON", ""),
        (b'{"push_source_name"', 400, "the body is no JSON", ""),
        (b"\xff\xfe", 400, "the body is no UTF-8", "UTF-8"),
        (b'{"df": {}, "df": {}}', 400, "'df' twice", ""),
        (b"[" * 1000, 400, "", ""),
        ({"df": FRAME}, 400, "$.push_source_name is missing", ""),
        ({"push_source_name": "events"}, 400, "$.df is missing", ""),
        ({"push_source_name": None, "df": FRAME}, 400, "None at $.push_source_name", ""),
        ({"push_source_name": "events", "df": [FRAME]}, 400, "at $.df", ""),
        (frame(x=2.5), 400, "at $.df", ""),
        (frame(x=[1.5]), 400, "several lengths", ""),
        ({**frame(), "push_source_name": "event"}, 404, "no source 'event'", "'events'"),
        ({**frame(), "push_source_name": "\ud800" * 200}, 404, "no source", ""),
        ({**frame(), "to": "offline"}, 422, "to is 'offline'", "interplane data add"),
        ({**frame(), "to": None}, 422, "to is None", '"to": "online"'),
        ({**frame(), "mode": 1}, 400, "'mode' at $", ""),
    ],
)
def test_a_push_that_is_wrong_as_a_whole_stores_nothing(bench, plain, status, what, do):
    """Another form, an unknown source, what is not supported: each in the one shape of errors."""
    found, answer = push(bench, plain)
    assert (status, ["error"]) == (found, list(answer)), answer
    assert {"code", "what", "expected", "do", "details"} >= set(answer["error"])
    assert what in answer["error"]["what"], answer
    assert do in answer["error"]["do"], answer
    assert ["", "", ""] == stored(bench)


def test_an_unknown_source_is_told_before_its_rows_are_read(bench):
    """Whoever mistypes it learns that, not that its columns are wrong."""
    plain = {**frame("x", at=[1, 2]), "push_source_name": "event"}
    assert 404 == push(bench, plain)[0]


def test_columns_that_nobody_reads_are_named(bench):
    """Feast's frames may have a created time; a mistyped column is there, and the right one missing."""
    status, answer = push(bench, frame(created=TIMES))
    assert (200, ["created"]) == (status, answer["unread"])
    status, answer = push(bench, frame("x", X=[1.5, 2.5]))
    assert (422, True) == (status, "$.df[0].x is missing" in answer["error"]["what"])
    assert ["X"] == answer["error"]["details"]["unread"]


def test_a_store_that_fails_has_taken_nothing(bench):
    """503, and whoever sends it again is right to."""
    write = bench.store.write

    def away(*_facts, **_settings):
        raise StorageError("the disk is away", do="Try again")

    bench.store.write = away
    status, answer = push(bench, frame(known=TIMES))
    assert (503, "the disk is away") == (status, answer["error"]["what"])
    assert ["", "", ""] == stored(bench)
    bench.store.write = write
    assert {"new": 2, "known": 0, "unread": []} == push(bench, frame(known=TIMES))[1]
    assert ["fg", "fg", "fg"] == stored(bench)
