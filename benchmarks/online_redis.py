"""The online store in Redis beside raw Redis: reads of 1 and 100 entities of 20 features, and pushes."""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.harness import Row, best_times
from benchmarks.online import _twenty
from interplane.expressions.expr import Row as Columns
from interplane.serving.events import PushedEvents
from interplane.serving.feature_reads import FeatureReads
from interplane.serving.feature_values import FeatureViews
from interplane.views.derived import Derived
from interplane.views.history import Event
from interplane.views.online_values import ViewValues
from interplane.views.ports import Fact
from interplane.views.redis.settings import RedisSettings
from interplane.views.redis.store import RedisOnline
from interplane.views.states import States
from interplane.views.view import ViewUse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from interplane.views.view import View

_ENTITIES = 10_000
_NOW = 1_700_000_000_000_000
_FEATURES = [f"x{place}" for place in range(20)]


def run() -> list[Row]:
    """Measure with a server of our own, which syncs its log before it answers."""
    if shutil.which("redis-server") is None:
        return [Row("Redis is not installed", "", 0.0)]
    with _server() as url:
        return [*_reads(url), *_derived(url), *_pushes(url)]


@contextmanager
def _server() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="redis-"))
    place = ("--port", "0", "--unixsocket", str(folder / "s"), "--dir", str(folder))
    durable = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")
    process = subprocess.Popen(
        ["redis-server", *place, *durable],
        stdout=subprocess.DEVNULL,
    )
    try:
        while not (folder / "s").exists():
            time.sleep(0.05)
        yield f"unix://{folder / 's'}"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _raw(url: str) -> Any:
    import redis

    return redis.Redis(unix_socket_path=url.removeprefix("unix://"))


def _reads(url: str) -> list[Row]:
    view = _twenty("twenty")
    store = RedisOnline(RedisSettings(url, "bench:", timeout_s=20.0))
    number = store.register(view).number
    raw, draw = _raw(url), random.Random(7)
    for begin in range(0, _ENTITIES, 1000):
        facts, pipe = [], raw.pipeline(transaction=False)
        for entity in range(begin, begin + 1000):
            values = tuple(draw.random() for _ in range(20))
            facts.append(Fact(number, (f"e{entity}",), Event(_NOW, _NOW, (), values)))
            pipe.hset(f"h:e{entity}", mapping=dict(zip(_FEATURES, values, strict=True)))
            pipe.set(f"m:e{entity}", msgspec.msgpack.encode(values))
        store.write(facts)
        pipe.execute()
    store.advance(view, _NOW)
    warm, cold = States(store), States(store, most_entities=200)
    names = itertools.cycle([f"e{draw.randrange(_ENTITIES)}" for _ in range(10_007)])
    clock = itertools.count(_NOW)
    few = [f"e{entity}" for entity in range(100)]
    decode = msgspec.msgpack.Decoder(list[float]).decode

    def ours(states: States, asked: list[str]) -> Callable[[], object]:
        shelf = states.shelf(view)
        return lambda: states.read([(shelf, who or next(names)) for who in asked], next(clock))

    def hashes(count: int) -> list[list[float]]:
        pipe = raw.pipeline(transaction=False)
        for _ in range(count):
            pipe.hgetall(f"h:{next(names)}")
        return [[float(value) for value in found.values()] for found in pipe.execute()]

    def packed(count: int) -> list[list[float]]:
        found = raw.mget([f"m:{next(names)}" for _ in range(count)])
        return [decode(value) for value in found]

    one = best_times(
        {
            "cold": ours(cold, [""]),
            "warm": ours(warm, ["e77"]),
            "HGETALL": lambda: [float(v) for v in raw.hgetall(f"h:{next(names)}").values()],
            "MGET": lambda: packed(1),
        },
        number=500,
    )
    hundred = best_times(
        {
            "cold": ours(cold, [""] * 100),
            "warm": ours(warm, few),
            "HGETALL": lambda: hashes(100),
            "MGET": lambda: packed(100),
        },
        number=20,
    )
    for each in (warm, cold, store):
        each.close()
    raw.close()
    found = []
    for what, times in (("one entity", one), ("a hundred entities", hundred)):
        beside = {
            "raw Redis, HGETALL of 20 fields": times["HGETALL"] * 1e6,
            "raw Redis, MGET of 20 packed floats": times["MGET"] * 1e6,
        }
        found += [
            Row(f"Redis: 20 features, {what}, not in memory", "us", times["cold"] * 1e6, beside),
            Row(f"Redis: 20 features, {what}, in memory", "us", times["warm"] * 1e6, beside),
        ]
    return found


def _scaled(parents: list[View]) -> Derived:
    """A view of 20 features that stands on two views of 20."""
    rows = [Columns(view.types, prefix=f"p{place}.") for place, view in enumerate(parents)]
    return Derived(
        "scaled",
        ("who",),
        ("str",),
        {f"p{place}": ViewUse(view, ("who",)) for place, view in enumerate(parents)},
        {name: (rows[0][name] * 2.0 - rows[1][name]).node for name in _FEATURES},
    )


