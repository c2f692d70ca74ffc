"""Canaries of a project: looked at, decided about, and what was decided done once."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import trips_project as trips

from interplane.data.table import Table
from interplane.errors import Corrupt, UnknownName
from interplane.monitoring.looks import LOOKS, Look, Looks
from interplane.predictions.entry import Entry
from interplane.predictions.writer import SegmentWriter
from interplane.project.audit import latest_audit
from interplane.project.canaries import _Rollout, decide_rollouts, look_at_rollout
from interplane.project.serving import LOG

QUICK = """
[rollout]
min_rows = 300
min_time = "0s"
max_time = "2d"
positive_rate = 0.1
audit = false
"""


@pytest.fixture(scope="module")
def _made(tmp_path_factory):
    root = tmp_path_factory.mktemp("canaries") / "trips"
    trips.make(root)
    return root


@pytest.fixture
def root(_made, tmp_path):
    """Return a copy of a project with one live crossing and another."""
    root = tmp_path / "trips"
    shutil.copytree(_made, root, symlinks=True)
    (root / "interplane.toml").write_text(trips.FILE + QUICK)
    return root


@pytest.fixture
def project(root):
    """The project, opened, with the other crossing as its canary."""
    with trips.opened(root) as project:
        project.deploy("trips@2", reason="a try", canary=0.2)
        yield project


def log(project, ref, count, *, seed=1, shift=0.0, nulls=0.0, instead_of=None, began=None):
    """Log predictions of a crossing as a server does; return their ids."""
    draw, crossing = random.Random(seed), project.crossing(ref).digest
    now = began or datetime.now(UTC)
    now_us = int(now.timestamp() * 1_000_000)
    entries = []
    for number in range(count):
        score = min(max(draw.betavariate(2, 4) + shift, 0.0), 1.0)
        entries.append(
            Entry(
                id=f"{seed:08d}{number:024d}",
                model="trips",
                crossing=crossing,
                time_us=now_us + number,
                at_us=now_us + number,
                score=None if draw.random() < nulls else score,
                took_us=round(draw.lognormvariate(5.5, 0.4)),
                row=trips.request(number),
                looked_up={"past.miles": 2.0, "past.rides_1d": 1},
                instead_of=instead_of,
                because=None if instead_of is None else "storage-error",
            )
        )
    with SegmentWriter(project.workspace / LOG, name=f"test-{seed}") as writer:
        writer.append(entries)
    return [entry.id for entry in entries]


def live(project):
    """Return what is live, and the canary."""
    found, rolling = project.crossing("trips@live").name, project.rollout("trips")
    return found, None if rolling is None else project.crossing(rolling.rollout.canary).name


def test_a_good_canary_is_promoted(project):
    """With what was found as the reason, signed by the canary's decision; and then there is none."""
    log(project, "trips@1", 4000, seed=1)
    log(project, "trips@2", 1500, seed=2)
    (found,) = decide_rollouts(project)
    assert ("promote", "promoted", True) == (found.decision.action, found.done, found.is_new)
    assert (1500, 4000, 0) == (
        found.decision.rows,
        found.decision.live_rows,
        found.decision.refused,
    )
    assert ("trips@2", None) == live(project)
    move = project.deployments("trips")[-1]
    assert "canary" == move.actor
    assert move.reason.startswith(
        "1,500 answers beside 4,000: it is within the margin of every criterion"
    )
    assert "fine" not in move.reason
    assert [] == decide_rollouts(project)


def test_a_bad_canary_is_rolled_back(project):
    """What is live stays, and the reason says what harm is proved."""
    log(project, "trips@1", 4000, seed=1)
    log(project, "trips@2", 500, seed=2, nulls=0.2)
    (found,) = decide_rollouts(project)
    assert ("roll back", "rolled back") == (found.decision.action, found.done)
    assert ("trips@1", None) == live(project)
    assert project.deployments("trips")[-1].reason.startswith(
        "500 answers beside 4,000: harm is proved: errors; errors: harm"
    )


def test_what_it_could_not_answer_counts_against_it(project):
    """Such rows were answered by the live crossing, and are of neither group."""
    log(project, "trips@1", 3000, seed=1)
    log(project, "trips@2", 300, seed=2)
    canary = project.crossing("trips@2").digest
    log(project, "trips@1", 100, seed=3, instead_of=canary)
    (found,) = decide_rollouts(project)
    assert (300, 3000, 100) == (
        found.decision.rows,
        found.decision.live_rows,
        found.decision.refused,
    )
    assert "rolled back" == found.done


def test_nothing_new_is_no_look(project):
    """Looking every second spends nothing, and changes nothing."""
    (first,) = decide_rollouts(project)
    assert (False, "go on") == (first.is_new, first.decision.action)
    log(project, "trips@1", 400, seed=1)
    log(project, "trips@2", 100, seed=2)
    looks = [decide_rollouts(project)[0] for _ in range(3)]
    assert [True, False, False] == [each.is_new for each in looks]
    assert {1} == {each.decision.look for each in looks}
    log(project, "trips@2", 20, seed=3)
    (then,) = decide_rollouts(project)
    assert (2, 120) == (then.decision.look, then.decision.rows)
    assert ("trips@1", "trips@2") == live(project)


