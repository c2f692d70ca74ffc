"""Where PySpark is found: is this a Spark DataFrame, and a session that can run row programs."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplane.errors import MissingExtra, UsageError
from interplane.record.arguments import told_kind

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["find_java", "is_spark", "on_spark", "session"]


def is_spark(value: object) -> bool:
    """Return whether a value is a Spark DataFrame, told by its type; PySpark is not imported.

    >>> is_spark([1, 2])
    False
    """
    return any(
        each.__name__ == "DataFrame" and each.__module__.startswith("pyspark.sql.")
        for each in type(value).__mro__
    )


def on_spark(table: object, sources: Mapping[str, object] | None = None) -> bool:
    """Return whether rows, and with them the sources of their views, are on Spark.

    Raises:
        UsageError: if some of them are and some are not, or they are no dict.
    """
    there = is_spark(table)
    if not isinstance(sources, Mapping | None):
        raise UsageError(
            f"the sources are {told_kind(sources)}",
            expected="a dict from the names of sources to their tables",
            do='Write for example sources={"flights": flights}',
        )
    for name, source in (sources or {}).items():
        if is_spark(source) != there:
            raise UsageError(
                f"the source {name!r} is a {type(source).__name__} and the rows are a "
                f"{type(table).__name__}",
                expected="both on Spark, or neither",
                do="Make the source a Spark DataFrame, or collect the "
                "rows with Table.from_arrow(frame.toArrow())",
            )
    return there


def session(*, master: str = "local[*]", settings: Mapping[str, str] | None = None) -> SparkSession:
    """Return a Spark session whose Python workers are this interpreter, or the one that runs.

    Spark starts ``python3`` for its workers unless ``PYSPARK_PYTHON`` says otherwise, and that one
    need not have Interplane. Whoever brings a session of their own sets that variable before it
    starts, and installs Interplane where the workers run.

    Args:
        master: where Spark runs.
        settings: further settings of Spark, by name.

    Raises:
        MissingExtra: if PySpark or Java is not there.
    """
    if importlib.util.find_spec("pyspark") is None:
        raise MissingExtra.of("spark", "Features on Spark", package="pyspark")
    if find_java() is None:
        raise MissingExtra(
            "Spark needs Java, and there is none: JAVA_HOME is not set to one, and no java is on PATH",
            expected="Java 17 or 21",
            do="Install it, or set JAVA_HOME to where it is",
        )
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder: Any = SparkSession.builder
    builder = builder.master(master).appName("interplane")
    for name, value in {"spark.sql.session.timeZone": "UTC", **(settings or {})}.items():
        builder = builder.config(name, value)
    made: SparkSession = builder.getOrCreate()
    return made


def find_java() -> str | None:
    """Return the program that Spark would start Java with, or None."""
    home = os.environ.get("JAVA_HOME")
    if home:
        return shutil.which("java", path=str(Path(home) / "bin"))
    return shutil.which("java")
