"""The gate and its parts: pure functions of a request's header."""

import pytest

from interplane.errors import ConfigError
from interplane.serving.gate import Gate
from interplane.serving.hosts import Hosts, is_loopback
from interplane.serving.http_errors import Refusal
from interplane.serving.messages import Heads
from interplane.serving.ports import Answer
from interplane.serving.routes import Call, Route, Routes

HOST = (b"Host", b"localhost")
JSON = (b"Content-Type", b"application/json")


def answer(name, body, received_us):
    return Answer(200, b"{}")


PREDICT = Route("predict", "POST", "/v1/models/{name}/predict", "predict", answer)
MODEL = Route("model", "GET", "/v1/models/{name}", "read", answer)
LIVE = Route("livez", "GET", "/livez", "public", answer)


@pytest.fixture
def gate():
    """Return a gate without tokens, for bodies of 100 bytes."""
    hosts = Hosts("127.0.0.1", 8000)
    return Gate(Routes([PREDICT, MODEL, LIVE]), hosts, tokens=None, most_body=100)


def admit(gate, *fields, method=b"POST", target=b"/v1/models/flights/predict", version="1.1"):
    return gate.admit(method, target, version, [HOST, *fields])


def test_a_good_request_becomes_a_call(gate):
    """Whatever the case of its fields' names."""
    for name in (b"content-length", b"Content-Length", b"CONTENT-LENGTH", b"cOnTeNt-LeNgTh"):
        found = admit(gate, JSON, (name, b"100"))
        assert Call(PREDICT, "flights") == found


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([JSON, (b"Content-Length", b"101")], 413),
        ([JSON], 411),
        ([(b"Content-Length", b"1")], 415),
        ([JSON, JSON, (b"Content-Length", b"1")], 400),
        ([JSON, (b"Transfer-Encoding", b"gzip, chunked")], 400),
        ([JSON, (b"Content-Length", b"1"), (b"Content-Encoding", b"gzip")], 415),
        ([JSON, (b"Content-Length", b"1"), (b"Expect", b"x")], 417),
        ([JSON, (b"Content-Length", b"1"), HOST], 400),
    ],
)
def test_a_bad_one_becomes_a_refusal(fields, status, gate):
    """With the status that says why."""
    found = admit(gate, *fields)
    assert isinstance(found, Refusal)
    assert status == found.status


def test_a_request_without_a_body_is_taken_without_a_length(gate):
    """GET and HEAD are one route."""
    assert Call(LIVE) == admit(gate, method=b"GET", target=b"/livez?x=/y")
    assert Call(LIVE, is_head=True) == admit(gate, method=b"HEAD", target=b"/livez")
    assert Call(LIVE) == admit(gate, (b"Content-Length", b"0"), method=b"GET", target=b"/livez")
    assert 400 == admit(gate, (b"Content-Length", b"1"), method=b"GET", target=b"/livez").status


def test_a_client_that_waits_is_marked(gate):
    """So that the word is sent to it."""
    found = admit(gate, JSON, (b"Content-Length", b"1"), (b"Expect", b"100-Continue"))
    assert Call(PREDICT, "flights", is_waiting=True) == found


def test_one_call_is_known_by_its_whole_target():
    """The quick way is taken for what stands in it, and after the same checks."""
    quick = Call(PREDICT, "quick")
    gate = Gate(
        Routes([PREDICT]),
        Hosts("127.0.0.1", 8000),
        tokens=None,
        most_body=100,
        quick={b"/v1/models/flights/predict": quick}.get,
    )
    assert quick is admit(gate, JSON, (b"Content-Length", b"1"))
    assert 415 == admit(gate, (b"Content-Length", b"1")).status
    assert 405 == admit(gate, method=b"GET").status
    other = admit(gate, JSON, (b"Content-Length", b"1"), target=b"/v1/models/taxis/predict")
    assert Call(PREDICT, "taxis") == other


@pytest.mark.parametrize("permission", ["", None, "everybody", "Public", "write"])
def test_a_route_that_does_not_say_who_may_use_it_stops_the_server(permission):
    """The table cannot even be made."""
    route = PREDICT._replace(permission=permission)
    with pytest.raises(ConfigError, match="The server does not start without"):
        Routes([LIVE, route])


@pytest.mark.parametrize("path", ["v1", "", "/{a}/{b}"])
def test_a_route_that_cannot_be_found_stops_the_server(path):
    """It would be a mistake in the table."""
    with pytest.raises(ConfigError, match="cannot be found"):
        Routes([LIVE._replace(path=path)])


def test_what_is_known_of_a_path_is_its_method():
    """An unknown path lists what there is."""
    routes = Routes([PREDICT, MODEL, LIVE])
    assert b"allow: GET, HEAD\r\n" == routes.find(b"POST", b"/v1/models/x").fields
    assert b"allow: POST\r\n" == routes.find(b"GET", b"/v1/models/x/predict").fields
    found = routes.find(b"GET", b"/v2")
    assert 404 == found.status
    assert b"/v1/models/{name}, /livez" in found.body


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        (b"localhost", True),
        (b"127.0.0.1:8000", True),
        (b"[::1]", True),
        (b"[::1]:99", True),
        (b"LOCALHOST.", True),
        (b"Models.Example:80", True),
        (b"models.example.evil", False),
        (b"127.0.0.2", False),
        (b"10.0.0.1", False),
        (b"localhost:", True),
        (b"localhost:x", False),
        (b"[::1]x", False),
        (b"", False),
        (b"\xff", False),
    ],
)
def test_a_server_answers_for_its_own_names(host, allowed):
    """In any case, with any port."""
    assert allowed is Hosts("127.0.0.1", 8000, ["models.example"]).allows(host)


def test_a_server_of_every_address_answers_for_addresses():
    """Nobody can make one of those another site's name."""
    hosts = Hosts("::", 8000)
    assert hosts.allows(b"10.0.0.1:8000")
    assert hosts.allows(b"[fd00::1]")
    assert not hosts.allows(b"evil.example")
    assert not hosts.allows(b"[evil]")


def test_loopback_is_what_no_other_machine_reaches():
    """The address that means any is none."""
    own = ["127.0.0.1", "127.9.9.9", "::1"]
    others = ["0.0.0.0", "::", "10.0.0.1", "fe80::1%eth0"]
    assert [True] * 3 + [False] * 4 == [is_loopback(address) for address in own + others]


def test_heads_are_made_once_a_second():
    """The date in them is the last one that was said."""
    heads = Heads()
    heads.refresh(0.0)
    first = heads.keep(200)
    assert first is heads.keep(200)
    heads.refresh(0.9)
    assert first is heads.keep(200)
    heads.refresh(1.0)
    assert b"00:00:01 GMT" in heads.keep(200)
    assert b"retry-after: 1\r\n" in heads.keep(503)
    assert b"connection: close\r\n" in heads.of(200, b"text/plain", closes=True)
    assert heads.keep(299).startswith(b"HTTP/1.1 299 \r\n")
