"""Edge rows: what real rows seldom hold and requests sooner or later do."""

from __future__ import annotations

import math
import random
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from interplane.expressions.constants import INT_MAX, INT_MIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.record import Type

__all__ = ["EDGES", "edge_rows"]

_MIXED_ROWS = 100

EDGES: dict[Type, tuple[Any, ...]] = {
    "bool": (None, False, True),
    "int": (None, 0, 1, -1, 7, 2**53 + 1, -(2**31), INT_MAX, INT_MIN),
    "float": (
        *(None, math.nan, math.inf, -math.inf, 0.0, -0.0, 0.1, -1.5, 2.5, 1e16, 1e-300),
        *(9007199254740993.0, 9223372036854775808.0, -9223372036854775808.0),
        *(5e-324, 1.7976931348623157e308, -1.7976931348623157e308),
    ),
    "str": (
        *(
            None,
            "",
            " ",
            "unseen category",
            "ß",
            "İ",
            "\u0131",
            "ǅ",
            "e\u0301",
            "😀",
            "\t\n",
        ),
        *("0", "1e3", "NaN", "true", "2024-02-29"),
    ),
    "date": (
        *(None, date.min, date.max, date(1969, 12, 31), date(2024, 2, 29), date(2024, 12, 30)),
        date(1900, 3, 1),
    ),
    "timestamp": (
        *(None, datetime.min, datetime.max, datetime(1969, 12, 31, 23, 59, 59, 999_999)),  # noqa: DTZ001, DTZ901
        *(datetime(2024, 2, 29, 12), datetime(2013, 12, 31, 23, 59, 59)),  # noqa: DTZ001
    ),
}
"""Values of each type at its edges; null and, for floats, NaN among them."""


def edge_rows(
    inputs: Mapping[str, Type],
    usual: Sequence[Mapping[str, Any]],
    *,
    seed: int,
    special: Mapping[str, Sequence[Any]] | None = None,
) -> list[dict[str, Any]]:
    """Return rows with one edge value among usual ones, for each, and some with edges only.

    Args:
        inputs: the columns and their types: those of the request schema, and what views give.
        usual: rows to take usual values from.
        seed: what the rows are drawn by.
        special: for each column values that the features single out (see `special_values`); each
            stands in two rows, beside special values of the other columns.

    >>> rows = edge_rows({"late": "bool"}, [], seed=1)
    >>> rows[:3]
    [{'late': None}, {'late': False}, {'late': True}]
    """
    draw = random.Random(seed)  # noqa: S311  a reproducible draw, no secret
    mixed = [
        {name: draw.choice(EDGES[kind]) for name, kind in inputs.items()}
        for _ in range(_MIXED_ROWS)
    ]
    around = list(usual) or mixed
    single = [
        {**{each: draw.choice(around)[each] for each in inputs}, name: value}
        for name, kind in inputs.items()
        for value in EDGES[kind]
    ]
    return single + mixed + _special_rows(inputs, around, special or {}, draw)


def _special_rows(
    inputs: Mapping[str, Type],
    around: Sequence[Mapping[str, Any]],
    special: Mapping[str, Sequence[Any]],
    draw: random.Random,
) -> list[dict[str, Any]]:
    """Return rows in which every special value of every column stands twice, in any company."""
    most = max(map(len, special.values()), default=0)
    rows: list[dict[str, Any]] = []
    for _ in range(2):
        orders = {name: draw.sample(values, len(values)) for name, values in special.items()}
        for place in range(most):
            row = {name: draw.choice(around)[name] for name in inputs}
            row |= {name: values[place % len(values)] for name, values in orders.items() if values}
            rows.append(row)
    return rows
