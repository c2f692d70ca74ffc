"""Random tables of our six types, and expressions of their columns, as Hypothesis draws them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from hypothesis import reject
from hypothesis import strategies as st

from interplane.data.table import Table
from interplane.data.types import arrow_type
from interplane.errors import ExpressionError
from interplane.expressions.nodes import Column, Literal
from interplane.expressions.operations import TABLE, call
from interplane.record.tables import TYPES

if TYPE_CHECKING:
    from interplane.expressions.form import Form, Operation
    from interplane.expressions.nodes import Node
    from interplane.record import Type

__all__ = ["NAMES", "VALUES", "expressions", "tables", "typed_rows"]

Draw = Callable[[st.SearchStrategy[Any]], Any]

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
def tables(draw: Draw, *, max_rows: int = 30) -> Table:
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


@st.composite
def typed_rows(draw: Draw, *, max_rows: int = 20) -> dict[str, list[Any]]:
    """Draw rows of the columns ``bool_0``, ``int_0`` … ``timestamp_0``, nulls among the values."""
    count = draw(st.integers(1, max_rows))
    return {
        f"{kind}_0": draw(
            st.lists(st.one_of(st.none(), VALUES[kind]), min_size=count, max_size=count)
        )
        for kind in TYPES
    }


@st.composite
def expressions(draw: Draw, kind: Type, *, depth: int = 4) -> Node:
    """Draw an expression of this type over the columns of `typed_rows`, of any operations."""
    if depth == 0 or draw(st.booleans()):
        if draw(st.booleans()):
            return Column(f"{kind}_0", kind)
        return Literal(draw(_constants(kind)), kind)
    operation, form = draw(st.sampled_from(_giving(kind)))
    options = {
        option.name: draw(st.sampled_from(option.samples(form.args[0])))
        for option in operation.options
    }
    args = [draw(expressions(each, depth=depth - 1)) for each in form.args]
    try:
        return call(operation.name, *args, **options)
    except ExpressionError:  # settings that do not go together
        return reject()


def _constants(kind: Type) -> st.SearchStrategy[Any]:
    """Return the constants of a type: SQL text holds no NUL, and NaN is no constant."""
    kept = VALUES[kind].filter(lambda value: value == value and "\x00" not in str(value))  # noqa: PLR0124
    return st.one_of(st.none(), kept)


def _giving(kind: Type) -> list[tuple[Operation, Form]]:
    return [
        (operation, form)
        for operation in TABLE.values()
        for form in operation.forms
        if form.result == kind
    ]
