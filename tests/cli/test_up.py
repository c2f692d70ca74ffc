"""`interplane up`: everything runs, whoever dies; what triggers start is what is on record."""

import contextlib
import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from interplane.project.served import find_server

MORE = """
[[trigger]]
name = "by-hand"
run = "rides"
parameters = { score = "miles", least = 0.1 }

[[trigger]]
name = "fresh"
run = "rides"
data = "rides"
"""


@pytest.fixture
def project(finished):
    """The finished project with triggers; whatever runs of it at the end is killed."""
    with (finished.root / "interplane.toml").open("a", encoding="utf-8") as file:
        file.write(MORE)
    # Its crossings were made before: the code that is on record has no triggers, and needs none.
    finished.begun = []
    yield finished
    for process in finished.begun:
        if process.poll() is None:
            process.kill()
            process.communicate()
    served = find_server(finished.root / ".interplane")
    if served is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(served.process.pid, signal.SIGKILL)


def firings(project):
    """Return what fired, newest first."""
    return project.must("trigger", "--firings", "--json").json


def test_once_runs_what_is_on_record(project):
    """Not what somebody is in the middle of; the record says who ran it, and of what."""
    project.must("up", "--once")
    project.must("trigger", "by-hand", "--reason", "to see")
    with (project.root / "rides.py").open("a", encoding="utf-8") as file:
        file.write("in the middle of (something\n")
    project.must("up", "--once")
    (fired,) = firings(project)
    assert ("done", 0, 1) == (fired["state"], fired["exit_code"], fired["attempts"])
    run = project.must("runs", fired["run"][:16], "--json").json
    assert f"trigger:by-hand#{fired['id'][:12]}" == run["actor"]
    assert {"score": "miles"} == run["parameters"]["model"]
    log = project.must("trigger", "--log", fired["id"][:8]).out
    assert "--- rides@1 (" in log
    assert "run @" in log
    project.must("up", "--once")
    assert 1 == len(firings(project))


def test_new_data_start_a_run(project, make_rides):
    """One for each version that was added since."""
    project.must("up", "--once")
    project.write("more.csv", make_rides(60, first=240))
    project.must("data", "add", "rides", "more.csv", "--append")
    project.must("up", "--once")
    (fired,) = firings(project)
    assert ("fresh", "done", "new data: rides@2") == (
        fired["trigger"],
        fired["state"],
        fired["reason"],
    )
    assert 1 == len(fired["crossings"])
    assert fired["crossings"][0] == project.must("show", "rides@3", "--json").json["digest"]


def test_a_run_that_fails_says_why(project):
    """On record, with what it wrote."""
    project.edit("interplane.toml", 'score = "miles"', 'scores = "miles"')
    project.must("trigger", "by-hand", "--reason", "to see")
    project.must("up", "--once")
    (fired,) = firings(project)
    assert "failed" == fired["state"]
    assert "scores" in fired["note"]
    assert "scores" in project.must("trigger", "--log", fired["id"][:8]).out


def test_without_a_run_on_record(empty):
    """A trigger cannot be the first to run a pipeline."""
    with (empty.root / "interplane.toml").open("a", encoding="utf-8") as file:
        file.write(MORE)
    empty.must("trigger", "by-hand", "--reason", "to see")
    empty.must("up", "--once")
    (fired,) = firings(empty)
    assert "failed" == fired["state"]
    assert "no run of the pipeline 'rides' is on record" in fired["note"]


def begin(project, *words):
    """Begin `interplane up`; return its process and what it says when all runs."""
    places = ("--port", "0", "--pages-port", "0")
    process = project.begin("up", "--json", *places, "--watch-every", "1s", *words)
    project.begun.append(process)
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return process, json.loads(line)


