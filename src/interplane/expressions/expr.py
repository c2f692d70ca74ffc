"""What authors write: ``Expr``, a typed expression of columns, and ``Row``, whose columns begin one.

Types are checked while the expression is built: a mistake is an `ExpressionError` on its own line.
"""

# ruff: noqa: SLF001 - an expression calls others of its kind
from __future__ import annotations

import difflib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from interplane.errors import ExpressionError, UnknownName
from interplane.expressions import methods
from interplane.expressions.constants import to_literal
from interplane.expressions.nodes import Column, Literal, Reduce
from interplane.expressions.operations import call
from interplane.expressions.reductions import reduce
from interplane.expressions.refused import OF_TABLES, UnknownMethod, find_refusal, refusing
from interplane.expressions.render import described, render
from interplane.expressions.settings import check_text, listed
from interplane.expressions.uncounted import Uncounted
from interplane.expressions.windows import WINDOW_FUNCTIONS, Last, Windowed, window_type
from interplane.record.arguments import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Unpack

    from interplane.expressions.nodes import Node
    from interplane.record import Type

__all__ = [
    "Expr",
    "Row",
    "cases",
    "coalesce",
    "concat",
    "greatest",
    "if_else",
    "least",
    "literal",
]

_DEEPEST = 250
_LARGEST = 100_000
_MICROSECOND = timedelta(microseconds=1)

_UFUNCS = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div",
    "floor_divide": "floor_div", "remainder": "mod", "power": "pow", "less": "lt",
    "less_equal": "le", "greater": "gt", "greater_equal": "ge", "equal": "eq", "not_equal": "ne",
}  # fmt: skip
"""What NumPy's numbers ask of an expression beside them, as in ``np.float64(0.5) * x``."""

_ELSEWHERE = {
    "isnull": "is_null()", "isna": "is_null()", "is_nan": "is_null() (NaN is null here)",
    "isnan": "is_null() (NaN is null here)", "notnull": "not_null()", "is_not_null": "not_null()",
    "fillna": "fill_null(value)", "isin": "is_in([…])", "notin": "not_in([…])",
    "nullif": "null_if(value)", "log": "ln()", "log1p": "(x + 1).ln()", "expm1": "x.exp() - 1",
    "power": "x ** y", "astype": "cast(type)", "ifelse": "if_else(condition, a, b)",
    "where": "if_else(condition, a, b)", "when": "cases((condition, a), …, otherwise=b)",
    "nunique": "count_distinct()", "n_unique": "count_distinct()", "stddev": "std()",
    "variance": "var()", "average": "mean()", "len": "length()", "lowercase": "lower()",
    "uppercase": "upper()", "startswith": "starts_with(…)", "endswith": "ends_with(…)",
    "weekday": "day_of_week()", "dayofweek": "day_of_week()", "dt": "x.hour(), x.day() …",
    "str": "x.lower(), x.length() …", "dayofyear": "day_of_year()",
    "pow": "x ** y", "mod": "x % y", "ltrim": "lstrip()", "rtrim": "rstrip()", "trim": "strip()",
    "strip_chars": "strip()", "zfill": 'lpad(length, "0")', "pad_start": "lpad(length)",
    "pad_end": "rpad(length)", "instr": "find(other)", "position": "find(other)",
    "locate": "find(other)", "ascii_str": "code_point()", "ord": "code_point()",
    "str_contains": "contains(…)", "extract": "re_extract(pattern, group)",
    "regexp_extract": "re_extract(pattern, group)", "regexp_replace": "re_replace(pattern, new)",
    "replace_all": "re_replace(pattern, new)", "regexp_matches": "re_search(pattern)",
    "rlike": "re_search(pattern)", "match": "re_search(pattern)", "count_matches": "re_count(pattern)",
    "week_of_year": "week()", "isoyear": "iso_year()", "isocalendar": "week()",
    "date_trunc": "truncate(unit)", "floor_dt": "truncate(unit)", "date_diff": "delta(other, unit)",
    "convert_time_zone": 'to_local("America/New_York")', "tz_convert": 'to_local("America/New_York")',
    "astimezone": 'to_local("America/New_York")', "from_epoch": "as_timestamp(unit)",
    "to_timestamp": "as_timestamp(unit)", "cut": "bucket([…])", "digitize": "bucket([…])",
}  # fmt: skip
"""How other libraries call it, and how it is written here."""


