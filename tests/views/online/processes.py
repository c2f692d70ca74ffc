"""Programs that the tests of processes run: writers that are many, a materializer, and kills.

Run as ``python processes.py ROLE PATH …``. Processes are forked by one that has imported everything
and opened nothing, so that each costs milliseconds.
"""

import json
import os
import random
import select
import signal
import sys
import time
import traceback
from collections import Counter
from dataclasses import replace
from pathlib import Path

import interplane.views.materialize as module
from interplane.testing.histories import table_of
from interplane.views.encoding import Encoding
from interplane.views.history import Event, History
from interplane.views.lookups import LookUps
from interplane.views.materialize import materialize
from interplane.views.online import SqliteOnline
from interplane.views.ports import Fact
from interplane.views.states import States
from interplane.views.view import ViewUse, Window, example

ALWAYS = 10**15
VIEW = replace(example(), features={**example().features, "sum": Window("sum", 0, ALWAYS, "float")})
"""The latest x, a count of the last 100 µs, and the sum of all: no event of it is ever let go."""

WRITERS = 16
MORE = 1.2
"""A kill may come after the usual end: then the child was not disturbed."""
LONGEST_S = 20.0
"""On a machine that is busy with other things there are fewer kills, not a longer test."""


def facts_of(seed, count, *, entities=20, number=1):
    """Return facts that anybody can make again: late ones, corrections and ties among them."""
    draw = random.Random(seed)
    facts = []
    for _ in range(count):
        happened = draw.randrange(1000)
        event = Event(
            happened + draw.randrange(20), happened, (draw.randrange(count),), (float(seed),)
        )
        facts.append(Fact(number, (f"e{draw.randrange(entities)}",), event))
    return facts


def table_of_facts(facts):
    """Return facts as the table that they would have come from."""
    rows = [
        {"who": entity[0], "at": event.event, "known": event.known, "id": event.key[0]}
        | {"x": event.values[0]}
        for _, entity, event in facts
    ]
    return table_of(rows, VIEW.columns)


