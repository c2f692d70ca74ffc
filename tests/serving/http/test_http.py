"""HTTP/1.1 over real sockets: connections that go on and end, pipelining, HEAD, upgrades."""

import json
import socket

import pytest
from raw_client import PREDICT, Client, predict, request, take_all

OLD = b"GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n"


def test_a_prediction_is_answered_in_json(shared):
    """With its length, and nothing that lets another site in."""
    response = shared.ask(predict({"wind": 3}))
    assert 200 == response.status
    assert len('{"wind": 3}') == response.json["score"]
    assert "application/json" == response.fields["content-type"]
    assert "nosniff" == response.fields["x-content-type-options"]
    assert not [name for name in response.fields if name.startswith("access-control")]
    assert "connection" not in response.fields


def test_a_connection_takes_one_request_after_the_other(shared):
    """It ends when the client says so."""
    with shared.connect() as client:
        for number in range(100):
            assert number == client.ask(predict(id=number)).json["id"]
        last = client.ask(predict(fields=[("Connection", "close")]))
        assert (200, "close") == (last.status, last.fields["connection"])
        assert b"" == client.rest()


def test_requests_sent_ahead_are_answered_in_their_order(shared):
    """Predictions, events that take their time, and pages."""
    with shared.connect() as client:
        body = b"[1, 2]"
        raws = []
        for number in range(15):
            raws += [predict(id=number), request("POST", "/v1/sources/s/events", body)]
            raws += [request("GET", "/livez")]
        client.send(b"".join(raws))
        for number in range(15):
            assert number == client.receive().json["id"]
            assert {"source": "s", "taken": 6} == client.receive().json
            assert {"live": True} == client.receive().json


def test_more_requests_ahead_than_allowed_are_refused_at_the_end(shared):
    """Those before are answered; the refusal says why, and ends the connection."""
    with shared.connect() as client:
        client.send(predict() * 200)
        client.end()
        responses = take_all(client.rest())
        assert [200] * (len(responses) - 1) + [429] == [item.status for item in responses]
        assert "saturated" == responses[-1].code
        assert "1" == responses[-1].fields["retry-after"]


def test_a_request_may_come_a_byte_at_a_time(shared):
    """Its pieces are put together."""
    raw = predict({"wind": 4}, id="slow")
    with shared.connect() as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(raw)):
            client.send(raw[at : at + 1])
        assert "slow" == client.receive().json["id"]


def test_a_body_may_come_in_chunks(shared):
    """With extensions and trailers, which say nothing."""
    body = json.dumps({"row": {"wind": 3}, "id": "c"}).encode()
    chunks = b"".join(b"%x;a=b\r\n%c\r\n" % (1, byte) for byte in body)
    raw = (
        f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    ).encode()
    with shared.connect() as client:
        assert "c" == client.ask(raw + chunks + b"0\r\nHost: evil\r\n\r\n").json["id"]
        assert "next" == client.ask(predict(id="next")).json["id"]


def test_a_client_that_waits_for_a_word_gets_it(shared):
    """Before its body is sent; and a refusal instead, where it is refused."""
    body = b'{"row": {}, "id": 1}'
    raw = request("POST", PREDICT, body, fields=[("Expect", "100-continue")])
    head = raw[: -len(body)]
    with shared.connect() as client:
        assert 100 == client.ask(head).status
        assert 1 == client.ask(body).json["id"]
    long = head.replace(b"Content-Length: 20", b"Content-Length: 2000000")
    assert 413 == shared.ask(long).status


def test_head_is_get_without_a_body(shared):
    """The length is that of the body that GET has."""
    with shared.connect() as client:
        got = client.ask(request("GET", "/v1/models"))
        head = client.ask(request("HEAD", "/v1/models"), is_head=True)
        assert got.fields["content-length"] == head.fields["content-length"]
        assert b"" == head.body
        assert {"live": True} == client.ask(request("GET", "/livez")).json


@pytest.mark.parametrize("path", [PREDICT, "/livez"])
def test_a_wrong_method_says_which_are_right(path, shared):
    """In the header that clients read."""
    allow = {"/livez": "GET, HEAD", PREDICT: "POST"}[path]
    response = shared.ask(request("DELETE", path))
    assert (405, allow) == (response.status, response.fields["allow"])
    assert "wrong-method" == response.code


def test_http_1_0_gets_an_answer_and_an_end(shared):
    """Whatever it says of keeping alive."""
    for raw in (OLD, OLD.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n")):
        with shared.connect() as client:
            (response,) = take_all(client.send(raw).rest())
            assert (200, "close") == (response.status, response.fields["connection"])


def test_another_protocol_that_is_offered_is_declined(shared):
    """The connection goes on in HTTP/1.1, as it was."""
    fields = [
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "A"),
    ]
    with shared.connect() as client:
        assert 1 == client.ask(predict(id=1, fields=fields)).json["id"]
        assert 2 == client.ask(predict(id=2)).json["id"]
        assert 200 == client.ask(request("GET", "/livez", fields=fields)).status
        assert 3 == client.ask(predict(id=3)).json["id"]


def test_a_client_may_end_its_half_and_still_be_answered(shared):
    """Also where the answer has to wait."""
    for raw in (predict(), request("POST", "/v1/sources/s/events", b"[]")):
        with shared.connect() as client:
            client.send(raw)
            client.end()
            (response,) = take_all(client.rest())
            assert 200 == response.status