def test_what_would_be_decided_is_shown_and_not_done(project):
    """Whoever asks spends no look."""
    log(project, "trips@1", 4000, seed=1)
    log(project, "trips@2", 500, seed=2, nulls=0.2)
    found = look_at_rollout(project, "trips")
    assert ("roll back", "") == (found.decision.action, found.done)
    assert ("trips@1", "trips@2", 0.2) == (found.live, found.canary, found.share)
    assert ("trips@1", "trips@2") == live(project)
    assert not (project.workspace / LOOKS).exists()
    with pytest.raises(UnknownName, match="Did you mean 'trips'"):
        look_at_rollout(project, "trisp")


def test_the_deadline_comes_without_any_row(project):
    """A canary that nobody asks does not stay for ever."""
    later = datetime.now(UTC) + timedelta(days=3)
    (found,) = decide_rollouts(project, later)
    assert "rolled back" == found.done
    assert "after 2d it was not shown to be fit" in project.deployments("trips")[-1].reason


def test_what_was_decided_before_a_kill_is_done_after_it(project):
    """The look was kept, the move was not made: the next one makes it, once."""
    log(project, "trips@1", 4000, seed=1)
    log(project, "trips@2", 1500, seed=2)
    rollout = _Rollout.find(project, "trips")
    decision = rollout.judge(rollout.rows.count(), 1, datetime.now(UTC))
    looks = Looks(project.workspace / LOOKS)
    look = Look(
        model="trips",
        canary=rollout.canary.digest,
        began=rollout.began,
        since=rollout.rows.since,
        at="2026-01-01T00:00:00.000000Z",
        labelled=0,
        decision=decision,
    )
    assert [True, False] == [looks.put(look), looks.put(look)]
    looks.close()
    before = len(project.deployments("trips"))
    (found,) = decide_rollouts(project)
    assert (False, "promoted") == (found.is_new, found.done)
    assert [] == decide_rollouts(project)
    assert before + 1 == len(project.deployments("trips"))


def test_a_promotion_that_was_not_made_is_decided_anew(project):
    """Nobody was there for a while after the decision, and the canary began to do harm."""
    log(project, "trips@1", 4000, seed=1)
    log(project, "trips@2", 1500, seed=2)
    rollout = _Rollout.find(project, "trips")
    looks = Looks(project.workspace / LOOKS)
    look = Look(
        model="trips",
        canary=rollout.canary.digest,
        began=rollout.began,
        since=rollout.rows.since,
        at="2026-01-01T00:00:00.000000Z",
        labelled=0,
        decision=rollout.judge(rollout.rows.count(), 1, datetime.now(UTC)),
    )
    assert ("promote", True) == (look.decision.action, looks.put(look))
    looks.close()
    log(project, "trips@2", 1000, seed=3, nulls=0.5)
    (found,) = decide_rollouts(project)
    assert ("rolled back", 2) == (found.done, found.decision.look)
    assert ("trips@1", None) == live(project)


def test_another_canary_is_not_promoted_for_it(project):
    """Somebody was quicker: what was decided is about a canary that has gone."""
    log(project, "trips@1", 4000, seed=1)
    log(project, "trips@2", 1500, seed=2)
    rollout = _Rollout.find(project, "trips")
    decision = rollout.judge(rollout.rows.count(), 1, datetime.now(UTC))
    assert "promote" == decision.action
    project.rollback("trips", reason="by hand")
    done = rollout.act(decision)
    assert ("", True) == (done.done, done.error.startswith("somebody else was first"))
    assert ("trips@1", None) == live(project)


def test_another_share_begins_to_count_anew(project):
    """A canary that gets more of the later rows would be compared with earlier ones."""
    log(project, "trips@1", 400, seed=1)
    log(project, "trips@2", 100, seed=2)
    (first,) = decide_rollouts(project)
    assert (1, 100) == (first.decision.look, first.decision.rows)
    project.deploy("trips@2", reason="more", canary=0.5)
    log(project, "trips@2", 30, seed=3)
    (then,) = decide_rollouts(project)
    assert (2, 30, 0) == (then.decision.look, then.decision.rows, then.decision.live_rows)
    assert first.began == then.began < then.since


def test_outcomes_are_judged(project):
    """A canary that knows nothing is found by what came true."""
    ids = log(project, "trips@1", 3000, seed=1), log(project, "trips@2", 3000, seed=2)
    scores = {row["prediction_id"]: row["score"] for row in project.predictions("trips").to_rows()}
    draw = random.Random(4)
    of_live = [{"id": one, "value": draw.random() < (scores[one] > 0.33) * 0.9} for one in ids[0]]
    of_canary = [{"id": one, "value": draw.random() < 0.4} for one in ids[1]]
    project.add_outcomes("trips", of_live + of_canary)
    (found,) = decide_rollouts(project)
    criteria = {each.name: each for each in found.decision.criteria}
    assert "harmed" == criteria["auc"].state
    assert criteria["auc"].live > 0.8 > 0.6 > criteria["auc"].canary
    assert "rolled back" == found.done