def say(line):
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def fork(work):
    """Run ``work`` in a forked child; return the child and where its output comes."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    code = 1
    try:
        os.dup2(writing, 1)
        work(lambda line: os.write(1, f"{line}\n".encode()))
        code = 0
    except Exception:  # noqa: BLE001 - a child ends here, whatever happened
        os.write(1, f"error {traceback.format_exc()!r}\n".encode())
    os._exit(code)


def output_of(child, reading):
    """Wait for a child; return the complete lines that it wrote."""
    parts = []
    while part := os.read(reading, 1 << 16):
        parts.append(part)
    os.close(reading)
    os.waitpid(child, 0)
    lines = b"".join(parts).decode().split("\n")
    return lines[:-1]


# ---- a crowd ----------------------------------------------------------------------------------


def open_store(path):
    """Open the file, or the store in Redis that the environment names."""
    where = os.environ.get("INTERPLANE_TEST_REDIS")
    if where is None:
        return SqliteOnline(path)
    from interplane.views.redis.settings import RedisSettings
    from interplane.views.redis.store import RedisOnline

    return RedisOnline(RedisSettings(*where.split(), timeout_s=20.0))


def crowd(path, count):
    """Let sixteen processes write to one store; print what went wrong, and what was acknowledged."""

    def write(who):
        def work(say):
            store = open_store(path)
            number = store.register(VIEW).number
            for place in range(count):
                fact = Fact(number, (f"e{place}",), Event(place, place, (who,), (1.0,)))
                assert list(store.write([fact])) == [True]
                say(f"{who} {place}")
            store.close()

        return work

    open_store(path).close()  # whatever it imports is imported once
    children = [fork(write(who)) for who in range(WRITERS)]
    for child in children:
        for line in output_of(*child):
            say(line)


# ---- a materializer ---------------------------------------------------------------------------


def refresh(path, seed, count, entities):
    """Materialize once; say that it begins, and that it has ended."""
    facts = facts_of(seed, count, entities=entities)
    table = table_of_facts(facts)
    store = SqliteOnline(path)
    say("begins")
    sys.stdin.readline()
    done = materialize(store, VIEW, table)
    say(f"ended {done.written}")
    store.close()


# ---- a writer that is asked -------------------------------------------------------------------


def obey(path):
    """Write one event for each line that comes; say so when it is acknowledged."""
    store = SqliteOnline(path)
    number = store.register(VIEW).number
    for line in sys.stdin:
        time = int(line)
        store.write([Fact(number, ("a",), Event(time, time, (time,), (float(time),)))])
        say(time)
    store.close()


# ---- kills ------------------------------------------------------------------------------------


class Kills:
    """Children that push or materialize, killed at any moment; and what has to be there then."""

    def __init__(self, path, seed):
        self.path = path
        self.draw = random.Random(seed)
        self.encoding = Encoding(VIEW)
        self.there = set()
        self.found = Counter()
        self.faults = []
        self.usual = {}
        store = SqliteOnline(path)
        store.register(VIEW)
        store.advance(VIEW, 0)
        store.close()

    def round(self, number):
        """Start one child, kill it, look at what it left."""
        role = "materialize" if self.draw.random() < 0.3 else "push"
        batches = [facts_of(number * 1000 + place, 3) for place in range(12)]
        if role == "materialize":
            batches = [facts_of(number * 1000, 400)]
        began = time.perf_counter()
        child, reading = fork(lambda say: self.work(role, batches, say))
        ended = os.pidfd_open(child)
        usual = self.usual.get(role)
        delay = LONGEST_S if usual is None else self.draw.uniform(0, usual * MORE)
        select.select([ended], [], [], delay)
        os.close(ended)
        os.kill(child, signal.SIGKILL)
        lines = output_of(child, reading)
        if "done" in lines:
            taken = time.perf_counter() - began
            self.usual[role] = taken if usual is None else (usual + taken) / 2
        self.found[f"{role} done" if "done" in lines else f"{role} killed"] += 1
        self.check(role, batches, [line for line in lines if line != "done"])

    def work(self, role, batches, say):
        """Write batches, saying which are acknowledged."""
        store = SqliteOnline(self.path)
        if role == "materialize":
            materialize(store, VIEW, table_of_facts(batches[0]))
            say(0)
        else:
            for place, batch in enumerate(batches):
                store.write(batch)
                say(place)
        store.close()
        say("done")

    def check(self, role, batches, lines):
        """Hold the file against what was acknowledged; take over what else was committed."""
        errors = [line for line in lines if not line.isdigit()]
        self.faults += errors
        acknowledged = {
            (fact.entity, fact.event)
            for line in set(lines).difference(errors)
            for fact in batches[int(line)]
        }
        store = SqliteOnline(self.path)
        rows = store._connections.read(
            lambda connection: connection.execute(
                "SELECT entity, known, happened, key, body FROM event"
            ).fetchall()
        )
        kept = Counter(
            (
                self.encoding.entity(row[0]),
                Event(row[1], row[2], self.encoding.key(row[3]), self.encoding.values(row[4])),
            )
            for row in rows
        )
        more = set(kept) - self.there - acknowledged
        if twice := [each for each, count in kept.items() if count > 1]:
            self.faults.append(f"twice {twice[:3]}")
        if lost := (self.there | acknowledged) - set(kept):
            self.faults.append(f"lost {list(lost)[:3]}")
        if more and not self.is_whole(role, batches, len(lines), more):
            self.faults.append(f"half of {role}: {list(more)[:3]}")
        self.there = set(kept)
        self.found["taken unsaid"] += bool(more)
        self.read(store)
        store.close()

    def is_whole(self, role, batches, acknowledged, more):
        """Return whether what was committed and not acknowledged is one whole transaction."""
        if role == "push":
            batch = {(fact.entity, fact.event) for fact in batches[acknowledged]}
            return more == batch - (self.there - more)
        given = {(fact.entity, fact.event) for fact in batches[0]}
        entities = {entity for entity, _ in more}
        return more == {each for each in given if each[0] in entities} - self.there

    def read(self, store):
        """Read a few entities: as History reads what is there."""
        states = States(store)
        ups = LookUps({"v": ViewUse(VIEW, ("who",))}, states)
        by_entity = {}
        for entity, event in self.there:
            by_entity.setdefault(entity, []).append(event)
        horizon = store.known().views[0].horizon
        for entity in self.draw.sample(sorted(by_entity), min(3, len(by_entity))):
            when = horizon + self.draw.randrange(300)
            expected = History(VIEW, by_entity[entity]).at(when).values
            if list(expected) != ups.read({"who": entity[0]}, when):
                self.faults.append(f"{entity} at {when} is not {expected}")
        states.close()


def kill(path, seed, kills):
    """Kill children for as long as there are kills and time."""
    module._BATCH = 50  # many transactions in a short time
    found = Kills(path, seed)
    until = time.monotonic() + LONGEST_S
    for number in range(kills):
        if time.monotonic() > until:
            break
        found.round(number)
    say(json.dumps({"faults": found.faults[:10], "found": found.found}))


if __name__ == "__main__":
    ROLES = {"crowd": crowd, "refresh": refresh, "obey": obey, "kill": kill}
    ROLES[sys.argv[1]](Path(sys.argv[2]), *map(int, sys.argv[3:]))
