"""Keepers that are killed at any moment: each firing runs once, each alert is told once."""

import random
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from interplane.monitoring.triggers.due import person_firing
from interplane.project.journal import open_journal
from interplane.project.project import Project
from interplane.record import Run, RunEnd
from interplane.testing.journal_laws import finding, judge

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "monitoring" / "alerts"))
from killing_keepers import KeeperProcess, kill_runs, write
from receivers import web

FIRINGS = 3


def ask(project, journal):
    """Fire three times, and open an alert."""
    (trigger,) = project.config.trigger
    firings = []
    for number in range(FIRINGS):
        action = msgspec.structs.replace(
            trigger.action, parameters={"counted.number": number + 1}, busy="queue"
        )
        firings.append(
            person_firing(
                *("again", action), who="ann", reason="so", token=str(number), now_us=number
            )
        )
    journal.record_due(firings, {})
    judge(journal, 0, finding(0, fires=True), now_us=1)
    return firings


def ends(project):
    """Return how many ends of runs are on record, by actor."""
    catalog, found = project.store.catalog, Counter()
    for entry in catalog.list("run-end"):
        assert isinstance(entry.record, RunEnd)
        run = catalog.get(entry.record.run)
        assert isinstance(run.record, Run)
        found[run.actor] += 1
    return found


@pytest.mark.crash
@pytest.mark.parametrize("seed", [1, 2])
def test_whoever_is_killed(tmp_path, seed):
    """The keeper, or the run too: what was asked for is done once in the end."""
    draw, folder = random.Random(seed), tmp_path / "project"
    with web() as hook:
        write(folder, hook.port)
        project = Project.find(folder)
        journal = open_journal(project)
        firings = ask(project, journal)
        for life in range(4):
            keeper = KeeperProcess(folder)
            keeper.wait_ready()
            keeper.live(draw.uniform(0.0, 1.2))
            keeper.kill()
            if life % 2:
                kill_runs(folder)
        keeper = KeeperProcess(folder)
        keeper.wait_ready()
        until = time.monotonic() + 100
        while journal.firings(states=["waiting", "started"]) and time.monotonic() < until:
            time.sleep(0.1)
        while journal.deliveries(pending=True) and time.monotonic() < until:
            time.sleep(0.1)
        assert 0 == keeper.end()
    found = journal.firings()
    assert ["done"] * FIRINGS == [item.state for item in found], found
    actors = {firing.actor for firing in firings}
    assert dict.fromkeys([project.actor, *actors], 1) == ends(project)
    assert {"sent"} == {item.state for item in journal.deliveries()}
    assert {f"{journal.alerts()[0].id}:opened"} == set(hook.keys)
    journal.close()