class Expr(
    methods.NullMethods,
    methods.NumberMethods,
    methods.AngleMethods,
    methods.TextMethods,
    methods.PatternMethods,
    methods.TimeMethods,
    methods.Statistics,
):
    """A typed expression of columns.

    >>> flight = Row({"distance": "int", "carrier": "str"}, name="flight")
    >>> (flight.distance - flight.distance.mean()) / flight.distance.std()
    (distance.cast('float') - mean(distance)) / std(distance)
    >>> (flight.carrier == "AA").type
    'bool'
    """

    __slots__ = ("_depth", "_node", "_size")
    __hash__ = object.__hash__

    def __init__(self, node: Node, *, depth: int = 1, size: int = 1) -> None:
        if depth > _DEEPEST or size > _LARGEST:
            raise ExpressionError(
                f"an expression of {size:,} operations, {depth} of them inside one another",
                expected=f"at most {_LARGEST:,} operations, {_DEEPEST} inside one another",
                do="Split it into several features, or prepare it in a data step",
            )
        self._node = node
        self._depth = depth
        self._size = size

    @property
    def node(self) -> Node:
        """The tree behind it, as it is stored."""
        return self._node

    @property
    def type(self) -> Type:
        """Its type: bool, int, float, str, date or timestamp."""
        return self._node.type

    def __repr__(self) -> str:
        return render(self._node)

    def _call(self, name: str, *others: Any, **options: Any) -> Expr:
        exprs = (self, *self._typed(name, others))
        fixed = {key: self._option(value) for key, value in options.items()}
        return Expr(
            call(name, *(expr.node for expr in exprs), **fixed),
            depth=1 + max(expr._depth for expr in exprs),
            size=1 + sum(expr._size for expr in exprs),
        )

    def _typed(self, name: str, others: tuple[Any, ...]) -> list[Expr]:
        """Return the other arguments; a bare None among them gets the type of its neighbours."""
        exprs = [other if other is None else to_expr(other) for other in others]
        kinds = [] if name == "if_else" else [self.type]
        kinds += [other.type for other in exprs if other is not None]
        null = (
            literal(None, kinds[0] if kinds else None)
            if any(other is None for other in others)
            else self
        )
        return [null if other is None else other for other in exprs]

    def _option(self, value: Any) -> Any:
        """Return a constant setting; lists of constants get the type of this expression."""
        if isinstance(value, Expr):
            raise ExpressionError(
                f"{described(value.node)} stands where only a constant can",
                expected="a constant",
                do="Compare with it, or prepare the column in a data step",
            )
        if isinstance(value, str | int | float | None):
            return value
        literals = (to_literal(item) for item in listed(value, "…"))
        return tuple(
            float(item.value)  # type: ignore[arg-type]
            if self.type == "float" and item.type == "int"
            else item.value
            for item in literals
        )

    def _reduce(self, name: str, where: Any, by: Any, **options: Any) -> Expr:
        condition = None if where is None else to_expr(where).node
        groups = _groups(name, by)
        if isinstance(options.get("smoothing"), int):
            options["smoothing"] = float(options["smoothing"])
        default = options.pop("default", None)
        if isinstance(default, Expr) and name in {"count", "count_distinct"}:
            raise ExpressionError(
                f"the default of the statistic {name!r} is {described(default.node)}",
                expected="a constant: a group that is not there has 0 rows",
                do="Give a number, or leave it out",
            )
        if not (default is None or isinstance(default, Expr)):
            options["default"] = default
        node = reduce(
            name, self._node, where=condition, by=tuple(group.node for group in groups), **options
        )
        made = Expr(node, depth=self._depth + 1, size=self._size + 1)
        return made.fill_null(default) if isinstance(default, Expr) else made

    def over(self, window: Last) -> Windowed:
        """Return this statistic over a window that ends at the prediction time, or some time before.

        Only feature views have windows: ``ip.last("7d")``, ``ip.last(50)``, ``ip.lifetime()``.

        Raises:
            ExpressionError: if this is no statistic that windows have, or is by groups.

        >>> from interplane.expressions.windows import last
        >>> Row({"late": "bool"}).late.mean().over(last("7d")).window.duration_us
        604800000000
        """
        if not isinstance(window, Last):
            raise ExpressionError(
                f"{self!r}.over({window!r:.60})",
                expected="a window",
                do='Write .over(ip.last("7d")); statistics by group are x.mean(by=[…])',
            )
        node = self.node
        if not isinstance(node, Reduce) or node.function not in WINDOW_FUNCTIONS or node.by:
            raise ExpressionError(
                f"{self!r} has no window",
                expected=f"one statistic without groups: {', '.join(WINDOW_FUNCTIONS)}",
                do='Write for example flight.late.mean().over(ip.last("7d")), and compute with the '
                "result where the view is used",
            )
        if window_type(node.function, node.args[0].type) is None:
            raise ExpressionError(
                f"{self!r} is of {node.args[0].type} and has no window",
                expected="bool, int or float",
                do="Cast it first, or count it",
            )
        return Windowed(node, window)

    def __add__(self, other: Any) -> Expr:
        if isinstance(other, timedelta):
            return self._call("shift", microseconds=other // _MICROSECOND)
        return self._call("concat" if self.type == "str" else "add", other)

    def __radd__(self, other: Any) -> Expr:
        if isinstance(other, timedelta):
            return self + other
        return to_expr(other) + self

    def __sub__(self, other: Any) -> Expr:
        if isinstance(other, timedelta):
            return self + -other
        if self.type in {"date", "timestamp"}:
            raise ExpressionError(
                f"{self!r} ({self.type}) - {to_expr(other)!r} does not say in which unit",
                expected="a.seconds_since(b) or a.days_since(b)",
                do="Write one of them",
            )
        return self._call("sub", other)

    def __rsub__(self, other: Any) -> Expr:
        return to_expr(other) - self

    def __mul__(self, other: Any) -> Expr:
        return self._call("mul", other)

    def __rmul__(self, other: Any) -> Expr:
        return to_expr(other) * self

    def __truediv__(self, other: Any) -> Expr:
        return self._call("div", other)

    def __rtruediv__(self, other: Any) -> Expr:
        return to_expr(other) / self

    def __floordiv__(self, other: Any) -> Expr:
        return self._call("floor_div", other)

    def __rfloordiv__(self, other: Any) -> Expr:
        return to_expr(other) // self

    def __mod__(self, other: Any) -> Expr:
        return self._call("mod", other)

    def __rmod__(self, other: Any) -> Expr:
        return to_expr(other) % self

    def __divmod__(self, other: Any) -> NoReturn:
        raise self._refused(
            "given to divmod()", "That gives two values, and an expression is one for each row",
            "Write each: x // y and x % y",
        )  # fmt: skip

    __rdivmod__ = __divmod__

    def __matmul__(self, other: Any) -> NoReturn:
        raise self._refused(
            "multiplied with @", "That is for matrices, and it is one value for each row",
            "Write x * y, or the sum that it stands for: a * b + c * d",
        )  # fmt: skip

    __rmatmul__ = __matmul__

    def __pow__(self, other: Any, modulo: Any = None) -> Expr:
        if modulo is not None:
            raise self._refused(
                "given to pow() with a third argument",
                "Powers are floats, and the remainder of one is not that of whole numbers",
                "Write (x ** y) % z where that is meant, or declare both twins with @ip.operation",
            )
        return self._call("pow", other)

    def __rpow__(self, other: Any) -> Expr:
        return to_expr(other) ** self

    def __neg__(self) -> Expr:
        return self._call("neg")

    def __pos__(self) -> Expr:
        return self

    def __abs__(self) -> Expr:
        return self.abs()

    def __round__(self, digits: int = 0) -> Expr:
        return self.round(digits)

    def __floor__(self) -> Expr:
        return self.floor()

    def __ceil__(self) -> Expr:
        return self.ceil()

    def __and__(self, other: Any) -> Expr:
        return self._call("and", other)

    def __rand__(self, other: Any) -> Expr:
        return to_expr(other) & self

    def __or__(self, other: Any) -> Expr:
        return self._call("or", other)

    def __ror__(self, other: Any) -> Expr:
        return to_expr(other) | self

    def __xor__(self, other: Any) -> Expr:
        return self._call("xor", other)

    def __rxor__(self, other: Any) -> Expr:
        return to_expr(other) ^ self

    def __invert__(self) -> Expr:
        return self._call("not")

    def __eq__(self, other: object) -> Expr:  # type: ignore[override]
        return self._compare("eq", other)

    def __ne__(self, other: object) -> Expr:  # type: ignore[override]
        return self._compare("ne", other)

    def __lt__(self, other: Any) -> Expr:
        return self._compare("lt", other)

    def __le__(self, other: Any) -> Expr:
        return self._compare("le", other)

    def __gt__(self, other: Any) -> Expr:
        return self._compare("gt", other)

    def __ge__(self, other: Any) -> Expr:
        return self._compare("ge", other)

    def _compare(self, name: str, other: object) -> Expr:
        if other is None:
            raise ExpressionError(
                f"{self!r} is compared with None, which is null for every row",
                expected="a value",
                do=f"Write ({self!r}).is_null() or .not_null()",
            )
        return self._call(name, other)

    def __bool__(self) -> NoReturn:
        raise self._refused(
            "used as a Python truth value (if, while, and, or, not, a < b < c, in)",
            "It has a value for each row, not one",
            "Write if_else(condition, a, b) for if; &, | and ~ with parentheses for and, or and"
            " not; x.between(a, c) for a chain; x.is_in([…]) for in",
        )

    def __iter__(self) -> Iterator[NoReturn]:
        raise self._refused("iterated over", "It is one value for each row", "Use its methods")

    def __len__(self) -> NoReturn:
        raise self._refused(
            "measured with len()", "It is one value for each row",
            "Write x.length() for text, x.count() for rows",
        )  # fmt: skip

    def __contains__(self, item: object) -> NoReturn:
        raise self._refused(
            "searched with in", "It is one value for each row",
            "Write x.contains(text), or x.is_in([…])",
        )  # fmt: skip

    def __getitem__(self, item: object) -> NoReturn:
        raise self._refused(
            "indexed", "It is one value for each row",
            "Write s.substr(start, length), s.left(n) or s.split_part(separator, index) for text",
        )  # fmt: skip

    def __float__(self) -> NoReturn:
        raise self._refused(
            "turned into one Python number (math.log and the like do that)",
            "It has a value for each row",
            'Write its methods: x.ln(), x.exp(), x.sqrt(), x.cast("float")',
        )

    __int__ = __float__
    __index__ = __float__

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise self._refused(
            "turned into an array", "It has values only when features are computed",
            "Write its methods: x.ln(), x.clip(a, b), if_else(condition, a, b)",
        )  # fmt: skip

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Expr:
        name = _UFUNCS.get(ufunc.__name__)
        if name is not None and method == "__call__" and not kwargs:
            return to_expr(inputs[0])._call(name, inputs[1])
        ours = _ELSEWHERE.get(ufunc.__name__, f"{ufunc.__name__}()")
        raise self._refused(
            f"given to np.{ufunc.__name__}", "NumPy cannot compute it", f"Write x.{ours}"
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        refusal = find_refusal(name)
        if refusal is not None:
            return refusing(name, refusal, f"{self!r}.{name}")
        known = [item for item in dir(Expr) if not item.startswith("_")]
        near = difflib.get_close_matches(name, known, n=1)
        hint = _ELSEWHERE.get(name) or (f"{near[0]}()" if near else "")
        raise UnknownMethod(
            f"the expression {self!r} has no method {name!r}",
            do=f"Did you mean {hint}?" if hint else "See docs/operations.md for what there is",
            operation=name,
        )

    def _refused(self, what: str, why: str, do: str) -> ExpressionError:
        return ExpressionError(f"the expression {self!r} is {what}. {why}", do=do)


def to_expr(value: Any) -> Expr:
    """Return an expression as it is, and a constant as a literal."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, Uncounted):
        raise value._refusal("an expression")
    if value is None:
        raise ExpressionError(
            "None alone has no type",
            expected="a null of a known type",
            do='Write literal(None, "float"), or the type that it stands for',
        )
    return Expr(to_literal(value))


def literal(value: Any, type: Type | None = None) -> Expr:
    """Return a constant; a null needs its type, a number may be made a float.

    >>> literal(3, "float"), literal(None, "str").type
    (3.0, 'str')
    """
    if type is not None:
        check_text(
            type, "literal", "the name of a type", do='Write for example literal(3, "float")'
        )
    if value is None and type is not None:
        return Expr(Literal(None, type))
    made = to_expr(value)
    return made if type is None or type == made.type else _recast(made, type)


def _recast(made: Expr, type: Type | None) -> Expr:
    if made.type == "int" and type == "float":
        return literal(float(made.node.value))  # type: ignore[union-attr, arg-type]
    raise ExpressionError(
        f"the constant {made!r} is of type {made.type}",
        expected=f"a constant of type {type}",
        do="Write the constant in that type",
    )


def if_else(condition: Expr, then: Any, otherwise: Any) -> Expr:
    """Return ``then`` where the condition is true, else ``otherwise`` (also where it is null).

    >>> x = Row({"x": "float"}).x
    >>> if_else(x > 0, x, 0)
    if_else(x > 0.0, x, 0.0)
    """
    return to_expr(condition)._call("if_else", then, otherwise)


def cases(*branches: tuple[Expr, Any], otherwise: Any = None) -> Expr:
    """Return the value of the first branch whose condition is true, else ``otherwise``.

    >>> x = Row({"x": "float"}).x
    >>> cases((x < 0, "low"), (x < 10, "middle"), otherwise="high").type
    'str'
    """
    if not branches:
        raise ExpressionError(
            "cases() without a branch",
            expected="(condition, value) pairs",
            do='For example cases((x < 0, "low"), otherwise="high")',
        )
    result = otherwise
    for branch in reversed(branches):
        if not isinstance(branch, tuple) or len(branch) != 2:
            raise ExpressionError(
                f"cases got {told(branch)} as a branch",
                expected="(condition, value) pairs",
                do='For example cases((x < 0, "low"), otherwise="high")',
            )
        condition, value = branch
        result = if_else(condition, value, result)
    return to_expr(result)


def coalesce(first: Any, *others: Any) -> Expr:
    """Return the first that is not null."""
    return _fold("coalesce", first, others)


def greatest(first: Any, *others: Any) -> Expr:
    """Return the greatest; nulls are left out."""
    return _fold("greatest", first, others)


def least(first: Any, *others: Any) -> Expr:
    """Return the least; nulls are left out."""
    return _fold("least", first, others)


def concat(first: Any, *others: Any, separator: str = "") -> Expr:
    """Return texts one after the other, with a separator between them; null where one is.

    >>> row = Row({"origin": "str", "dest": "str"})
    >>> concat(row.origin, row.dest, separator="-")
    origin + '-' + dest
    """
    check_text(separator, "concat", "text", do='Write for example concat(a, b, separator="-")')
    if separator:
        others = tuple(part for other in others for part in (separator, other))
    return _fold("concat", first, others)


def _groups(name: str, by: Any) -> tuple[Expr, ...]:
    """Return the keys of a statistic; a constant is refused, for it is a column's name nearly always."""
    keys = tuple(by) if isinstance(by, (list, tuple)) else (by,)
    for key in keys:
        if not isinstance(key, Expr):
            raise ExpressionError(
                f"the statistic {name!r} is grouped by {key!r:.60}, of type {type(key).__name__}",
                expected="keys that are expressions of the row's columns",
                do="Write for example by=row.carrier, or by=[row.carrier, row.origin]",
            )
    return keys


def _fold(name: str, first: Any, others: Iterable[Any]) -> Expr:
    result = to_expr(first)
    for other in others:
        result = result._call(name, other)
    return result


class Row:
    """The columns of a row, each an `Expr`: ``row.distance``, ``row["count"]``.

    >>> flight = Row({"distance": "int", "count": "int"}, name="flight")
    >>> flight.distance + flight["count"]
    distance + count
    >>> Row({"wind": "float"}, name="here", prefix="here.").wind
    here.wind

    Args:
        columns: the type of each column.
        name: what messages call the row.
        prefix: what stands before a column's name in the expressions.
    """

    __slots__ = ("_columns", "_name", "_prefix")

    def __init__(self, columns: Mapping[str, Type], name: str = "row", *, prefix: str = "") -> None:
        self._columns = dict(columns)
        self._name = name
        self._prefix = prefix

    def count(self, *, where: Any = None, by: Any = (), **groups: Unpack[methods.Groups]) -> Expr:
        """Return how many rows there are, or are in each group; ``row["count"]`` is that column.

        >>> row = Row({"carrier": "str"})
        >>> row.count(by=row.carrier)
        count(by=[carrier])
        """
        return literal(True).count(where=where, by=by, **groups)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        refusal = None if name in self._columns else find_refusal(name)
        if refusal is not None and name in OF_TABLES:
            return refusing(name, refusal, f"{self._name}.{name}")
        return self[name]

    def __getitem__(self, name: str) -> Expr:
        if name not in self._columns:
            raise UnknownName.of("column", name, self._columns, where=self._name)
        return Expr(Column(f"{self._prefix}{name}", self._columns[name]))

    def __dir__(self) -> list[str]:
        return sorted(self._columns)

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}: {kind}" for name, kind in self._columns.items())
        return f"{self._name}({inside})"
