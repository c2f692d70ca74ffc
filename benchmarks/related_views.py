"""Views on views beside the same by hand, and the features of a workspace with thousands of crossings."""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.harness import Row, best_times
from interplane.data.table import Table
from interplane.expressions.expr import Row as Columns
from interplane.expressions.nodes import Column
from interplane.features.frozen import Frozen
from interplane.project.feature_catalogue import find_feature, list_features
from interplane.project.project import Project
from interplane.record import Artifact, Crossing, Verdict, ViewVersion
from interplane.storage.names import named_pointer, series_name
from interplane.views.derived import Derived, DerivedUse
from interplane.views.derived_join import look_up
from interplane.views.lookups import LookUps
from interplane.views.materialize import materialize
from interplane.views.online import SqliteOnline
from interplane.views.states import States
from interplane.views.view import Latest, View, ViewUse, Window, example

_DAY = 86_400_000_000
_NOW = 1_700_000_000_000_000
_ENTITIES = 10_000
_EVENTS = 200_000
_CROSSINGS = 3_000


def run() -> list[Row]:
    """Measure on the disk of the temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_look_ups(Path(folder)), *_joins(), *_catalogue(Path(folder))]


def _windows(name: str, days: int) -> View:
    features = {each: Window(each, 0, days * _DAY, "float") for each in ("mean", "count")}
    return replace(example(), name=name, features=features)


def _latest() -> View:
    """A view whose feature names another entity."""
    return replace(
        example(),
        name="last",
        key=(),
        columns={"who": "str", "at": "timestamp", "known": "timestamp", "to": "str"},
        arguments=(Column("to", "str"),),
        features={"to": Latest(0, "str")},
    )


def _trend(week: View, quarter: View) -> Derived:
    rows = {
        name: Columns(view.types, name=name, prefix=f"{name}.")
        for name, view in (("week", week), ("quarter", quarter))
    }
    change = rows["week"].mean - rows["quarter"]["mean"]
    share = rows["week"]["count"] / rows["quarter"]["count"]
    uses = {"week": ViewUse(week, ("who",)), "quarter": ViewUse(quarter, ("who",))}
    return Derived("trend", ("who",), ("str",), uses, {"change": change.node, "share": share.node})


def _chain(last: View, week: View) -> Derived:
    uses = {"last": ViewUse(last, ("who",)), "week": ViewUse(week, ("last.to",))}
    return Derived("chain", ("who",), ("str",), uses, {"mean": Column("week.mean", "float")})


def _events(seed: int = 7) -> Table:
    draw = np.random.default_rng(seed)
    known = _NOW - draw.integers(0, 60 * _DAY, _EVENTS)
    names = pa.array([f"e{n}" for n in range(_ENTITIES)])
    moments = pa.array(known).cast(pa.timestamp("us"))
    return Table.from_arrow(
        pa.table(
            {
                "who": names.take(pa.array(draw.integers(0, _ENTITIES, _EVENTS))),
                "to": names.take(pa.array(draw.integers(0, _ENTITIES, _EVENTS))),
                "at": moments,
                "known": moments,
                "id": pa.array(np.arange(_EVENTS)),
                "x": pa.array(draw.normal(size=_EVENTS)),
            }
        )
    )


def _look_ups(place: Path) -> list[Row]:
    """Entities that are in memory: what is on top of reading the parents."""
    week, quarter, last = _windows("week", 7), _windows("quarter", 90), _latest()
    store, events = SqliteOnline(place / "online.sqlite"), _events()
    for view in (week, quarter, last):
        materialize(store, view, events)
    states, row = States(store), {"who": "e5"}
    trend, chain = _trend(week, quarter), _chain(last, week)
    parents = LookUps({"w": ViewUse(week, ("who",)), "q": ViewUse(quarter, ("who",))}, states)
    derived = LookUps({"t": DerivedUse(trend, ("who",))}, states)
    chained = LookUps({"c": DerivedUse(chain, ("who",))}, states)
    first, second = (
        LookUps({"v": ViewUse(view, (column,))}, states)
        for view, column in ((last, "who"), (week, "to"))
    )

    def by_hand() -> tuple[float | None, float | None]:
        mean, count, before, total = parents.read(row, _NOW)
        change = None if mean is None or before is None else mean - before
        return change, count / total if total else None

    def two_reads() -> object:
        (to,) = first.read(row, _NOW)
        return second.read({"to": to}, _NOW)

    assert [*by_hand()] == derived.read(row, _NOW)
    assert [two_reads()[0]] == chained.read(row, _NOW)
    times = best_times(
        {
            "derived": lambda: derived.read(row, _NOW),
            "by hand": by_hand,
            "parents": lambda: parents.read(row, _NOW),
            "chained": lambda: chained.read(row, _NOW),
            "two": two_reads,
        },
        number=2_000,
    )
    states.close()
    store.close()
    micro = {name: 1e6 * value for name, value in times.items()}
    return [
        Row(
            "a view on two views, looked up (warm)",
            "µs",
            micro["derived"],
            {"its parents and Python by hand": micro["by hand"], "its parents": micro["parents"]},
        ),
        Row(
            "a look-up by a feature that was looked up (warm)",
            "µs",
            micro["chained"],
            {"two reads, each of its own state of the store": micro["two"]},
        ),
    ]


def _joins() -> list[Row]:
    """A million rows: what the expressions cost on top of the join of the parents."""
    week, quarter, events = _windows("week", 7), _windows("quarter", 90), _events()
    draw = np.random.default_rng(3)
    names = pa.array([f"e{n}" for n in range(_ENTITIES)])
    count = 1_000_000
    rows = Table.from_arrow(
        pa.table(
            {
                "who": names.take(pa.array(draw.integers(0, _ENTITIES, count))),
                "t": pa.array(_NOW - draw.integers(0, 50 * _DAY, count)).cast(pa.timestamp("us")),
            }
        )
    )
    trend = {"t": DerivedUse(_trend(week, quarter), ("who",))}
    both = {"w": ViewUse(week, ("who",)), "q": ViewUse(quarter, ("who",))}
    times = best_times(
        {
            "derived": lambda: look_up(rows, trend, {"events": events}, time="t"),
            "parents": lambda: look_up(rows, both, {"events": events}, time="t"),
        },
        repeats=3,
    )
    return [
        Row(
            "a view on two views, joined to 1M rows",
            "s",
            times["derived"],
            {"the join of its parents": times["parents"]},
        )
    ]


def _catalogue(place: Path) -> list[Row]:
    """A workspace with thousands of crossings, each with features of its own."""
    root = place / "project"
    root.mkdir()
    (root / "interplane.toml").write_text('name = "many"\npipelines = []\n')
    project = Project.find(root)
    _fill(project, _features())
    begin = time.perf_counter()
    listed = list_features(Project.find(root))
    list_s = time.perf_counter() - begin
    begin = time.perf_counter()
    shown = find_feature(Project.find(root), "trend.change")
    show_s = time.perf_counter() - begin
    assert (listed["trend.change"].users, len(shown.used_by)) == (_CROSSINGS, _CROSSINGS)
    return [
        Row(f"interplane features list, {_CROSSINGS:,} crossings", "s", list_s),
        Row(f"interplane features show, {_CROSSINGS:,} crossings", "s", show_s),
    ]


def _features() -> dict[str, object]:
    trend = _trend(_windows("week", 7), _windows("quarter", 90))
    frozen = Frozen(
        features={f"f{place}": Column("trend.change", "float") for place in range(20)},
        uses={"trend": DerivedUse(trend, ("who",))},
        time="t",
    )
    return frozen.to_dict()


def _fill(project: Project, plain: dict[str, object]) -> None:
    store = project.store
    writer = store.catalog.writer("benchmark")
    view = plain["views"]["trend"]["view"]
    for begin in range(0, _CROSSINGS, 250):
        draft = store.draft()
        version = draft.record(ViewVersion(name="trend", definition=view))
        draft.append(series_name("view", "trend"), version)
        for number in range(begin, begin + 250):
            own = {**plain, "training": {**plain["training"], "rows": number}}
            blob = draft.put(json.dumps({"kind": "frozen", "frozen": own}).encode())
            crossing = _crossing(Artifact(kind="frozen", digest=blob), version, number)
            digest = draft.record(crossing)
            draft.append(series_name("model", "many"), digest)
        draft.move(named_pointer("model", "many", "live"), digest)
        store.commit(draft, writer=writer)


def _crossing(frozen: Artifact, version: str, number: int) -> Crossing:
    return Crossing(
        model_name="many",
        pipeline="many",
        steps={},
        commit=None,
        diff=None,
        environment=frozen.digest,
        data={},
        parameters={"model": {"number": number}},
        seeds={},
        frozen=frozen,
        model=frozen,
        request_schema=None,
        evaluation=None,
        verdict=Verdict(asked=0),
        baselines={},
        parity=None,
        views={"trend": version},
    )
