"""The proof of a user's own operation: both twins on many values. The engine is imported here only."""

from __future__ import annotations

import itertools
import struct
from random import Random
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError
from interplane.expressions.constants import is_constant_of
from interplane.expressions.drawn_values import SPECIAL, draw
from interplane.expressions.duckdb_sql import SETTINGS
from interplane.expressions.own_purity import refuse_impure
from interplane.expressions.sql_text import SQL_TYPES

if TYPE_CHECKING:
    import duckdb

    from interplane.expressions.own_operations import OwnOperation

__all__ = ["prove"]

_ROWS = 10_000
_MOST_PAIRS = 3000


def prove(own: OwnOperation) -> int:
    """Compare both twins of an operation; return on how many rows.

    What is drawn depends on the definition alone, so that a proof can be repeated.

    Raises:
        ExpressionError: if they differ, or one raises an error: with the first such values.
    """
    import duckdb

    rows = _rows(own)
    with duckdb.connect() as engine:
        for setting in SETTINGS:
            engine.execute(setting)
        _check_kind(own, engine)
        refuse_impure(own, engine)
        found = _on_engine(own, engine, rows)
    function = own.row.forms[0].constants({})["function"]  # type: ignore[misc]
    for row, expected in zip(rows, found, strict=True):
        given = _in_python(function, row)
        if not _same(expected, given):
            raise _differs(own, row, expected, given)
    return len(rows)


def _rows(own: OwnOperation) -> list[tuple[Any, ...]]:
    """Return the rows: special values with one another, then random ones, some of them null."""
    for kind, values in zip(own.args, own.values, strict=False):
        for value in values:
            if not is_constant_of(value, kind):
                raise ExpressionError(
                    f"the operation {own.name!r} has {value!r:.100} among its values",
                    expected=f"values of type {kind}",
                    do="Take it out",
                )
    random = Random(own.digest)  # noqa: S311  no secret
    extra = own.values or ((),) * len(own.args)
    special = [(*SPECIAL[kind], *more) for kind, more in zip(own.args, extra, strict=True)]
    rows = list(itertools.islice(itertools.product(*special), _MOST_PAIRS))
    while len(rows) < _ROWS + _MOST_PAIRS:
        rows.append(
            tuple(
                None
                if random.random() < 0.03
                else random.choice(more)
                if more and random.random() < 0.5
                else draw(kind, random)
                for kind, more in zip(own.args, extra, strict=True)
            )
        )
    return rows


def _check_kind(own: OwnOperation, engine: duckdb.DuckDBPyConnection) -> None:
    """Refuse SQL that the engine cannot read, or that is no operation of one row."""
    import duckdb

    nulls = [f"CAST(NULL AS {SQL_TYPES[kind]})" for kind in own.args]
    columns = ", ".join(f"{null} AS c{index}" for index, null in enumerate(nulls))
    text = own.sql.format(*(f"c{index}" for index in range(len(own.args))))
    try:
        count = len(
            engine.execute(f"SELECT ({text}) FROM (SELECT {columns} FROM range(3))").fetchall()
        )
    except duckdb.Error as error:
        raise ExpressionError(
            f"the engine cannot run the SQL {own.sql!r:.200} of the operation {own.name!r}: {error}",
            expected="a DuckDB expression of its arguments, of one row",
            do="Mend it",
            operation=own.name,
        ) from error
    if count != 3:
        raise ExpressionError(
            f"the SQL {own.sql!r:.200} of the operation {own.name!r} gives {count} rows for 3",
            expected="an expression of one row",
            do="Statistics are written x.mean(), x.sum(by=[…]) and so on",
            operation=own.name,
        )


def _on_engine(
    own: OwnOperation, engine: duckdb.DuckDBPyConnection, rows: list[tuple[Any, ...]]
) -> list[Any]:
    """Return what the engine gives; where it fails, halve the rows until one is left."""
    import duckdb

    # Lists as parameters: an Arrow table would import pandas, where there is one.
    columns = {f"c{index}": [row[index] for row in rows] for index in range(len(own.args))}
    given = ", ".join(
        f"unnest(CAST(? AS {SQL_TYPES[kind]}[])) AS {name}"
        for name, kind in zip(columns, own.args, strict=True)
    )
    engine.execute(
        f"CREATE OR REPLACE TABLE rows AS SELECT unnest(range({len(rows)})) AS n, {given}",
        list(columns.values()),
    )
    template = own.row.forms[0].sql
    text = template.format(*columns)  # type: ignore[union-attr]
    try:
        found = engine.execute(f"SELECT {text} FROM rows ORDER BY n").fetchall()
    except duckdb.Error as error:
        if len(rows) == 1:
            raise _differs(own, rows[0], f"the error {error}", "anything but an error") from error
        half = len(rows) // 2
        _on_engine(own, engine, rows[:half])
        return _on_engine(own, engine, rows[half:])
    return [None if _is_nan(value) else value for (value,) in found]


def _in_python(function: Any, row: tuple[Any, ...]) -> Any:
    """Return what the Python twin gives, as a row program would: null for nulls and NaN."""
    if None in row:
        return None
    found = function(*row)
    return None if _is_nan(found) else found


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value  # noqa: PLR0124  that is what NaN is


def _same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return struct.pack("<d", one) == struct.pack("<d", other)
    return bool(one == other)


def _differs(own: OwnOperation, row: tuple[Any, ...], engine: Any, python: Any) -> ExpressionError:
    values = ", ".join(f"{value!r:.100}" for value in row)
    return ExpressionError(
        f"the twins of the operation {own.name!r} differ on ({values}): "
        f"the engine gives {engine!r:.200}, Python {python!r:.200}",
        expected="the same bits from both, and no errors, on all values of its types",
        do=_instead(own, f"{engine}"),
        operation=own.name,
    )


def _instead(own: OwnOperation, engine: str) -> str:
    """Return what to write; where whole numbers left 64 bits, in which type to calculate."""
    if own.result != "int" or "Out of Range" not in engine:
        return "Mend one of them; what is undefined is null in both"
    wide = own.sql
    for place, kind in enumerate(own.args):
        wide = wide.replace(
            f"{{{place}}}", f"CAST({{{place}}} AS HUGEINT)" if kind == "int" else f"{{{place}}}"
        )
    return (
        f"Calculate with 128 bits: sql={wide!r:.300}. A result beyond 64 bits is then null in both; "
        "where 128 are too few, write TRY(…) around it, and None in Python"
    )
