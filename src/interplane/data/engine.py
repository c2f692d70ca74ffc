"""The one place that opens a DuckDB connection, and the one place that quotes for it."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duckdb import DuckDBPyConnection

__all__ = ["connect", "identifier", "string"]


def connect(*, threads: int | None = None) -> DuckDBPyConnection:
    """Open an in-memory engine that loads nothing, downloads nothing and reads no Python variables.

    It has the settings that the SQL of expressions needs.

    Args:
        threads: how many threads it may use; all cores if not given. One thread makes
            float sums and averages the same on every run.

    >>> connect(threads=1).sql("SELECT 20 + 22").fetchall()
    [(42,)]
    """
    import duckdb

    from interplane.expressions.duckdb_sql import SETTINGS

    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "python_enable_replacements": False,
        "preserve_insertion_order": True,
        "temp_directory": tempfile.gettempdir(),
    }
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(":memory:", config=config)
    for statement in (*SETTINGS, "SET enable_progress_bar = false"):
        connection.execute(statement)
    return connection


def identifier(name: str) -> str:
    """Return ``name`` quoted as an identifier.

    >>> print(identifier('the "best" column'))
    "the ""best"" column"
    """
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def string(text: str) -> str:
    """Return ``text`` quoted as a string literal.

    >>> print(string("it's"))
    'it''s'
    """
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def string_list(texts: Iterable[str]) -> str:
    """Return a list literal of strings."""
    return f"[{', '.join(string(text) for text in texts)}]"
