"""`interplane rollout`: how a canary stands, and the decision."""

import random
from datetime import UTC, datetime

from interplane.predictions.entry import Entry
from interplane.predictions.writer import SegmentWriter
from interplane.project.project import Project

QUICK = """
[rollout]
min_rows = 300
min_time = "0s"
positive_rate = 0.1
audit = false
"""


def log(folder, ref, count, *, seed, nulls=0.0):
    """Log predictions of a crossing as a server does."""
    project, draw = Project.find(folder.root), random.Random(seed)
    crossing = project.crossing(ref).digest
    now_us = int(datetime.now(UTC).timestamp() * 1_000_000)
    entries = [
        Entry(
            id=f"{seed:08d}{number:024d}",
            model="rides",
            crossing=crossing,
            time_us=now_us,
            at_us=now_us,
            score=None if draw.random() < nulls else draw.betavariate(2, 4),
            took_us=round(draw.lognormvariate(5.5, 0.4)),
            row={"ride": f"r{number}"},
        )
        for number in range(count)
    ]
    with SegmentWriter(project.workspace / "predictions", name=f"test-{seed}") as writer:
        writer.append(entries)


def begin(folder):
    """Make the other crossing a canary of the live one."""
    file = folder.root / "interplane.toml"
    file.write_text(file.read_text() + QUICK)
    folder.must("deploy", "rides@2", "--force", "--canary", "20%", "--reason", "a try")


def test_without_a_canary_it_says_how_to_begin(finished):
    """Also for programs."""
    assert "interplane deploy rides@N --canary 5%" in finished.must("rollout", "rides").out
    assert finished.must("rollout", "rides", "--json").json["canary"] is None
    result = finished("rollout", "ridse")
    assert 2 == result.code
    assert "Did you mean 'rides'" in result.err


def test_a_canary_is_shown_and_left_alone(finished):
    """Share, figures of both, each criterion, and what would be decided."""
    begin(finished)
    log(finished, "rides@1", 4000, seed=1)
    log(finished, "rides@2", 1500, seed=2)
    out = finished.must("rollout", "rides").out
    assert "rides@2 answers 20.0% beside rides@1" in out
    assert "it answered 1,500 rows and could not answer 0 requests; rides@1 answered 4,000" in out
    assert "Look 1: promote: it is within the margin of every criterion" in out
    assert "auc: 0 outcomes of 200 that are needed of either" in out
    assert max(map(len, out.splitlines())) <= 110
    found = finished.must("rollout", "rides", "--json").json
    assert ("promote", 1) == (found["decision"]["action"], found["decision"]["look"])
    assert 300 == found["policy"]["min_rows"]
    assert "rides@1" == finished.must("show", "rides@live", "--json").json["name"]


def test_decide_does_it(finished):
    """A canary that harms is rolled back; there is none afterwards."""
    begin(finished)
    log(finished, "rides@1", 4000, seed=1)
    log(finished, "rides@2", 600, seed=2, nulls=0.2)
    out = finished.must("rollout", "rides", "--decide").out
    assert "Look 1: rides@2 was rolled back: harm is proved: errors" in out
    assert "No canary of rides is under way" in finished.must("rollout", "rides", "--decide").out
    moves = finished.must("deployments", "rides", "--json").json
    assert "canary" in str(moves)


def test_nothing_new_is_said(finished):
    """Deciding again costs nothing."""
    begin(finished)
    log(finished, "rides@1", 400, seed=1)
    log(finished, "rides@2", 100, seed=2)
    assert (
        "Look 1: go on: it has answered 100 rows of 300"
        in finished.must("rollout", "rides", "--decide").out
    )
    assert "Look 1 (nothing new since): go on" in finished.must("rollout", "rides", "--decide").out
