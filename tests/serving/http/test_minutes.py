"""A server writes down what it counted, for other processes."""

import signal

from raw_client import predict, request

from interplane.serving.minute_file import MinuteFile


def test_what_was_counted_is_there_after_the_end(start, tmp_path):
    """Of all routes and models; another process reads it while the server's file is its own."""
    path = tmp_path / "minutes.sqlite"
    server = start(minutes=str(path), workers=2)
    for _ in range(5):
        assert 200 == server.ask(predict()).status
    assert 404 == server.ask(request("GET", "/nowhere")).status
    server.stop()
    minutes = MinuteFile(path).read(begin_us=0, end_us=2**62)
    assert 5 <= sum(minute.requests.get("predict", {}).get("2xx", 0) for minute in minutes)
    assert 1 == sum(minute.requests.get("none", {}).get("4xx", 0) for minute in minutes)
    assert 1 == len({minute.server for minute in minutes})
    assert {2} == {minute.workers for minute in minutes}


def test_a_file_that_cannot_be_written_harms_nothing(start, tmp_path):
    """The server answers, and says so in its log."""
    server = start(minutes=str(tmp_path))
    assert 200 == server.ask(predict()).status
    server.tell(signal.SIGTERM)
    assert 0 == server.wait()
    assert server.log("minutes-not-kept")
