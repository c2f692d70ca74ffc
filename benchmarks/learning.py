"""Learning on: examples through the loop (log, outcomes, judging, checkpoints) beside bare libraries."""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Row

ROWS = 20_000
REPEATS = 3
BEGIN = datetime(2024, 5, 1, tzinfo=UTC)
NAMES = [f"x{number}" for number in range(10)]

MODULE = """
import numpy as np
from river import linear_model, preprocessing
from sklearn.linear_model import SGDClassifier

import interplane as ip

rows = ip.dataset("rows")
NAMES = [f"x{number}" for number in range(10)]


@ip.features(label="label", time="at", key=["row"])
def plain(row):
    return {name: getattr(row, name) * 1.0 for name in NAMES}


pipeline = ip.Pipeline("bench", inputs={"rows": rows})


@pipeline.step
def train(rows: ip.Table):
    return rows.sql("FROM self ORDER BY row")


@pipeline.step
def model(train: ip.Table, *, library: str = "river") -> ip.Model:
    frozen = plain.fit(train)
    if library == "river":
        estimator = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    else:
        estimator = SGDClassifier(loss="log_loss", shuffle=False, penalty=None)
    learner = ip.learner(estimator, features=frozen)
    learner.learn_many(frozen.matrix(train), np.array(train.column("label").to_pylist(), dtype=float))
    return ip.Model(learner, features=frozen)


@pipeline.step
def evaluation(model: ip.Model, train: ip.Table) -> ip.Evaluation:
    return ip.evaluate(model, train, metrics=["roc_auc"], resamples=100, seen="allow")


@pipeline.gate
def always(evaluation: ip.Evaluation):
    return [evaluation["roc_auc"].at_least(0.0)]


pipeline.publish("bench", model="model", gate="always", rows="train", train="train")
"""


def run() -> list[Row]:
    """Outcomes come a day late, as they do; and one by one between predictions, the worst case."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(ROWS, len(NAMES)))
    labels = (matrix[:, 0] + rng.normal(size=ROWS) > 0).tolist()
    found = []
    bare = _bare(matrix, labels)
    for library, beside in (("river", "river"), ("scikit-learn", "sklearn")):
        for delay, words in (
            (timedelta(hours=1), "an hour late"),
            (None, "in one lot, a day late"),
        ):
            took = [_loop(library, matrix, labels, delay) for _ in range(REPEATS)]
            found.append(
                Row(
                    f"{library}: {ROWS:,} predictions and outcomes, {words}",
                    "us/example",
                    statistics.median(took) / ROWS * 1e6,
                    {name: bare[name] for name in bare if name.startswith(beside)},
                )
            )
    return found


def _loop(library: str, matrix: np.ndarray, labels: list[bool], delay: timedelta | None) -> float:
    """Advance a learner over all rows; returns the seconds of that alone."""
    from interplane.project.learning import Learning
    from interplane.project.project import Project

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "bench_learning.py").write_text(MODULE)
        (root / "interplane.toml").write_text(
            'name = "bench"\npipelines = ["bench_learning:pipeline"]\n'
        )
        project = Project.find(root)
        _begin(project, library)
        _tell(project, matrix, labels, delay)
        learning = Learning(project, "bench")
        begin = time.perf_counter()
        done = learning.advance(BEGIN + timedelta(days=60))
        took = time.perf_counter() - begin
        assert done.learned == done.met["judged"] == ROWS, done
        sys.modules.pop("bench_learning", None)
        sys.path[:] = [place for place in sys.path if place != folder]
        return took


def _begin(project: Any, library: str) -> None:
    import pyarrow as pa

    draw = random.Random(1)
    columns: dict[str, list[Any]] = {name: [draw.gauss(0, 1) for _ in range(500)] for name in NAMES}
    columns["row"] = [f"a{number}" for number in range(500)]
    columns["at"] = [BEGIN.replace(tzinfo=None) - timedelta(days=2)] * 500
    columns["label"] = [draw.random() < 0.5 for _ in range(500)]
    project.add("rows", pa.table(columns))
    project.run(library=library)
    project.deploy("bench@1", reason="benchmark")


def _tell(project: Any, matrix: np.ndarray, labels: list[bool], delay: timedelta | None) -> None:
    from interplane.predictions.entry import Entry
    from interplane.predictions.writer import SegmentWriter
    from interplane.project.predictions import log_folder

    crossing = project.crossing("bench@live").digest
    late = BEGIN + timedelta(seconds=10 * ROWS) + timedelta(days=1)
    entries, outcomes = [], []
    for number, row in enumerate(matrix.tolist()):
        at = BEGIN + timedelta(seconds=10 * number)
        at_us = int(at.timestamp() * 1e6)
        values = {"row": f"b{number}", "at": at.isoformat(), **dict(zip(NAMES, row, strict=True))}
        entries.append(
            Entry(f"{number:032x}", "bench", crossing, at_us, at_us, score=0.5, row=values)
        )
        known = late if delay is None else at + delay
        outcomes.append(
            {"id": f"{number:032x}", "value": labels[number], "known_at": known.isoformat()}
        )
    with SegmentWriter(log_folder(project), name="bench") as writer:
        writer.append(entries)
    project.add_outcomes("bench", outcomes)


def _bare(matrix: np.ndarray, labels: list[bool]) -> dict[str, float]:
    """Microseconds an example: predict, then learn, with rows that lie ready in memory."""
    from river import linear_model, preprocessing
    from sklearn.linear_model import SGDClassifier

    rows = [dict(zip(NAMES, row, strict=True)) for row in matrix.tolist()]
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    begin = time.perf_counter()
    for row, label in zip(rows, labels, strict=True):
        model.predict_proba_one(row)
        model.learn_one(row, label)
    found = {"river, predict_proba_one and learn_one": time.perf_counter() - begin}
    some = ROWS // 10
    single = SGDClassifier(loss="log_loss", shuffle=False, penalty=None)
    single.partial_fit(matrix[:1], labels[:1], classes=[False, True])
    begin = time.perf_counter()
    for row, label in zip(matrix[:some], labels[:some], strict=True):
        single.predict_proba([row])
        single.partial_fit([row], [label])
    found["sklearn, predict_proba and partial_fit row by row"] = (time.perf_counter() - begin) * 10
    many = SGDClassifier(loss="log_loss", shuffle=False, penalty=None)
    begin = time.perf_counter()
    many.partial_fit(matrix, labels, classes=[False, True])
    many.predict_proba(matrix)
    found["sklearn, one call of each for all rows"] = time.perf_counter() - begin
    return {name: seconds / ROWS * 1e6 for name, seconds in found.items()}
