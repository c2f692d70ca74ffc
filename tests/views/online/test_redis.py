"""The online store in Redis: what it asks of a server, what it leaves there, and a server that goes."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from itertools import chain, product
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from processes import VIEW as SUMMED
from processes import WRITERS, facts_of
from redis_server import RedisServer, redis_or_skip

from interplane.errors import ConfigError, NewerFormat, StorageError, StorageFull
from interplane.views.history import Event, History
from interplane.views.lookups import LookUps
from interplane.views.ports import Fact, StateGone
from interplane.views.redis.link import RedisLink
from interplane.views.redis.settings import RedisSettings, check_server
from interplane.views.redis.store import RedisOnline
from interplane.views.states import States
from interplane.views.view import Latest, ViewUse, example

VIEW = example()
PROGRAM = str(Path(__file__).with_name("processes.py"))


@pytest.fixture
def settings(redis_server):
    """Where an empty store is."""
    return redis_server.settings()


@pytest.fixture
def store(settings):
    """An open store with one view that can be read."""
    store = RedisOnline(settings)
    store.register(VIEW)
    store.advance(VIEW, 0)
    yield store
    store.close()


@pytest.fixture
def own_server():
    """A server that the test may kill."""
    redis_or_skip()
    server = RedisServer()
    yield server
    server.stop()


def fact(time, key=0, *, who="a", x=1.0):
    """Return an event."""
    return Fact(1, (who,), Event(time, time, (key,), (x,)))


def look_ups(store, **settings):
    """Return look-ups of the view, and the states that they read."""
    states = States(store, **settings)
    return LookUps({"v": ViewUse(VIEW, ("who",))}, states), states


def keys(server, settings):
    """Return the names of what a store keeps, without its prefix."""
    found = server.ask("KEYS", f"{settings.prefix}*")
    return sorted(name[len(settings.prefix) :] for name in found)


# ---- what is asked of a server -----------------------------------------------------------------


DURABLE = {"appendonly": "yes", "appendfsync": "always"}


@pytest.mark.parametrize(
    ("found", "durability", "why"),
    [
        ({**DURABLE, "appendfsync": "everysec"}, "disk", "cost about the last second"),
        ({**DURABLE, "appendfsync": "no"}, "second", "cost the last half minute"),
        ({**DURABLE, "appendonly": "no"}, "second", "cost everything since the last snapshot"),
        ({}, "disk", "does not say whether it keeps"),
        ({"maxmemory": "9", "maxmemory-policy": "allkeys-lru"}, "memory", "lets go of any key"),
    ],
)
def test_a_server_that_promises_less_is_refused(found, durability, why):
    """With what a power cut may cost, and how to say that this is meant."""
    asked = RedisSettings("redis://me:secret@cache:1/0", "p", durability=durability)
    with pytest.raises(StorageError, match=why) as caught:
        check_server(found, asked)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("found", "durability"),
    [
        (DURABLE, "disk"),
        ({**DURABLE, "appendfsync": "everysec"}, "second"),
        ({"appendonly": "no"}, "memory"),
        ({}, "memory"),
        ({"maxmemory": "0", "maxmemory-policy": "allkeys-lru"}, "memory"),
        ({**DURABLE, "maxmemory": "9", "maxmemory-policy": "volatile-lru"}, "disk"),
    ],
)
def test_a_server_that_promises_enough_is_taken(found, durability):
    """What is never let go of without a time to live may be in a server that lets go of others."""
    check_server(found, RedisSettings("redis://cache:1/0", "p", durability=durability))


def test_a_real_server_is_asked(own_server):
    """By every connection: a server that was set to promise less afterwards is refused as well."""
    settings = own_server.settings()
    RedisOnline(settings).register(VIEW)
    own_server.ask("CONFIG", "SET", "appendfsync", "everysec")
    with pytest.raises(StorageError, match="appendfsync everysec"):
        RedisOnline(settings).known()
    RedisOnline(settings._replace(durability="second")).known()


def test_a_newer_format_is_refused(redis_server, settings):
    """Politely."""
    redis_server.ask("HSET", f"{settings.prefix}meta", "format", 99)
    with pytest.raises(NewerFormat, match=r"format b'99'.*A newer Interplane made it"):
        RedisOnline(settings).known()


def test_passwords_are_given_and_never_shown(own_server):
    """Neither in a message nor in an address."""
    settings = own_server.settings()
    own_server.ask("CONFIG", "SET", "requirepass", "hush-hush")
    RedisOnline(settings._replace(password="hush-hush")).known()
    with pytest.raises(StorageError) as caught:
        RedisOnline(settings._replace(password="wrong-one")).known()
    assert "password_env" in caught.value.do
    assert "wrong-one" not in str(caught.value)
    with pytest.raises(StorageError, match="Authentication required"):
        RedisOnline(settings).known()


def test_an_address_that_is_none_is_refused():
    """Before anything is connected."""
    with pytest.raises(ConfigError, match="cannot be read"):
        RedisOnline(RedisSettings("http://cache", "p"))


def test_replicas_that_are_missing_are_said(redis_server):
    """The write may be there, so the same call may be made again."""
    store = RedisOnline(redis_server.settings(replicas=1, timeout_s=1.0))
    with pytest.raises(StorageError, match="only 0 of 1 replicas"):
        store.register(VIEW)
    assert [VIEW] == [each.view for each in store.known().views]


def test_a_full_memory_is_said(own_server):
    """Nothing is written then; reads go on."""
    store = RedisOnline(own_server.settings())
    store.register(VIEW)
    own_server.ask("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(StorageFull, match="its memory is full"):
        store.write([fact(1)])
    assert 1 == len(store.known().views)


# ---- what is left there ------------------------------------------------------------------------


def test_stores_of_two_prefixes_know_nothing_of_each_other(redis_server):
    """Two workspaces may share a server."""
    stores = [RedisOnline(redis_server.settings()) for _ in range(2)]
    stores[0].register(VIEW)
    assert [1, 0] == [len(store.known().views) for store in stores]


def test_no_key_outlives_what_it_is_for(redis_server, settings, store):
    """Neither of entities that matter no more, nor of a view that was forgotten."""
    store.write([fact(time, time, who=f"e{time % 7}") for time in range(0, 700, 7)])
    store.write([fact(5, 5, who=b"\x00:*".decode())])
    store.advance(VIEW, 10_000)
    found = keys(redis_server, settings)
    assert not [name for name in found if name.startswith(b"v:")]
    assert 2 == len([name for name in found if name.startswith(b"l:")])
    store.forget(VIEW)
    assert [b"feed", b"meta"] == keys(redis_server, settings)


def test_forgetting_that_was_cut_off_is_ended_by_the_next(redis_server, settings, store):
    """What a killed process left is dropped."""
    store.write([fact(time, time, who=f"e{time}") for time in range(700)])
    link = RedisLink(settings)
    link.change("forget", VIEW.digest.encode())
    link.close()
    assert 700 == len([name for name in keys(redis_server, settings) if name.startswith(b"l:")])
    store.forget(VIEW)
    assert [b"feed", b"meta"] == keys(redis_server, settings)


def test_the_feed_is_bounded(redis_server):
    """A reader that was away for longer begins anew."""
    settings = redis_server.settings(feed=100)
    store = RedisOnline(settings)
    store.register(VIEW)
    store.advance(VIEW, 0)
    ups, states = look_ups(store)
    assert [None, 0] == ups.read({"who": "e1"}, 50)
    for begin in range(0, 2000, 100):
        store.write([fact(1, key, who="e1") for key in range(begin, begin + 100)])
    assert redis_server.ask("XLEN", f"{settings.prefix}feed") <= 400
    assert [1.0, 2000] == ups.read({"who": "e1"}, 50)
    states.close()


def test_names_of_clients_are_no_patterns_and_no_keys(store):
    """Whatever an entity is called, it is bytes behind a length."""
    names = ["*", "a:b", "l:1:x", "\x00", "é", "x" * 300, ""]
    store.write([fact(1, who=name, x=float(place)) for place, name in enumerate(names)])
    ups, states = look_ups(store)
    assert [[float(place), 1] for place in range(len(names))] == [
        ups.read({"who": name}, 50) for name in names
    ]
    states.close()


# ---- reads -------------------------------------------------------------------------------------


def test_a_read_is_one_round_trip(redis_server, store):
    """Of what is in memory, and of a hundred entities that are not."""
    store.write([fact(1, who=f"e{number}") for number in range(100)])
    ups, states = look_ups(store)
    ups.read({"who": "e0"}, 50)

    def trips(work):
        before = int(redis_server.ask("INFO", "stats")["total_commands_processed"])
        work()
        after = int(redis_server.ask("INFO", "stats")["total_commands_processed"])
        return after - before

    nothing = trips(lambda: None)
    asked = [(states.shelf(VIEW), f"e{number}") for number in range(100)]
    assert 1 == trips(lambda: ups.read({"who": "e0"}, 50)) - nothing
    # The script's own commands are counted too: two for each entity, and one for the version.
    before = states._reader._link._connection._sock
    assert [1.0, 1] * 100 == states.read(asked, 50)
    assert before is states._reader._link._connection._sock
    states.close()


def test_what_was_not_announced_is_read_of_the_same_state_or_not_at_all(store):
    """A store without states for its readers says when one has passed."""
    store.write([fact(1)])
    reader = store.reader()
    with reader.state() as state:
        registered = state.registered()[VIEW.digest]
        assert 1 == len(set(state.load(registered, ("a",), 50)))
        assert [fact(1)] == state.changes(0, most=5)
        assert state.changes(0, most=0) is None
        store.write([fact(2, 2)])
        with pytest.raises(StateGone):
            state.load(registered, ("a",), 50)
    announced = [(registered, ("a",))]
    with reader.state(announced, time=50, since=1, most=5) as state:
        store.write([fact(3, 3)])
        assert 2 == len(set(state.load(registered, ("a",), 50)))
        assert [fact(2, 2)] == state.changes(1, most=5)
    reader.close()


def test_reads_are_right_while_others_write_without_a_pause(settings, store):
    """Every value is that of some moment between the beginning and the end of its read."""
    stop = threading.Event()
    written = [0]

    def write():
        other = RedisOnline(settings)
        while not stop.is_set() and written[0] < 3000:
            batch = range(written[0], written[0] + 300)
            other.write([fact(1, number, who="ab"[number % 2]) for number in batch])
            written[0] += 300
        other.close()

    thread = threading.Thread(target=write)
    ups, states = look_ups(store, most_entities=1)
    thread.start()
    counts = []
    while thread.is_alive():
        before = written[0] // 2
        counts.append(ups.read({"who": "ab"[len(counts) % 2]}, 50)[1])
        assert before <= counts[-1] <= written[0] // 2 + 150
    stop.set()
    thread.join()
    assert counts
    assert [1.0, 1500] == ups.read({"who": "a"}, 50)
    states.close()


# ---- writers ------------------------------------------------------------------------------------


def test_writers_of_one_entity_wait_for_each_other(settings):
    """Late events and corrections of a crowd: what is there is what History says of all of them."""
    view = replace(VIEW, features={"x": Latest(0, "float")})
    first = RedisOnline(settings)
    number = first.register(view).number
    first.advance(view, 0)
    facts = [
        Fact(number, ("a",), Event(known, happened, (0,), (float(known),)))
        for known, happened in random.Random(5).sample(
            [(k, h) for k in range(40) for h in range(k + 1)], 400
        )
    ]

    def write(mine):
        store = RedisOnline(settings)
        for begin in range(0, len(mine), 5):
            store.write(mine[begin : begin + 5])
        store.close()

    threads = [threading.Thread(target=write, args=(facts[n::8],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = History(view, [each.event for each in facts])
    states = States(first)
    ups = LookUps({"v": ViewUse(view, ("who",))}, states)
    for time_us in range(45):
        assert list(history.at(time_us).values) == ups.read({"who": "a"}, time_us)
    kept = first.reader()
    registered = first.known().views[0]
    (events,), _ = kept.load_all([(registered, ("a",))], 0)
    assert list(history.frontier()) == sorted(events)
    first.close()


def test_many_processes_write_to_one_server(redis_server, settings):
    """Every event of every writer is acknowledged, and is there once."""
    where = {"INTERPLANE_TEST_REDIS": f"{settings.url} {settings.prefix}"}
    done = subprocess.run(
        [sys.executable, PROGRAM, "crowd", "-", "10"],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **where},
    )
    assert ("", 0) == (done.stderr[-3000:], done.returncode)
    expected = sorted(f"{who} {place}" for who in range(WRITERS) for place in range(10))
    assert expected == sorted(done.stdout.splitlines())
    store = RedisOnline(settings)
    store.advance(SUMMED, 0)
    states = States(store)
    ups = LookUps({"v": ViewUse(SUMMED, ("who",))}, states)
    assert [[1.0, WRITERS, float(WRITERS)]] * 10 == [
        ups.read({"who": f"e{place}"}, 50) for place in range(10)
    ]
    states.close()
    store.close()


# ---- a server that goes, and comes back ---------------------------------------------------------


def test_what_was_acknowledged_outlives_a_kill(own_server):
    """Of the server, at any moment of a row of writes; the same handle goes on afterwards."""
    settings = own_server.settings(timeout_s=5.0)
    store = RedisOnline(settings)
    number = store.register(SUMMED).number
    store.advance(SUMMED, 0)
    states = States(store)
    ups = LookUps({"v": ViewUse(SUMMED, ("who",))}, states)
    acknowledged, unsure = [], []
    draw = random.Random(int.from_bytes(os.urandom(4), "big"))
    for part in range(4):
        facts = facts_of(part, 400, entities=5, number=number)
        killer = threading.Timer(draw.uniform(0, 0.3), own_server.kill)
        killer.start()
        for begin in range(0, len(facts), 4):
            batch = facts[begin : begin + 4]
            try:
                store.write(batch)
                acknowledged += batch
            except StorageError:
                unsure.append(batch)
                break
        killer.join()
        own_server.start()
        found = {who: ups.read({"who": who}, 2000) for who in (f"e{n}" for n in range(5))}
        for who, values in found.items():
            mine = [each.event for each in acknowledged if each.entity == (who,)]
            # A write whose outcome is unknown was made as a whole or not at all.
            maybe = [[each.event for each in batch if each.entity == (who,)] for batch in unsure]
            ways = product(*([[], batch] for batch in maybe if batch))
            sums = {History(SUMMED, chain(mine, *way)).at(2000).values[2] for way in ways}
            assert values[2] in sums
    states.close()
    store.close()


def test_a_server_that_is_down_is_said_and_used_again_when_it_is_back(own_server):
    """By the same handles; what is in memory is not given out meanwhile."""
    store = RedisOnline(own_server.settings(timeout_s=2.0))
    store.register(VIEW)
    store.advance(VIEW, 0)
    store.write([fact(1)])
    ups, states = look_ups(store)
    assert [1.0, 1] == ups.read({"who": "a"}, 50)
    own_server.kill()
    for work in (
        lambda: ups.read({"who": "a"}, 50),
        lambda: store.write([fact(2, 2)]),
        store.known,
        RedisOnline(own_server.settings()).known,
    ):
        with pytest.raises(StorageError, match=r"the online store at unix:///.*redis-"):
            work()
    own_server.start()
    assert [1.0, 1] == ups.read({"who": "a"}, 50)
    assert [True] == store.write([fact(2, 2)])
    assert [1.0, 2] == ups.read({"who": "a"}, 50)
    states.close()
    store.close()


def test_a_server_that_lost_what_was_new_is_read_as_it_is_now():
    """Nothing that is in memory outlives it, and numbers may mean other views."""
    redis_or_skip()
    server = RedisServer("--appendonly", "no")
    try:
        store = RedisOnline(server.settings(durability="memory"))
        store.register(VIEW)
        store.advance(VIEW, 0)
        store.write([fact(1), fact(1, who="b")])
        ups, states = look_ups(store)
        assert [1.0, 1] == ups.read({"who": "a"}, 50)
        server.kill()
        server.start()
        other = replace(VIEW, name="other")
        store.register(other)
        assert 2 == store.register(VIEW).number
        store.advance(VIEW, 0)
        store.write([Fact(2, ("b",), Event(2, 2, (7,), (7.0,)))])
        assert [[None, 0], [7.0, 1]] == [ups.read({"who": who}, 50) for who in "ab"]
        states.close()
        store.close()
    finally:
        server.stop()


def test_a_server_that_hangs_costs_its_time_once(own_server):
    """Whoever asks within a moment is told at once."""
    store = RedisOnline(own_server.settings(timeout_s=0.3))
    store.register(VIEW)
    store.advance(VIEW, 0)
    ups, states = look_ups(store)
    own_server.tell(signal.SIGSTOP)
    with pytest.raises(StorageError, match=r"no answer within 0\.3 s"):
        ups.read({"who": "a"}, 50)
    with pytest.raises(StorageError, match=r"gave no answer a moment ago|no answer within"):
        ups.read({"who": "a"}, 50)
    own_server.tell(signal.SIGCONT)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            assert [None, 0] == ups.read({"who": "a"}, 50)
            break
        except StorageError:
            time.sleep(0.05)
    else:
        pytest.fail("it is not read again")
    states.close()


def test_a_store_is_not_carried_through_a_fork(store):
    """Two processes would read each other's answers."""
    store.known()
    (link,) = store._idle
    link._pid += 1
    with pytest.raises(StorageError, match="before a fork"):
        store.known()


def test_a_closed_store_says_so(settings):
    """Instead of an error of the library."""
    store = RedisOnline(settings)
    store.close()
    with pytest.raises(StorageError, match="was closed"):
        store.known()
    with pytest.raises(StorageError, match="was closed"):
        store.reader()
