"""Numbers from text."""

from __future__ import annotations

from typing import Literal

from interplane.expressions.expr import Expr
from interplane.expressions.ngrams import mark
from interplane.expressions.operations import call
from interplane.expressions.uncounted import Several
from interplane.features.encodings.arguments import check_whole, text

__all__ = ["hashed_ngrams", "text_length", "word_count"]

_WORD = "[^ \t\n\r\x0b\x0c]+"
_LONGEST = 100
_MOST_BUCKETS = 1000


def text_length(s: Expr) -> Expr:
    """Return how many code points a text has."""
    return text(s, "text_length").length()


def word_count(s: Expr) -> Expr:
    """Return how many words a text has: what stands between white space (of ASCII)."""
    return text(s, "word_count").re_count(_WORD)


def hashed_ngrams(
    s: Expr, n: int = 3, buckets: int = 16, *, unit: Literal["letters", "words"] = "letters"
) -> dict[str, Expr]:
    """Return a feature per bucket: how many n-grams of the text fall into it; null where s is null.

    Args:
        s: the text. Take its case away first (``s.lower()``) where that does not matter.
        n: how many letters, or words, an n-gram has.
        buckets: how many features there are, with the suffixes ``0``, ``1`` …; an n-gram is in the bucket
            `hash_bucket` of it.
        unit: letters (code points), or words between white space (of ASCII).
    """
    check_whole(n, "n", least=1, most=_LONGEST, of="hashed_ngrams")
    check_whole(buckets, "buckets", least=1, most=_MOST_BUCKETS, of="hashed_ngrams")
    node = call("ngram_marks", text(s, "hashed_ngrams").node, n=n, buckets=buckets, unit=unit)
    marks = Expr(node)
    count = marks.length()
    return Several(
        {str(place): count - marks.replace(mark(place), "").length() for place in range(buckets)}
    )
