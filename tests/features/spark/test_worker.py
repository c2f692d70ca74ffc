"""What travels to Spark's workers is data and the names of functions; what is missing is said."""

from __future__ import annotations

import importlib
import json
import os
import pickletools
import subprocess
import sys
from functools import partial

import pytest

import interplane as ip
from interplane.errors import MissingExtra, UsageError
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


OWN = """
import interplane as ip

@ip.operation(args=["int"], result="int", sql="CAST({0} % 10 AS BIGINT)")
def last_digit_for_spark(number):
    "The last digit, with the sign of the number."
    return number % 10 if number >= 0 else -(-number % 10)
"""


def test_operations_of_ones_own_are_imported_by_name(monkeypatch, tmp_path):
    """A worker imports the module that declares the operation; what it cannot import is refused."""
    (tmp_path / "own_for_spark.py").write_text(OWN, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    own = importlib.import_module("own_for_spark")
    row = Row({"x": "int"})
    outputs = {"digit": own.last_digit_for_spark(row.x).node}
    payload = worker.pack_program(outputs, inputs={"x": "int"}, lookups={})
    code = (
        "import sys, pyarrow as pa; from interplane.features.spark.worker import compute;"
        "batch = pa.record_batch({'c0': pa.array([-127, None, 42])});"
        "print([out.to_pydict() for out in compute(sys.stdin.buffer.read(), [batch])])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        input=payload,
        capture_output=True,
        check=True,
    )
    assert "[{'c0': [-7, None, 2]}]" == found.stdout.decode().strip()

    half = ip.operation(
        name="half_for_spark",
        args=["float"],
        result="float",
        sql="{0} * 0.5::DOUBLE",
        python="{0} * 0.5",
        doc="Half of it.",
    )
    outputs = {"half": half(row.x.cast("float")).node}
    with pytest.raises(UsageError, match="'half_for_spark' is declared by a template"):
        worker.pack_program(outputs, inputs={"x": "int"}, lookups={})


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
