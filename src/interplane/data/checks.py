"""A table held against its schema, and against an earlier version: the verdict, with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from interplane.data.drift import MEASURES
from interplane.data.engine import connect, identifier, string
from interplane.data.profile import ColumnProfile, Profile, profile, to_plain
from interplane.data.profiler import count_bins
from interplane.data.schema import asked_value_rules, cast_sql, keeps_sql
from interplane.data.table import Table, needs_table
from interplane.errors import SchemaBroken, UsageError
from interplane.record import Breach, Column, Verdict
from interplane.record.arguments import checked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.data.schema import ColumnRules, Schema

__all__ = ["Checked", "check", "check_table", "schema_broken"]

_EXAMPLES = 5
_WRITTEN = 60


def check(
    table: Table, schema: Schema, *, against: Profile | None = None, now: str | None = None
) -> Verdict:
    """Hold a table against a schema and return the verdict.

    Args:
        table: the rows as they are stored, not as they read through the schema.
        schema: what is expected of them.
        against: the profile of an earlier version, for rules of drift.
        now: the time now (ISO 8601), for rules of freshness.

    >>> from interplane.data.schema_file import parse_schema
    >>> from interplane.data.table import Table
    >>> schema = parse_schema("columns.wind = {type = 'float', max = 150, on_breach = 'null'}")
    >>> verdict = check(Table.from_columns({"wind": [10.0, 1048.0]}), schema)
    >>> verdict.passed, verdict.breaches[0].rows, verdict.breaches[0].examples
    (True, 1, (1048.0,))
    """
    with _Check(table, schema) as run:
        run.shape()
        run.values()
        run.key()
        run.freshness(now)
        run.drift(against)
        return run.verdict()


@dataclass(frozen=True)
class Checked:
    """Rows and the verdict on them."""

    table: Table
    verdict: Verdict

    def or_raise(self) -> Table:
        """Return the rows if no rule that stops was broken.

        Raises:
            SchemaBroken: if one was; carries the verdict.
        """
        if not self.verdict.passed:
            raise schema_broken("the table", self.verdict)
        return self.table


@partial(checked, ours=("Schema",))
def check_table(
    table: Table, schema: Schema | None = None, *, against: Table | Profile | None = None
) -> Checked:
    """Hold a table against a schema, or the one it is read through, and keep rows and verdict.

    Args:
        table: the rows.
        schema: what is expected of them, if not what they are read through.
        against: an earlier table, or its profile, for rules of drift.

    Raises:
        UsageError: if there is no schema.
    """
    needs_table(table, "the rows to check")
    expected = schema or table.schema
    if expected is None:
        raise UsageError(
            "the table is not read through a schema",
            expected="a schema to hold it against",
            do='Declare it with the dataset, schema="schemas/NAME.toml", or give one here',
        )
    earlier = against if isinstance(against, Profile | None) else profile(against)
    return Checked(table, check(table, expected, against=earlier))


def schema_broken(what: str, verdict: Verdict) -> SchemaBroken:
    """Build the error for rows that break a rule that stops; it carries the verdict."""
    stops = [breach for breach in verdict.breaches if breach.action == "stop"]
    first = stops[0]
    count = "" if first.rows is None else "1 row" if first.rows == 1 else f"{first.rows:,} rows"
    rows = f" in {count}" if count else ""
    shown = ", ".join(repr(value) for value in first.examples[:3])
    examples = f" (for example {shown})" if shown else ""
    more = f"; {len(stops) - 1} more rules are broken" if len(stops) > 1 else ""
    error = SchemaBroken(
        f"{what} breaks its schema: {first.found}{rows}{examples}{more}",
        expected=first.rule,
        do=f"{first.do}. Nothing was changed",
        verdict=verdict.to_dict(),
    )
    error.verdict = verdict
    return error


class _Check:
    """Collects what is asked, held, broken and skipped; the rows are scanned once per kind of rule."""

    def __init__(self, table: Table, schema: Schema) -> None:
        self._table = table
        self._schema = schema
        self._breaches: list[Breach] = []
        self._held: list[str] = []
        self._skipped: list[str] = []
        self._connection = connect()
        table.register(self._connection, "self")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def verdict(self) -> Verdict:
        """Return what was found: what stops first, then what reads as null, then what warns."""
        order = {"stop": 0, "null": 1, "warn": 2}
        breaches = sorted(self._breaches, key=lambda breach: order[breach.action])
        return Verdict(
            asked=len(self._breaches) + len(self._held),
            breaches=tuple(breaches),
            held=tuple(self._held),
            skipped=tuple(self._skipped),
        )

    def _judge(self, broken: bool, *, rule: str, where: str, found: str, **more: Any) -> None:  # noqa: FBT001
        if broken:
            self._breaches.append(Breach(rule=rule, where=where, found=found, **more))
        else:
            self._held.append(rule)

    def _present(self) -> Iterator[tuple[str, ColumnRules]]:
        for name, rules in self._schema.columns.items():
            if name in self._table.types:
                yield name, rules

    # ---- the table as a whole -------------------------------------------------------------

    def shape(self) -> None:
        """Ask for rows, for the columns there must be, and for none beside them."""
        schema, types = self._schema, self._table.types
        self._judge(
            self._table.rows < schema.least_rows,
            rule=f"at least {schema.least_rows:,} rows",
            where="table",
            found=f"{self._table.rows:,} rows",
            action=schema.on_breach,
            do="Check that the whole file arrived, or lower min_rows",
        )
        for name, rules in schema.columns.items():
            if rules.required:
                self._judge(
                    name not in types,
                    rule=f"{name} is there",
                    where=name,
                    found="no such column",
                    action=rules.action("required"),
                    do="Add the column, or say required = false",
                )
        if schema.extra != "allow":
            extra = [name for name in types if name not in schema.columns]
            self._judge(
                bool(extra),
                rule="no other columns",
                where="table",
                found=", ".join(extra[:10]) + (" …" if len(extra) > 10 else ""),
                action=schema.extra,
                do='Add a section for each to the schema, or say extra = "allow"',
            )

    def key(self) -> None:
        """Ask that the key names each row once."""
        key = self._schema.key
        if not key:
            return
        rule = f"({', '.join(key)}) names one row"
        if any(name not in self._table.types for name in key):
            self._skipped.append(f"{rule}: a column is missing")
            return
        columns = ", ".join(identifier(name) for name in key)
        groups = f"FROM self GROUP BY {columns} HAVING count(*) > 1"
        rows = self._fetch(f"SELECT sum(more) FROM (SELECT count(*) - 1 {groups}) AS g(more)")[0][0]
        query = f"SELECT {columns} {groups} ORDER BY ALL LIMIT {_EXAMPLES}"
        examples = self._fetch(query) if rows else []
        self._judge(
            bool(rows),
            rule=rule,
            where="table",
            found="rows with a key that is there already",
            action=self._schema.on_breach,
            rows=int(rows or 0),
            examples=tuple([to_plain(value) for value in row] for row in examples),
            do="Remove the duplicates, or name the columns that tell the rows apart",
        )

    def freshness(self, now: str | None) -> None:
        """Ask that the latest time is not too long ago."""
        name, most = self._schema.time, self._schema.max_age
        if name is None or most is None:
            return
        rule = f"{name} at most {most / 3600:g} hours ago"
        if now is None or name not in self._table.types:
            self._skipped.append(f"{rule}: {'no time is given' if now is None else 'no column'}")
            return
        latest = self._fetch(f"SELECT max({self._cast(name)})::TIMESTAMP FROM self")[0][0]
        moment = datetime.fromisoformat(now)
        moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        old = latest is None or (moment - latest).total_seconds() > most
        self._judge(
            old,
            rule=rule,
            where=name,
            found="no time" if latest is None else f"the latest is {latest.isoformat()}",
            action=self._schema.on_breach,
            do="Add newer rows, or raise max_age",
        )

    # ---- values ---------------------------------------------------------------------------

    def _cast(self, name: str) -> str:
        return cast_sql(name, self._table.types[name], self._schema.columns[name].type)

    def values(self) -> None:
        """Ask every rule on single columns, in one scan."""
        asked: list[tuple[str, ColumnRules, str, str]] = []
        for name, rules in self._present():
            stored, cast = identifier(name), self._cast(name)
            asked.append(
                (name, rules, "type", f"count(*) FILTER ({stored} IS NOT NULL AND {cast} IS NULL)")
            )
            for rule in asked_value_rules(rules):
                broken = f"{cast} IS NOT NULL AND NOT ({keeps_sql(rule, rules, cast)})"
                asked.append((name, rules, rule, f"count(*) FILTER ({broken})"))
            if rules.nulls is not None:
                asked.append((name, rules, "nulls", f"count(*) - count({stored})"))
            if rules.unique:
                asked.append((name, rules, "unique", f"count({stored}) - count(DISTINCT {stored})"))
        if not asked:
            return
        counts = self._fetch(f"SELECT {', '.join(item[3] for item in asked)} FROM self")[0]
        for (name, rules, rule, _), count in zip(asked, counts, strict=True):
            self._judge_values(name, rules, rule, int(count))

    def _judge_values(self, name: str, rules: ColumnRules, rule: str, count: int) -> None:
        rows = self._table.rows
        if rule == "nulls":
            most = rules.nulls or 0.0
            share = count / rows if rows else 0.0
            self._judge(
                share > most,
                rule=f"{name} null in at most {most * 100:g}% of rows",
                where=name,
                found=f"nulls ({share * 100:.3g}%)",
                action=rules.action(rule),
                rows=count,
                do="Find out why values are missing, or raise nulls",
            )
            return
        words, found, do = _words(name, rules, rule, self._table.types[name])
        self._judge(
            count > 0,
            rule=words,
            where=name,
            found=found,
            action=rules.action(rule),
            rows=count,
            examples=self._examples(name, rules, rule) if count else (),
            do="The rows stay; these values read as null" if rules.action(rule) == "null" else do,
        )

    def _examples(self, name: str, rules: ColumnRules, rule: str) -> tuple[Any, ...]:
        stored, cast = identifier(name), self._cast(name)
        if rule == "unique":
            query = f"SELECT {stored} FROM self WHERE {stored} IS NOT NULL GROUP BY {stored} HAVING count(*) > 1"
        else:
            broken = (
                f"{cast} IS NULL"
                if rule == "type"
                else f"{cast} IS NOT NULL AND NOT ({keeps_sql(rule, rules, cast)})"
            )
            query = f"SELECT DISTINCT {stored} FROM self WHERE {stored} IS NOT NULL AND {broken}"
        direction = "DESC" if rule == "max" else "ASC"
        found = self._fetch(f"{query} ORDER BY {stored} {direction} LIMIT {_EXAMPLES}")
        return tuple(_bounded(row[0]) for row in found)

    # ---- drift ----------------------------------------------------------------------------

    def drift(self, against: Profile | None) -> None:
        """Ask how far each distribution has moved from the earlier version's."""
        for name, rules in self._present():
            if rules.drift is None:
                continue
            measure = rules.drift.measure
            rule = f"{name} moved by at most {rules.drift.most:g} ({measure})"
            if against is None or name not in against:
                reason = "no earlier version" if against is None else "the earlier one lacks it"
                self._skipped.append(f"{rule}: {reason}")
                continue
            before, after = self._bins(name, against[name], against.rows)
            moved = MEASURES[measure](before, after)
            self._judge(
                moved > rules.drift.most,
                rule=rule,
                where=name,
                found=f"{moved:.3g}",
                action=rules.drift.on_breach,
                do="Look at both profiles; if the change is meant, raise the limit",
            )

    def _bins(
        self, name: str, earlier: ColumnProfile, rows: int
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the counts of both versions over the earlier one's bins; nulls are the last bin."""
        column = Column(name=name, type=self._table.types[name])
        nulls = self._fetch(f"SELECT count(*) - count({identifier(name)}) FROM self")[0][0]
        if earlier.edges and column.type in {"int", "float"}:
            edges = {name: earlier.edges}
            counts = count_bins(self._connection, [column], edges)[name]
            return (*earlier.counts, earlier.nulls), (*counts, nulls)
        values = {
            to_plain(value): int(n)
            for value, n in self._fetch(
                f"SELECT {identifier(name)}, count(*) FROM self"
                f" WHERE {identifier(name)} IS NOT NULL GROUP BY 1"
            )
        }
        known = [value for value, _ in earlier.top]
        before = [count for _, count in earlier.top]
        after = [values.get(value, 0) for value in known]
        other_before = rows - earlier.nulls - sum(before)
        other_after = self._table.rows - nulls - sum(after)
        return (*before, other_before, earlier.nulls), (*after, other_after, nulls)

    def _fetch(self, query: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._connection.sql(query).fetchall()
        return rows


def _bounded(value: Any) -> Any:
    """Return an example as a plain JSON value that is not long."""
    plain = to_plain(value)
    if isinstance(plain, float) and plain - plain != 0:
        return str(plain)
    return plain[:_WRITTEN] if isinstance(plain, str) else plain


def _words(name: str, rules: ColumnRules, rule: str, given: str) -> tuple[str, str, str]:
    """Return a rule in words, what was found, and what to do."""
    match rule:
        case "type":
            return (
                f"{name} is {rules.type}",
                f"{given} values that are none" if given != rules.type else "other values",
                "Mend the values, or the type in the schema",
            )
        case "min":
            return (
                f"{name} at least {rules.low}",
                "values below it",
                'Mend the values, lower min, or say on_breach = "null" to read them as null',
            )
        case "max":
            return (
                f"{name} at most {rules.high}",
                "values above it",
                'Mend the values, raise max, or say on_breach = "null" to read them as null',
            )
        case "allowed":
            shown = ", ".join(string(str(value)) for value in (rules.allowed or ())[:5])
            more = " …" if len(rules.allowed or ()) > 5 else ""
            return (
                f"{name} one of {shown}{more}",
                "other values",
                "Add the new values to allowed, or mend them",
            )
        case "pattern":
            return (
                f"{name} matches {rules.pattern}",
                "texts that do not match",
                "Mend the texts, or the pattern",
            )
        case _:
            return f"{name} is unique", "values that repeat", "Remove the duplicates"
