"""One local Spark for all tests here; they are skipped, in words, where it cannot run."""

from __future__ import annotations

import importlib.util
import os

import pyarrow as pa
import pytest

from interplane.features.spark.sessions import find_java, session

SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    # A zone with summer time, so that whatever goes by it and not by UTC shows.
    "spark.sql.session.timeZone": "America/Chicago",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    # The tables are small: to compile the queries takes longer than to run them.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


@pytest.fixture(scope="session")
def spark():
    """A Spark session on this machine."""
    missing = [
        name
        for name, found in {
            "pyspark": importlib.util.find_spec("pyspark"),
            "Java": find_java(),
        }.items()
        if found is None
    ]
    if missing:
        message = f"no Spark here: {' and '.join(missing)} not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    made = session(master="local[2]", settings=SETTINGS)
    made.sparkContext.setLogLevel("ERROR")
    yield made
    made.stop()


@pytest.fixture
def framed(spark):
    """A function that makes a Spark DataFrame of a table, its timestamps as instants in UTC."""

    def make(table, *, partitions=3):
        columns = {
            name: values.cast(pa.timestamp("us", tz="UTC"))
            if pa.types.is_timestamp(values.type)
            else values
            for name, values in zip(table.names, table.to_arrow().columns, strict=True)
        }
        return spark.createDataFrame(pa.table(columns)).repartition(partitions)

    return make
