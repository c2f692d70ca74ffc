"""Pages of a large workspace: 10,000 crossings, 30,000 runs, 5,000 data versions, 1,000,000 predictions.

The last 60 runs of each pipeline told metrics. The predictions are one model's, of a month, written
and compacted as a server's and watched by a rule that one slice breaks on a day; a tenth of them has an
outcome. Its live crossing has rows of its own, with which it is drawn.

Each page is read and rendered as its process does it, once before it is measured: what is new since
the last time is read on, so the first time after a start costs more and is told apart. The limit is
reading as many lines as the page shows from the catalog.

``python -m benchmarks.pages 4e5`` makes fewer predictions; of less than that nobody is alerted.
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
import time
from array import array
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.harness import Row, best_times, table
from interplane.models.request_schema import Field, RequestSchema
from interplane.pipeline.metric_curves import MetricCurve, curve_bytes
from interplane.predictions.compact import compact
from interplane.predictions.entry import Entry
from interplane.predictions.writer import SegmentWriter
from interplane.project.chronicle import Chronicle
from interplane.project.journal import open_journal
from interplane.project.predictions import log_folder
from interplane.project.project import Project
from interplane.project.watching import look_at_models
from interplane.record import (
    Addition,
    Artifact,
    Column,
    Crossing,
    DataUse,
    DataVersion,
    Part,
    Run,
    RunEnd,
    Snapshot,
    StepKey,
    StepRun,
    Verdict,
    digest_bytes,
)
from interplane.storage.names import additions_series, named_pointer, series_name
from interplane.storage.ports import Append, Batch, MoveRequest
from interplane.web.access.gate import Who
from interplane.web.kept import Kept
from interplane.web.pages import PAGES
from interplane.web.rendering import environment
from interplane.web.routes import Asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.record import Digest, Record
    from interplane.web.routes import Page

CROSSINGS, RUNS, VERSIONS, MODELS = 10_000, 30_000, 5_000, 20
TELLING, DAY_US = 60, 86_400_000_000
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
PREDICTIONS, DAYS, OUTCOMES, BASELINE = 1_000_000, 30, 10, 200_000
COLUMNS = [f"x{place}" for place in range(8)]
ZONES = tuple(f"zone {number:02}" for number in range(40))
MODEL = "model-3"
PATHS = {"model": MODEL, "dataset": "set-1", "pipeline": "pipeline-1", "kind": "model"}
ONE_THING = {"version", "rows", "data-compare", "log", "feature", "lineage-feature"}
FILE = """
name = "large"

[monitoring]
keep_days = 3000

[[monitor]]
name = "scores"
model = "model-3"
metric = "mean_score"
window = "1d"
slices = ["zone"]
against = "previous"
moves_by = 0.1
"""


def run(predictions: int = PREDICTIONS) -> list[Row]:
    """Measure each page, and the first one after a start."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "interplane.toml").write_text(FILE)
        project = Project.find(folder)
        last = fill(project)
        crossing = project.crossing(f"{MODEL}@live")
        log(project, crossing.digest, predictions)
        look_at_models(project)
        journal = open_journal(project)
        alert = next(iter(journal.alerts()))
        journal.close()
        chronicle = Chronicle(Project.find(folder))
        begin = time.perf_counter()
        chronicle.planes()
        first = time.perf_counter() - begin
        rows = [Row("the chronicle of everything, first time after a start", "ms", first * 1e3)]
        catalog = project.store.catalog
        bare = best_times({"bare": lambda: [*catalog.list("run", limit=100)]})["bare"]
        path = {**PATHS, "number": str(crossing.number), "run": last[:12], "digest": last[:16]}
        asked = Asked(
            *(project, chronicle, Kept(), Who("bench", "viewer")),
            {**path, "alert": alert.id[:12]},
            {"q": MODEL},
        )
        for page in PAGES:
            if page.name in ONE_THING:
                continue  # of one thing, however many others there are
            rows.append(measured(page, asked, bare))
        project.store.close()
    return [*rows, grid()]


