"""A pipeline of 1,000 steps: its plan, and a run that reuses everything."""

from __future__ import annotations

import importlib
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness import Row, best_times
from interplane.project.project import Project
from interplane.project.running import Running

STEPS = 1000

HEAD = '''
import interplane as ip

pipeline = ip.Pipeline("wide")


def halved(number):
    """A helper that every step reaches."""
    return number // 2


@pipeline.step
def s0(*, start: int = 1024):
    return start
'''
"""Ten chains of a hundred steps behind one."""


def run() -> list[Row]:
    """Measure as the commands do it, in a process that has imported everything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = HEAD + "".join(
            f"\n\n@pipeline.step\ndef s{n}(s{max(n - 10, 0)}, *, by: int = 3):\n"
            f"    return halved(s{max(n - 10, 0)}) + by\n"
            for n in range(1, STEPS)
        )
        (folder / "interplane.toml").write_text(
            'name = "wide"\npipelines = ["wide_bench:pipeline"]\n'
        )
        (folder / "wide_bench.py").write_text(text)
        project = Project.find(folder)
        begin = time.perf_counter()
        Running(project, workers=1).run(Running(project).prepare())
        fresh = time.perf_counter() - begin
        rows = measured(project, fresh)
        project.store.close()
        sys.path.remove(name)
        sys.modules.pop("wide_bench")
    return rows


def measured(project: Project, fresh: float) -> list[Row]:
    """Measure what follows a first run."""
    workspace = project.workspace / "catalog.sqlite"

    def again() -> None:
        running = Running(project, workers=1)
        outcome = running.run(running.prepare())
        if set(outcome.steps.values()) != {"reused"}:
            raise AssertionError(outcome.steps)

    def bare() -> int:
        """Read every step run and its pointer, as bytes: the least that a plan has to look at."""
        connection = sqlite3.connect(workspace)
        found = connection.execute(
            "SELECT entry.body FROM pointer JOIN entry ON entry.digest = pointer.target "
            "WHERE pointer.name GLOB 'last/*'"
        ).fetchall()
        connection.close()
        return len(found)

    def load() -> None:
        sys.modules.pop("wide_bench")
        importlib.import_module("wide_bench").pipeline.graph()

    times = best_times(
        {
            "plan": lambda: Running(project).prepare().plan().to_text(),
            "again": again,
            "bare": bare,
            "load": load,
        },
        repeats=5,
    )
    beside = {"reading its step runs with bare SQLite": times["bare"], "import": times["load"]}
    return [
        Row("plan of 1,000 steps", "s", times["plan"], beside),
        Row("a run of 1,000 steps that reuses all", "s", times["again"], beside),
        Row("a first run of 1,000 trivial steps", "s", fresh),
    ]
