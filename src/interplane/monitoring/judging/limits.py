"""Bounds of a rule: whether a value is beyond them, and whether chance alone could have put it there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.monitoring.rules import Rule

__all__ = ["Limit", "find_limit"]


class Limit(NamedTuple):
    """The bound of a rule that matters for a value.

    Attributes:
        limit: the bound.
        effect: how far the value is beyond it: above 0 beyond ``at_most``, below 0 beyond
            ``at_least``; 0 within.
        p: a bound of the chance of that, if the truth is at the limit.
        words: the bound as a rule says it.
    """

    limit: float
    effect: float
    p: float
    words: str


def find_limit(rule: Rule, value: float, chance: Callable[[float, bool], float]) -> Limit | None:
    """Return the bound that a value is beyond, else the one that is nearer; None if there is none.

    Args:
        rule: the rule.
        value: the value.
        chance: returns a bound of the chance of such a value if the truth is at a limit, of the limit
            and of whether above it is beyond.

    >>> from interplane.monitoring.rules import Rule
    >>> rule = Rule(name="a", model="flights", metric="roc_auc", at_least=0.75)
    >>> find_limit(rule, 0.5, lambda limit, above: 0.001)
    Limit(limit=0.75, effect=-0.25, p=0.001, words='at least 0.75')
    """
    found = []
    if rule.at_most is not None:
        p = chance(rule.at_most, True)
        over = max(value - rule.at_most, 0.0)
        found.append(Limit(rule.at_most, over, p, f"at most {rule.at_most:g}"))
    if rule.at_least is not None:
        p = chance(rule.at_least, False)
        under = min(value - rule.at_least, 0.0)
        found.append(Limit(rule.at_least, under, p, f"at least {rule.at_least:g}"))
    # Beyond both nothing can be, so two bounds are two tests of which the better counts twice.
    found = [each._replace(p=min(1.0, each.p * len(found))) for each in found]
    return min(found, key=lambda each: (each.effect == 0, abs(value - each.limit)), default=None)
