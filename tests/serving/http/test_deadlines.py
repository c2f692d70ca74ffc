"""Absolute deadlines: who sends half a request holds a socket for a while, and nobody else up."""

import contextlib
import socket
import threading
import time

from raw_client import PREDICT, Client, predict, request, take_all

HALF = f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nContent-Le".encode()
HALF_BODY = request("POST", PREDICT, b'{"row": ', fields=[("X", "y")])[:-4]


def test_half_sent_requests_are_ended_while_others_are_answered(start):
    """400 of them, in the header and in the body; each is told why in JSON."""
    server = start(limits={"header_s": 1.5, "request_s": 2.5})
    pid = server.pid()
    hanging = [Client(server.port) for _ in range(400)]
    for number, client in enumerate(hanging):
        client.send(HALF if number % 2 else HALF_BODY)
    answered = []
    stop = threading.Event()

    def ask():
        with server.connect() as client:
            while not stop.is_set():
                answered.append(client.ask(predict()).status)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        for number, client in enumerate(hanging):
            (response,) = take_all(client.rest())
            assert (408, "slow-request") == (response.status, response.code)
            part = "header" if number % 2 else "body"
            assert (
                f"the {part} of the request was not complete in time"
                == response.json["error"]["what"]
            )
            client.socket.close()
    finally:
        stop.set()
        thread.join()
    assert {200} == set(answered)
    assert pid == server.pid()
    page = server.get("/metrics").body.decode()
    assert 'interplane_requests_late_total{part="header"} 200\n' in page
    assert 'interplane_requests_late_total{part="body"} 200\n' in page
    assert 'interplane_requests_total{route="none",status="408"} 400\n' in page


def test_a_trickle_does_not_move_the_deadline(start):
    """A byte now and then is no whole header; it is counted from the first one."""
    server = start(limits={"header_s": 1.0})
    with server.connect(timeout=0.2) as client:
        client.send(HALF)
        sent = 0
        for _ in range(200):
            try:
                response = client.send(b"X").receive()
                break
            except TimeoutError:
                sent += 1
        assert (408, "slow-request") == (response.status, response.code)
        assert sent > 1


def test_connections_without_a_request_are_ended_without_a_word(start):
    """Those that never sent one, and those that had one long ago."""
    server = start(limits={"header_s": 0.5, "keep_alive_s": 1.0})
    with server.connect() as new, server.connect() as old:
        assert 200 == old.ask(predict()).status
        assert b"" == new.rest()
        assert b"" == old.rest()


def test_an_answer_that_is_not_read_is_given_up(start, wait_until):
    """A client asks and asks and does not read: its connection ends, and others are answered."""
    server = start(limits={"request_s": 1.0})
    with socket.create_connection(("127.0.0.1", server.port)) as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.settimeout(0.2)
        asked = request("GET", "/openapi.json")
        # One at a time, so that it is no flood; each answer is 16 kB, and none is read.
        with contextlib.suppress(TimeoutError, ConnectionError):
            for _ in range(2000):
                greedy.sendall(asked)
                time.sleep(0.0005)
        is_gone = "interplane_connections 1\n"
        wait_until(lambda: is_gone in server.get("/metrics").body.decode(), what="its end")
        assert 200 == server.ask(predict()).status
