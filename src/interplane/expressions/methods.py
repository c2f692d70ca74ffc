"""The methods of an expression, by topic. Each is one row of the table of operations."""

# ruff: noqa: SLF001 - an expression calls others of its kind
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict, overload

from interplane.expressions.patterns import parse_pattern
from interplane.expressions.settings import check_text, listed, shares

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Unpack

    from interplane.record import Type

__all__ = [
    "AngleMethods",
    "Groups",
    "NullMethods",
    "NumberMethods",
    "PatternMethods",
    "Statistics",
    "TextMethods",
    "TimeMethods",
]


class Groups(TypedDict, total=False):
    """What shapes the values of groups."""

    default: Any
    smoothing: float
    min_rows: int


Unit = Literal["year", "quarter", "month", "week", "day", "hour", "minute", "second"]
FineUnit = Unit | Literal["millisecond", "microsecond"]


_BITS = {"int8": 8, "int16": 16, "int32": 32}
_WIDTHS = {**dict.fromkeys((*_BITS, "int64"), "int"), "float64": "float"}


class _Methods:
    """What the topics stand on: `Expr` builds a call, and a statistic, from their names."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def type(self) -> Type: ...

        def _call(self, name: str, *others: Any, **options: Any) -> Self: ...

        def _reduce(self, name: str, where: Any, by: Any, **options: Any) -> Self: ...


class NullMethods(_Methods):
    """Nulls and choice, for every type."""

    __slots__ = ()

    def is_null(self) -> Self:
        """Whether it is null; NaN is null."""
        return self._call("is_null")

    def not_null(self) -> Self:
        """Whether it has a value."""
        return self._call("not_null")

    def fill_null(self, value: Any) -> Self:
        """The value itself, or ``value`` where it is null."""
        return self._call("coalesce", value)

    def null_if(self, value: Any) -> Self:
        """The value itself, or null where it equals ``value``."""
        return self._call("null_if", value)

    def identical_to(self, other: Any) -> Self:
        """Whether both are equal, or both null; never null."""
        return self._call("identical", other)

    def is_in(self, values: Iterable[Any]) -> Self:
        """Whether it is one of some constants, or of columns among them (null where one is null)."""
        given = values if isinstance(values, str) else listed(values, "is_in")
        if not any(isinstance(value, _Methods) for value in given):
            return self._call("is_in", values=given)
        first, *others = (self._call("eq", value) for value in given)
        for other in others:
            first = first._call("or", other)
        return first

    def not_in(self, values: Iterable[Any]) -> Self:
        """Whether it is none of some constants; null where it is null."""
        return self.is_in(values)._call("not")

    def between(self, lower: Any, upper: Any) -> Self:
        """Whether it lies from ``lower`` to ``upper``, both included."""
        return self._call("ge", lower)._call("and", self._call("le", upper))

    def clip(self, lower: Any = None, upper: Any = None) -> Self:
        """The nearest value from ``lower`` to ``upper``; either may be left out."""
        low = self if lower is None else self._call("at_least", lower)
        return low if upper is None else low._call("at_most", upper)

    def bucket(self, edges: Sequence[Any]) -> Self:
        """How many of the rising ``edges`` are at or below it."""
        return self._call("bucket", edges=edges)

    def cast(self, to: Type | Literal["int8", "int16", "int32", "int64", "float64"]) -> Self:
        """The value as another type; null where it has none.

        Whole numbers of 8, 16 and 32 bits stay ints, and are null beyond them.
        """
        check_text(to, "cast", "the name of a type", do="Write for example x.cast('int')")
        kind = _WIDTHS.get(to, to)
        made = self if kind == self.type else self._call(f"to_{kind}")
        return made._call("narrow", bits=_BITS[to]) if to in _BITS else made

    def try_cast(self, to: Type) -> Self:
        """The same as ``cast``, which never fails."""
        return self.cast(to)


class NumberMethods(_Methods):
    """Functions of numbers. Outside their domain they are null."""

    __slots__ = ()

    def abs(self) -> Self:
        """Without its sign."""
        return self._call("abs")

    def sign(self) -> Self:
        """-1, 0 or 1."""
        return self._call("sign")

    def exp(self) -> Self:
        """E to the power of it."""
        return self._call("exp")

    def ln(self) -> Self:
        """Natural logarithm."""
        return self._call("ln")

    def log2(self) -> Self:
        """Logarithm to base 2."""
        return self._call("log2")

    def log10(self) -> Self:
        """Logarithm to base 10."""
        return self._call("log10")

    def log(self, base: Any = None) -> Self:
        """Logarithm to ``base``; the natural one without."""
        return self._call("ln") if base is None else self._call("log", base)

    def sqrt(self) -> Self:
        """Square root."""
        return self._call("sqrt")

    def floor(self) -> Self:
        """The whole number at or below it; integers stay integers."""
        return self if self.type == "int" else self._call("floor")

    def ceil(self) -> Self:
        """The whole number at or above it; integers stay integers."""
        return self if self.type == "int" else self._call("ceil")

    def round(self, digits: int = 0) -> Self:
        """Rounded half away from zero; integers stay as they are."""
        return self if self.type == "int" else self._call("round", digits=digits)

    def is_inf(self) -> Self:
        """Whether it is infinite."""
        return self._call("is_inf")


class AngleMethods(_Methods):
    """Trigonometry, in radians."""

    __slots__ = ()

    def sin(self) -> Self:
        """Sine."""
        return self._call("sin")

    def cos(self) -> Self:
        """Cosine."""
        return self._call("cos")

    def tan(self) -> Self:
        """Tangent."""
        return self._call("tan")

    def asin(self) -> Self:
        """Arc sine."""
        return self._call("asin")

    def acos(self) -> Self:
        """Arc cosine."""
        return self._call("acos")

    def atan(self) -> Self:
        """Arc tangent."""
        return self._call("atan")

    def sinh(self) -> Self:
        """Hyperbolic sine."""
        return self._call("sinh")

    def cosh(self) -> Self:
        """Hyperbolic cosine."""
        return self._call("cosh")

    def tanh(self) -> Self:
        """Hyperbolic tangent."""
        return self._call("tanh")

    def atan2(self, x: Any) -> Self:
        """The angle of the point (x, this)."""
        return self._call("atan2", x)

    def radians(self) -> Self:
        """Degrees as radians."""
        return self._call("radians")

    def degrees(self) -> Self:
        """Radians as degrees."""
        return self._call("degrees")


class TextMethods(_Methods):
    """Text, by code points, positions from 0."""

    __slots__ = ()

    def lower(self) -> Self:
        """In small letters."""
        return self._call("lower")

    def upper(self) -> Self:
        """In capital letters."""
        return self._call("upper")

    def strip(self) -> Self:
        """Without white space (of ASCII) at both ends."""
        return self._call("strip")

    def length(self) -> Self:
        """How many code points."""
        return self._call("length")

    def contains(self, other: Any) -> Self:
        """Whether ``other`` stands in it."""
        return self._call("contains", other)

    def starts_with(self, other: Any) -> Self:
        """Whether it begins with ``other``."""
        return self._call("starts_with", other)

    def ends_with(self, other: Any) -> Self:
        """Whether it ends with ``other``."""
        return self._call("ends_with", other)

    def replace(self, old: Any, new: Any) -> Self:
        """Each ``old`` replaced by ``new``."""
        return self._call("replace", old, new)

    def substr(self, start: int, length: int) -> Self:
        """Up to ``length`` code points from ``start`` on."""
        return self._call("substr", start=start, length=length)

    def left(self, length: int) -> Self:
        """Up to ``length`` code points from the beginning."""
        return self._call("left", length=length)

    def right(self, length: int) -> Self:
        """Up to ``length`` code points at the end."""
        return self._call("right", length=length)

    def lstrip(self) -> Self:
        """Without white space (of ASCII) at the beginning."""
        return self._call("lstrip")

    def rstrip(self) -> Self:
        """Without white space (of ASCII) at the end."""
        return self._call("rstrip")

    def lpad(self, length: int, fill: str = " ") -> Self:
        """Filled up on the left to ``length`` code points; longer text stays as it is."""
        return self._call("lpad", length=length, fill=fill)

    def rpad(self, length: int, fill: str = " ") -> Self:
        """Filled up on the right to ``length`` code points; longer text stays as it is."""
        return self._call("rpad", length=length, fill=fill)

    def repeat(self, times: int) -> Self:
        """The text so many times."""
        return self._call("repeat", times=times)

    def capitalize(self) -> Self:
        """The first letter in capital form, the others in small form."""
        return self._call("capitalize")

    def find(self, other: Any) -> Self:
        """The position (from 0) where ``other`` first stands in it; -1 where it does not."""
        return self._call("find", other)

    def code_point(self) -> Self:
        """The number of the first letter; null where it is empty."""
        return self._call("code_point")

    def count_parts(self, separator: str) -> Self:
        """How many parts there are between separators."""
        return self._call("count_parts", separator=separator)

    def split_part(self, separator: str, index: int) -> Self:
        """The part at ``index`` (from 0) between separators; null where there are fewer."""
        return self._call("split_part", separator=separator, index=index)


class PatternMethods(_Methods):
    """Texts by patterns, and names by digest. Patterns are constants."""

    __slots__ = ()

    def like(self, pattern: str) -> Self:
        """Whether the whole text is like it: ``%`` is any text, ``_`` one code point."""
        return self._call("like", pattern=pattern)

    def re_search(self, pattern: str) -> Self:
        """Whether the regular expression fits anywhere."""
        return self._pattern("re_search", pattern)

    def re_extract(self, pattern: str, group: int = 0) -> Self:
        """What the regular expression, or a group of it, first takes; null where it does not fit."""
        return self._pattern("re_extract", pattern, group=group)

    def re_replace(self, pattern: str, replacement: str) -> Self:
        r"""Each fit of the regular expression replaced; ``\1`` is what group 1 took."""
        return self._pattern("re_replace", pattern, replacement=replacement)

    def re_count(self, pattern: str) -> Self:
        """How often the regular expression fits."""
        return self._pattern("re_count", pattern)

    def md5(self) -> Self:
        """The MD5 of its UTF-8 bytes, in hexadecimal digits."""
        return self._call("md5")

    def sha256(self) -> Self:
        """The SHA-256 of its UTF-8 bytes, in hexadecimal digits."""
        return self._call("sha256")

    def hash_bucket(self, buckets: int) -> Self:
        """A number from 0 to ``buckets`` - 1, by the MD5 of it as text."""
        text = self if self.type == "str" else self._call("to_str")
        return text._call("hash_bucket", buckets=buckets)

    def _pattern(self, name: str, pattern: str, **options: Any) -> Self:
        if isinstance(pattern, str):
            parse_pattern(pattern)  # says what is wrong with it
        return self._call(name, pattern=pattern, **options)


class TimeMethods(_Methods):
    """Dates and UTC timestamps."""

    __slots__ = ()

    def year(self) -> Self:
        """The year."""
        return self._call("year")

    def quarter(self) -> Self:
        """The quarter, 1 to 4."""
        return self._call("quarter")

    def month(self) -> Self:
        """The month, 1 to 12."""
        return self._call("month")

    def day(self) -> Self:
        """The day of the month."""
        return self._call("day")

    def hour(self) -> Self:
        """The hour, 0 to 23."""
        return self._call("hour")

    def minute(self) -> Self:
        """The minute, 0 to 59."""
        return self._call("minute")

    def second(self) -> Self:
        """The second, 0 to 59."""
        return self._call("second")

    def day_of_week(self) -> Self:
        """0 for Monday to 6 for Sunday."""
        return self._call("day_of_week")

    def week(self) -> Self:
        """The ISO week, 1 to 53."""
        return self._call("week")

    def iso_year(self) -> Self:
        """The year that the ISO week belongs to."""
        return self._call("iso_year")

    def days_in_month(self) -> Self:
        """28 to 31."""
        return self._call("days_in_month")

    def day_name(self) -> Self:
        """The English name of the day of the week."""
        return self._call("day_name")

    def month_name(self) -> Self:
        """The English name of the month."""
        return self._call("month_name")

    def millisecond(self) -> Self:
        """The milliseconds of the second, 0 to 999."""
        return self._call("millisecond")

    def microsecond(self) -> Self:
        """The microseconds of the second, 0 to 999,999."""
        return self._call("microsecond")

    def day_of_year(self) -> Self:
        """1 for the first of January."""
        return self._call("day_of_year")

    def epoch_seconds(self) -> Self:
        """Whole seconds since 1970, rounded down."""
        return self._call("epoch_seconds")

    def date(self) -> Self:
        """The day of a timestamp."""
        return self._call("to_date")

    def truncate(self, unit: Unit) -> Self:
        """The beginning of its year, quarter, month, week, day, hour, minute or second."""
        return self._call("truncate", unit=unit)

    def add_months(self, months: int) -> Self:
        """The same day some months later, the last one of a shorter month."""
        return self._call("add_months", months=months)

    def seconds_since(self, earlier: Any) -> Self:
        """The seconds from ``earlier`` to it."""
        return self._call("seconds_since", earlier)

    def delta(self, earlier: Any, unit: FineUnit) -> Self:
        """How many beginnings of a unit lie between ``earlier`` and it."""
        return self._call("delta", earlier, unit=unit)

    def to_local(self, zone: Any, *, zones: Sequence[str] = ()) -> Self:
        """The time that clocks show in ``zone`` when it is this time in UTC.

        Args:
            zone: the name of a zone, such as ``America/New_York``, or a column of names.
            zones: the names that such a column may hold; for others the result is null.
        """
        from interplane.expressions.local_zones import to_local

        made: Self = to_local(self, zone, zones)
        return made

    def as_timestamp(self, unit: Literal["s", "ms", "us"] = "s") -> Self:
        """The time so many seconds, milliseconds or microseconds after 1970 began."""
        return self._call("from_epoch", unit=unit)

    def days_since(self, earlier: Any) -> Self:
        """The days from ``earlier`` to it."""
        return self._call("days_since", earlier)


class Statistics(_Methods):
    """Statistics over the training rows, all of them or one for each group ``by``.

    ``fit`` replaces them by their values; ``where`` is a condition on the rows that count. Groups
    take a ``default`` for unknown keys, ``smoothing`` (the weight, in rows, of the value of all
    rows), and ``min_rows``: groups with fewer share one value, which unknown keys have too.
    """

    __slots__ = ()

    def mean(self, *, where: Any = None, by: Any = (), **groups: Unpack[Groups]) -> Self:
        """The average; of bools the share of true ones."""
        return self._reduce("mean", where, by, **groups)

    def std(self, *, where: Any = None, by: Any = (), **groups: Unpack[Groups]) -> Self:
        """The standard deviation (n - 1)."""
        return self._reduce("std", where, by, **groups)

    def var(self, *, where: Any = None, by: Any = (), **groups: Unpack[Groups]) -> Self:
        """The variance (n - 1)."""
        return self._reduce("var", where, by, **groups)

    def min(self, *, where: Any = None, by: Any = (), **groups: Unpack[Groups]) -> Self:
        """The smallest value."""
        return self._reduce("min", where, by, **groups)

    def max(self, *, where: Any = None, by: Any = (), **groups: Unpack[Groups]) -> Self:
        """The largest value."""
        return self._reduce("max", where, by, **groups)

    def sum(self, *, where: Any = None, by: Any = (), **groups: Unpack[Groups]) -> Self:
        """The sum."""
        return self._reduce("sum", where, by, **groups)

    def count(self, *, where: Any = None, by: Any = (), **groups: Unpack[Groups]) -> Self:
        """How many values are not null."""
        return self._reduce("count", where, by, **groups)

    def count_distinct(self, *, where: Any = None, by: Any = (), **groups: Unpack[Groups]) -> Self:
        """How many different values there are."""
        return self._reduce("count_distinct", where, by, **groups)

    def first(self, *, where: Any = None) -> Self:
        """The value of the first event that has one; over windows of time only."""
        return self._reduce("first", where, ())

    def last(self, *, where: Any = None) -> Self:
        """The value of the last event that has one; over windows of time only."""
        return self._reduce("last", where, ())

    @overload
    def quantile(
        self, q: float, *, where: Any = None, by: Any = (), **groups: Unpack[Groups]
    ) -> Self: ...

    @overload
    def quantile(
        self, q: Sequence[float], *, where: Any = None, by: Any = (), **groups: Unpack[Groups]
    ) -> tuple[Self, ...]: ...

    def quantile(
        self,
        q: float | Sequence[float],
        *,
        where: Any = None,
        by: Any = (),
        **groups: Unpack[Groups],
    ) -> Self | tuple[Self, ...]:
        """The value below which a share ``q`` lies, interpolated; for several shares one of each."""
        if not isinstance(q, (int, float)):
            return tuple(self.quantile(each, where=where, by=by, **groups) for each in shares(q))
        return self._reduce("quantile", where, by, **groups, q=float(q))

    def median(self, *, where: Any = None, by: Any = (), **groups: Unpack[Groups]) -> Self:
        """The quantile 0.5."""
        return self._reduce("median", where, by, **groups)

    def mode(self, *, where: Any = None, by: Any = (), **groups: Unpack[Groups]) -> Self:
        """The most frequent value; of several the smallest."""
        return self._reduce("mode", where, by, **groups)

    def any(self, *, where: Any = None, by: Any = (), **groups: Unpack[Groups]) -> Self:
        """Whether one is true."""
        return self._reduce("any", where, by, **groups)

    def all(self, *, where: Any = None, by: Any = (), **groups: Unpack[Groups]) -> Self:
        """Whether all are true."""
        return self._reduce("all", where, by, **groups)
