"""Asking the engine about predictions and outcomes, with errors that say what to do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from interplane.data.engine import connect
from interplane.errors import DataError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

__all__ = ["asking"]


@contextmanager
def asking() -> Iterator[DuckDBPyConnection]:
    """Open the engine; what it refuses while predictions are read is one of our errors.

    Raises:
        DataError: if a logged value has not the type that was asked for.
        StorageError: if the predictions cannot be read.
    """
    import duckdb

    try:
        with connect() as connection:
            yield connection
    except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
        raise DataError(
            f"a logged value has not the type that was asked for: {_line(error)}",
            expected="values of that type in every row",
            do="Leave the column out of types: it is read as it was logged",
        ) from error
    except duckdb.Error as error:
        raise StorageError(
            f"the predictions cannot be matched with outcomes: {_line(error)}",
            expected="rows that can be read, and memory and disk for a join of them",
            do="Ask for the predictions again: within an hour they may have moved to another file",
        ) from error


def _line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:300]
