"""Many processes, paused processes, killed processes: what was acknowledged is there, once."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from writers import SERIES, expected_bytes, expected_digest

from interplane.errors import Fenced
from interplane.storage.clock import SystemClock
from interplane.storage.verify import verify
from interplane.storage.workspace import create_workspace, open_workspace

WRITERS = str(Path(__file__).with_name("writers.py"))


@pytest.fixture
def place(tmp_path):
    """A new workspace."""
    create_workspace(tmp_path / "w").close()
    return tmp_path / "w"


@pytest.fixture
def start(place):
    """Start a program on the workspace; whatever still runs at the end is killed."""
    started = []

    def run(*arguments):
        started.append(
            subprocess.Popen(
                [sys.executable, WRITERS, arguments[0], str(place), *map(str, arguments[1:])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def check_units(store, units):
    """Each acknowledged unit is there with all its parts, under the number that it was given."""
    members = {member.digest: member.number for member in store.catalog.series(SERIES)}
    assert [*range(1, len(members) + 1)] == sorted(members.values())
    for item in units:
        assert expected_digest(item["name"]) == item["digest"]
        record = store.catalog.get(item["digest"]).record
        assert expected_bytes(item["name"]) == (
            store.read(record.environment),
            store.read(record.diff),
        )
        assert item["number"] == members[item["digest"]]
    return members


def check_nothing_half_visible(store, members):
    """Entries and numbers are the same set; every value belongs to one; nothing is damaged."""
    entries = {entry.digest for entry in store.catalog.list()}
    assert entries == set(members)
    assert len(list(store.catalog.values())) == len(entries)
    report = verify(store)
    assert () == report.damage, report.to_text()
    return report


def test_sixteen_processes_write_to_one_workspace(place, start):
    """No "database is locked"; each acknowledged write is there once; numbers are dense."""
    processes = [start("crowd", f"p{number}", 12) for number in range(16)]
    units = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert ("", 0) == (err, process.returncode)
        units += [json.loads(line) for line in out.splitlines()]
    assert 16 * 12 * 2 == len(units)
    store = open_workspace(place)
    members = check_units(store, units)
    assert 16 * 12 + 12 == len(members)
    report = check_nothing_half_visible(store, members)
    assert () == report.orphans
    store.close()


@pytest.mark.crash
def test_killed_writers_lose_nothing_that_was_acknowledged(place, start):
    """Four hundred kills at random moments, half of them inside a file operation."""
    seed = random.SystemRandom().randrange(1 << 32)
    sys.stdout.write(f"seed {seed}\n")
    out, err = start("kill", seed, 200).communicate(timeout=240)
    assert "" == err
    rounds = [json.loads(line) for line in out.splitlines()]
    assert [signal.SIGKILL] * 400 == [item["signal"] for item in rounds]
    units = [unit for item in rounds for unit in item["acknowledged"]]
    assert len(units) > 100
    store = open_workspace(place)
    members = check_units(store, units)
    assert len(members) >= len(units)
    check_nothing_half_visible(store, members)
    store.close()


class LaterClock(SystemClock):
    """A clock on which a minute more has passed."""

    def monotonic(self):
        return super().monotonic() + 60


def test_a_paused_holder_cannot_write_after_a_take_over(place, start):
    """It wakes up, writes, and is refused; the new holder's writes stand."""
    process = start("holder")
    fence = int(process.stdout.readline())
    process.send_signal(signal.SIGSTOP)
    store = open_workspace(place, clock=LaterClock())
    writer = store.catalog.acquire("run/flights", actor="heir")
    assert writer.fence > fence
    process.send_signal(signal.SIGCONT)
    out, _ = process.communicate("go on\n", timeout=60)
    assert out.startswith("fenced: holder no longer holds 'run/flights': heir holds it now")
    assert [] == list(store.catalog.list())
    store.catalog.beat(writer)
    store.close()


def test_a_living_holder_is_not_replaced(place, start):
    """And the message says who it is."""
    process = start("holder")
    process.stdout.readline()
    store = open_workspace(place)
    with pytest.raises(Fenced, match=rf"is held by holder \(process {process.pid}\)"):
        store.catalog.acquire("run/flights", actor="heir")
    out, _ = process.communicate("go on\n", timeout=60)
    assert "written\n" == out
    store.close()


def test_a_killed_holder_is_replaced_at_once(place, start):
    """Nobody waits half a minute for a dead process, not even while it is a zombie."""
    process = start("holder")
    fence = int(process.stdout.readline())
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    store = open_workspace(place)
    assert store.catalog.lease("run/flights").actor == "holder"
    assert store.catalog.acquire("run/flights", actor="heir").fence > fence
    store.close()
