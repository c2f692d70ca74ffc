"""Features on Spark: the same definition, fitted by Spark SQL and computed by row programs.

Nothing here imports PySpark before it is given a Spark DataFrame, or asked for a session.
"""

from __future__ import annotations

from interplane.features.spark.sessions import is_spark, session

__all__ = ["is_spark", "session"]
