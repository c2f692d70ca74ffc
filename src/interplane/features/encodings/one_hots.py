"""One feature per value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interplane.expressions.expr import Expr, if_else
from interplane.expressions.nodes import Reduce
from interplane.expressions.uncounted import Uncounted
from interplane.features.derived import VOCABULARY
from interplane.features.encodings.arguments import (
    check_flag,
    check_share,
    check_whole,
    groupable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.expressions.nodes import Constant, Node

__all__ = ["OneHot", "one_hot"]

_UNFIT_FOR_NAMES = re.compile(r"[^\w.+-]")
_MOST = 100_000


@dataclass(frozen=True, eq=False, repr=False)
class OneHot(Uncounted):
    """A feature that becomes one per value of its vocabulary, once the fit has found that."""

    _is = "the features of one_hot, whose number is known after the fit"
    _do = "Calculate before it: one_hot(x + 1); or write one of them, (x == 'a').cast('float')"

    x: Expr
    top: int
    min_share: float = 0.0
    other: bool = False

    def __repr__(self) -> str:
        said = {"top": self.top, "min_share": self.min_share, "other": self.other}
        options = "".join(f", {name}={value}" for name, value in said.items() if value)
        return f"one_hot({self.x!r}{options})"

    @property
    def vocabulary(self) -> Reduce:
        """The statistic it needs: the most frequent values."""
        node = self.x.node
        share = (("min_share", self.min_share),) if self.min_share else ()
        return Reduce(VOCABULARY, (node,), None, (), (*share, ("top", self.top)), node.type)

    def expand(self, x: Node, vocabulary: Sequence[Constant]) -> dict[str, Expr]:
        """Return the features by suffix, given the frozen form of x and the vocabulary."""
        suffixes = _suffixes([*vocabulary, *(["other"] if self.other else [])])
        spread = {
            suffix: if_else(Expr(x) == value, 1.0, 0.0)
            for suffix, value in zip(suffixes, vocabulary, strict=False)
        }
        if self.other:
            known = Expr(x).not_in(vocabulary) if vocabulary else Expr(x).not_null()
            spread[suffixes[-1]] = if_else(known, 1.0, 0.0)
        return spread


def one_hot(x: Expr, top: int = 40, *, min_share: float = 0.0, other: bool = False) -> OneHot:
    """Return a feature per frequent value of x: 1 where x equals it, else 0.

    The vocabulary is the ``top`` most frequent values of the training rows (ties: the smaller
    value first). Null, unseen and rarer values are 0 in all of them.

    Args:
        x: a column to group by; several go as ``one_hot(cross(a, b))``.
        top: how many values have a feature at most.
        min_share: the share of the rows with a value that such a value has at least.
        other: whether there is one more feature, ``other``: 1 for unseen and rarer values.
    """
    groupable(x, "one_hot")
    check_whole(top, "top", least=1, most=_MOST, of="one_hot")
    check_share(min_share, "min_share", of="one_hot")
    check_flag(other, "other", of="one_hot")
    return OneHot(x, top, float(min_share), other)


def _suffixes(vocabulary: Sequence[Constant]) -> list[str]:
    """Return a suffix per value, distinct also in lower case, of letters, digits and ``_.+-``."""
    suffixes: dict[str, str] = {}
    for value in vocabulary:
        plain = _UNFIT_FOR_NAMES.sub("_", str(value)) or "empty"
        suffix, number = plain, 2
        while suffix.lower() in suffixes:
            suffix, number = f"{plain}_{number}", number + 1
        suffixes[suffix.lower()] = suffix
    return list(suffixes.values())
