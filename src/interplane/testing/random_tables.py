"""Random tables of our six types, as Hypothesis draws them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from hypothesis import strategies as st

from interplane.data.table import Table
from interplane.data.types import arrow_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.record import Type

__all__ = ["NAMES", "VALUES", "tables"]

VALUES: dict[Type, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "int": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(),
    "str": st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    "date": st.dates(),
    "timestamp": st.datetimes(min_value=datetime(1, 1, 1)),  # noqa: DTZ001 - ours have no zone
}
"""Values of each type: extremes, NaN, infinities, empty text, the years 1 to 9999."""

NAMES = st.sampled_from(["a", "b c", 'd"e', "é", "select", "f'g", "[h]", "i.j", "n", "self", "c0"])
"""Names of columns that want quoting."""


@st.composite
def tables(draw: Callable[[st.SearchStrategy[Any]], Any], *, max_rows: int = 30) -> Table:
    """Draw a table with one to four columns, nulls among the values."""
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    rows = draw(st.integers(0, max_rows))
    arrays = {}
    for name in names:
        type_ = draw(st.sampled_from(sorted(VALUES)))
        cells = st.one_of(st.none(), VALUES[type_])
        values = draw(st.lists(cells, min_size=rows, max_size=rows))
        arrays[name] = pa.array(values, arrow_type(type_))
    return Table.from_columns(arrays)
