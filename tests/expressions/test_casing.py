"""The shipped case tables are the engine's, code point by code point."""

from __future__ import annotations

import duckdb
import pytest

from interplane.expressions.casing import LOWER, UPPER


@pytest.mark.parametrize(("function", "table"), [("lower", LOWER), ("upper", UPPER)])
def test_every_code_point_is_as_on_the_engine(function: str, table: dict[int, int]) -> None:
    """All code points but NUL and the surrogates, one for one."""
    rows = duckdb.sql(
        f"SELECT i, unicode({function}(chr(i::INT))), length({function}(chr(i::INT)))"
        " FROM range(1, 1114112) AS t(i) WHERE i NOT BETWEEN 55296 AND 57343"
        f" AND {function}(chr(i::INT)) <> chr(i::INT)"
    ).fetchall()
    assert table == {code: other for code, other, _ in rows}
    assert {1} == {length for _, _, length in rows}
