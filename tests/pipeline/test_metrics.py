"""Metrics that a step tells as it trains: checked, kept, seen while it runs, and told again when reused."""

import errno
import math
import os
import threading
import time
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import interplane as ip
from interplane.errors import StepFailed, UsageError
from interplane.pipeline.metric_curves import (
    METRICS,
    MetricCurve,
    curve_bytes,
    piece,
    read_curves,
    told_so_far,
)
from interplane.pipeline.metrics import MetricWriter, telling_to
from interplane.record import StepRun
from interplane.storage.workspace import create_workspace

from .test_executors import make_pool

STEPS = """
    import interplane as ip

    pipeline = ip.Pipeline("toy")

    @pipeline.step
    def fitted(*, rounds: int = 3):
        for number in range(rounds):
            ip.log_metric("loss", 1 / (1 + number), at=number)
            ip.log_metric("valid/auc", 0.5 + number / 10)
        return rounds

    @pipeline.step
    def quiet(fitted):
        return fitted
"""


def plain(curves):
    """Return curves as lists."""
    return {each.name: (list(each.at), list(each.values), each.told) for each in curves}


def recorded(bench, step):
    """Return the curves on record of a step of the last run."""
    end = next(bench.store.catalog.list("run-end")).record
    found = bench.store.record(end.step_runs[step], StepRun)
    return plain(read_curves(bench.store.read(found.metrics))) if found.metrics else {}


TOLD = {
    "loss": ([0, 1, 2], [1, 0.5, 1 / 3], 3),
    "valid/auc": ([0, 1, 2], [0.5, 0.6, 0.7], 3),
}


def test_what_a_step_tells_is_on_record(bench):
    """With its run, by name, in the order in which it was told; a reused step tells it again."""
    bench.project.write(steps=STEPS)
    bench.run()
    assert (TOLD, {}) == (recorded(bench, "fitted"), recorded(bench, "quiet"))
    assert {"reused"} == set(bench.run().steps.values())
    assert TOLD == recorded(bench, "fitted")


def test_workers_tell_the_same(project, make_bench):
    """In processes of their own, through the folder of the log, which is gone afterwards."""
    project.write(steps=STEPS.replace("def quiet(fitted):", "def quiet(*, fitted: int = 3):"))
    store = create_workspace(project.root / "workspace")
    logs = project.root / "logs"
    bench = make_bench(
        store, logs=logs, workers=2, pool=lambda workers: make_pool(project, workers=workers)
    )
    bench.run()
    assert TOLD == recorded(bench, "fitted")
    assert not list(logs.rglob(METRICS))
    store.close()


def test_metrics_are_in_no_key(bench):
    """What was told does not count: the same code and inputs are the same step."""
    place = bench.project.root / "told.txt"
    read = f"float(pathlib.Path({str(place)!r}).read_text())"
    text = STEPS.replace("1 / (1 + number)", read)
    bench.project.write(steps=text.replace("import interplane", "import pathlib, interplane"))
    place.write_text("1.5")
    bench.run()
    place.write_text("2.5")
    assert {"reused"} == set(bench.run().steps.values())
    assert [1.5] * 3 == recorded(bench, "fitted")["loss"][1]


def test_a_step_that_fails_keeps_what_it_told(bench):
    """What led there is what one wants to see; of a step tried again, the last time's."""
    bench.project.write(
        steps="""
    import interplane as ip, pathlib
    pipeline = ip.Pipeline("toy")
    COUNT = pathlib.Path(__file__).with_name("count")

    @pipeline.step(retries=1)
    def diverges():
        tries = len(COUNT.read_text()) if COUNT.exists() else 0
        COUNT.write_text("x" * (tries + 1))
        ip.log_metric("try", tries)
        ip.log_metric("loss", float("nan"))
        raise ValueError("it diverged")
    """
    )
    with pytest.raises(StepFailed):
        bench.run()
    found = recorded(bench, "diverges")
    assert ([0], [1], 1) == found["try"]
    assert math.isnan(found["loss"][1][0])


