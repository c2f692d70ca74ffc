"""The online store in Redis beside raw Redis: reads of 1 and 100 entities of 20 features, and pushes."""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.harness import Row, best_times
from benchmarks.online import _twenty
from interplane.serving.events import PushedEvents
from interplane.views.history import Event
from interplane.views.ports import Fact
from interplane.views.redis.settings import RedisSettings
from interplane.views.redis.store import RedisOnline
from interplane.views.states import States

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ENTITIES = 10_000
_NOW = 1_700_000_000_000_000
_FEATURES = [f"x{place}" for place in range(20)]


def run() -> list[Row]:
    """Measure with a server of our own, which syncs its log before it answers."""
    if shutil.which("redis-server") is None:
        return [Row("Redis is not installed", "", 0.0)]
    with _server() as url:
        return [*_reads(url), *_pushes(url)]


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


def _pushes(url: str) -> list[Row]:
    view = _twenty("pushed")
    store = RedisOnline(RedisSettings(url, "pushed:", timeout_s=20.0))
    store.register(view)
    store.advance(view, 0)
    raw, fresh = _raw(url), itertools.count()

    def body(rows: int) -> bytes:
        events = [
            {"who": f"e{next(fresh) % 1000}", "at": "2024-05-01T12:00:00Z", "known": None}
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
