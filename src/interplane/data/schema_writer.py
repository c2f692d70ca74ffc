"""A first schema, inferred from what is there and written as TOML for a person to review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit

from interplane.data.render import cell

if TYPE_CHECKING:
    from tomlkit.items import Table as Section

    from interplane.data.profile import ColumnProfile, Profile

__all__ = ["schema_text"]

_DOMAIN = 30
_REPEATS = 10
_HEAD = """\
Schema of the dataset {name}: what its rows must look like. Written from {rows:,} rows;
review each line, then keep it in git. What may be written here:
  [columns.NAME]  type, required, nulls (largest share), min, max, allowed, pattern (RE2),
                  unique, and [columns.NAME.drift] with measure (psi, jensen_shannon,
                  l_infinity), max and on_breach; known_at (the column that says when a
                  value is known, where that is later than its row)
  on_breach       what a broken rule does: "stop" (nothing is added), "warn", or "null" (the
                  row stays, the value reads as null); for single rules {{ max = "null" }}
  whole table     key, time, max_age ("2d"), min_rows, extra ("stop", "warn", "allow")"""


def schema_text(found: Profile, *, name: str) -> str:
    """Return the TOML of a schema that the profiled rows keep, with what was seen as comments.

    Args:
        found: the profile of the rows.
        name: the dataset's name.
    """
    document = tomlkit.document()
    for line in _HEAD.format(name=name, rows=found.rows).splitlines():
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    document.add("format", tomlkit.item(1))
    document.add("extra", tomlkit.item("stop"))
    document.add("min_rows", tomlkit.item(1))
    columns = tomlkit.table(is_super_table=True)
    for column in found.columns:
        columns.add(column.name, _section(column, found.rows))
    document.add("columns", columns)
    return tomlkit.dumps(document)


def _section(column: ColumnProfile, rows: int) -> Section:
    section = tomlkit.table()
    section.add(tomlkit.comment(_seen(column, rows)))
    if _is_far_out(column):
        section.add(tomlkit.comment("look at the greatest value: it is far from all others"))
    section.add("type", column.type)
    section.add("nulls", _nulls(column.nulls, rows))
    if column.type in {"int", "float"} and _is_at_least_zero(column):
        section.add("min", 0 if column.type == "int" else 0.0)
    domain = _domain(column)
    if domain:
        section.add("allowed", tomlkit.item(domain).multiline(len(domain) > 8))
    if _is_unique(column, rows):
        section.add("unique", value=True)
    return section


def _seen(column: ColumnProfile, rows: int) -> str:
    """Return in one line what the rows have, for whoever sets the limits."""
    share = f"{column.nulls / rows:.2%} null" if column.nulls else "no null"
    about = "" if column.distinct_exact else "about "
    text = f"seen: {share}, {about}{column.distinct:,} different"
    if column.low is not None:
        text += f", {cell(column.low)} to {cell(column.high)}"
    if column.quantiles and column.type in {"int", "float"}:
        text += f", 1 % below {cell(column.quantiles[0])}, 1 % above {cell(column.quantiles[-1])}"
    return text


def _nulls(nulls: int, rows: int) -> float | int:
    """Return a limit with room: half as much again, in whole per cent."""
    if not nulls:
        return 0
    return min(1.0, -(-150 * nulls // rows) / 100)


def _is_at_least_zero(column: ColumnProfile) -> bool:
    low = column.low
    return isinstance(low, int | float) and low >= 0 and not column.not_finite


def _is_far_out(column: ColumnProfile) -> bool:
    """Return whether the greatest value is ten times what 99 % of rows stay below."""
    if column.type not in {"int", "float"} or not column.quantiles:
        return False
    usual = column.quantiles[-1]
    return (
        isinstance(usual, int | float)
        and isinstance(column.high, int | float)
        and 0 < 10 * usual < column.high
    )


def _domain(column: ColumnProfile) -> list[Any]:
    """Return all values of a text that has few, each of them seen often enough to be a word."""
    counted = [value for value, _ in column.top]
    complete = column.distinct_exact and len(counted) == column.distinct
    often = bool(column.top) and sum(n for _, n in column.top) >= _REPEATS * len(counted)
    if column.type == "str" and complete and often and column.distinct <= _DOMAIN:
        return sorted(counted)
    return []


def _is_unique(column: ColumnProfile, rows: int) -> bool:
    complete = column.distinct_exact and column.distinct == rows - column.nulls
    return complete and column.type in {"int", "str"} and column.distinct > _REPEATS
