"""Reviewed expectations on a table, as values; `schema_file` reads and writes them as TOML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from interplane.data.engine import identifier, string
from interplane.data.types import DUCKDB_TYPES
from interplane.record import Digest, Type, digest_value
from interplane.record.base import Value

if TYPE_CHECKING:
    from interplane.record import Column

__all__ = [
    "Action",
    "ColumnRules",
    "Drift",
    "Schema",
    "cast_sql",
    "keeps_sql",
    "projection_sql",
]

Action = Literal["stop", "warn", "null"]
Plain = bool | int | float | str
Measure = Literal["psi", "jensen_shannon", "l_infinity"]


class Drift(Value, frozen=True, kw_only=True):
    """How far a column's distribution may move from an earlier version's.

    Attributes:
        measure: psi, jensen_shannon (0 to 1) or l_infinity (the largest change of a share).
        most: the largest value that is no breach.
        on_breach: what a larger one does.
    """

    measure: Measure = "psi"
    most: float = 0.2
    on_breach: Literal["stop", "warn"] = "warn"


class ColumnRules(Value, frozen=True, kw_only=True):
    """What is expected of one column. A rule that is None is not asked.

    Attributes:
        type: its type; values are read as this type.
        required: whether it must be there.
        nulls: the largest share of rows without a value.
        low: the least value; of times as ISO text.
        high: the greatest value.
        allowed: the only values there may be.
        pattern: a regular expression (RE2) that each whole text matches.
        unique: whether no value may be there twice.
        drift: how far its distribution may move.
        on_breach: what a broken rule does, for rules that ``actions`` does not name.
        actions: what breaking one rule does, by the rule's name.
    """

    type: Type
    required: bool = True
    nulls: float | None = None
    low: Plain | None = None
    high: Plain | None = None
    allowed: tuple[Plain, ...] | None = None
    pattern: str | None = None
    unique: bool = False
    drift: Drift | None = None
    on_breach: Action = "stop"
    actions: dict[str, Action] = msgspec.field(default_factory=dict)

    def action(self, rule: str) -> Action:
        """Return what a breach of ``rule`` does; only values can be read as null."""
        action = self.actions.get(rule, self.on_breach)
        return "stop" if action == "null" and rule not in VALUE_RULES else action


VALUE_RULES = ("type", "min", "max", "allowed", "pattern")
"""Rules that a single value can break, by their names in the file; only these can be ``null``."""

_FIELDS = {"min": "low", "max": "high"}


class Schema(Value, frozen=True, kw_only=True):
    """What is expected of a table.

    Attributes:
        columns: the rules of each column, by name, in order.
        extra: what a column that is not named here does.
        least_rows: the least number of rows.
        key: columns whose values together name a row.
        time: the column that says when a row happened.
        max_age: how old, in seconds, the latest time may be when the table is added.
        on_breach: what breaking a rule of the table does.
        known_at: for columns that are known later than their row, the column that says when.
    """

    columns: dict[str, ColumnRules]
    extra: Literal["stop", "warn", "allow"] = "stop"
    least_rows: int = 1
    key: tuple[str, ...] = ()
    time: str | None = None
    max_age: float | None = None
    on_breach: Literal["stop", "warn"] = "stop"
    known_at: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def digest(self) -> Digest:
        """The digest of what it says: comments and layout of its file do not matter."""
        return digest_value(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON form; one that says nothing of ``known_at`` is what it always was."""
        plain = super().to_dict()
        if not self.known_at:
            del plain["known_at"]
        return plain

    @property
    def reading(self) -> dict[str, Any]:
        """What decides how values read, by column; rules that only refuse or warn do not."""
        return {
            name: (
                rules.type,
                rules.action("type"),
                {
                    rule: getattr(rules, _FIELDS.get(rule, rule))
                    for rule in asked_value_rules(rules)
                    if rules.action(rule) == "null"
                },
            )
            for name, rules in self.columns.items()
        }

    @property
    def types(self) -> dict[str, Type]:
        """The type of each column."""
        return {name: rules.type for name, rules in self.columns.items()}


def literal(value: Plain, type_: Type) -> str:
    """Return a bound or allowed value as SQL of a column's type.

    >>> print(literal(0.1, "float"), literal("2013-01-01", "date"))
    CAST('0.1' AS DOUBLE) CAST('2013-01-01' AS DATE)
    """
    text = value if isinstance(value, str) else repr(value)
    return f"CAST({string(text)} AS {DUCKDB_TYPES[type_]})"


def cast_sql(name: str, given: Type, wanted: Type) -> str:
    """Return SQL for a stored column as the type that the schema gives it; null where it cannot be.

    >>> print(cast_sql("x", "int", "float"))
    CAST("x" AS DOUBLE)
    """
    column = identifier(name)
    to = DUCKDB_TYPES[wanted]
    if given == wanted:
        return column
    if (given, wanted) in {("int", "float"), ("date", "timestamp"), ("int", "str")}:
        return f"CAST({column} AS {to})"
    if (given, wanted) in {("float", "int"), ("timestamp", "date")}:
        back = DUCKDB_TYPES[given]
        tried = f"TRY_CAST({column} AS {to})"
        return f"CASE WHEN CAST({tried} AS {back}) = {column} THEN {tried} END"
    if given == "str":
        return f"TRY_CAST({column} AS {to})"
    return f"CAST(NULL AS {to})"


def keeps_sql(rule: str, rules: ColumnRules, value: str) -> str:
    """Return SQL that is true where ``value`` keeps a rule; NaN is in no range.

    Args:
        rule: one of min, max, allowed, pattern.
        rules: the column's rules.
        value: SQL for the value, already of the column's type.
    """
    kind = rules.type
    match rule:
        case "min":
            above = f"{value} >= {literal(rules.low or 0, kind)}"
            return f"({above} AND NOT isnan({value}))" if kind == "float" else above
        case "max":
            return f"{value} <= {literal(rules.high or 0, kind)}"
        case "allowed":
            listed = ", ".join(literal(item, kind) for item in rules.allowed or ())
            return f"{value} IN ({listed})"
        case _:
            return f"regexp_full_match({value}, {string(rules.pattern or '')})"


def asked_value_rules(rules: ColumnRules) -> list[str]:
    """Return the rules on single values that are asked, but for the type."""
    asked = {
        "min": rules.low is not None,
        "max": rules.high is not None,
        "allowed": rules.allowed is not None,
        "pattern": rules.pattern is not None,
    }
    return [name for name, is_asked in asked.items() if is_asked]


def projection_sql(schema: Schema, columns: tuple[Column, ...]) -> dict[str, str]:
    """Return SQL for the columns that read differently through the schema than they are stored.

    A value that breaks a rule with ``on_breach = "null"`` reads as null; so does one that cannot
    have the schema's type, where that only warns.
    """
    found: dict[str, str] = {}
    for column in columns:
        rules = schema.columns.get(column.name)
        if rules is None:
            continue
        value = cast_sql(column.name, column.type, rules.type)
        nulled = [rule for rule in asked_value_rules(rules) if rules.action(rule) == "null"]
        if nulled:
            kept = " AND ".join(f"({keeps_sql(rule, rules, value)})" for rule in nulled)
            value = f"CASE WHEN {kept} THEN {value} END"
        if value != identifier(column.name):
            found[column.name] = value
    return found
