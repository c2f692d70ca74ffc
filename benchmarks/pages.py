"""Pages of a large workspace: 10,000 crossings of 20 models, 30,000 runs, 5,000 data versions.

Each page is read and rendered as its process does it, once before it is measured: what is new since
the last time is read on, so the first time after a start costs more and is told apart. The limit is
reading as many lines as the page shows from the catalog.
"""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness import Row, best_times
from interplane.project.chronicle import Chronicle
from interplane.project.project import Project
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
    Verdict,
    digest_bytes,
)
from interplane.storage.names import additions_series, named_pointer, series_name
from interplane.storage.ports import Append, Batch, MoveRequest
from interplane.web.access.gate import Who
from interplane.web.pages import PAGES
from interplane.web.rendering import environment
from interplane.web.routes import Asked

if TYPE_CHECKING:
    from interplane.record import Digest, Record
    from interplane.web.routes import Page

CROSSINGS, RUNS, VERSIONS, MODELS = 10_000, 30_000, 5_000, 20
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
PATHS = {"model": "model-3", "number": "250", "dataset": "set-1", "pipeline": "pipeline-1"}
ONE_THING = {"version", "rows", "data-compare", "log", "alert", "feature", "monitored"}


def run() -> list[Row]:
    """Measure each page, and the first one after a start."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "interplane.toml").write_text('name = "large"\n')
        project = Project.find(folder)
        last = fill(project)
        chronicle = Chronicle(Project.find(folder))
        begin = time.perf_counter()
        chronicle.planes()
        first = time.perf_counter() - begin
        rows = [Row("the chronicle of everything, first time after a start", "ms", first * 1e3)]
        catalog = project.store.catalog
        bare = best_times({"bare": lambda: [*catalog.list("run", limit=100)]})["bare"]
        for page in PAGES:
            if page.name in ONE_THING:
                continue  # of one thing, however many others there are
            path = {**PATHS, "run": last[:12], "digest": last[:16]}
            asked = Asked(project, chronicle, Who("bench", "viewer"), path, {"q": "model-1"})
            took = best_times({"page": lambda page=page, asked=asked: shown(page, asked)})["page"]
            size = len(shown(page, asked)) / 1e3
            beside = {"a hundred entries of the catalog": bare * 1e3}
            rows.append(Row(f"page {page.path}", "ms", took * 1e3, beside, note=f"{size:.0f} kB"))
        project.store.close()
    return rows


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
    lock, rows = draft.put(b"{}"), draft.put(b"PAR1 rows")
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
    ends = [
        RunEnd(
            run=each.digest,
            status="failed" if n % 9 == 0 else "done",
            ended_at=at(n / 4 + 0.1),
            steps={"split": "reused", "model": "done"},
        )
        for n, each in enumerate(runs)
    ]
    write(catalog, writer, [*snapshots, *runs, *ends], [])
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
            request_schema=None,
            evaluation=None,
            verdict=Verdict(asked=3),
            baselines={},
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


def write(catalog: Any, writer: Any, records: list[Record], appends: list[Append]) -> None:
    """Write records and appends in batches."""
    for begin in range(0, len(records), 2000):
        catalog.write(Batch(entries=records[begin : begin + 2000]), writer=writer)
    for begin in range(0, len(appends), 2000):
        catalog.write(Batch(appends=appends[begin : begin + 2000]), writer=writer)
