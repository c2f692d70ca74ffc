"""Rules over an evaluation, and the verdict over rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from interplane.errors import UsageError
from interplane.record import Breach, Verdict
from interplane.record.arguments import checked
from interplane.record.base import Value

__all__ = ["Ruling", "judge", "rule"]


class Ruling(Value, frozen=True, kw_only=True):
    """What one rule of a gate found.

    Attributes:
        words: the rule, for example ``roc_auc at least 0.7``.
        where: the metric, and the slices if it speaks of slices.
        found: what was found, with the numbers.
        outcome: whether the rule held, was broken, or could not be asked.
        do: what to do where it was broken.
    """

    words: str
    where: str
    found: str
    outcome: Literal["held", "broken", "skipped"]
    do: str = ""

    @property
    def passed(self) -> bool:
        """Whether the rule lets a crossing pass."""
        return self.outcome != "broken"

    def __bool__(self) -> bool:
        return self.passed

    def to_text(self) -> str:
        """Return the rule with what was found, in one line."""
        return f"{self.words}: {self.found}"


@checked
def rule(words: str, *, holds: bool, found: str, where: str = "", do: str = "") -> Ruling:
    """Return a rule of your own for a gate.

    >>> rule("at most 200 trees", holds=True, found="100 trees").to_text()
    'at most 200 trees: 100 trees'
    """
    outcome: Literal["held", "broken"] = "held" if holds else "broken"
    return Ruling(words=words, where=where, found=found, outcome=outcome, do=do)


def judge(rulings: Ruling | Iterable[Ruling]) -> Verdict:
    """Return the verdict over what a gate returned.

    Raises:
        UsageError: if something in it is no ruling, or there is none.

    >>> judge([rule("at most 200 trees", holds=True, found="100 trees")]).held
    ('at most 200 trees: 100 trees',)
    """
    given = [rulings] if isinstance(rulings, Ruling) else rulings
    if not isinstance(given, Iterable):
        raise _no_ruling(given)
    asked = list(given)
    for each in asked:
        if not isinstance(each, Ruling):
            raise _no_ruling(each)
    if not asked:
        raise UsageError(
            "a gate without a rule lets everything pass",
            expected="a list of rules",
            do='Return at least one, for example evaluation["roc_auc"].at_least(0.7)',
        )
    return Verdict(
        asked=len(asked),
        breaches=tuple(_breach(each) for each in asked if each.outcome == "broken"),
        held=tuple(each.to_text() for each in asked if each.outcome == "held"),
        skipped=tuple(each.to_text() for each in asked if each.outcome == "skipped"),
    )


def _breach(ruling: Ruling) -> Breach:
    return Breach(rule=ruling.words, where=ruling.where, found=ruling.found, do=ruling.do)


def _no_ruling(value: object) -> UsageError:
    return UsageError(
        f"a gate returned {value!r:.60} of type {type(value).__name__}",
        expected="rules",
        do='Return rules such as evaluation["roc_auc"].at_least(0.7), or your own, made by '
        "interplane.rule",
    )