def test_clients_that_leave_in_the_middle_harm_nobody(shared):
    """Before, in and after a request, and while its answer waits."""
    whole = request("POST", "/v1/sources/s/events", b"[]")
    for end in (0, 1, 20, len(whole) - 1, len(whole)):
        client = Client(shared.port)
        client.send(whole[:end])
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.socket.close()
    assert 200 == shared.ask(predict()).status
    assert [] == shared.log("fault")


def test_a_refusal_is_read_although_the_body_is_still_being_sent(shared):
    """No reset takes it from the client."""
    head = request("POST", PREDICT, b"").replace(b"Content-Length: 0", b"Content-Length: 30000000")
    with shared.connect() as client:
        client.send(head + bytes(5_000_000))
        assert 413 == client.receive().status


def test_the_port_of_the_host_and_an_address_in_the_target_count_for_nothing(shared):
    """A forwarded port is as good; the target's own host has to be ours as well."""
    assert 200 == shared.ask(request("GET", "/livez", host="LocalHost:1")).status
    assert 200 == shared.ask(request("GET", "http://localhost/livez?x=1")).status
    response = shared.ask(request("GET", "http://evil.example/livez"))
    assert (421, "unknown-host") == (response.status, response.code)


def test_percent_signs_are_read(shared):
    """And no separator comes out of them."""
    assert 200 == shared.ask(predict(path="/v1/models/%66lights/predict")).status
    assert 404 == shared.ask(predict(path="/v1/models%2fflights/predict")).status


def test_a_model_that_is_not_there_names_those_that_are(shared):
    """And the nearest."""
    response = shared.ask(predict(path="/v1/models/flihgts/predict"))
    assert (404, "unknown-model") == (response.status, response.code)
    error = response.json["error"]
    assert "one of flights, taxis" == error["expected"]
    assert error["do"].startswith("Did you mean 'flights'?")


def test_a_fault_is_said_to_the_client_in_one_sentence_and_to_the_log_whole(start):
    """The connection goes on; no control character reaches a terminal."""
    server = start()
    with server.connect() as client:
        response = client.ask(predict({"raise": True}))
        assert (500, "fault") == (response.status, response.code)
        assert 200 == client.ask(predict()).status
    (line,) = server.log("fault")
    assert "RuntimeError: a fault\x1b[31m of ours" == line["error"]
    assert "toy_rows.py" in line["trace"]
    assert "\x1b" not in (server.folder / "errors").read_text()
    assert b"interplane_faults_total 1\n" in server.get("/metrics").body


def test_an_answer_waits_for_the_log_where_it_has_to(start):
    """And where the log fails, the client is told, and may come again."""
    server = start(log_sync_ms=0)
    with server.connect() as client:
        assert [0, 1, 2] == [client.ask(predict(id=number)).json["id"] for number in range(3)]
        client.send(predict(id=3) + predict(id=4))
        assert [3, 4] == [client.receive().json["id"], client.receive().json["id"]]
        (server.folder / "log-fails").touch()
        response = client.ask(predict())
        assert (503, "not-logged") == (response.status, response.code)
        assert "1" == response.fields["retry-after"]


def test_requests_beyond_those_in_flight_are_shed(start):
    """At once, with the seconds to come again after; the connection goes on."""
    server = start(log_sync_ms=0, limits={"most_in_flight": 2})
    clients = [server.connect() for _ in range(8)]
    statuses = []
    for client in clients:
        client.send(predict())
    for client in clients:
        response = client.receive()
        statuses.append(response.status)
        if response.status == 503:
            assert ("saturated", "1") == (response.code, response.fields["retry-after"])
            assert 200 == client.ask(request("GET", "/livez")).status
        client.socket.close()
    assert {200, 503} == set(statuses)
    shed = statuses.count(503)
    page = server.get("/metrics").body.decode()
    assert f'interplane_requests_shed_total{{reason="in_flight"}} {shed}\n' in page


def test_predictions_that_waited_too_long_for_their_turn_are_shed(start):
    """One that takes long lets the others wait: they are refused, and what comes later is not."""
    server = start(limits={"shed_after_ms": 50})
    with server.connect() as slow, server.connect() as first, server.connect() as second:
        for client in (slow, first, second):
            assert 200 == client.ask(predict()).status
        # All three are there when the worker looks the next time: it is kept busy until then.
        blocker = server.connect().send(predict({"sleep_ms": 300}))
        for client in (slow, first, second):
            client.send(predict({"sleep_ms": 300}))
        statuses = [client.receive().status for client in (slow, first, second)]
        assert 200 == blocker.receive().status
        assert 503 in statuses
        assert 200 == slow.ask(predict()).status
        blocker.socket.close()


def test_connections_beyond_the_most_are_refused_in_words(start):
    """And are taken again when others have gone."""
    server = start(limits={"most_connections": 10})
    clients = [server.connect() for _ in range(10)]
    for client in clients:
        assert 200 == client.ask(predict()).status
    response = server.ask(predict())
    assert (503, "saturated") == (response.status, response.code)
    for client in clients:
        client.socket.close()


def test_the_body_limit_can_be_set(start):
    """In both ways of sending a body."""
    server = start(limits={"body_bytes": 100})
    assert 200 == server.ask(predict()).status
    assert 413 == server.ask(predict({"a": "x" * 200})).status
    chunk = b"40\r\n" + b" " * 64 + b"\r\n"
    head = request("POST", PREDICT, b"").replace(
        b"Content-Length: 0", b"Transfer-Encoding: chunked"
    )
    assert 413 == server.ask(head + chunk * 3).status
