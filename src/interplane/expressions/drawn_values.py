"""Random and special values of the six types, for proofs of users' own operations."""

from __future__ import annotations

import math
import struct
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

    from interplane.record import Type

__all__ = ["SPECIAL", "draw"]

SPECIAL: dict[Type, tuple[Any, ...]] = {
    "bool": (True, False),
    "int": (
        *(0, 1, -1, 2, -2, 7, 10, 60, 127, 128, -128, 255, 2**31 - 1, -(2**31), 2**31),
        *(2**53, 2**53 + 1, 2**62, 2**63 - 1, -(2**63), -(2**63) + 1),
    ),
    "float": (
        *(0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 2.675, 1e15, 4503599627370497.5),
        *(9007199254740993.0, 9223372036854775808.0, 1e-300, 5e-324, 2.2250738585072014e-308),
        *(1.7976931348623157e308, -1.7976931348623157e308, 709.8, -745.2, 1e22),
        *(math.pi, math.e, math.inf, -math.inf),
    ),
    "str": (
        *(
            "",
            "a",
            "A",
            "aA",
            "ab",
            "ba",
            "abc",
            " ",
            " a ",
            "\t\n",
            "0",
            "12",
            "-12.5",
            "1e3",
            "ß",
        ),
        *(
            "straße",
            "İ",
            "\u0131",
            "é",
            "e\u0301",
            "🦤",
            "日本",
            "a,b,,c",
            "a-b",
            "%",
            "_",
            "\\",
            "'",
            '"',
        ),
        *("a" * 100, "\x00", "a\x00b", "\u00a0", "\u200d", "ΣΑΣ", "ǅ"),
    ),
    "date": (
        *(date(1, 1, 1), date(9999, 12, 31), date(1970, 1, 1), date(1969, 12, 31)),
        *(date(2024, 2, 29), date(1900, 2, 28), date(2000, 2, 29), date(2013, 12, 30)),
    ),
    "timestamp": (
        *(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999), datetime(1970, 1, 1)),
        *(datetime(1969, 12, 31, 23, 59, 59, 999_999), datetime(2024, 2, 29, 12, 30, 0, 500_000)),
        *(datetime(2013, 12, 30, 23), datetime(2000, 1, 1, 0, 0, 0, 1)),
    ),
}
"""For each type the values at which twins differ, if they do."""

_LETTERS = "abcABC019 .,-_%éßİΣ日🦤\t\n"
_SPAN_DAYS = 3_652_058
_DAY_US = 86_400_000_000


def draw(kind: Type, random: Random) -> Any:
    """Return a value of a type: one in three a special one, the others random.

    >>> import random
    >>> type(draw("float", random.Random(7)))
    <class 'float'>
    """
    if random.random() < 1 / 3:
        return random.choice(SPECIAL[kind])
    match kind:
        case "bool":
            return random.random() < 0.5
        case "int":
            return _int(random)
        case "float":
            return _float(random)
        case "str":
            return "".join(random.choices(_LETTERS, k=random.randrange(12)))
        case _:
            return _time(kind, random)


def _int(random: Random) -> int:
    if random.random() < 0.7:
        return random.randint(-1000, 1000)
    return random.randint(-(2**63), 2**63 - 1)


def _float(random: Random) -> float:
    kind = random.random()
    if kind < 0.4:
        return random.gauss(0.0, 10.0)
    if kind < 0.7:
        return random.randint(-4000, 4000) / random.choice((1, 2, 8, 10, 100))
    found: float = struct.unpack("<d", struct.pack("<Q", random.getrandbits(64)))[0]
    return 0.5 if math.isnan(found) else found


def _time(kind: Type, random: Random) -> date:
    # Rather days of our time than of the years 1 to 9999.
    days = (
        random.randrange(_SPAN_DAYS)
        if random.random() < 0.3
        else random.randrange(700_000, 760_000)
    )
    day = date.fromordinal(days + 1)
    if kind == "date":
        return day
    step = random.choice((1, 1000, 1_000_000, 60_000_000, 3_600_000_000))
    return datetime(day.year, day.month, day.day) + timedelta(
        microseconds=random.randrange(_DAY_US) // step * step
    )
