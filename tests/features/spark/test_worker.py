"""What travels to Spark's workers is data and the names of functions; what is missing is said."""

from __future__ import annotations

import json
import pickletools
import subprocess
import sys
from functools import partial

import pytest

from interplane.errors import MissingExtra
from interplane.expressions.expr import Row
from interplane.features.spark import is_spark, session, worker

PAYLOADS = {
    "compute": worker.pack_program(
        {"more": (Row({"x": "int"}).x + 1).node}, inputs={"x": "int"}, lookups={}
    ),
    "fold": worker.pack_folds(["id"], key=["id"], folds=[5]),
    "digest": worker.pack_names(["id"]),
    "sum_hashes": worker.pack_names(["id"]),
    "join": b"{}",
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_nothing_of_ours_is_pickled_by_value(name):
    """Spark's pickle of a function of ours names two functions, and holds JSON as bytes."""
    cloudpickle = pytest.importorskip("pyspark.cloudpickle")
    pickled = cloudpickle.dumps(partial(getattr(worker, name), PAYLOADS[name]))
    texts = [value for _, value, _ in pickletools.genops(pickled) if isinstance(value, str)]
    payloads = [value for _, value, _ in pickletools.genops(pickled) if isinstance(value, bytes)]
    expected = {"functools", "partial", "interplane.features.spark.worker", name}
    assert expected == set(texts) - {"", "utf-8"}
    assert [PAYLOADS[name]] == payloads
    json.loads(payloads[0])


def test_a_worker_needs_no_pyspark_of_ours():
    """The module that workers import brings neither PySpark nor an engine."""
    code = (
        "import sys, interplane.features.spark.worker;"
        "print([name for name in ('pyspark', 'duckdb', 'pandas') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == found.stdout.strip()


def test_a_frame_is_told_by_its_type():
    """Only a DataFrame of PySpark is one; nothing is imported to tell."""
    other = type("DataFrame", (), {})
    theirs = type("DataFrame", (), {"__module__": "pyspark.sql.classic.dataframe"})
    assert (False, False, True) == (is_spark([]), is_spark(other()), is_spark(theirs()))


def test_without_the_extra_the_error_says_what_to_install(monkeypatch):
    """PySpark that is not installed."""
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(MissingExtra, match=r"pip install interplane\[spark\]"):
        session()


def test_without_java_the_error_says_so(monkeypatch, tmp_path):
    """PySpark is there, and nothing that runs it."""
    pytest.importorskip("pyspark")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(MissingExtra, match="Spark needs Java"):
        session()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(MissingExtra, match="Spark needs Java"):
        session()