def test_a_canary_that_serves_rightly_goes_live(root):
    """Both answer by the server's own row path; it is audited, and then promoted."""
    others = 'leave_out = ["positive_rate", "mean_score", "scores", "slow", "latency"]\n'
    text = QUICK.replace("audit = false", "errors = 0.05").replace("300", "150")
    (root / "interplane.toml").write_text(trips.FILE + text + others)
    with trips.opened(root) as project:
        project.deploy("trips@2", reason="a try", canary=0.5)
        with trips.serving(root) as answer:
            names = set()
            for number in range(600):
                status, said = answer(trips.request(number % 250, seats=1 + number % 3))
                assert 200 == status, said
                names.add(said["model"])
        assert {"trips@1", "trips@2"} == names
        (found,) = decide_rollouts(project)
        assert ("promoted", "") == (found.done, found.error), found.decision.reasons
        assert 600 == found.decision.rows + found.decision.live_rows
        assert project.deployments("trips")[-1].reason.endswith(
            f"audit: of {min(found.decision.rows, 500)} predictions 0 differ, "
            "of 0 some history has not arrived"
        )
        assert (0, 0.0) == (
            latest_audit(project.store, project.crossing("trips@2").digest).skewed,
            latest_audit(project.store, project.crossing("trips@2").digest).worst,
        )
        assert ("trips@2", None) == live(project)


def test_skew_keeps_it_from_going_live(root):
    """It is audited before it is promoted; what it logged is not what the data give."""
    (root / "interplane.toml").write_text(trips.FILE + QUICK.replace("audit = false", ""))
    with trips.opened(root) as project:
        project.deploy("trips@2", reason="a try", canary=0.2)
        log(project, "trips@1", 4000, seed=1)
        log(project, "trips@2", 1500, seed=2)
        (found,) = decide_rollouts(project)
        assert ("go on", "") == (found.decision.action, found.done)
        assert "its latest audit found a skew rate of" in found.decision.reasons[0]
        assert ("trips@1", "trips@2") == live(project)
        late = datetime.now(UTC) + timedelta(days=3)
        assert "rolled back" == decide_rollouts(project, late)[0].done


def test_it_is_audited_by_its_recorded_code(root):
    """Whatever somebody is in the middle of changing; where that cannot run, the reason says so."""
    (root / "interplane.toml").write_text(trips.FILE + QUICK.replace("audit = false", ""))
    path = root / "trips.py"
    path.write_text(path.read_text().replace("SELECT ride, rider", "SELECT DISTINCT ride, rider"))
    with trips.opened(root) as project:
        project.deploy("trips@2", reason="a try", canary=0.2)
        log(project, "trips@1", 4000, seed=1)
        log(project, "trips@2", 1500, seed=2)
        (found,) = decide_rollouts(project)
        assert "its latest audit found a skew rate of" in found.decision.reasons[0]
        project.add("rides", Table.from_columns({"ride": [1], "rider": ["r1"]}))
        log(project, "trips@2", 300, seed=3)
        (found,) = decide_rollouts(project)
        assert ("go on", 2) == (found.decision.action, found.decision.look)
        assert "its skew could not be audited: " in found.decision.reasons[0]


def test_what_cannot_be_done_is_an_error_each_time(project):
    """It was decided and kept; the model cannot be loaded any more, and whoever comes is told."""
    log(project, "trips@1", 4000, seed=1)
    log(project, "trips@2", 1500, seed=2)
    golden = project.crossing("trips@2").crossing.golden
    path = project.store.path(golden)
    path.chmod(0o644)
    path.write_bytes(b"{}")
    for _ in range(2):
        with trips.opened(project.root) as again, pytest.raises(Corrupt):
            decide_rollouts(again)
    assert ("trips@1", "trips@2") == live(project)


def test_models_without_a_canary_are_passed_over(root):
    """And one that is not there is an error."""
    with trips.opened(root) as project:
        assert [] == decide_rollouts(project)
        assert look_at_rollout(project, "trips") is None
        with pytest.raises(UnknownName):
            decide_rollouts(project, models=("trisp",))


@pytest.mark.crash
def test_kills_promote_once(project, root):
    """Killed at any moment while it decides, and begun again: there is one promotion in the end."""
    log(project, "trips@1", 4000, seed=1)
    log(project, "trips@2", 1500, seed=2)
    before, draw = len(project.deployments("trips")), random.Random(3)
    script = str(Path(__file__).with_name("deciding.py"))
    for turn in range(4):
        command = [sys.executable, script, str(root)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert b"begun\n" == process.stdout.readline()
            if turn < 3:
                time.sleep(draw.uniform(0.0, 0.5))
                process.kill()
            said = process.stdout.read()
    assert said.endswith(b"done\n")
    moves = project.deployments("trips")[before:]
    assert [("canary", None)] == [(move.actor, move.canary) for move in moves]
    looks = Looks(project.workspace / LOOKS)
    canary = project.crossing("trips@2").digest
    began = project.deployments("trips")[before - 1].at
    assert 1 == len(looks.list("trips", canary, began))
    looks.close()
