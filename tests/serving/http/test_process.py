"""What a server's processes are made of: lines of the log, children, addresses."""

import io
import json
import signal
import subprocess
import sys
import time

import pytest

from interplane.errors import StorageError, UsageError
from interplane.serving.binding import bind
from interplane.serving.children import Child, Children
from interplane.serving.log_lines import LogLines
from interplane.serving.ports import Opening
from interplane.serving.settings import ServerSettings
from interplane.serving.supervisor import Supervisor

HEAVY = {
    "duckdb",
    "ibis",
    "pyspark",
    "numpy",
    "pyarrow",
    "pandas",
    "polars",
    "lightgbm",
    "sklearn",
    "uvicorn",
    "rich",
}


def test_a_worker_imports_nothing_heavy():
    """It starts in a moment, and is small."""
    script = (
        "import sys, interplane.serving.worker; print(*{n.partition('.')[0] for n in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert set() == HEAVY & set(done.stdout.split())


def test_a_line_of_the_log_is_json_and_steers_no_terminal():
    """Whatever a client put into it."""
    out = io.StringIO()
    LogLines({"worker": 3}, out=out).say("x", text="a\x1b[2J\r\n\x7f\x9b\u202e\ud800", number=2)
    assert 1 == out.getvalue().count("\n")
    assert out.getvalue().isascii()
    assert out.getvalue().rstrip("\n").isprintable()
    line = json.loads(out.getvalue())
    assert ("x", 3, 2) == (line["event"], line["worker"], line["number"])
    assert "a\x1b[2J\r\n\x7f\x9b\u202e\ud800" == line["text"]


def test_a_flood_of_lines_is_cut_and_counted():
    """Each event for itself, each second anew."""
    now = [5.0]
    out = io.StringIO()
    log = LogLines(out=out, most=3, clock=lambda: now[0])
    for _ in range(10):
        log.say("flood")
    log.say("other")
    now[0] = 6.0
    log.say("flood")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert ["flood", "flood", "flood", "other", "flood"] == [line["event"] for line in lines]
    assert 7 == lines[-1]["left_out"]


def test_a_log_that_nobody_reads_stops_nobody():
    """A closed pipe is no reason to stop answering."""
    out = io.StringIO()
    out.close()
    LogLines(out=out).say("x")


def test_a_fault_is_said_with_its_place():
    """At most so much of it."""
    out = io.StringIO()
    LogLines(out=out).fault("fault", ValueError("bad" * 1000))
    line = json.loads(out.getvalue())
    assert line["error"].startswith("ValueError: badbad")
    assert len(line["error"]) == 500
    assert len(line["trace"]) <= 4000


def hear(children, child, *, until):
    """Hear a child until something is so."""
    end = time.monotonic() + 30
    heard = []
    while time.monotonic() < end:
        heard += [item for item in children.hear() if item.child is child]
        if until(heard):
            return heard
    raise AssertionError("nothing was heard")


def test_a_child_is_heard_and_buried_and_due_again():
    """What it says comes by its standard input, which is a socket."""
    script = 'import socket; socket.socket(fileno=0).sendall(b\'{"ready": {}}\\n{"a": 1}\\nrest\')'
    child, children = Child("one", (sys.executable, "-c", script)), Children()
    assert [] == list(children.start_due([child]))
    assert child.due is None
    heard = hear(children, child, until=lambda items: items and items[-1].code is not None)
    assert [{"ready": {}}, {"a": 1}] == [message for item in heard for message in item.messages]
    assert 0 == heard[-1].code
    assert not child.is_there
    assert child.due is not None


def test_a_child_that_does_not_leave_is_killed():
    """After the time that it has."""
    script = (
        "import signal, socket, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "socket.socket(fileno=0).sendall(b'{\"ready\": {}}\\n')\ntime.sleep(600)"
    )
    child, children = Child("one", (sys.executable, "-c", script)), Children()
    assert [] == list(children.start_due([child]))
    hear(children, child, until=lambda _: child.is_ready)
    children.end([child], within_s=0.2)
    assert not child.is_there
    assert child.due is None


def test_a_child_that_cannot_be_started_is_tried_later():
    """And said."""
    child, children = Child("one", ("/nowhere/at/all",)), Children()
    ((failed, error),) = children.start_due([child])
    assert (child, FileNotFoundError) == (failed, type(error))
    assert child.due > time.monotonic()
    assert [] == list(children.start_due([child]))
    children.end([child], within_s=1)


def test_addresses_that_are_none_are_refused_in_words():
    """With what to say instead."""
    for host, port in (("a" * 300, 0), ("127.0.0.1", 70_000), ("127.0.0.1", -1)):
        with pytest.raises(UsageError, match="is no address to listen at"):
            bind(host, port)
    with pytest.raises(StorageError, match=r"cannot listen at 192\.0\.2\.1"):
        bind("192.0.2.1", 0)


def test_a_server_has_at_least_one_worker():
    """Otherwise nobody answers."""
    settings = ServerSettings(opening=Opening(project="x"), workers=0)
    with pytest.raises(UsageError, match="0 workers"):
        Supervisor(settings, ready=print)


def test_a_server_leaves_the_signals_as_they_were():
    """Also where it does not start."""
    before = signal.getsignal(signal.SIGTERM)
    settings = ServerSettings(opening=Opening(project="/nowhere"), factory="os:nothing", port=0)
    with pytest.raises(StorageError, match="ended with exit code"):
        Supervisor(settings, ready=print).run()
    assert before == signal.getsignal(signal.SIGTERM)
