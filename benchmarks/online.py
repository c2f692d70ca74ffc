"""Look-ups beside a raw SELECT; events pushed beside bare SQLite rows; materializing a million events."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sqlite3
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import Row, best_times
from interplane.data.table import Table
from interplane.expressions.nodes import Column
from interplane.serving.events import PushedEvents
from interplane.views.history import Event, History
from interplane.views.lookups import LookUps
from interplane.views.materialize import materialize
from interplane.views.online import SqliteOnline
from interplane.views.ports import Fact
from interplane.views.states import States
from interplane.views.view import Latest, View, ViewUse, Window, example

if TYPE_CHECKING:
    from collections.abc import Callable

_ENTITIES = 10_000
_DAY = 86_400_000_000
_NOW = 1_700_000_000_000_000


def run() -> list[Row]:
    """Measure on the disk of the temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        return [
            *_reads(place),
            *_three_views(place),
            *_busy_window(),
            *_long_lives(),
            *_pushes(place),
            *_materialized(place),
        ]


def _twenty(name: str) -> View:
    columns = {f"x{place}": "float" for place in range(20)}
    return replace(
        example(),
        name=name,
        key=(),
        columns={"who": "str", "at": "timestamp", "known": "timestamp", **columns},
        arguments=tuple(Column(column, "float") for column in columns),
        features={column: Latest(place, "float") for place, column in enumerate(columns)},
    )


def _windows(name: str) -> View:
    functions = ("count", "sum", "mean", "max")
    features = {each: Window(each, 0, 7 * _DAY, "float") for each in functions}
    return replace(example(), name=name, features=features)


def _filled(place: Path, name: str, view: View, *, events: int = 1) -> SqliteOnline:
    store = SqliteOnline(place / f"{name}.sqlite")
    number = store.register(view).number
    draw = random.Random(7)
    width = len(view.arguments)
    facts = (
        Fact(
            number,
            (f"e{entity}",),
            Event(
                *(_NOW - back * 3_600_000_000,) * 2,
                (back,) if view.key else (),
                tuple(draw.random() for _ in range(width)),
            ),
        )
        for entity in range(_ENTITIES)
        for back in range(events)
    )
    while batch := list(itertools.islice(facts, 10_000)):
        store.write(batch)
    store.advance(view, _NOW)
    return store


def _reads(place: Path) -> list[Row]:
    """One entity, and a hundred, of 20 features; cached and not."""
    view = _twenty("twenty")
    store = _filled(place, "twenty", view)
    raw = _raw(place)
    use = {"v": ViewUse(view, ("who",))}
    states = {"warm": States(store), "cold": States(store, most_entities=200)}
    ups = {name: LookUps(use, each) for name, each in states.items()}
    draw = random.Random(1)
    names = itertools.cycle([f"e{draw.randrange(_ENTITIES)}" for _ in range(1009)])
    clock = itertools.count(_NOW)
    few = [f"e{number}" for number in range(100)]
    statement = "SELECT * FROM raw WHERE who = ?"
    works: dict[str, Callable[[], object]] = {
        "warm": lambda: ups["warm"].read({"who": "e77"}, next(clock)),
        "cold": lambda: ups["cold"].read({"who": next(names)}, next(clock)),
        "select": lambda: raw.execute(statement, (next(names),)).fetchone(),
    }
    one = best_times(works, number=2000)
    hundred = best_times(
        {
            "warm": lambda: [ups["warm"].read({"who": who}, next(clock)) for who in few],
            "cold": lambda: [
                ups["cold"].read({"who": next(names)}, next(clock)) for _ in range(100)
            ],
            "select": lambda: [raw.execute(statement, (next(names),)).fetchone() for _ in few],
        },
        number=20,
    )
    for each in states.values():
        each.close()
    raw.close()
    store.close()
    beside = "raw sqlite3, SELECT of a row of 20 floats"
    return [
        Row("20 features, one entity, not in memory", "us", one["cold"] * 1e6,
            {beside: one["select"] * 1e6}),
        Row("20 features, one entity, in memory", "us", one["warm"] * 1e6,
            {beside: one["select"] * 1e6}),
        Row("20 features, a hundred entities one by one, not in memory", "us",
            hundred["cold"] * 1e6, {"raw sqlite3, a hundred SELECTs": hundred["select"] * 1e6}),
        Row("20 features, a hundred entities one by one, in memory", "us",
            hundred["warm"] * 1e6, {"raw sqlite3, a hundred SELECTs": hundred["select"] * 1e6}),
    ]  # fmt: skip


