"""Random typed tables, look-up tables and expressions, with the values that break things."""

from __future__ import annotations

import math
import random
import struct
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError
from interplane.expressions.nodes import Call, Column, Literal, Lookup
from interplane.expressions.operations import TABLE, call
from interplane.record.tables import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interplane.expressions.form import Form, Operation
    from interplane.expressions.nodes import Constant, Node
    from interplane.record import Type

__all__ = ["Draw", "LookupTable"]

LookupTable = tuple[tuple[str, ...], str, dict[tuple[Any, ...], Any]]
"""Types of the keys, type of the value, values by key."""

_INTS = (
    *(0, 1, -1, 2, 3, -3, 7, 10, 12, 24, 60, 100, 127, 128, -128, 255, 32767, 2**31 - 1, -(2**31)),
    *(2**31, 2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**62, 2**63 - 2, 2**63 - 1, -(2**63)),
    -(2**63) + 1,
)
_FLOATS = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 0.3, 2.675, 1.005, -7.0, 2.0, 3.0),
    *(0.49999999999999994, 4503599627370495.5, 4503599627370496.0, 9007199254740993.0, 1e15, 1e16),
    *(9.223372036854775e18, 9223372036854775808.0, -9223372036854775808.0, 1e-5, 1e-300, 5e-324),
    *(1.7976931348623157e308, -1.7976931348623157e308, 2.2250738585072014e-308, 709.8, -745.2),
    *(math.pi, math.e, math.pi / 2, 1e22, 123456789012345680.0, math.inf, -math.inf, math.nan),
)
_LETTERS = "aAbBzZ09-. \t\n_'\"%\\éßẞİıſKΣσςǅǆ٣\x00\u00a0\u0301\u200d🦤𐐀"  # noqa: RUF001  look-alikes on purpose
_WORDS = (
    *("", "a", "A", "AA", "JFK", "LAX", "ß", "İ", "straße", "a-b-c", "--", "-", " a ", "\t\n"),
    *("0", "12", "-0", "007", "-9223372036854775808", "9223372036854775808", "1_000", " 1", "+1"),
    *(
        "0x10",
        "1e3",
        "-12.5",
        "1e999",
        "1e-999",
        ".5",
        "5.",
        "nan",
        "inf",
        "Infinity",
        "٣",
        "12.5e-3",
    ),
    *(
        "true",
        "false",
        "True",
        "2013-02-28",
        "2013-02-30",
        "2024-02-29",
        "0000-01-01",
        "9999-12-31",
    ),
    *("0001-01-01", "2013-2-3", "1.7976931348623159e308", "123456789012345678901234567890"),
    "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587",
)
_DATES = (
    *(date(1, 1, 1), date(9999, 12, 31), date(1970, 1, 1), date(1969, 12, 31), date(2024, 2, 29)),
    *(date(2013, 1, 31), date(2000, 2, 29), date(1900, 2, 28), date(2013, 12, 30), date(1, 12, 31)),
)
_SPAN = 3_652_058
_MOST_TRIES = 100


