"""Many processes on one online store: they wait for each other, see each other, and may be killed."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from processes import VIEW, WRITERS, facts_of, table_of_facts

from interplane.views.history import History
from interplane.views.lookups import LookUps
from interplane.views.materialize import materialize
from interplane.views.online import SqliteOnline
from interplane.views.states import States
from interplane.views.view import ViewUse

PROGRAM = str(Path(__file__).with_name("processes.py"))
HEAVY = ("duckdb", "numpy", "pandas", "pyarrow")
SERVER = ("lookups", "online", "ports", "pushing", "redis.store", "shelves", "states")


def run(*arguments, timeout=120):
    """Run a program to its end; return what it printed."""
    done = subprocess.run(
        [sys.executable, PROGRAM, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert ("", 0) == (done.stderr[-3000:], done.returncode)
    return done.stdout


def test_sixteen_writers_are_never_told_that_the_database_is_locked(tmp_path):
    """Every event of every writer is acknowledged, and is there once."""
    path = tmp_path / "online.sqlite"
    lines = run("crowd", path, 25).splitlines()
    assert sorted(f"{who} {place}" for who in range(WRITERS) for place in range(25)) == sorted(
        lines
    )
    store = SqliteOnline(path)
    store.advance(VIEW, 0)
    states = States(store)
    ups = LookUps({"v": ViewUse(VIEW, ("who",))}, states)
    assert [[1.0, WRITERS, float(WRITERS)]] * 25 == [
        ups.read({"who": f"e{place}"}, 50) for place in range(25)
    ]
    states.close()
    store.close()


def test_reads_go_on_while_another_process_materializes(tmp_path):
    """No error; each entity is as before or with all that is new, and never goes back."""
    path, entities, time = tmp_path / "online.sqlite", 40, 1100
    store = SqliteOnline(path)
    before = facts_of(1, 2000, entities=entities)
    materialize(store, VIEW, table_of_facts(before))
    after = [*before, *facts_of(2, 12000, entities=entities)]
    old, new = (values_of(facts, time) for facts in (before, after))
    states = States(store)
    ups = LookUps({"v": ViewUse(VIEW, ("who",))}, states)
    seen = dict.fromkeys(old, 0)
    with subprocess.Popen(
        [sys.executable, PROGRAM, "refresh", str(path), "2", "12000", str(entities)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert "begins\n" == process.stdout.readline()
        process.stdin.write("go\n")
        process.stdin.flush()
        while process.poll() is None:
            for who in old:
                values = ups.read({"who": who}, time)
                assert values in ([old[who]] if not seen[who] else []) + [new[who]]
                seen[who] = values == new[who]
        assert "ended 12000\n" == process.stdout.read()
    assert new == {who: ups.read({"who": who}, time) for who in old}
    states.close()
    store.close()


def test_what_another_process_acknowledged_is_seen_at_once(tmp_path):
    """Whether the entity is in memory already or not."""
    path = tmp_path / "online.sqlite"
    store = SqliteOnline(path)
    store.register(VIEW)
    store.advance(VIEW, 0)
    states = [States(store), States(store, most_entities=1)]
    warm, cold = (LookUps({"v": ViewUse(VIEW, ("who",))}, each) for each in states)
    with subprocess.Popen(
        [sys.executable, PROGRAM, "obey", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for time in range(1, 200):
            process.stdin.write(f"{time}\n")
            process.stdin.flush()
            assert f"{time}\n" == process.stdout.readline()
            expected = [float(time), min(time, 100), float(sum(range(time + 1)))]
            assert expected == warm.read({"who": "a"}, time)
            cold.read({"who": f"e{time}"}, time)
            assert expected == cold.read({"who": "a"}, time)
        process.stdin.close()
    for each in (*states, store):
        each.close()


def values_of(facts, time):
    """Return what History says of each entity."""
    by_entity = {}
    for _, (who,), event in facts:
        by_entity.setdefault(who, []).append(event)
    return {who: list(History(VIEW, events).at(time).values) for who, events in by_entity.items()}


@pytest.mark.crash
def test_a_killed_process_takes_nothing_with_it(tmp_path):
    """What was acknowledged is there once; a transaction is there whole or not; reads are right."""
    seed = int(os.environ.get("INTERPLANE_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))
    sys.stdout.write(f"INTERPLANE_CRASH_SEED={seed}\n")
    result = json.loads(run("kill", tmp_path / "online.sqlite", seed, 400))
    sys.stdout.write(json.dumps(result["found"]))
    assert [] == result["faults"]
    assert {"push killed", "push done", "materialize killed", "materialize done"} <= result[
        "found"
    ].keys()


@pytest.mark.parametrize("module", SERVER)
def test_what_a_server_imports_is_light(module):
    """No engine comes with it."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, interplane.views.{module}; print(sorted({set(HEAVY)} & set(sys.modules)))",
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "[]\n" == done.stdout