def _raw(place: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(place / "raw.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    columns = ", ".join(f"x{number} REAL" for number in range(20))
    connection.execute(f"CREATE TABLE raw (who TEXT PRIMARY KEY, {columns}) WITHOUT ROWID")
    draw = random.Random(7)
    rows = ((f"e{who}", *(draw.random() for _ in range(20))) for who in range(_ENTITIES))
    marks = ", ".join("?" * 21)
    connection.execute("BEGIN")
    connection.executemany(f"INSERT INTO raw VALUES ({marks})", rows)
    connection.execute("COMMIT")
    return connection


def _three_views(place: Path) -> list[Row]:
    """A request that reads three views, of which one has a window of 168 events."""
    views = [_twenty("a"), _twenty("b"), _windows("c")]
    store = SqliteOnline(place / "three.sqlite")
    for view in views:
        number = store.register(view).number
        width = len(view.arguments)
        store.write(
            [
                Fact(number, (f"e{entity}",), Event(*(_NOW - back * 3_600_000_000,) * 2,
                     (back,) if view.key else (), (0.5 + back,) * width))
                for entity in range(100)
                for back in range(168 if view.key else 1)
            ]
        )  # fmt: skip
        store.advance(view, _NOW)
    warm, cold = States(store), States(store, most_entities=2)
    uses = {view.name: ViewUse(view, (f"by_{view.name}",)) for view in views}
    clock, names = itertools.count(_NOW), itertools.cycle([f"e{number}" for number in range(100)])
    row = {f"by_{view.name}": "e5" for view in views}

    def fresh() -> object:
        who = next(names)
        return LookUps.read(cold_ups, {f"by_{view.name}": who for view in views}, next(clock))

    warm_ups, cold_ups = LookUps(uses, warm), LookUps(uses, cold)
    bare = sqlite3.connect(f"file:{store.path}?mode=ro", uri=True, isolation_level=None)
    times = best_times(
        {
            "warm": lambda: warm_ups.read(row, next(clock)),
            "cold": fresh,
            "version": lambda: bare.execute("PRAGMA data_version").fetchone(),
        },
        number=500,
    )
    warm.close()
    cold.close()
    bare.close()
    store.close()
    return [
        Row("three views of a request, in memory", "us", times["warm"] * 1e6,
            {"asking SQLite whether anything was written": times["version"] * 1e6}),
        Row("three views, 168 events in a window, not in memory", "us", times["cold"] * 1e6),
    ]  # fmt: skip


def _busy_window() -> list[Row]:
    """Reading windows again after each event, beside adding the values up anew."""
    view, events = _windows("busy"), 2000
    step = 7 * _DAY // events
    history = History(view)
    for place in range(events):
        history.insert(Event(place * step, place * step, (place,), (place * 0.1,)))
    fresh = itertools.count(events)
    values = [place * 0.1 for place in range(events)]

    def ours() -> object:
        place = next(fresh)
        history.insert(Event(place * step, place * step, (place,), (place * 0.1,)))
        return history.at(place * step)

    times = best_times(
        {"ours": ours, "bare": lambda: (len(values), sum(values), max(values))}, number=50
    )
    return [
        Row("an event comes, then four windows of 2,000 events are read", "us",
            times["ours"] * 1e6,
            {"len, sum and max of a list of 2,000 floats": times["bare"] * 1e6}),
    ]  # fmt: skip


def _long_lives() -> list[Row]:
    """Reading eight statistics after each event, however many came before, beside adding them up anew."""
    functions = ("count", "sum", "mean", "max", "std", "count_distinct", "first", "last")
    spans = (("of a lifetime", None), ("of the last 500", 500))
    events, step = 100_000, 60_000_000
    values = [place * 0.1 for place in range(events)]
    found = []
    for name, rows in spans:
        features = {each: Window(each, 0, None, "float", rows) for each in functions}
        history = History(replace(example(), name="long", features=features))
        for place in range(events):
            history.insert(Event(place * step, place * step, (place,), (place * 0.1,)))
        fresh = itertools.count(events)

        def ours(history: History = history, fresh: itertools.count[int] = fresh) -> object:
            place = next(fresh)
            history.insert(Event(place * step, place * step, (place,), (place * 0.1,)))
            return history.at(place * step)

        for _ in range(10):  # from then on it is followed
            ours()
        bare = values[: rows or events]
        works = {"ours": ours, "bare": lambda bare=bare: (len(bare), sum(bare), max(bare))}
        times = best_times(works, number=5)
        found.append(
            Row(f"an event comes, then eight statistics {name} are read", "us",
                times["ours"] * 1e6,
                {f"len, sum and max of a list of {len(bare):,} floats": times["bare"] * 1e6})
        )  # fmt: skip
    return found


def _pushes(place: Path) -> list[Row]:
    view = _twenty("pushed")
    store = SqliteOnline(place / "pushed.sqlite")
    store.register(view)
    store.advance(view, 0)
    bare = sqlite3.connect(place / "bare.sqlite", isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, body BLOB)")
    fresh = itertools.count()

    def body(rows: int) -> bytes:
        events = [
            {"who": f"e{next(fresh) % 1000}", "at": "2024-05-01T12:00:00Z"}
            | {f"x{place}": place * 0.1 for place in range(20)}
            for _ in range(rows)
        ]
        return json.dumps({"events": events}).encode()

    async def push(pushers: int, each: int, rows: int) -> float:
        pushed = PushedEvents(store)
        bodies = [[body(rows) for _ in range(each)] for _ in range(pushers)]

        async def one(mine: list[bytes]) -> None:
            for sent in mine:
                now = _NOW * 2 + next(fresh)
                assert (await pushed.push("events", sent, now_us=now)).status == 200

        begin = time.perf_counter()
        await asyncio.gather(*(one(mine) for mine in bodies))
        taken = time.perf_counter() - begin
        pushed.close()
        return pushers * each * rows / taken

    def rows(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            bare.execute("INSERT INTO event (body) VALUES (?)", (b"x" * 200,))
        return count / (time.perf_counter() - begin)

    found = []
    for pushers, each, size in ((1, 200, 1), (16, 60, 1), (1, 20, 500)):
        ours, beside = [], []
        for _ in range(3):
            ours.append(asyncio.run(push(pushers, each, size)))
            beside.append(rows(200))
        found.append(
            Row(
                f"events pushed by {pushers}, {size} a push, 20 columns each",
                "/s",
                sorted(ours)[1],
                {"bare SQLite, a row a transaction, WAL + FULL": sorted(beside)[1]},
            )
        )
    bare.close()
    store.close()
    return found


def _materialized(place: Path) -> list[Row]:
    """A million events of 10,000 entities, 1.1 a second."""
    import numpy as np

    count = 1_000_000
    draw = np.random.default_rng(1)
    happened = np.sort(draw.integers(_NOW - 10 * _DAY, _NOW, count))
    known = happened + draw.integers(0, 3_600_000_000, count)
    table = Table.from_columns(
        {
            "who": [f"e{number}" for number in draw.integers(0, _ENTITIES, count)],
            "at": happened.astype("datetime64[us]"),
            "known": known.astype("datetime64[us]"),
            "id": np.arange(count),
            **{f"x{place}": draw.random(count) for place in range(20)},
            "x": draw.random(count),
        }
    )
    found = []
    for name, view in (("latest", _twenty("m")), ("7 days", _windows("w"))):
        store = SqliteOnline(place / f"materialized {name}.sqlite")
        begin = time.perf_counter()
        first = materialize(store, view, table)
        taken = time.perf_counter() - begin
        begin = time.perf_counter()
        materialize(store, view, table)
        again = time.perf_counter() - begin
        found.append(
            Row(
                f"materialize 1,000,000 events, {name}",
                "s",
                taken,
                note=f"{first.written:,} written; the same again {again:.2f} s",
            )
        )
        store.close()
    return found
