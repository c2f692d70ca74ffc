"""Texts by the hashes of their n-grams: the operation behind `hashed_ngrams`.

There are no lists in the language. So a text's n-grams come as another text with one code point for
each, which says its bucket; how many are in a bucket is how often that code point is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.expressions.form import Example, Form, Operation, Option
from interplane.expressions.strings import WHITESPACE, WHITESPACE_SQL
from interplane.expressions.text_runtime import hash_bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interplane.record import Type

__all__ = ["OPERATIONS", "mark"]

_FIRST = 0x4E00
_MOST_BUCKETS = 10_000
_MOST_LETTERS = 100
_UNITS = ("letters", "words")
_SPACES = str.maketrans(dict.fromkeys(WHITESPACE, " "))


def mark(bucket: int) -> str:
    """Return the code point that stands for an n-gram in this bucket."""
    return chr(_FIRST + bucket)


def _marker(options: Mapping[str, Any]) -> Callable[[str], str]:
    n, buckets = options["n"], options["buckets"]

    def marked(gram: str) -> str:
        return mark(hash_bucket(gram, buckets))

    def letters(text: str) -> str:
        return "".join([marked(text[at : at + n]) for at in range(len(text) - n + 1)])

    def words(text: str) -> str:
        parts = [part for part in text.translate(_SPACES).split(" ") if part]
        return "".join([marked(" ".join(parts[at : at + n])) for at in range(len(parts) - n + 1)])

    return letters if options["unit"] == "letters" else words


def _sql(args: tuple[str, ...], options: Mapping[str, Any]) -> str:
    x, n = args[0], options["n"]
    if options["unit"] == "letters":
        return _marks(f"length({x})", f"substring({x}, spot, {n})", options)
    spaced = f"translate({x}, {WHITESPACE_SQL}, repeat(' ', {len(WHITESPACE)}))"
    words = f"list_filter(string_split({spaced}, ' '), lambda part: part <> '')"
    gram = f"array_to_string(parts[spot:spot + {n - 1}], ' ')"
    # A list of one list: so the words have a name, and are taken apart once.
    return f"list_transform([{words}], lambda parts: {_marks('len(parts)', gram, options)})[1]"


def _marks(units: str, gram: str, options: Mapping[str, Any]) -> str:
    bucket = f"CAST('0x' || left(md5({gram}), 15) AS BIGINT) % {options['buckets']}"
    spots = f"range(1, {units} - {options['n'] - 2})"
    marked = f"list_transform({spots}, lambda spot: chr(CAST({_FIRST} + {bucket} AS INTEGER)))"
    return f"array_to_string({marked}, '')"


def _whole(name: str, most: int, *samples: int) -> Option:
    def accepts(value: Any, _: Type) -> bool:
        return type(value) is int and 1 <= value <= most

    return Option(name, f"an int from 1 to {most:,}", accepts, lambda _: samples)


OPERATIONS = (
    Operation(
        name="ngram_marks",
        group="Text",
        written="ip.hashed_ngrams(s, n, buckets)",
        doc="One code point for each n-gram (of letters, or of words between white space), in order: "
        "U+4E00 + hash_bucket(n-gram, buckets). Empty where there are fewer than n.",
        forms=(
            Form(
                args=("str",),
                result="str",
                sql=_sql,
                python="{marker}({0})",
                constants=lambda options: {"marker": _marker(options)},
            ),
        ),
        examples=(
            Example(
                ("late",),
                "".join(mark(hash_bucket(gram, 8)) for gram in ("lat", "ate")),
                (("buckets", 8), ("n", 3), ("unit", "letters")),
            ),
            Example(
                (" very  late ",),
                mark(hash_bucket("very late", 8)),
                (("buckets", 8), ("n", 2), ("unit", "words")),
            ),
        ),
        options=(
            _whole("buckets", _MOST_BUCKETS, 1, 2, 7, 4096),
            _whole("n", _MOST_LETTERS, 1, 2, 3),
            Option(
                "unit",
                f"one of {', '.join(_UNITS)}",
                lambda value, _: isinstance(value, str) and value in _UNITS,
                lambda _: _UNITS,
            ),
        ),
    ),
)
"""What stands in the table."""
