"""LightGBM through its C API: the Python package's scores, bit for bit."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from interplane.errors import MissingExtra, UsageError
from interplane.models.lightgbm_capi import Booster
from interplane.models.lightgbm_library import BrokenLibrary, Library, _cannot_open, find_library

KINDS = ("binary", "regression", "poisson", "forest", "dart", "categories", "classes")


def bits(values) -> bytes:
    return np.ascontiguousarray(values, dtype=np.float64).tobytes()


def load(model, **options) -> Booster:
    return Booster(model.model_to_string().encode(), **options)


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_the_packages(booster, rows, kind, raw):
    """Thousands of rows with nulls and infinities, probabilities and log-odds, many and one."""
    model, matrix = booster(kind), rows(seed=7, count=5000)
    ours = load(model, raw=raw)
    expected = model.predict(matrix, raw_score=raw)
    assert bits(ours.predict_matrix(matrix)) == bits(expected)
    one = [ours.predict_outputs(row) for row in matrix[:1000].tolist()]
    assert bits(one) == bits(expected[:1000])


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_do_not_change_scores(booster, rows, threads):
    """They only share the rows."""
    ours, matrix = load(booster("binary")), rows()
    assert bits(ours.predict_matrix(matrix, threads=threads)) == bits(ours.predict_matrix(matrix))


def test_early_stopping_is_kept(rows):
    """The trees after the best iteration are not part of the model."""
    import lightgbm

    matrix = rows()
    label = np.random.default_rng(0).integers(0, 2, len(matrix)).astype(float)
    train, valid = (
        lightgbm.Dataset(matrix[cut], label[cut]) for cut in (slice(1500), slice(1500, None))
    )
    model = lightgbm.train(
        {"objective": "binary", "verbose": -1},
        *(train, 60),
        valid_sets=[valid],
        callbacks=[lightgbm.early_stopping(3, verbose=False)],
    )
    assert model.best_iteration < 60
    assert bits(load(model).predict_matrix(matrix)) == bits(model.predict(matrix))


def test_a_model_without_trees_scores_its_start():
    """Zero rounds: a constant."""
    import lightgbm

    data = lightgbm.Dataset(np.zeros((20, 2)), np.arange(20) % 2)
    model = lightgbm.train({"objective": "binary", "verbose": -1}, data, num_boost_round=1)
    assert bits(load(model).predict_matrix(np.ones((3, 2)))) == bits(model.predict(np.ones((3, 2))))


def test_a_row_of_other_values_is_refused(booster):
    """None, text and a wrong length; the message says which features there are."""
    ours = load(booster("binary"))
    for wrong in ([None, 1.0, 2.0, 3.0], ["1", 1.0, 2.0, 3.0], [1.0]):
        with pytest.raises(UsageError, match="4 numbers a row: distance, hour, wind, month"):
            ours.predict_one(wrong)


def test_whole_numbers_and_truths_are_numbers(booster):
    """A row program may give them."""
    ours = load(booster("binary"))
    assert ours.predict_one([1, True, 0, 2]) == ours.predict_one([1.0, 1.0, 0.0, 2.0])


def test_each_thread_has_its_own_row(booster, rows):
    """Threads that come and go leave nothing behind and never see each other's rows."""
    ours, matrix = load(booster("binary")), rows()[:300]
    expected = ours.predict_matrix(matrix).tolist()
    wrong = []

    def score(start: int) -> None:
        wrong.extend(
            index
            for index in range(start, 300, 8)
            if ours.predict_one(matrix[index].tolist()) != expected[index]
        )

    for _ in range(3):
        threads = [threading.Thread(target=score, args=(start,)) for start in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_models_are_freed(booster):
    """Loading and forgetting many models does not grow the process by their size."""
    text = booster("binary").model_to_string().encode()

    def resident_pages() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1])

    def load_and_score(times: int) -> None:
        for _ in range(times):
            Booster(text).predict_one([0.0, 0.0, 0.0, 0.0])
        gc.collect()

    load_and_score(50)
    before = resident_pages()
    load_and_score(300)
    assert (resident_pages() - before) * 4096 < 300 * len(text) / 3


def test_the_python_package_is_not_imported(booster, tmp_path):
    """Nor NumPy, for one row: a server starts without them."""
    path = tmp_path / "model.txt"
    path.write_bytes(booster("binary").model_to_string().encode())
    code = (
        "import sys; from pathlib import Path\n"
        "from interplane.models.flavors import get_flavor\n"
        f"files = {{'model.txt': Path({str(path)!r}).read_bytes()}}\n"
        "print(get_flavor('lightgbm').load(files).predict_one([0.1, 0.2, 0.3, 4.0]))\n"
        "heavy = {'lightgbm', 'numpy', 'pyarrow', 'duckdb', 'pandas', 'sklearn'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert float(done.stdout) == booster("binary").predict([[0.1, 0.2, 0.3, 4.0]])[0]


def test_a_missing_package_is_named():
    """With the command that installs it."""
    with pytest.raises(MissingExtra, match=r"pip install interplane\[lightgbm\]"):
        find_library("a_package_that_nobody_has")


def test_a_library_that_cannot_be_opened_is_named(tmp_path):
    """A broken installation."""
    broken = tmp_path / "lib_lightgbm.so"
    broken.write_bytes(b"no library")
    with pytest.raises(BrokenLibrary, match="force-reinstall lightgbm"):
        Library(broken)


def test_a_missing_openmp_is_named():
    """A slim system image lacks libgomp; the message says what to install."""
    said = "libgomp.so.1: cannot open shared object file: No such file or directory"
    error = _cannot_open(Path("lib_lightgbm.so"), OSError(said))
    assert "libgomp1 on Debian and Ubuntu" in str(error)
    assert isinstance(error, MissingExtra)
