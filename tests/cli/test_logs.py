"""`interplane logs --follow`: within a step, to the run's end, also of one that is killed."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

STEPS = """
import os
import pathlib
import sys
import time

import interplane as ip

rows = ip.dataset("rows")
pipeline = ip.Pipeline("slow", inputs={"rows": rows})


def wait_for(word):
    while not pathlib.Path(word).exists():
        time.sleep(0.02)


@pipeline.step
def first(rows: ip.Table, *, count: int = 1):
    print("the first line")
    print("\\x1b[31mred\\x1b[0m", file=sys.stderr)
    print("10%\\r50%\\r100%\\r")
    wait_for("go")
    print("after it")
    if count == 13:
        raise ValueError("unlucky")
    if count == 14:
        os.kill(os.getpid(), 9)
    return count


@pipeline.step
def beside(rows: ip.Table, *, size: int = 1):
    print("beside it")
    return size


@pipeline.step
def second(first, beside):
    print("the last line")
    return first + beside
"""
BEGUN = ["the first line", "red", "100%"]


class Slow:
    """A project whose first step waits for a word."""

    def __init__(self, root):
        self.root = root
        self.begun = []

    def begin(self, *words):
        """Begin a command."""
        line = [sys.executable, "-m", "interplane", *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.begun.append(subprocess.Popen(line, cwd=self.root, text=True, **pipes))
        return self.begun[-1]

    def run(self, *words):
        """Begin a run; return its process when its first step has written something."""
        process = self.begin("run", *words)
        for _ in range(600):
            if self.say("logs", "last", "first").stdout.count("\n") == 3:
                return process
            time.sleep(0.05)
        raise AssertionError(process.communicate())

    def say(self, *words):
        """Return what a command did."""
        line = [sys.executable, "-m", "interplane", *words]
        return subprocess.run(line, cwd=self.root, capture_output=True, text=True, check=False)

    def go(self):
        """Let the first step go on."""
        (self.root / "go").touch()


@pytest.fixture
def slow(tmp_path):
    """A project with no run yet; whatever runs at the end is killed."""
    (tmp_path / "interplane.toml").write_text('name = "slow"\npipelines = ["slow_logs:pipeline"]\n')
    (tmp_path / "slow_logs.py").write_text(STEPS)
    (tmp_path / "rows.csv").write_text("a\n1\n2\n")
    made = Slow(tmp_path)
    assert 0 == made.say("data", "add", "rows", "rows.csv").returncode
    yield made
    for process in made.begun:
        process.kill()
        process.communicate()


def test_a_step_is_followed_while_it_runs(slow):
    """Each line when it is written, and the end when the run has one."""
    slow.run()
    follower = slow.begin("logs", "last", "first", "--follow")
    assert BEGUN == [follower.stdout.readline().rstrip("\n") for _ in range(3)]
    slow.go()
    assert "after it\n" == follower.stdout.read()
    assert follower.stderr.read().endswith(": done\n")
    assert 0 == follower.wait(60)
    assert [*BEGUN, "after it"] == slow.say("logs", "last", "first").stdout.splitlines()
    assert [] == list((slow.root / ".interplane" / "logs" / "slow").iterdir())


def test_a_run_is_followed_with_names_of_its_steps(slow):
    """As lines of JSON each has its number and its time; the last one says how the run ended."""
    slow.run("--workers", "2")
    follower = slow.begin("logs", "last", "--follow", "--json")
    said = [json.loads(follower.stdout.readline()) for _ in range(3)]
    slow.go()
    out = follower.stdout.read()
    *lines, end = [*said, *map(json.loads, out.splitlines())]
    assert {"run", "status"} == set(end)
    assert "done" == end["status"]
    texts = {}
    for line in lines:
        texts.setdefault(line["step"], []).append(line["text"])
        assert texts[line["step"]].index(line["text"]) == line["line"]
    first = [*BEGUN, "after it"]
    assert {"first": first, "beside": ["beside it"], "second": ["the last line"]} == texts
    assert 4 == sum(line["step"] == "first" and line["text"] in first for line in lines)
    assert all(line["at"].endswith("Z") for line in lines if line["text"] in BEGUN)


@pytest.mark.parametrize(("count", "status"), [("13", "failed"), ("14", "failed")])
def test_the_exit_code_says_how_the_run_ended(slow, count, status):
    """Of a step that raises, and of one whose process is killed: with what it wrote until then."""
    slow.run("--count", count, "--workers", "2")
    follower = slow.begin("logs", "last", "first", "-f")
    slow.go()
    out, err = follower.communicate(timeout=60)
    assert 4 == follower.returncode
    assert [*BEGUN, "after it"] == out.splitlines()[:4]
    assert err.endswith(f": {status}\n")
    assert ("Traceback" in out) == (count == "13")
    assert "--- first ---\nthe first line\n" in slow.say("logs", "last").stdout


def test_of_a_run_that_was_killed_what_it_wrote_is_there(slow):
    """By the follower, and afterwards; the next run goes on."""
    process = slow.run()
    follower = slow.begin("logs", "last", "--follow")
    lines = [follower.stdout.readline() for _ in range(4)]
    assert {"beside | beside it\n", *(f"first | {line}\n" for line in BEGUN)} == set(lines)
    os.kill(process.pid, signal.SIGKILL)
    _, err = follower.communicate(timeout=60)
    assert 4 == follower.returncode
    assert err.endswith(": crashed\n")
    assert BEGUN == slow.say("logs", "last", "first").stdout.splitlines()
    shown = ["--- first ---", *BEGUN]
    assert shown == slow.say("logs", "last").stdout.splitlines()[-4:]
    assert "no step 'frist'" in slow.say("logs", "last", "frist").stderr
    slow.go()
    assert 0 == slow.say("run").returncode