def _derived(url: str) -> list[Row]:
    """A view on two views, read of a hundred entities as a request asks for them."""
    parents = [_twenty("first"), _twenty("second")]
    view = _scaled(parents)
    store, draw = RedisOnline(RedisSettings(url, "derived:", timeout_s=20.0)), random.Random(7)
    for parent in parents:
        number = store.register(parent).number
        for begin in range(0, _ENTITIES, 1000):
            store.write(
                [
                    Fact(number, (f"e{n}",), Event(_NOW, _NOW, (), tuple(_draws(draw))))
                    for n in range(begin, begin + 1000)
                ]
            )
        store.advance(parent, _NOW)
    cold, warm = States(store, most_entities=400), States(store)
    names = itertools.cycle([f"e{draw.randrange(_ENTITIES)}" for _ in range(10_007)])
    clock = itertools.count(_NOW)

    def at_once(states: States, *, fresh: bool) -> Callable[[], object]:
        values, few = ViewValues(view, states), [(f"e{n}",) for n in range(100)]
        return lambda: values.read([(next(names),) for _ in few] if fresh else few, next(clock))

    def one_by_one(states: States, *, fresh: bool) -> Callable[[], object]:
        values, few = ViewValues(view, states), [(f"e{n}",) for n in range(100)]
        return lambda: [values.read([(next(names),) if fresh else who], next(clock)) for who in few]

    async def over_http() -> dict[str, float]:
        reads = FeatureReads(
            FeatureViews(lambda _name: view, warm),
            PushedEvents(store),
            service=lambda _name: {},
        )
        entities = [{"who": f"e{n}"} for n in range(100)]
        plain = msgspec.json.encode({"entities": entities})
        feast = msgspec.json.encode(
            {
                "features": [f"scaled:{name}" for name in _FEATURES],
                "entities": {"who": [f"e{n}" for n in range(100)]},
            }
        )
        found: dict[str, list[float]] = {"plain": [], "feast": []}
        for _ in range(30):
            begin = time.perf_counter()
            assert (await reads.read("scaled", plain, now_us=next(clock))).status == 200
            middle = time.perf_counter()
            assert (await reads.read_as_feast(feast, now_us=next(clock))).status == 200
            found["plain"].append(middle - begin)
            found["feast"].append(time.perf_counter() - middle)
        reads.close()
        return {name: statistics.median(each) for name, each in found.items()}

    times = best_times(
        {
            "cold": at_once(cold, fresh=True),
            "cold, one by one": one_by_one(cold, fresh=True),
            "warm": at_once(warm, fresh=False),
            "warm, one by one": one_by_one(warm, fresh=False),
        },
        number=3,
    )
    answers = asyncio.run(over_http())
    for each in (cold, warm, store):
        each.close()
    what = "Redis: 20 features on two views, 100 entities"
    micro = {name: each * 1e6 for name, each in times.items()}
    return [
        Row(f"{what}, cold", "us", micro["cold"], {"one by one": micro["cold, one by one"]}),
        Row(f"{what}, warm", "us", micro["warm"], {"one by one": micro["warm, one by one"]}),
        Row("  the same from the bytes to the answer", "us", answers["plain"] * 1e6),
        Row("  the same in Feast's form", "us", answers["feast"] * 1e6),
    ]


def _draws(draw: random.Random) -> Iterator[float]:
    return (draw.random() for _ in _FEATURES)


def _pushes(url: str) -> list[Row]:
    view = _twenty("pushed")
    store = RedisOnline(RedisSettings(url, "pushed:", timeout_s=20.0))
    store.register(view)
    store.advance(view, 0)
    raw, fresh = _raw(url), itertools.count()

    def body(rows: int) -> bytes:
        events = [
            {"who": f"e{next(fresh) % 1000}", "at": "2024-05-01T12:00:00Z"}
            | {name: place * 0.1 for place, name in enumerate(_FEATURES)}
            for _ in range(rows)
        ]
        return msgspec.json.encode({"events": events})

    async def push(pushers: int, each: int, rows: int) -> float:
        pushed = PushedEvents(store)
        bodies = [[body(rows) for _ in range(each)] for _ in range(pushers)]

        async def one(mine: list[bytes]) -> None:
            for sent in mine:
                answer = await pushed.push("events", sent, now_us=_NOW * 2 + next(fresh))
                assert answer.status == 200, answer.body

        begin = time.perf_counter()
        await asyncio.gather(*(one(mine) for mine in bodies))
        taken = time.perf_counter() - begin
        pushed.close()
        return pushers * each * rows / taken

    def bare(each: int, rows: int) -> float:
        mapping = {name: place * 0.1 for place, name in enumerate(_FEATURES)}
        begin = time.perf_counter()
        for _ in range(each):
            pipe = raw.pipeline(transaction=True)
            for _ in range(rows):
                pipe.hset(f"h:e{next(fresh) % 1000}", mapping=mapping)
            pipe.execute()
        return each * rows / (time.perf_counter() - begin)

    found = []
    for pushers, each, rows in ((1, 200, 1), (16, 60, 1), (1, 20, 500)):
        ours, beside = [], []
        for _ in range(3):
            ours.append(asyncio.run(push(pushers, each, rows)))
            beside.append(bare(200 if rows == 1 else 20, rows))
        found.append(
            Row(
                f"Redis: events pushed by {pushers}, {rows} a push, 20 columns",
                "/s",
                sorted(ours)[1],
                {f"raw Redis, MULTI of {rows} HSET, one after another": sorted(beside)[1]},
            )
        )
    store.close()
    raw.close()
    return found
