"""Columns of Arrow as lists of our values, quickly."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

__all__ = ["listed"]


def listed(column: pa.ChunkedArray) -> list[Any]:
    """Return a column of one of our types as a list, None for null.

    Times go by NumPy, which makes them some thirty times as fast as Arrow does.

    >>> listed(pa.chunked_array([pa.array([19_000, None], pa.date32())]))
    [datetime.date(2022, 1, 8), None]
    """
    if not pa.types.is_temporal(column.type):
        values: list[Any] = column.to_pylist()
        return values
    unit = "D" if pa.types.is_date(column.type) else "us"
    times: list[Any] = column.to_numpy().astype(f"datetime64[{unit}]").tolist()
    return times
