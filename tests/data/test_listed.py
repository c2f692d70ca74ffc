"""Columns of Arrow as lists: what Arrow itself gives, sooner."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.data.listed import listed
from interplane.data.types import arrow_type
from interplane.record.tables import TYPES
from interplane.testing.random_tables import VALUES


@pytest.mark.parametrize("kind", TYPES)
@settings(deadline=None)
@given(data=st.data())
def test_as_arrow_lists_them(kind: Any, data: st.DataObject) -> None:
    """Every type, nulls, the years 1 to 9999, parts of columns, and nothing at all."""
    values = data.draw(st.lists(st.one_of(st.none(), VALUES[kind]), max_size=10))
    column = pa.chunked_array([pa.array(values, arrow_type(kind))])
    for part in (column, column.slice(1), pa.chunked_array([column.chunk(0)] * 2)):
        expected = part.to_pylist()
        assert repr(expected) == repr(listed(part))