def grid() -> Row:
    """Measure what the table of a pipeline's runs is filled with: all of them, with their parameters."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "interplane.toml").write_text('name = "large"\n')
        project, draw = Project.find(Path(name)), random.Random(7)
        catalog, draft = project.store.catalog, project.store.draft()
        digest = draft.put(b"{}")
        project.store.commit(draft, writer=catalog.writer("bench"))
        data = DataVersion(columns=(), parts=(Part(digest=digest, rows=1, size_bytes=2),))
        snapshot = Snapshot(project="large", commit=digest[:40], diff=None, environment=digest)
        runs = [
            Run(
                id=f"{n:032x}",
                pipeline="wide",
                parameters={
                    "model": {"trees": draw.randrange(500), "rate": draw.random(), "seed": n}
                },
                inputs={"rows": data.digest},
                snapshot=snapshot.digest,
                started_at=at(n / 4),
            )
            for n in range(RUNS)
        ]
        ends = [
            RunEnd(run=each.digest, status="done", ended_at=at(n / 4 + 0.1), steps={}, step_runs={})
            for n, each in enumerate(runs)
        ]
        write(catalog, catalog.writer("bench"), [data, snapshot, *runs, *ends], [])
        chronicle = Chronicle(Project.find(Path(name)))
        chronicle.planes()
        page = next(each for each in PAGES if each.name == "pipeline")
        path, query = {"pipeline": "wide"}, {"limit": str(RUNS)}
        asked = Asked(project, chronicle, Kept(), Who("bench", "viewer"), path, query)
        begin = time.perf_counter()
        size = len(msgspec.json.encode(page.read(asked))) / 1e6
        first = time.perf_counter() - begin
        took = best_times(
            {
                "twin": lambda: msgspec.json.encode(page.read(asked)),
                "bare": lambda: [*catalog.list("run", limit=RUNS)],
            }
        )
        project.store.close()
    beside = {"as many entries of the catalog": took["bare"] * 1e3}
    note = f"{size:.1f} MB as JSON; the first time {first * 1e3:.0f} ms"
    return Row(f"the table of {RUNS:,} runs of a pipeline", "ms", took["twin"] * 1e3, beside, note)


def measured(page: Page, asked: Asked, bare: float) -> Row:
    """Measure a page; the first time is told beside."""
    begin = time.perf_counter()
    size = len(shown(page, asked)) / 1e3
    first = time.perf_counter() - begin
    took = best_times({"page": lambda: shown(page, asked)})["page"]
    beside = {"a hundred entries of the catalog": bare * 1e3}
    note = f"{size:.0f} kB; the first time {first * 1e3:.0f} ms"
    return Row(f"page {page.path}", "ms", took * 1e3, beside, note=note)


def log(project: Project, crossing: Digest, count: int) -> None:
    """Log a month of predictions, tell what came true of some, and compact."""
    draw, days = random.Random(7), count // DAYS
    begin_us = int(BEGIN.timestamp()) * 1_000_000 + 280 * DAY_US
    folder, said = log_folder(project), []
    with SegmentWriter(folder, name="bench", sync_ms=10_000, most_bytes=64 << 20) as writer:
        for day in range(DAYS):
            shift = 0.3 if day == DAYS - 2 else 0.0  # the last day is not over yet
            entries = [*predicted(draw, crossing, begin_us + day * DAY_US, days, shift)]
            for first in range(0, len(entries), 100):
                writer.append(entries[first : first + 100])
            said += [
                {"id": each.id, "value": draw.random() < (each.score or 0.0)}
                for each in entries[::OUTCOMES]
            ]
    compact(folder)
    project.add_outcomes(MODEL, said, replay=True)


def predicted(
    draw: random.Random, crossing: Digest, begin_us: int, count: int, shift: float
) -> Iterator[Entry]:
    """Yield the predictions of a day; the scores of a zone may be shifted."""
    for number in range(count):
        zone = draw.choice(ZONES)
        at_us = begin_us + number * (DAY_US // count)
        yield Entry(
            id=f"{draw.getrandbits(128):032x}",
            model=MODEL,
            crossing=crossing,
            time_us=at_us,
            at_us=at_us,
            score=min(draw.betavariate(2, 4) + shift * (zone == ZONES[0]), 1.0),
            took_us=200,
            replay=True,
            row={"zone": zone, **{name: draw.random() for name in COLUMNS}},
        )


def baseline() -> bytes:
    """Return rows that were scored when a crossing was made, with their outcomes."""
    draw = np.random.default_rng(7)
    scores = draw.beta(2, 4, BASELINE)
    zones = pa.array(ZONES).take(pa.array(draw.integers(0, len(ZONES), BASELINE)))
    sink = io.BytesIO()
    columns = {
        "time": np.datetime64("2025-01-01", "us") + np.arange(BASELINE) * np.timedelta64(1, "s"),
        "score": scores,
        "row.zone": zones,
        **{f"row.{name}": draw.random(BASELINE) for name in COLUMNS},
        "outcome": draw.random(BASELINE) < scores,
        "has_outcome": np.ones(BASELINE, bool),
    }
    pq.write_table(pa.table(columns), sink, compression="zstd", row_group_size=65_536)
    return sink.getvalue()


def shown(page: Page, asked: Asked) -> bytes:
    """Read and render a page."""
    value = page.read(asked)
    template = environment().get_template(page.template)
    return template.render(who=asked.who, it=value).encode()


def at(hours: float) -> str:
    """Return a moment so long after the beginning."""
    return (BEGIN + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def fill(project: Project) -> Digest:
    """Write the workspace; return the digest of the last run."""
    catalog, store = project.store.catalog, project.store
    writer = catalog.writer("bench")
    draft = store.draft()
    lock, rows, kept = draft.put(b"{}"), draft.put(b"PAR1 rows"), draft.put(baseline())
    store.commit(draft, writer=writer)
    part = Part(digest=rows, rows=1000, size_bytes=9)
    data = [
        DataVersion(columns=(Column(name=f"x{n}", type="int"),), parts=(part,))
        for n in range(VERSIONS)
    ]
    additions = [
        Addition(
            dataset=f"set-{n % 5}",
            version=each.digest,
            source=rows,
            source_name=f"part-{n}.csv",
            rows=1000,
            profile=rows,
        )
        for n, each in enumerate(data)
    ]
    write(
        catalog,
        writer,
        [*data, *additions],
        [
            *(
                Append(series_name("data", f"set-{n % 5}"), each.digest)
                for n, each in enumerate(data)
            ),
            *(Append(additions_series(one.dataset), one.digest) for one in additions),
        ],
    )
    snapshots = [
        Snapshot(project="large", commit=digest_bytes(b"%d" % n)[:40], diff=None, environment=lock)
        for n in range(500)
    ]
    runs = [
        Run(
            id=f"{n:032x}",
            pipeline=f"pipeline-{n % 8}",
            parameters={},
            inputs={"rows": data[n % VERSIONS].digest},
            snapshot=snapshots[n % 500].digest,
            started_at=at(n / 4),
        )
        for n in range(RUNS)
    ]
    told = {each.run: each for each in telling(project, runs[-8 * TELLING :])}
    ends = [
        RunEnd(
            run=each.digest,
            status="failed" if n % 9 == 0 else "done",
            ended_at=at(n / 4 + 0.1),
            steps={"split": "reused", "model": "done"},
            step_runs={"model": told[each.digest].digest} if each.digest in told else {},
        )
        for n, each in enumerate(runs)
    ]
    write(catalog, writer, [*snapshots, *runs, *told.values(), *ends], [])
    asks = RequestSchema(
        fields=tuple(
            Field(name=name, type=kind, nullable=False, required=True)
            for name, kind in {"zone": "str", **dict.fromkeys(COLUMNS, "float")}.items()
        ),
        inputs=len(COLUMNS) + 1,
    ).to_dict()
    model = Artifact(kind="model", digest=rows, summary="lightgbm, 40 features")
    crossings = [
        Crossing(
            model_name=f"model-{n % MODELS}",
            pipeline="pipeline-1",
            steps={},
            commit=snapshots[n % 500].commit,
            diff=None,
            environment=lock,
            data={"rows": DataUse(dataset=f"set-{n % 5}", version=data[n % VERSIONS].digest)},
            parameters={"model": {"seed": n}},
            seeds={},
            frozen=None,
            model=model,
            request_schema=asks,
            evaluation=None,
            verdict=Verdict(asked=3),
            baselines={"rows": kept} if n % MODELS == 3 else {},
            parity=None,
        )
        for n in range(CROSSINGS)
    ]
    appends = [Append(series_name("model", one.model_name), one.digest) for one in crossings]
    moves = [
        MoveRequest(named_pointer("model", one.model_name, "live"), one.digest, "better")
        for one in crossings[:: MODELS + 1]
    ]
    write(catalog, writer, crossings, appends)
    catalog.write(Batch(moves=moves), writer=writer)
    return runs[-1].digest


def telling(project: Project, runs: list[Run]) -> list[StepRun]:
    """Return steps of the last runs that told metrics, four curves of a thousand points each."""
    draw, draft = np.random.default_rng(7), project.store.draft()
    at = array("d", range(1000))
    found = []
    for number, run in enumerate(runs):
        curves = [
            MetricCurve(f"{of}/{name}", at, array("d", draw.random(1000).cumsum()), 1000)
            for of in ("train", "valid")
            for name in ("auc", "loss")
        ]
        key = StepKey(
            step="model",
            code={},
            distributions={},
            parameters={"seed": number},
            inputs={},
            outputs=("model",),
            seed=number,
        )
        found.append(
            StepRun(
                run=run.digest,
                key=key,
                status="done",
                started_at=run.started_at,
                duration_s=9.0,
                metrics=draft.put(curve_bytes(curves)),
            )
        )
    project.store.commit(draft, writer=project.store.catalog.writer("bench"))
    return found


def write(catalog: Any, writer: Any, records: list[Record], appends: list[Append]) -> None:
    """Write records and appends in batches."""
    for begin in range(0, len(records), 2000):
        catalog.write(Batch(entries=records[begin : begin + 2000]), writer=writer)
    for begin in range(0, len(appends), 2000):
        catalog.write(Batch(appends=appends[begin : begin + 2000]), writer=writer)


if __name__ == "__main__":
    print(table(run(*(int(float(count)) for count in sys.argv[1:]))))
