"""Text, by code points. Positions count from 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.expressions.constants import is_constant_of
from interplane.expressions.form import Example, Form, Operation, Option
from interplane.expressions.sql_text import sql_constant
from interplane.expressions.text_runtime import LONGEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.record import Type

__all__ = ["OPERATIONS", "WHITESPACE", "WHITESPACE_SQL"]

_GROUP = "Text"
_LONGEST = 2**31 - 1

WHITESPACE = " \t\n\r\x0b\x0c"
"""What ``strip`` takes away."""

WHITESPACE_SQL = "concat(" + ", ".join(f"chr({ord(letter)})" for letter in WHITESPACE) + ")"


_REPLACE_SQL = (
    f"CASE WHEN length({{0}}) * length({{2}}) <= {LONGEST} THEN replace({{0}}, {{1}}, {{2}}) "
    "WHEN {1} = '' AND {2} IS NOT NULL THEN {0} "
    "WHEN length({0}) + (length({0}) - length(replace({0}, {1}, ''))) // nullif(length({1}), 0)"
    f" * (length({{2}}) - length({{1}})) <= greatest({LONGEST}, length({{0}}))"
    " THEN replace({0}, {1}, {2}) END"
)
"""Null where it would become too long, before it is made: see `text_replace`."""


def _text(
    name: str,
    written: str,
    doc: str,
    forms: Form | tuple[Form, ...],
    *examples: Example,
    options: tuple[Option, ...] = (),
) -> Operation:
    return Operation(
        name=name,
        group=_GROUP,
        written=written,
        doc=doc,
        forms=forms if isinstance(forms, tuple) else (forms,),
        examples=examples,
        options=options,
    )


def _predicate(name: str, sql: str, python: str, doc: str, example: Example) -> Operation:
    form = Form(args=("str", "str"), result="bool", sql=f"{sql}({{0}}, {{1}})", python=python)
    return _text(name, f"s.{name}(other)", doc, form, example)


def _is_count(value: Any, _: Type) -> bool:
    return type(value) is int and 0 <= value <= _LONGEST


def _count(name: str) -> Option:
    return Option(name, "an int, 0 or more", _is_count, lambda _: (0, 1, 3, _LONGEST))


def _is_separator(value: Any, _: Type) -> bool:
    return is_constant_of(value, "str") and value != ""


def _is_index(value: Any, _: Type) -> bool:
    return type(value) is int and 0 <= value < 1000


def _split_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    separator = sql_constant(options["separator"], "str")
    return f"list_extract(string_split({args[0]}, {separator}), {options['index'] + 1})"


OPERATIONS: tuple[Operation, ...] = (
    _text(
        "lower",
        "s.lower()",
        "Each letter in its simple small form (one code point for one, Unicode's own table, shipped with Interplane).",
        Form(args=("str",), result="str", sql="lower({0})", python="text_lower({0})"),
        Example(("JFK",), "jfk"),
    ),
    _text(
        "upper",
        "s.upper()",
        "Each letter in its simple capital form, one code point for one.",
        Form(args=("str",), result="str", sql="upper({0})", python="text_upper({0})"),
        Example(("jfk",), "JFK"),
    ),
    _text(
        "strip",
        "s.strip()",
        "Without blanks, tabs, line and page feeds and carriage returns at both ends.",
        Form(
            args=("str",),
            result="str",
            sql=f"trim({{0}}, {WHITESPACE_SQL})",
            python="{0}.strip({blank})",
            constants=lambda _: {"blank": WHITESPACE},
        ),
        Example((" a b\n",), "a b"),
    ),
    _text(
        "length",
        "s.length()",
        "How many code points.",
        Form(args=("str",), result="int", sql="CAST(length({0}) AS BIGINT)", python="len({0})"),
        Example(("Zürich",), 6),
    ),
    _predicate(
        "contains",
        "contains",
        "({1} in {0})",
        "Whether other stands anywhere in s.",
        Example(("N123AA", "AA"), True),
    ),
    _predicate(
        "starts_with",
        "starts_with",
        "{0}.startswith({1})",
        "Whether s begins with other.",
        Example(("N123AA", "N1"), True),
    ),
    _predicate(
        "ends_with",
        "suffix",
        "{0}.endswith({1})",
        "Whether s ends with other.",
        Example(("N123AA", "AA"), True),
    ),
    _text(
        "replace",
        "s.replace(old, new)",
        "Each old replaced by new, from the left; s itself where old is empty. "
        f"Null where s would become longer than {LONGEST:,} code points by it.",
        Form(
            args=("str", "str", "str"),
            result="str",
            sql=_REPLACE_SQL,
            python="text_replace({0}, {1}, {2})",
            partial=True,
        ),
        Example(("a-b-c", "-", "/"), "a/b/c"),
    ),
    _text(
        "substr",
        "s.substr(start, length)",
        "Up to length code points from start on.",
        Form(
            args=("str",),
            result="str",
            sql=lambda args, options: (
                f"substring({args[0]}, {options['start'] + 1}, {options['length']})"
            ),
            python="{0}[{start}:{end}]",
            constants=lambda options: {
                "start": options["start"],
                "end": options["start"] + options["length"],
            },
        ),
        Example(("N123AA",), "123", (("length", 3), ("start", 1))),
        options=(_count("length"), _count("start")),
    ),
    _text(
        "left",
        "s.left(length)",
        "Up to length code points from the beginning.",
        Form(
            args=("str",),
            result="str",
            sql=lambda args, options: f"left({args[0]}, {options['length']})",
            python="{0}[:{length}]",
        ),
        Example(("N123AA",), "N1", (("length", 2),)),
        options=(_count("length"),),
    ),
    _text(
        "right",
        "s.right(length)",
        "Up to length code points at the end.",
        Form(
            args=("str",),
            result="str",
            sql=lambda args, options: f"right({args[0]}, {options['length']})",
            python="({0}[-{length}:] if {length} else '')",
        ),
        Example(("N123AA",), "AA", (("length", 2),)),
        options=(_count("length"),),
    ),
    _text(
        "split_part",
        "s.split_part(separator, index)",
        "The part at index (from 0) between separators. Null where there are fewer.",
        Form(
            args=("str",),
            result="str",
            sql=_split_sql,
            python="text_part({0}, {separator}, {index})",
            partial=True,
        ),
        Example(("a-b",), "b", (("index", 1), ("separator", "-"))),
        Example(("a-b",), None, (("index", 2), ("separator", "-"))),
        options=(
            Option("index", "an int from 0 to 999", _is_index, lambda _: (0, 1, 2)),
            Option("separator", "text, not empty", _is_separator, lambda _: ("-", "a", "ß", "aa")),
        ),
    ),
    _text(
        "concat",
        "a + b, concat(a, b, …)",
        "One after the other.",
        Form(args=("str", "str"), result="str", sql="({0} || {1})", python="({0} + {1})"),
        Example(("JFK", "-LAX"), "JFK-LAX"),
    ),
)
