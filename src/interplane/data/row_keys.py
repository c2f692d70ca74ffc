"""Rows by what names them: a 64-bit digest of each row's key, the same wherever the row stands.

The digest is the last eight bytes of the MD5 of the key (`key_hashes`), read with the lowest first. It
says nothing of types: a key that was cast from int to text keeps its digest. A row with a null in its
key has none: nothing names it.

Two different keys have one digest with a chance of 2^-64: a million test rows beside ten million
training rows are wrongly found among them once in two million times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.errors import Leak, UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from interplane.data.table import Table

__all__ = ["check_keys", "examples_of", "key_digests", "leak", "plain_examples", "shown"]

_SHOWN = 5


def key_digests(
    table: Table, columns: Sequence[str], *, salt: str = ""
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return the digest of each row's key, in order, and which rows have one.

    Args:
        table: the rows.
        columns: the columns that name a row, or an entity.
        salt: another salt gives other digests.

    Raises:
        UnknownName: for a column that is not there.

    >>> import hashlib
    >>> from interplane.data.table import Table
    >>> digests, named = key_digests(Table.from_columns({"id": [10, None]}), ["id"])
    >>> int(digests[0]) == int.from_bytes(hashlib.md5(b"2:10").digest()[8:], "little")
    True
    >>> named.tolist()
    [True, False]
    """
    import numpy as np

    from interplane.data.key_hashes import key_hashes

    found = key_hashes(table, columns, salt=salt)
    return np.where(found.named, found.last, np.uint64(0)), found.named


def check_keys(table: Table, columns: Iterable[object], *, do: str) -> None:
    """Refuse a table that lacks a column by which rows are told.

    Raises:
        UnknownName: if it does.
    """
    for name in columns:
        if not isinstance(name, str) or name not in table.types:
            raise UnknownName.of("column", name, table.types, where="the table", do=do)


def examples_of(
    table: Table, columns: Sequence[str], rows: NDArray[np.bool_], *, most: int = _SHOWN
) -> list[dict[str, Any]]:
    """Return the first of some rows, by these columns.

    >>> import numpy as np
    >>> from interplane.data.table import Table
    >>> examples_of(
    ...     Table.from_columns({"id": [7, 8, 9]}), ["id"], np.array([False, True, True]), most=1
    ... )
    [{'id': 8}]
    """
    import numpy as np
    import pyarrow as pa

    places = pa.array(np.flatnonzero(rows)[:most])
    found: list[dict[str, Any]] = (
        table.select(*dict.fromkeys(columns)).to_arrow().take(places).to_pylist()
    )
    return found


def leak(
    what: str,
    table: Table,
    *,
    columns: Sequence[str],
    rows: NDArray[np.bool_],
    expected: str,
    do: str,
    counted: tuple[int, int] | None = None,
    **details: Any,
) -> Leak:
    """Build the error for rows of a table that must not be there: how many they are, and some of them.

    Args:
        what: what is wrong with them; their keys follow.
        table: the rows that they are among.
        columns: the columns that name them.
        rows: which they are.
        expected: what was expected instead.
        do: what to do.
        counted: how many they are, and among how many, where the table holds a few of them alone.
        details: what a program may want to know besides.
    """
    count = int(rows.sum())
    all_of_them, of = counted or (count, table.rows)
    examples = examples_of(table, columns, rows)
    return Leak(
        f"{what}: {shown(examples, count)}",
        expected=expected,
        do=do,
        **{"rows": all_of_them, "of": of, "examples": plain_examples(examples), **details},
    )


def shown(examples: Sequence[Mapping[str, Any]], count: int) -> str:
    """Return examples in words, of so and so many.

    >>> shown([{"id": 7, "day": "mon"}, {"id": 8, "day": None}], 9)
    "id 7, day 'mon'; id 8, day null; and 7 more"
    """
    told = [
        ", ".join(f"{name} {_value(value)}" for name, value in each.items()) for each in examples
    ]
    more = count - len(examples)
    return "; ".join([*told, *([f"and {more:,} more"] if more > 0 else [])])


def plain_examples(examples: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return examples as plain JSON values: times as ISO text."""
    return [
        {
            name: value
            if value is None or isinstance(value, bool | int | float | str)
            else _iso(value)
            for name, value in each.items()
        }
        for each in examples
    ]


def _value(value: Any) -> str:
    if value is None:
        return "null"
    return repr(value) if isinstance(value, bool | int | float | str) else _iso(value)


def _iso(value: date) -> str:
    return value.isoformat()
