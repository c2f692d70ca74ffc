"""The table of statistics over training rows: what each takes, gives, and asks of the engine.

Nulls are left out; over no rows a statistic is null, a count is 0. On one thread over rows in a
stated order each gives the same bits every time: averages and deviations add floats up one by one.
What depends on the order of rows (``first``, ``last``) is a statistic of windows over time only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError, UnknownName
from interplane.expressions.constants import to_literal
from interplane.expressions.nodes import Reduce
from interplane.expressions.render import described
from interplane.expressions.sql_text import SQL_TYPES, sql_constant
from interplane.record.tables import TYPES

if TYPE_CHECKING:
    from interplane.expressions.nodes import Node
    from interplane.record import Type

__all__ = [
    "GROUP_OPTIONS",
    "REDUCTIONS",
    "Reduction",
    "argument_sql",
    "not_nan_sql",
    "reduce",
    "reduction_sql",
]

GROUP_OPTIONS = ("default", "min_rows", "smoothing")
"""What shapes the values of groups: the value of unknown ones, pooling of rare ones, smoothing."""

_NUMBERS: dict[Type, Type] = {"bool": "float", "int": "float", "float": "float"}
_ORDERED: dict[Type, Type] = {kind: kind for kind in TYPES}
_COUNTED: dict[Type, Type] = dict.fromkeys(TYPES, "int")

_FITS = "bool_and(abs({0}) < 1e150::DOUBLE){where}"
_SMALL = "CASE WHEN abs({0}) < 1e150::DOUBLE THEN {0} END"
_SPARK_FITS = "bool_and(abs({0}) < 1e150D){where}"
_SPARK_SMALL = "CASE WHEN abs({0}) < 1e150D THEN {0} END"

_EXACT = "exact"
_ORDER = "exact; of 0.0 and -0.0 either one"
_ADDED = "1e-12 of the average size of the values: floats are added up in another order"
_SPREAD = "1e-12 of the square root of the average square of the values"
_SQUARED = "1e-12 of the average square of the values"
_BETWEEN = (
    "exact, between the same two values; the interpolation to 1e-15 of the larger, where the difference "
    "of the two is a finite number"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """A statistic.

    Attributes:
        name: its name, also in the JSON form.
        doc: what it gives.
        types: the type of its result for each type of its argument.
        sql: its aggregate in DuckDB; ``{0}`` is the argument, ``{where}`` an optional FILTER.
        spark: its aggregate in Spark SQL, with the same places; empty where there is none.
        agreement: how far Spark's value agrees with DuckDB's, in words for the reference page.
        as_float: whether the argument is cast to a float first.
        option: the name of its one setting, if it has one.
        ordered: whether it depends on the order of rows; it has no aggregate then, only windows.
        smooth: whether ``smoothing`` draws its groups towards the value of all rows.
    """

    name: str
    doc: str
    types: dict[Type, Type] = field(hash=False)
    sql: str
    spark: str = ""
    agreement: str = ""
    as_float: bool = False
    option: str | None = None
    ordered: bool = False
    smooth: bool = False


def _spread(name: str, function: str, doc: str) -> Reduction:
    return Reduction(
        name=name,
        doc=f"{doc} Null for fewer than two values, or one beyond ±1e150.",
        types=_NUMBERS,
        sql=f"CASE WHEN {_FITS} THEN {function}({_SMALL}){{where}} END",
        spark=f"CASE WHEN {_SPARK_FITS} THEN {function}({_SPARK_SMALL}){{where}} END",
        agreement=_SPREAD if name == "std" else _SQUARED,
        as_float=True,
        smooth=True,
    )


def _ordered(name: str, doc: str) -> Reduction:
    return Reduction(name=name, doc=f"{doc} In windows only.", types=_ORDERED, sql="", ordered=True)


REDUCTIONS: dict[str, Reduction] = {
    reduction.name: reduction
    for reduction in (
        Reduction(
            name="mean",
            doc="The average; of bools the share of true ones.",
            types=_NUMBERS,
            sql="avg({0}){where}",
            spark="avg({0}){where}",
            agreement=_ADDED,
            as_float=True,
            smooth=True,
        ),
        _spread("std", "stddev_samp", "The standard deviation of a sample (n - 1)."),
        _spread("var", "var_samp", "The variance of a sample (n - 1)."),
        Reduction(
            name="min",
            doc="The smallest.",
            types=_ORDERED,
            sql="min({0}){where}",
            spark="min({0}){where}",
            agreement=_ORDER,
        ),
        Reduction(
            name="max",
            doc="The largest.",
            types=_ORDERED,
            sql="max({0}){where}",
            spark="max({0}){where}",
            agreement=_ORDER,
        ),
        Reduction(
            name="sum",
            doc="The sum; of integers null beyond 64 bits, of bools how many are true.",
            types={"bool": "int", "int": "int", "float": "float"},
            sql="sum({0}){where}",
            spark="sum({0}){where}",
            agreement="exact for integers and bools; for floats 1e-12 of the sum of their sizes",
        ),
        Reduction(
            name="count",
            doc="How many values are not null.",
            types=_COUNTED,
            sql="count({0}){where}",
            spark="count({0}){where}",
            agreement=_EXACT,
        ),
        Reduction(
            name="count_distinct",
            doc="How many different values, nulls left out.",
            types=_COUNTED,
            sql="count(DISTINCT {0}){where}",
            spark="count(DISTINCT {0}){where}",
            agreement=_EXACT,
        ),
        Reduction(
            name="quantile",
            doc="The value below which a share q of the values lies, interpolated.",
            types=_NUMBERS,
            sql="quantile_cont({0}, {q}){where}",
            spark="percentile({0}, {q}){where}",
            agreement=_BETWEEN,
            as_float=True,
            option="q",
            smooth=True,
        ),
        Reduction(
            name="median",
            doc="The quantile 0.5.",
            types=_NUMBERS,
            sql="quantile_cont({0}, {q}){where}",
            spark="percentile({0}, {q}){where}",
            agreement=_BETWEEN,
            as_float=True,
            smooth=True,
        ),
        Reduction(
            name="mode",
            doc="The most frequent value; of several the smallest.",
            types=_ORDERED,
            sql="mode({0} ORDER BY {0}){where}",
            spark="mode({0}, true){where}",
            agreement=_ORDER,
        ),
        Reduction(
            name="any",
            doc="Whether one is true.",
            types={"bool": "bool"},
            sql="bool_or({0}){where}",
            spark="bool_or({0}){where}",
            agreement=_EXACT,
        ),
        Reduction(
            name="all",
            doc="Whether all are true.",
            types={"bool": "bool"},
            sql="bool_and({0}){where}",
            spark="bool_and({0}){where}",
            agreement=_EXACT,
        ),
        _ordered("first", "The value of the first event that has one."),
        _ordered("last", "The value of the last event that has one."),
    )
}
"""Every statistic by name."""


def reduce(
    name: str,
    arg: Node,
    *,
    where: Node | None = None,
    by: tuple[Node, ...] = (),
    **options: Any,
) -> Reduce:
    """Build the node of a statistic.

    Raises:
        ExpressionError: if it does not take this type, condition, group or option.
        UnknownName: if there is no such statistic.
    """
    if name not in REDUCTIONS:
        raise UnknownName.of("statistic", name, REDUCTIONS, do='See "docs/operations.md"')
    reduction = REDUCTIONS[name]
    if arg.type not in reduction.types:
        raise ExpressionError(
            f"the statistic {name!r} cannot take {described(arg)}",
            expected=f"a value of type {' or '.join(reduction.types)}",
            do='Cast it: .cast("int"), .cast("float"), .cast("str"), …',
        )
    if where is not None and where.type != "bool":
        raise ExpressionError(
            f"where of the statistic {name!r} is {described(where)}",
            expected="a condition (bool)",
            do="Compare it with something",
        )
    for key in by:
        _check_key(name, key)
    _check_options(name, reduction, options, grouped=bool(by))
    kind = reduction.types[arg.type]
    if options.get("default") is not None:
        options["default"] = _default(name, options["default"], kind)
    return Reduce(name, (arg,), where, by, tuple(sorted(options.items())), kind)


def _check_key(name: str, key: Node) -> None:
    if key.type == "float":
        raise ExpressionError(
            f"the statistic {name!r} cannot be grouped by {described(key)}",
            expected="a key of type bool, int, str, date or timestamp",
            do='Put floats into groups first: .bucket([…]) or .round().cast("int")',
        )


def _check_options(
    name: str, reduction: Reduction, options: dict[str, Any], *, grouped: bool
) -> None:
    own = {reduction.option} - {None}
    allowed = own | set(GROUP_OPTIONS if grouped else ())
    if not own <= set(options) <= allowed:
        raise ExpressionError(
            f"the statistic {name!r} got the options {sorted(options)}",
            expected=", ".join(sorted(filter(None, allowed))) or "none",
            do="Leave out what it does not know; what shapes groups goes with by=[…] only",
        )
    q = options.get("q", 0.5)
    if type(q) is not float or not 0.0 <= q <= 1.0:
        raise ExpressionError(
            f"the statistic {name!r} got q = {q!r}",
            expected="a float from 0.0 to 1.0",
            do="For example x.quantile(0.9)",
        )
    _check_smoothing(name, reduction, options.get("smoothing"))
    min_rows = options.get("min_rows", 1)
    if type(min_rows) is not int or min_rows < 1:
        raise ExpressionError(
            f"the statistic {name!r} got min_rows = {min_rows!r}",
            expected="a whole number of at least 1",
            do="Give the rows that a group needs for a value of its own",
        )


def _check_smoothing(name: str, reduction: Reduction, smoothing: Any) -> None:
    if smoothing is None:
        return
    if not reduction.smooth:
        smooth = ", ".join(each.name for each in REDUCTIONS.values() if each.smooth)
        raise ExpressionError(
            f"the statistic {name!r} got smoothing = {smoothing!r}",
            expected=f"smoothing for one of {smooth}: a sum or a count is of its own rows only",
            do="Leave it out, or smooth a mean",
        )
    if type(smoothing) is not float or not 0.0 <= smoothing < math.inf:
        raise ExpressionError(
            f"the statistic {name!r} got smoothing = {smoothing!r}",
            expected="a finite float of at least 0.0",
            do="Give the number of rows' weight that the value of all rows shall have",
        )


def _default(name: str, value: Any, kind: Type) -> Any:
    given = to_literal(value)
    if given.type == kind:
        return given.value
    if (given.type, kind) == ("int", "float"):
        return float(given.value)  # type: ignore[arg-type]
    raise ExpressionError(
        f"the statistic {name!r} got default = {value!r}, which is {given.type}",
        expected=f"a constant of its own type, {kind}",
        do="Write it in that type",
    )


def reduction_sql(node: Reduce, arg: str, *, where: str | None = None) -> str:
    """Return the aggregate of a statistic over SQL text (a column name is best) for its argument.

    >>> from interplane.expressions.nodes import Column
    >>> reduction_sql(reduce("max", Column("distance", "int")), "d")
    'CAST(max(d) AS BIGINT)'
    """
    reduction = REDUCTIONS[node.function]
    x = argument_sql(node, arg)
    q = sql_constant(dict(node.options).get("q", 0.5), "float")  # type: ignore[arg-type]
    text = reduction.sql.format(x, q=q, where=f" FILTER (WHERE {where})" if where else "")
    if node.type == "float":
        return not_nan_sql(f"CAST({text} AS DOUBLE)")
    cast = "TRY_CAST" if node.function == "sum" else "CAST"
    return f"{cast}({text} AS {SQL_TYPES[node.type]})"


def argument_sql(node: Reduce, arg: str) -> str:
    """Return the SQL of a statistic's argument, as the number that its aggregate takes."""
    reduction = REDUCTIONS[node.function]
    source = node.args[0].type
    x = arg
    if source == "bool" and node.type in {"int", "float"} and reduction.types is not _COUNTED:
        x = f"CAST({arg} AS BIGINT)"
    return f"CAST({x} AS DOUBLE)" if reduction.as_float and source != "float" else x


def not_nan_sql(text: str) -> str:
    """Return a float with NaN made null."""
    return f"CASE WHEN isnan({text}) THEN NULL ELSE {text} END"