def test_points_are_seen_while_a_step_trains(tmp_path):
    """Half a second later at most, without a further word of the step."""
    with telling_to(tmp_path, say=print):
        ip.log_metric("loss", 3, at=7)
        until = time.monotonic() + 30
        while not told_so_far(tmp_path) and time.monotonic() < until:
            time.sleep(0.01)
        assert {"loss": ([7], [3], 1)} == plain(told_so_far(tmp_path))
        ip.log_metric("loss", 2)
    assert {"loss": ([7, 8], [3, 2], 2)} == plain(told_so_far(tmp_path))


def test_outside_of_a_run_a_step_is_a_function():
    """A point is checked and kept nowhere."""
    ip.log_metric("loss", 0.5)
    with pytest.raises(UsageError):
        ip.log_metric("loss", None)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 101, "\u202egnp", None, 7, " loss"])
def test_a_name_that_is_none_is_refused(name, tmp_path):
    """In a run and outside of one."""
    with pytest.raises(UsageError, match="no name of a metric"):
        ip.log_metric(name, 1.0)
    with telling_to(tmp_path, say=print), pytest.raises(UsageError, match="no name of a metric"):
        ip.log_metric(name, 1.0)


@pytest.mark.parametrize("value", ["0.5", None, [1.0], 1j, np.zeros(2), 10**400])
def test_a_value_that_is_none_is_refused(value):
    """Whatever is not one number by itself."""
    with pytest.raises(UsageError, match="log_metric"):
        ip.log_metric("loss", value)


@pytest.mark.parametrize("at", [math.nan, math.inf, "3", (1,)])
def test_a_place_that_is_none_is_refused(at):
    """A point stands somewhere."""
    with pytest.raises(UsageError, match="log_metric"):
        ip.log_metric("loss", 0.5, at=at)


def test_too_many_names_are_refused(tmp_path):
    """Who writes the round into the name finds out at once."""
    with telling_to(tmp_path, say=print):
        for number in range(200):
            ip.log_metric(f"loss {number}", 1)
        with pytest.raises(UsageError, match="not in the name"):
            ip.log_metric("loss 200", 1)
    assert 200 == len(told_so_far(tmp_path))


def test_numbers_of_other_libraries_are_taken(tmp_path):
    """What turns into a float by itself."""
    with telling_to(tmp_path, say=print):
        for value in (np.float32(0.5), np.int64(2), True, np.array(4.0), -math.inf):
            ip.log_metric("loss", value, at=np.int32(1))
    assert ([1] * 5, [0.5, 2, 1, 4, -math.inf], 5) == plain(told_so_far(tmp_path))["loss"]


def test_of_very_many_points_fewer_are_kept(tmp_path):
    """All of the first, then every second, then every fourth; the last one always."""
    writer = MetricWriter(tmp_path, full=4)
    for number in range(24):
        writer.tell("loss", float(number), None)
    writer.close()
    kept = [0, 1, 2, 3, 4, 6, 8, 12, 16, 23]
    assert {"loss": (kept, kept, 24)} == plain(told_so_far(tmp_path))


