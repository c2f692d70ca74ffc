"""More of text: padding, positions, names by digest, ``like``, and regular expressions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from interplane.expressions.constants import is_constant_of
from interplane.expressions.form import Example, Form, Operation, Option
from interplane.expressions.pattern_costs import most_bytes
from interplane.expressions.pattern_runtime import (
    Template,
    counter,
    extractor,
    replacer,
    searcher,
)
from interplane.expressions.patterns import is_pattern, parse_pattern
from interplane.expressions.sql_text import sql_constant
from interplane.expressions.strings import WHITESPACE, WHITESPACE_SQL
from interplane.expressions.text_runtime import LONGEST, like_matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interplane.record import Type

__all__ = ["OPERATIONS"]

_MOST_LETTERS = 10_000
_MOST_TIMES = 100
_MOST_BUCKETS = 2**31 - 1
_NO_END = 2**62


def _text(
    name: str, written: str, doc: str, form: Form, *examples: Example, **more: Any
) -> Operation:
    group = more.pop("group", "Text")
    return Operation(
        name=name, group=group, written=written, doc=doc, forms=(form,), examples=examples, **more
    )


def _int_option(name: str, least: int, most: int, *samples: int) -> Option:
    def accepts(value: Any, _: Type) -> bool:
        return type(value) is int and least <= value <= most

    return Option(name, f"an int from {least} to {most:,}", accepts, lambda _: samples)


def _is_filled(value: Any, _: Type) -> bool:
    return is_constant_of(value, "str") and 0 < len(value) <= _MOST_TIMES


def _is_some_text(value: Any, _: Type) -> bool:
    return is_constant_of(value, "str") and len(value) <= _MOST_LETTERS


def _padding(name: str, side: str, example: Example) -> Operation:
    def sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
        x, length, fill = args[0], options["length"], sql_constant(options["fill"], "str")
        return f"CASE WHEN length({x}) >= {length} THEN {x} ELSE {name}({x}, {length}, {fill}) END"

    return _text(
        name,
        f's.{name}(length, fill=" ")',
        f"Filled up on the {side} to so many code points; longer text stays as it is.",
        Form(
            args=("str",), result="str", sql=sql, python=f"text_{name}({{0}}, {{length}}, {{fill}})"
        ),
        example,
        options=(
            Option(
                "fill", "text of 1 to 100 letters", _is_filled, lambda _: (" ", "0", "aß", "🦤")
            ),
            _int_option("length", 0, _MOST_LETTERS, 0, 1, 5, 9),
        ),
    )


def _digest(name: str, word: str, example: Example) -> Operation:
    form = Form(args=("str",), result="str", sql=f"{name}({{0}})", python=f"{name}_hex({{0}})")
    doc = f"The {word} of its UTF-8 bytes, in hexadecimal digits."
    return _text(name, f"s.{name}()", doc, form, example)


def _hash_bucket_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    return f"(CAST('0x' || left(md5({args[0]}), 15) AS BIGINT) % {options['buckets']}::BIGINT)"


def _count_parts_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    return (
        f"CAST(len(string_split({args[0]}, {sql_constant(options['separator'], 'str')})) AS BIGINT)"
    )


def _like_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    return f"({args[0]} LIKE {sql_constant(options['pattern'], 'str')})"


def _most_repeated(options: Mapping[str, Any]) -> int:
    """Return how long a text may be that is repeated so often."""
    return LONGEST // options["times"] if options["times"] > 1 else _NO_END


def _repeat_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    repeated = f"repeat({args[0]}, {options['times']})"
    if options["times"] <= 1:
        return repeated
    return f"CASE WHEN length({args[0]}) <= {_most_repeated(options)} THEN {repeated} END"


# ---- regular expressions ------------------------------------------------------------------------


def _re2(options: Mapping[str, Any]) -> str:
    return parse_pattern(options["pattern"]).re2


def _engine(options: Mapping[str, Any]) -> str:
    return sql_constant(_re2(options), "str")


def _extract_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    x, pattern = args[0], _engine(options)
    found = f"regexp_extract({x}, {pattern}, {options['group']})"
    return f"CASE WHEN regexp_matches({x}, {pattern}) THEN {found} END"


def _of_short(args: tuple[str, ...], options: Mapping[str, Any], made: str) -> str:
    """Return what is made of texts, null of those in which the pattern would look too often."""
    most = most_bytes(options["pattern"])
    return made if most is None else f"CASE WHEN strlen({args[0]}) <= {most} THEN {made} END"


def _replace_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    return _of_short(args, options, _replaced_sql(args, options))


def _replaced_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    """Write a replacement that is null where it would become too long, before it is made.

    A letter becomes as many as the template has letters and groups, at most; only where that could
    be too long, what the groups took is counted.
    """
    x, pattern = args[0], _engine(options)
    template = Template(options["replacement"])
    made = f"regexp_replace({x}, {pattern}, {sql_constant(options['replacement'], 'str')}, 'g')"
    most = template.letters + template.times.total()
    if most <= 1:
        return made

    def taken(group: int) -> str:
        # A group that never took part is a list of nulls, of which DuckDB makes a null.
        taken = f"length(array_to_string(regexp_extract_all({x}, {pattern}, {group}), ''))"
        return f"coalesce({taken}, 0)"

    fits = f"len(regexp_extract_all({x}, {pattern}))"
    groups = "".join(f" + {taken(group)} * {n}" for group, n in template.times.items())
    length = f"length({x}) - {taken(0)} + {fits} * {template.letters}{groups}"
    return (
        f"CASE WHEN length({x}) <= {LONGEST // most} THEN {made} "
        f"WHEN {length} <= greatest({LONGEST}, length({x})) THEN {made} END"
    )


def _count_sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    counted = f"CAST(len(regexp_extract_all({args[0]}, {_engine(options)})) AS BIGINT)"
    return _of_short(args, options, counted)


def _is_pattern(value: Any, _: Type) -> bool:
    return is_pattern(value)


def _is_filling_pattern(value: Any, _: Type) -> bool:
    return is_pattern(value) and not parse_pattern(value).nullable


def _is_replacement(value: Any, of: Type) -> bool:
    return _is_some_text(value, of) and re.fullmatch(r"(?s:[^\\]|\\[0-9\\])*", value) is not None


def _groups_of(text: str) -> int:
    """Return the greatest group that a replacement names."""
    return max((int(digit) for digit in re.findall(r"\\(?:\\|([0-9]))", text) if digit), default=0)


def _check_group(options: Mapping[str, Any]) -> str:
    groups = parse_pattern(options["pattern"]).groups
    asked = options.get("group", _groups_of(options.get("replacement", "")))
    if asked <= groups:
        return ""
    return f"group {asked}, and the pattern {options['pattern']!r} has {groups}"


_SAMPLES = (
    *("(a|[A-Z])+", "([0-9]+)-?", "^(.).*?$", "([^a-z]+)$", r"(ß|İ|K)\w*", "(.)(-|)", r"(\W)\d"),
)
_FILLING = (*_SAMPLES, r"([^ \t\n]+)", "(aa|b)", "(a)?b", "a([^b]*b)?", "([ab]*a[ab]{900}c)|[ab]")
_ANY = (*_FILLING, "^(a?)$", "(x*)", "()", "^(A|B|)")


def _pattern_option(accepts: Callable[[Any, Type], bool], samples: tuple[str, ...]) -> Option:
    empty = "" if samples is _ANY else ", that fits no empty text"
    return Option("pattern", f"a regular expression (see below){empty}", accepts, lambda _: samples)


_PATTERN = _pattern_option(_is_pattern, _ANY)
_FILLED = _pattern_option(_is_filling_pattern, _FILLING)


def _regex(
    name: str, written: str, doc: str, form: Form, *examples: Example, **more: Any
) -> Operation:
    return _text(name, written, doc, form, *examples, group="Regular expressions", **more)


OPERATIONS: tuple[Operation, ...] = (
    _text(
        "lstrip",
        "s.lstrip()",
        "Without white space (as `strip` has it) at the beginning.",
        Form(
            args=("str",),
            result="str",
            sql=f"ltrim({{0}}, {WHITESPACE_SQL})",
            python="{0}.lstrip({blank})",
            constants=lambda _: {"blank": WHITESPACE},
        ),
        Example((" a b\n",), "a b\n"),
    ),
    _text(
        "rstrip",
        "s.rstrip()",
        "Without white space (as `strip` has it) at the end.",
        Form(
            args=("str",),
            result="str",
            sql=f"rtrim({{0}}, {WHITESPACE_SQL})",
            python="{0}.rstrip({blank})",
            constants=lambda _: {"blank": WHITESPACE},
        ),
        Example((" a b\n",), " a b"),
    ),
    _padding("lpad", "left", Example(("7",), "007", (("fill", "0"), ("length", 3)))),
    _padding("rpad", "right", Example(("7",), "7--", (("fill", "-"), ("length", 3)))),
    _text(
        "repeat",
        "s.repeat(times)",
        f"The text so many times, 0 to 100. Null where that would be longer than {LONGEST:,} code points.",
        Form(
            args=("str",),
            result="str",
            sql=_repeat_sql,
            python="({0} * {times} if len({0}) <= {most} else None)",
            partial=True,
            constants=lambda options: {**options, "most": _most_repeated(options)},
        ),
        Example(("ab",), "ababab", (("times", 3),)),
        options=(_int_option("times", 0, _MOST_TIMES, 0, 1, 3),),
    ),
    _text(
        "capitalize",
        "s.capitalize()",
        "The first letter in capital form, the others in small form.",
        Form(
            args=("str",),
            result="str",
            sql="(upper(left({0}, 1)) || lower(substring({0}, 2)))",
            python="text_capitalize({0})",
        ),
        Example(("éTÉ",), "Été"),
    ),
    _text(
        "find",
        "s.find(other)",
        "The position (from 0) where other first stands in s; -1 where it does not.",
        Form(
            args=("str", "str"),
            result="int",
            sql="CAST(instr({0}, {1}) - 1 AS BIGINT)",
            python="{0}.find({1})",
        ),
        Example(("Zürich", "r"), 2),
        Example(("Zürich", "x"), -1),
    ),
    _text(
        "count_parts",
        "s.count_parts(separator)",
        "How many parts there are between separators; 1 where there is none.",
        Form(
            args=("str",),
            result="int",
            sql=_count_parts_sql,
            python="({0}.count({separator}) + 1)",
        ),
        Example(("a-b--c",), 4, (("separator", "-"),)),
        options=(
            Option("separator", "text, not empty", _is_filled, lambda _: ("-", "a", "ß", "aa")),
        ),
    ),
    _text(
        "code_point",
        "s.code_point()",
        "The number of the first letter in Unicode. Null where the text is empty.",
        Form(
            args=("str",),
            result="int",
            sql="CASE WHEN {0} <> '' THEN CAST(unicode({0}) AS BIGINT) END",
            python="(ord({0}[0]) if {0} else None)",
            partial=True,
        ),
        Example(("Ab",), 65),
    ),
    _digest("md5", "MD5", Example(("",), "d41d8cd98f00b204e9800998ecf8427e")),
    _digest(
        "sha256",
        "SHA-256",
        Example(("",), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ),
    _text(
        "hash_bucket",
        "s.hash_bucket(buckets)",
        "A number from 0 to buckets - 1: the first 60 bits of the MD5, modulo buckets.",
        Form(
            args=("str",),
            result="int",
            sql=_hash_bucket_sql,
            python="hash_bucket({0}, {buckets})",
        ),
        Example(("JFK",), 6, (("buckets", 10),)),
        options=(_int_option("buckets", 1, _MOST_BUCKETS, 1, 7, 1000, _MOST_BUCKETS),),
    ),
    _text(
        "like",
        "s.like(pattern)",
        "Whether the whole text is like the constant pattern: % is any text, _ one code point.",
        Form(
            args=("str",),
            result="bool",
            sql=_like_sql,
            python="{matches}({0})",
            constants=lambda options: {"matches": like_matcher(options["pattern"])},
        ),
        Example(("N123AA",), True, (("pattern", "N%A_"),)),
        options=(
            Option(
                "pattern",
                "a text",
                _is_some_text,
                lambda _: ("a%", "%-%", "_", "%a_%", "A%A", "", "%", "%%a%_b%", "%\\_", "ß%"),
            ),
        ),
    ),
    _regex(
        "re_search",
        "s.re_search(pattern)",
        "Whether the pattern fits anywhere in s.",
        Form(
            args=("str",),
            result="bool",
            sql=lambda args, options: f"regexp_matches({args[0]}, {_engine(options)})",
            python="{fits}({0})",
            constants=lambda options: {"fits": searcher(_re2(options))},
        ),
        Example(("N123AA",), True, (("pattern", r"^N\d+[A-Z]*$"),)),
        options=(_PATTERN,),
    ),
    _regex(
        "re_extract",
        "s.re_extract(pattern, group=0)",
        "What the pattern, or a group of it, first takes. Null where it does not fit; '' for a group that takes no part.",
        Form(
            args=("str",),
            result="str",
            sql=_extract_sql,
            python="{extracted}({0})",
            partial=True,
            constants=lambda options: {"extracted": extractor(_re2(options), options["group"])},
        ),
        Example(("N123AA",), "123", (("group", 1), ("pattern", r"N(\d+)"))),
        Example(("JFK",), None, (("group", 0), ("pattern", r"\d"))),
        options=(_int_option("group", 0, 9, 0, 1), _PATTERN),
        check=_check_group,
    ),
    _regex(
        "re_replace",
        "s.re_replace(pattern, replacement)",
        r"Each fit replaced, from the left; in the replacement \1 is what group 1 took, \\ a backslash. "
        f"Null where s would become longer than {LONGEST:,} code points by it, or is too long for the "
        "pattern (see below).",
        Form(
            args=("str",),
            result="str",
            sql=_replace_sql,
            python="{replaced}({0})",
            partial=True,
            constants=lambda options: {
                "replaced": replacer(
                    *(_re2(options), options["replacement"], most_bytes(options["pattern"]))
                )
            },
        ),
        Example(("a1b22",), "a#b#", (("pattern", r"\d+"), ("replacement", "#"))),
        Example(("JFK-LAX",), "LAX-JFK", (("pattern", r"(\w+)-(\w+)"), ("replacement", r"\2-\1"))),
        options=(
            _FILLED,
            Option(
                "replacement",
                r"a text; a backslash only as \0 … \9 or \\",
                _is_replacement,
                lambda _: ("", "-", r"<\1>", r"\0\0", r"\\1", "ß"),
            ),
        ),
        check=_check_group,
    ),
    _regex(
        "re_count",
        "s.re_count(pattern)",
        "How often the pattern fits, one fit after the other. Null where s is too long for the pattern "
        "(see below).",
        Form(
            args=("str",),
            result="int",
            sql=_count_sql,
            python="{counted}({0})",
            partial=True,
            constants=lambda options: {
                "counted": counter(_re2(options), most_bytes(options["pattern"]))
            },
        ),
        Example(("two words",), 2, (("pattern", "[^ ]+"),)),
        options=(_FILLED,),
    ),
)
