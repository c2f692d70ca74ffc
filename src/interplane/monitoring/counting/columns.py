"""What people call the columns of the prediction log, and what it calls them itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.errors import UnknownName
from interplane.predictions.columns import LOOKED_UP, ROW

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FEATURES", "resolve_column", "spoken", "spoken_name"]

FEATURES: Final = "features."
"""What stands before the name of a model's feature that was computed from a logged row."""

_PREFIXES: Final = (ROW, LOOKED_UP)


def resolve_column(name: str, columns: Iterable[str]) -> str:
    """Return the column of the log that a person means.

    A name is a column of the requests, else what a feature view gave (``carrier.late_6h``), else a
    column as the log spells it: ``score``, ``crossing``, ``row.origin``, ``features.wind``.

    Args:
        name: the name.
        columns: the columns that there are.

    Raises:
        UnknownName: if there is none of that name.

    >>> there = ["score", "crossing", "row.origin", "looked_up.carrier.late_6h"]
    >>> [resolve_column(name, there) for name in ("origin", "carrier.late_6h", "row.origin")]
    ['row.origin', 'looked_up.carrier.late_6h', 'row.origin']
    """
    there = list(columns)
    for spelling in (*(prefix + name for prefix in _PREFIXES), name):
        if spelling in there:
            return spelling
    raise UnknownName.of(
        "column",
        name,
        list(spoken(there)),
        where="the model's predictions",
        do="Name a column of its requests, or PARAMETER.FEATURE of a feature view",
    )


def spoken_name(column: str) -> str:
    """Return what a person calls a column of the log.

    >>> spoken_name("row.origin"), spoken_name("looked_up.carrier.late_6h"), spoken_name("score")
    ('origin', 'carrier.late_6h', 'score')
    """
    for prefix in _PREFIXES:
        if column.startswith(prefix):
            return column.removeprefix(prefix)
    return column


def spoken(columns: Iterable[str]) -> dict[str, str]:
    """Return the columns by what a person calls them; those of requests come first.

    >>> spoken(["score", "row.score", "looked_up.a.b"])
    {'score': 'row.score', 'a.b': 'looked_up.a.b'}
    """
    found: dict[str, str] = {}
    in_order = sorted(columns, key=lambda column: not column.startswith(ROW))
    for column in in_order:
        found.setdefault(spoken_name(column), column)
    return found