def test_threads_tell_at_once(tmp_path):
    """None is lost, and each point is whole."""
    writer = MetricWriter(tmp_path, every_s=0.001)

    def tell(name):
        for number in range(2000):
            writer.tell(name, number / 2, float(number))

    threads = [threading.Thread(target=tell, args=(f"m{number % 2}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.close() is None
    for curve in told_so_far(tmp_path):
        assert 4000 == curve.told == len(curve.at)
        assert [at / 2 for at in curve.at] == list(curve.values)


def test_a_disk_that_was_full_has_them_later(tmp_path, monkeypatch):
    """What could not be written waits, also where half of it was; a step does not fail of it."""
    writer, real = MetricWriter(tmp_path), os.write
    writer.tell("loss", 1.0, None)

    def full(file, data):
        if len(data) > 20:
            return real(file, data[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert writer.flush().errno == errno.ENOSPC
    writer.tell("loss", 2.0, None)
    assert writer.flush().errno == errno.ENOSPC
    monkeypatch.setattr(os, "write", real)
    assert writer.close() is None
    assert {"loss": ([0, 1], [1, 2], 2)} == plain(told_so_far(tmp_path))


def test_what_could_not_be_kept_is_said(tmp_path):
    """In the step's log."""
    (tmp_path / "file").touch()
    said = []
    with telling_to(tmp_path / "file" / "log", say=said.append):
        ip.log_metric("loss", 1)
    assert said[0].startswith("some metrics of this step could not be kept: ")


def test_a_forked_process_tells_nothing(tmp_path):
    """Points of workers of a data loader are not this step's."""
    with telling_to(tmp_path, say=print):
        ip.log_metric("loss", 1)
        child = os.fork()
        if not child:
            ip.log_metric("loss", 2)
            os._exit(0)
        os.waitpid(child, 0)
    assert {"loss": ([0], [1], 1)} == plain(told_so_far(tmp_path))


doubles = st.floats(width=64)
curves = st.dictionaries(
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=9),
    st.lists(st.tuples(doubles, doubles), min_size=1, max_size=20),
    max_size=4,
)


@given(curves)
def test_a_file_comes_back_as_it_was(told):
    """To the bit; piece by piece or on record."""
    made = [
        MetricCurve(
            name, array("d", (at for at, _ in points)), array("d", (v for _, v in points)), 5
        )
        for name, points in told.items()
    ]
    data = curve_bytes(made)
    found = read_curves(data)
    assert [each.name for each in made] == [each.name for each in found]
    assert data == curve_bytes(found)
    parts = b"".join(
        piece(each.name, array("d", [at]), array("d", [value]), told=5)
        for each in made
        for at, value in zip(each.at, each.values, strict=True)
    )
    assert data == curve_bytes(read_curves(parts))


@given(curves, st.integers(0, 400))
def test_what_a_killed_process_left_is_read(told, cut):
    """The whole pieces, and never an error."""
    data = b"".join(
        piece(name, array("d", [at]), array("d", [value]), told=1)
        for name, points in told.items()
        for at, value in points
    )
    found = read_curves(data[: max(len(data) - cut, 0)])
    assert sum(len(each.at) for each in found) <= sum(map(len, told.values()))
    assert {each.name for each in found} <= set(told)


def test_lightgbm_tells_each_round(tmp_path):
    """The same values as LightGBM's own record; of a cross-validation the means."""
    lightgbm = pytest.importorskip("lightgbm")
    draw = np.random.default_rng(3)
    rows = draw.normal(size=(300, 3))
    labels = (rows[:, 0] + draw.normal(size=300) > 0).astype(float)
    settings = ip.lightgbm_params(objective="binary", metric=["auc", "binary_logloss"])
    data = lightgbm.Dataset(rows[:200], labels[:200], free_raw_data=False)
    valid = lightgbm.Dataset(rows[200:], labels[200:], reference=data)
    own = {}
    with telling_to(tmp_path, say=print):
        lightgbm.train(
            settings,
            data,
            5,
            valid_sets=[data, valid],
            valid_names=["train", "valid"],
            callbacks=[ip.lightgbm_metrics(), lightgbm.record_evaluation(own)],
        )
    wanted = {
        f"{of}/{metric}": (list(range(5)), values, 5)
        for of, metrics in own.items()
        for metric, values in metrics.items()
    }
    assert wanted == plain(told_so_far(tmp_path))
    with telling_to(tmp_path, say=print):
        cv = lightgbm.cv(settings, data, 3, nfold=2, callbacks=[ip.lightgbm_metrics()])
    assert cv["valid auc-mean"] == plain(told_so_far(tmp_path))["valid/auc"][1]
