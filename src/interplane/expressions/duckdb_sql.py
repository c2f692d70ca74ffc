"""Expressions as DuckDB SQL. Text only: no connection is opened here.

Every connection that runs this SQL runs `SETTINGS` first. `select_sql` is the way to compute
features: each shared part, and each part that a template mentions twice, becomes a column of an
inner query, so that nothing is computed twice and the text stays short. `to_sql` writes everything
into one expression, for small ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from interplane.errors import NotFreezable
from interplane.expressions.form import mentions
from interplane.expressions.graph import Graph
from interplane.expressions.nodes import Call, Column, Literal, Lookup, Reduce
from interplane.expressions.operations import form_of
from interplane.expressions.render import render
from interplane.expressions.sql_text import SQL_TYPES, quoted, sql_constant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interplane.expressions.form import Form
    from interplane.expressions.graph import Part
    from interplane.expressions.nodes import Node

__all__ = ["SETTINGS", "column_sql", "quoted", "select_sql", "to_sql"]

SETTINGS: tuple[str, ...] = (
    "SET TimeZone = 'UTC'",
    "SET disabled_optimizers = 'common_subexpressions'",
)
"""What a connection must be told before it runs this SQL.

The optimizer's common-subexpression step takes constants that compare equal for one another
(0.0 for -0.0, 30 days for a month) and moves guarded operations out of their guards.
"""

_DEEPEST = 12


def column_sql(column: Column, name: str | None = None) -> str:
    """Return a column as one of our values: the exact type, NaN and what is out of range as null.

    >>> column_sql(Column("dest", "str"))
    'CAST("dest" AS VARCHAR)'
    """
    text = f"CAST({name or quoted(column.name)} AS {SQL_TYPES[column.type]})"
    match column.type:
        case "float":
            return f"CASE WHEN isnan({text}) THEN NULL ELSE {text} END"
        case "date":
            return (
                f"CASE WHEN {text} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN {text} END"
            )
        case "timestamp":
            first, last = "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"
            return f"CASE WHEN {text} BETWEEN TIMESTAMP '{first}' AND TIMESTAMP '{last}' THEN {text} END"
        case _:
            return text


def to_sql(
    node: Node,
    *,
    column: Callable[[Column], str] = column_sql,
    lookup: Callable[[Lookup], str] | None = None,
) -> str:
    """Return an expression as one SQL expression.

    Parts that a template mentions twice are written twice: use `select_sql` for large ones.

    Args:
        node: the expression, without statistics.
        column: the SQL of a column; its value must be one of ours (see `column_sql`).
        lookup: the SQL of a looked-up value.

    Raises:
        NotFreezable: if a statistic is left in it, or a look-up without ``lookup``.

    >>> from interplane.expressions.expr import Row
    >>> to_sql(Row({"x": "int"}).x.is_null().node)
    '(CAST("x" AS BIGINT) IS NULL)'
    """
    graph = Graph([node])
    emitter = _Emitter(graph, column=column, looked_up=lookup, inline=True)
    return emitter.clean(graph.roots[0]).text


def select_sql(
    outputs: Mapping[str, Node],
    *,
    source: str,
    carry: Sequence[str] = (),
    lookup: Callable[[Lookup], str] | None = None,
) -> str:
    """Return the query that computes expressions for each row of ``source``.

    Args:
        outputs: the expressions by the name of their column, without statistics.
        source: SQL of the rows: a table's name, or a query in parentheses.
        carry: columns of the source that the result has too, before the outputs.
        lookup: the SQL name of the relation behind a look-up. Its columns are ``k0``, ``k1`` …
            (the keys, never null, each combination once) and ``v``. A left join finds the value,
            which does not keep the order of the rows: carry their number where order matters.

    Raises:
        NotFreezable: if a statistic is left in an expression.
    """
    graph = Graph(outputs.values())
    emitter = _Emitter(graph, relation=lookup)
    finals = [emitter.clean(root) for root in graph.roots]
    shown = [
        *(f"p{index} AS {quoted(name)}" for index, name in enumerate(carry)),
        *(f"{final.text} AS {quoted(name)}" for name, final in zip(outputs, finals, strict=True)),
    ]
    carried = [f"{quoted(name)} AS p{index}" for index, name in enumerate(carry)]
    return f"SELECT {', '.join(shown)} FROM {emitter.stages(source, carried)}"


@dataclass(frozen=True, slots=True)
class _Value:
    """SQL of a part: in which stage its columns are there, and whether it is a single name."""

    text: str
    stage: int = 0
    atom: bool = False
    nan: bool = False
    depth: int = 0


class _Emitter:
    """Writes the parts of a graph, one after the other, into stages of an inner query."""

    def __init__(
        self,
        graph: Graph,
        *,
        column: Callable[[Column], str] = column_sql,
        looked_up: Callable[[Lookup], str] | None = None,
        relation: Callable[[Lookup], str] | None = None,
        inline: bool = False,
    ) -> None:
        self._column = column
        self._looked_up = looked_up
        self._relation = relation
        self._inline = inline
        self._names = 0
        self._inputs: list[str] = []
        self._columns: dict[int, list[str]] = {}
        self._joins: dict[int, list[str]] = {}
        self._values: list[_Value] = []
        self._cleaned: dict[int, _Value] = {}
        self._graph = graph
        for position, part in enumerate(graph.parts):
            self._values.append(self._write(part))
            if graph.uses[position] > 1 or self._values[-1].depth > _DEEPEST:
                self._atom(position)

    # ---- values ---------------------------------------------------------------------------

    def clean(self, position: int) -> _Value:
        """Return the value of a part with NaN made null."""
        if not self._values[position].nan:
            return self._values[position]
        if position not in self._cleaned:
            value = self._atom(position)
            text = f"CASE WHEN isnan({value.text}) THEN NULL ELSE {value.text} END"
            self._cleaned[position] = replace(value, text=text, atom=False, nan=False)
        return self._cleaned[position]

    def _atom(self, position: int, *, clean: bool = False) -> _Value:
        """Return the value of a part as a single name, giving it a column if it has none."""
        value = self.clean(position) if clean else self._values[position]
        if value.atom:
            return value
        value = self._named(value)
        if clean and self._values[position].nan:
            self._cleaned[position] = value
        else:
            self._values[position] = value
        return value

    def _named(self, value: _Value) -> _Value:
        if self._inline:
            return replace(value, text=f"({value.text})", atom=True)
        self._names += 1
        name, stage = f"t{self._names}", value.stage + 1
        self._columns.setdefault(stage, []).append(f"{value.text} AS {name}")
        return _Value(name, stage, atom=True, nan=value.nan)

    # ---- parts ----------------------------------------------------------------------------

    def _write(self, part: Part) -> _Value:
        match part.node:
            case Column():
                return self._write_column(part.node)
            case Literal():
                return _Value(sql_constant(part.node.value, part.node.type), atom=True)
            case Lookup():
                return self._write_lookup(part.node, part.below)
            case Call():
                return self._write_call(part.node, part)
            case Reduce():
                raise NotFreezable(
                    f"the statistic {render(part.node)} has no value for one row",
                    expected="an expression whose statistics fit has replaced",
                    do="Fit the features first",
                )

    def _write_column(self, column: Column) -> _Value:
        if self._inline:
            return _Value(self._column(column), atom=True)
        name = f"c{len(self._inputs)}"
        self._inputs.append(f"{self._column(column)} AS {name}")
        return _Value(name, atom=True)

    def _write_call(self, node: Call, part: Part) -> _Value:
        form = form_of(node)
        template = form.sql
        safe = bool(part.below) and self._graph.parts[part.below[-1]].facts.safe
        if form.safe is not None and safe:
            template = form.safe[0]
        args = self._arguments(form, template, part)
        texts = tuple(arg.text for arg in args)
        text = (
            template.format(*texts)
            if isinstance(template, str)
            else template(texts, dict(node.options))
        )
        return _Value(
            text,
            stage=max((arg.stage for arg in args), default=0),
            nan=part.facts.nan,
            depth=1 + max((arg.depth for arg in args), default=0),
        )

    def _arguments(self, form: Form, template: object, part: Part) -> list[_Value]:
        args = []
        for index, position in enumerate(part.below):
            clean = not form.absorbs
            once = isinstance(template, str) and mentions(template)[str(index)] <= 1
            if once:
                args.append(self.clean(position) if clean else self._values[position])
            else:
                args.append(self._atom(position, clean=clean))
        return args

    def _write_lookup(self, node: Lookup, below: tuple[int, ...]) -> _Value:
        if self._looked_up is not None:
            return _Value(self._looked_up(node), atom=True)
        if self._relation is None:
            raise NotFreezable(
                f"{render(node)} looks values up in a table",
                expected="the place of that table",
                do="Give lookup=",
            )
        keys = [self._atom(position, clean=True) for position in below]
        stage = 1 + max(key.stage for key in keys)
        self._names += 1
        name, table = f"t{self._names}", f"l{self._names}"
        match = " AND ".join(f"{key.text} = {table}.k{index}" for index, key in enumerate(keys))
        self._joins.setdefault(stage, []).append(
            f"LEFT JOIN {self._relation(node)} AS {table} ON {match}"
        )
        default = sql_constant(node.default.value, node.type)
        found = f"CAST({table}.v AS {SQL_TYPES[node.type]})"
        self._columns.setdefault(stage, []).append(
            f"CASE WHEN {table}.k0 IS NULL THEN {default} ELSE {found} END AS {name}"
        )
        return _Value(name, stage, atom=True)

    # ---- stages ---------------------------------------------------------------------------

    def stages(self, source: str, carried: Sequence[str]) -> str:
        """Return the inner query that has a column for every name that was given."""
        first = [*carried, *self._inputs] or ["0 AS nothing"]
        text = f"(SELECT {', '.join(first)} FROM {source}) AS s"
        for stage in range(1, 1 + max(self._columns, default=0)):
            joins = " ".join(self._joins.get(stage, ()))
            columns = ", ".join(self._columns[stage])
            text = f"(SELECT s.*, {columns} FROM {text} {joins}) AS s".replace(" )", ")")
        return text