class Draw:
    """A seeded source of tables and expressions.

    >>> draw = Draw(7)
    >>> draw.expression("float", depth=2).type
    'float'
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  tests are no secret
        self.columns: dict[str, Type] = {
            f"{kind}_{index}": kind for kind in TYPES for index in range(2)
        }
        self.lookups: dict[str, LookupTable] = {}
        self._usual: dict[Type, list[Any]] = {}

    # ---- values ---------------------------------------------------------------------------

    def value(self, kind: Type) -> Any:
        """Return a value that is not null; a float may be NaN.

        One in five is of a dozen that come again and again, so that keys are found and equals met.
        """
        if self._random.random() < 0.2:
            if kind not in self._usual:
                self._usual[kind] = [self._new(kind) for _ in range(12)]
            return self._random.choice(self._usual[kind])
        return self._new(kind)

    def _new(self, kind: Type) -> Any:
        made: dict[Type, Callable[[], Any]] = {
            "bool": lambda: self._random.random() < 0.5,
            "int": self._int,
            "float": self._float,
            "str": self._text,
            "date": self._date,
            "timestamp": self._timestamp,
        }
        return made[kind]()

    def _text(self) -> str:
        draw = self._random
        if draw.random() < 0.5:
            return draw.choice(_WORDS)
        return "".join(draw.choices(_LETTERS, k=draw.randrange(7)))

    def _int(self) -> int:
        draw = self._random
        kind = draw.random()
        if kind < 0.4:
            return draw.choice(_INTS)
        return draw.randint(-20, 100) if kind < 0.8 else draw.randint(-(2**63), 2**63 - 1)

    def _float(self) -> float:
        draw = self._random
        kind = draw.random()
        if kind < 0.3:
            return draw.choice(_FLOATS)
        if kind < 0.6:
            return draw.gauss(0.0, 10.0)
        if kind < 0.8:
            return draw.randint(-4000, 4000) / draw.choice((1, 2, 8, 10, 100))
        bits: float = struct.unpack("<d", struct.pack("<Q", draw.getrandbits(64)))[0]
        return bits

    def _date(self) -> date:
        draw = self._random
        if draw.random() < 0.4:
            return draw.choice(_DATES)
        return date(1, 1, 1) + timedelta(days=draw.randint(0, _SPAN))

    def _timestamp(self) -> datetime:
        draw = self._random
        day = self._date()
        at = datetime(day.year, day.month, day.day)  # noqa: DTZ001  UTC, naive by definition
        kind = draw.random()
        if kind < 0.3:
            return at
        if kind < 0.4:
            return at + timedelta(days=1) - timedelta(microseconds=1) if day.year < 9999 else at
        step = draw.choice((1, 1000, 500_000, 1_000_000, 60_000_000))
        return at + timedelta(microseconds=draw.randrange(86_400_000_000) // step * step)

    def rows(self, count: int) -> dict[str, list[Any]]:
        """Return a table: for each column its values, about one in ten null."""
        return {
            name: [None if self._random.random() < 0.1 else self.value(kind) for _ in range(count)]
            for name, kind in self.columns.items()
        }

    # ---- expressions ----------------------------------------------------------------------

    def expression(self, kind: Type, *, depth: int) -> Node:
        """Return a random expression of a type, at most ``depth`` operations deep."""
        draw = self._random
        if depth <= 0 or draw.random() < 0.1:
            return self.leaf(kind)
        if draw.random() < 0.04:
            return self._lookup(kind, depth)
        fitting = [
            (operation, form)
            for operation in TABLE.values()
            for form in operation.forms
            if form.result == kind
        ]
        return self.call(*draw.choice(fitting), depth=depth - 1)

    def round(self, count: int, *, depth: int) -> list[Node]:
        """Return so many expressions of all types and depths, a chain, and now and then a one-hot."""
        kinds = [TYPES[index % len(TYPES)] for index in range(count)]
        nodes = [self.expression(kind, depth=1 + index % depth) for index, kind in enumerate(kinds)]
        nodes[-1] = self.chain(length=self._random.randrange(10, 40))
        return nodes + self.one_hot() if self._random.random() < 0.3 else nodes

    def chain(self, *, length: int) -> Node:
        """Return operations one inside the other, each with leaves as its further arguments."""
        draw = self._random
        node = self.leaf(draw.choice(TYPES))
        for _ in range(length):
            operation, form, place = draw.choice(
                [
                    (operation, form, place)
                    for operation in TABLE.values()
                    for form in operation.forms
                    for place, kind in enumerate(form.args)
                    if kind == node.type
                ]
            )
            args = [self.leaf(kind) for kind in form.args]
            args[place] = node
            node = self._called(operation, form, args)
        return node

    def one_hot(self) -> list[Node]:
        """Return the features of a one-hot encoding: whether x is each of some values, as floats."""
        draw = self._random
        kind = draw.choice(TYPES)
        x = self.expression(kind, depth=draw.randrange(3))
        values = {repr(value): value for value in (self._constant(kind) for _ in range(30))}
        asked = [call("eq", x, Literal(value, kind)) for value in values.values()]
        if draw.random() < 0.5:
            ends = Literal(1.0, "float"), Literal(0.0, "float")
            return [call("if_else", equal, *ends) for equal in asked]
        return [call("to_float", call("coalesce", each, Literal(False, "bool"))) for each in asked]

    def _called(self, operation: Operation, form: Form, args: Sequence[Node]) -> Call:
        """Return a call with settings that are drawn until they go together."""
        for _ in range(_MOST_TRIES):
            options = {
                option.name: self._random.choice(option.samples(form.args[0]))
                for option in operation.options
            }
            try:
                return call(operation.name, *args, **options)
            except ExpressionError as error:
                refused = error
        raise refused

    def call(self, operation: Operation, form: Form, *, depth: int) -> Call:
        """Return a call of an operation on random arguments of these types."""
        args = [self.expression(kind, depth=depth) for kind in form.args]
        return self._called(operation, form, args)

    def leaf(self, kind: Type) -> Node:
        """Return a column or a constant."""
        draw = self._random
        if draw.random() < 0.7:
            return Column(draw.choice([n for n, k in self.columns.items() if k == kind]), kind)
        return Literal(self._constant(kind), kind)

    def _constant(self, kind: Type) -> Constant:
        if self._random.random() < 0.05:
            return None
        value: Constant = self.value(kind)
        if isinstance(value, str):
            return value.replace("\x00", "")
        return 0.5 if value != value else value  # noqa: PLR0124  NaN is no constant

    def _lookup(self, kind: Type, depth: int) -> Lookup:
        name = f"table_{len(self.lookups)}"
        kinds = [
            self._random.choice([k for k in TYPES if k != "float"])
            for _ in range(self._random.choice((1, 1, 2)))
        ]
        self.lookups[name] = (tuple(kinds), kind, self._entries(kinds, kind))
        keys = tuple(self.expression(each, depth=min(depth - 1, 1)) for each in kinds)
        return Lookup(name, keys, Literal(self._constant(kind), kind), kind)

    def _entries(self, kinds: Sequence[Type], kind: Type) -> dict[tuple[Any, ...], Any]:
        keys = [tuple(self.value(each) for each in kinds) for _ in range(20)]
        return {key: self._constant(kind) for key in keys}

    def tables(self) -> Mapping[str, dict[tuple[Any, ...], Any]]:
        """Return the look-up tables drawn so far, as a row program takes them."""
        return {name: entries for name, (_, _, entries) in self.lookups.items()}