def is_there(pid):
    """Return whether a process lives."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False


def gone(pid, within_s=60):
    """Wait for a process to be gone; return whether it is."""
    until = time.monotonic() + within_s
    while is_there(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not is_there(pid)


def answers(url):
    """Return whether a server is ready."""
    with urllib.request.urlopen(f"{url}/readyz", timeout=30) as answer:
        return answer.status == 200


def test_the_server_lives_on(project):
    """When `up` is killed the keeper ends, the server does not; the next one takes it over."""
    process, first = begin(project)
    assert answers(first["url"])
    process.kill()
    process.communicate()
    assert gone(first["keeper"])
    assert answers(first["url"])
    process, second = begin(project)
    assert (first["server"], first["url"], True) == (
        second["server"],
        second["url"],
        second["adopted"],
    )
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=100)
    assert 0 == process.returncode
    assert gone(second["keeper"])
    assert gone(second["server"])
    assert not (project.root / ".interplane" / "server.json").exists()


def test_what_dies_is_started_again(project):
    """The keeper, and the server."""
    process, first = begin(project)
    os.kill(first["keeper"], signal.SIGKILL)
    os.kill(first["server"], signal.SIGKILL)
    until, again = time.monotonic() + 60, None
    while again is None and time.monotonic() < until:
        time.sleep(0.1)
        found = find_server(project.root / ".interplane")
        if found is not None and found.url is not None and found.process.pid != first["server"]:
            again = found
    assert again is not None
    assert answers(again.url)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=100)
    died = {json.loads(line)["child"] for line in err.splitlines() if '"died"' in line}
    assert {"keeper", "server"} == died


def test_one_a_workspace(project, monkeypatch):
    """The second one says so, and leaves everything as it is."""
    process, first = begin(project, "--no-serve")
    assert (None, None) == (first["server"], first["url"])
    second = project.begin("up", "--no-serve", "--pages-port", "0")
    _, err = second.communicate(timeout=100)
    assert 6 == second.returncode
    assert f"keeps {project.root / '.interplane'} already (process {first['keeper']})" in err
    assert is_there(first["keeper"])
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=100)
    assert gone(first["keeper"])


@pytest.mark.parametrize("which", ["--port", "--pages-port"])
def test_an_address_that_is_taken(project, which):
    """Is said; nothing is left running."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        words = {"--port": "0", "--pages-port": "0", which: port}
        process = project.begin("up", *(word for pair in words.items() for word in pair))
        project.begun.append(process)
        _, err = process.communicate(timeout=100)
    assert 6 == process.returncode
    assert port in err
    assert find_server(project.root / ".interplane") is None


def page(url, token="", path="/home.json"):
    """Return the status of a page, and what it says."""
    asked = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def below(process):
    """Return the process numbers of a process's children."""
    told = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return {int(pid) for pid in told.split()}


def test_the_pages(project):
    """The first start prints a token that opens them; they come again when they die."""
    process, first = begin(project, "--no-serve")
    assert 401 == page(first["pages"])[0]
    status, shown = page(first["pages"], first["token"])
    assert (200, ["rides"]) == (status, sorted({each["model"] for each in shown["live"]}))
    (pages,) = below(process) - {first["keeper"]}
    os.kill(pages, signal.SIGKILL)
    until = time.monotonic() + 60
    while not below(process) - {first["keeper"], pages} and time.monotonic() < until:
        time.sleep(0.05)
    assert below(process) - {first["keeper"], pages}
    assert 200 == page(first["pages"], first["token"])[0]  # where they were
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=100)
    assert {"pages"} == {json.loads(line)["child"] for line in err.splitlines() if '"died"' in line}
    process, second = begin(project, "--no-serve")
    assert second["token"] is None
    assert 200 == page(second["pages"], first["token"])[0]
    project.must("token", "revoke", "owner")
    assert 401 == page(second["pages"], first["token"])[0]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=100)
    assert 0 == process.returncode


def test_pages_that_die_again_and_again(project):
    """The model server answers throughout, and is the same process at the end."""
    process, first = begin(project)
    deaths = 0
    while deaths < 5:
        pages = below(process) - {first["keeper"], first["server"]}
        for pid in pages:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                deaths += 1
        assert answers(first["url"])
        time.sleep(0.05)
    assert is_there(first["server"])
    assert is_there(first["keeper"])
    assert 200 == page(first["pages"], first["token"])[0]
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=100)
    assert {"pages"} == {json.loads(line)["child"] for line in err.splitlines() if '"died"' in line}


def test_a_bad_interval(project):
    """Is said."""
    result = project("up", "--watch-every", "soon")
    assert 2 == result.code
    assert "10s or 5m" in result.err
