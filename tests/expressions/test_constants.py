"""Constants: what may be one, and their exact text."""

from __future__ import annotations

import enum
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.expressions.constants import (
    constant_from_text,
    constant_to_text,
    is_constant_of,
    to_literal,
    type_of,
)
from interplane.expressions.nodes import Literal

CONSTANTS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
    | st.dates()
    | st.datetimes(allow_imaginary=False).map(lambda value: value.replace(fold=0))
)


@given(value=CONSTANTS)
def test_text_is_exact(value: Any) -> None:
    """Every constant comes back from its text with its bits."""
    kind = type_of(value)
    assert kind is not None
    assert is_constant_of(value, kind)
    found = constant_from_text(constant_to_text(value), kind)
    assert (type(value), repr(value)) == (type(found), repr(found))


class _Carrier(enum.StrEnum):
    UNITED = "UA"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(0.5), Literal(0.5, "float")),
        (np.float32(0.5), Literal(0.5, "float")),
        (np.int8(5), Literal(5, "int")),
        (np.bool_(True), Literal(True, "bool")),
        (np.str_("a"), Literal("a", "str")),
        (_Carrier.UNITED, Literal("UA", "str")),
        (-math.inf, Literal(-math.inf, "float")),
    ],
)
def test_other_libraries_numbers_become_ours(value: Any, expected: Literal) -> None:
    """NumPy's numbers and enums of text are their plain values, of the plain types."""
    found = to_literal(value)
    assert expected == found
    assert type(expected.value) is type(found.value)
