"""Categories as numbers: places in a vocabulary, hashes, frequencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from interplane.expressions.expr import Expr, coalesce
from interplane.expressions.nodes import Literal as Constant
from interplane.expressions.nodes import Reduce
from interplane.features.derived import INDEX
from interplane.features.encodings.arguments import (
    check_choice,
    check_share,
    check_whole,
    groupables,
)
from interplane.features.encodings.crossing import cross

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["frequency_encode", "hash_bucket", "ordinal", "vocabulary"]

_MOST_VALUES = 10_000_000
_MOST_BUCKETS = 1_000_000


def frequency_encode(x: Expr | Sequence[Expr]) -> Expr:
    """Return the share of training rows that have this value of x; 0 for unseen values and null.

    Of several columns it is the share of this combination, among the rows that have all of them.
    """
    keys = groupables(x, "frequency_encode")
    if len(keys) == 1:
        return keys[0].count(by=keys) / keys[0].count()
    there = keys[0].not_null()
    for key in keys[1:]:
        there = there & key.not_null()
    return keys[0].count(by=keys) / there.sum()


def ordinal(
    x: Expr | Sequence[Expr],
    *,
    order: Literal["frequency", "value"] = "frequency",
    top: int | None = None,
    unseen: int | None = -1,
) -> Expr:
    """Return the place of a value (or combination) among those of the training rows, from 0.

    Args:
        x: a column to group by, or several.
        order: the most frequent first (of equally frequent ones the smaller), or the smallest first.
        top: only the so many most frequent have a place.
        unseen: what stands for unseen values, those without a place, and null; None for null.

    >>> from interplane.expressions.expr import Row
    >>> ordinal(Row({"carrier": "str"}).carrier).type
    'int'
    """
    check_choice(
        *(order, "order", ("frequency", "value")),
        of="ordinal",
        do="Leave it out for the most frequent first",
    )
    return _index(groupables(x, "ordinal"), order=order, top=top, unseen=unseen, of="ordinal")


def vocabulary(
    x: Expr | Sequence[Expr],
    *,
    top: int | None = None,
    min_share: float = 0.0,
    oov_buckets: int = 1,
) -> Expr:
    """Return a number for each value of a vocabulary, and one of a few buckets for all others.

    The vocabulary begins at ``oov_buckets``, the most frequent value first; the buckets below that
    are for values out of it, by their hash (`hash_bucket`). Null where x is null.

    Args:
        x: a column to group by, or several (as `cross` puts them together).
        top: how many values the vocabulary has at most.
        min_share: the share of the training rows that a value of the vocabulary has at least.
        oov_buckets: how many buckets there are for other values, at least 1.
    """
    check_whole(oov_buckets, "oov_buckets", least=1, most=_MOST_BUCKETS, of="vocabulary")
    check_share(min_share, "min_share", of="vocabulary")
    keys = groupables(x, "vocabulary")
    key = keys[0] if len(keys) == 1 else cross(*keys)
    index = _index(
        [key], order="frequency", top=top, unseen=None, of="vocabulary", min_share=min_share
    )
    return coalesce(index + oov_buckets, hash_bucket(key, oov_buckets))


def hash_bucket(x: Expr | Sequence[Expr], buckets: int) -> Expr:
    """Return a number from 0 to ``buckets`` - 1 that depends on the value alone; null for null.

    It is the first 60 bits of the MD5 of the value's text in UTF-8, modulo ``buckets``: the same in
    every process, on every machine, in every version. Several columns are hashed as their `cross`.

    >>> from interplane.expressions.expr import Row
    >>> hash_bucket(Row({"tail": "str"}).tail, 1000).type
    'int'
    """
    check_whole(buckets, "buckets", least=1, most=_MOST_BUCKETS, of="hash_bucket")
    keys = groupables(x, "hash_bucket")
    return (keys[0] if len(keys) == 1 else cross(*keys)).hash_bucket(buckets)


def _index(
    keys: Sequence[Expr],
    *,
    order: str,
    top: int | None,
    unseen: int | None,
    of: str,
    min_share: float = 0.0,
) -> Expr:
    options: dict[str, int | float | str] = {"order": order}
    if top is not None:
        check_whole(top, "top", least=1, most=_MOST_VALUES, of=of)
        options["top"] = top
    if unseen is not None:
        check_whole(unseen, "unseen", least=-(2**63), most=2**63 - 1, of=of)
        options["unseen"] = unseen
    if min_share:
        options["min_share"] = float(min_share)
    by = tuple(key.node for key in keys)
    each = Constant(True, "bool")
    return Expr(Reduce(INDEX, (each,), None, by, tuple(sorted(options.items())), "int"))
