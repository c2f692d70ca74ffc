"""Failures are data: a breach, and the verdict over a set of rules."""

from __future__ import annotations

from typing import Any, Literal

from interplane.record.base import Value

__all__ = ["Breach", "Verdict"]

_SHOWN_BREACHES = 10
_SHOWN_EXAMPLES = 5


class Breach(Value, frozen=True, kw_only=True):
    """One rule and what it found, broken or held.

    Attributes:
        rule: the rule in words, for example ``wind_speed at most 150``.
        where: the column, slice or metric it speaks of.
        found: what was found, in words with the value.
        action: ``stop`` breaks the verdict; ``null`` (the value reads as null) and ``warn`` do not.
        rows: how many rows break it, where rows can be counted.
        examples: a few of the offending values, as plain JSON values.
        do: what to do about it.
    """

    rule: str
    where: str
    found: str
    action: Literal["stop", "null", "warn"] = "stop"
    rows: int | None = None
    examples: tuple[Any, ...] = ()
    do: str = ""


class Verdict(Value, frozen=True, kw_only=True):
    """The outcome of a set of rules: how many were asked, which were broken, what was skipped.

    >>> Verdict(asked=3).passed
    True
    """

    asked: int
    breaches: tuple[Breach, ...] = ()
    held: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no rule that stops was broken."""
        return all(breach.action != "stop" for breach in self.breaches)

    def to_text(self) -> str:
        """Return the verdict for a person: at most 10 breaches with 5 examples each."""
        word = "passed" if self.passed else "failed"
        rules = "1 rule" if self.asked == 1 else f"{self.asked} rules"
        lines = [f"{word}: {rules}, {len(self.breaches)} broken"]
        for breach in self.breaches[:_SHOWN_BREACHES]:
            rows = "" if breach.rows is None else f" in {_rows(breach.rows)}"
            shown = ", ".join(repr(value) for value in breach.examples[:_SHOWN_EXAMPLES])
            examples = f" (for example {shown})" if shown else ""
            lines.append(f"  {breach.action:<5}{breach.rule}: {breach.found}{rows}{examples}")
            if breach.do:
                lines.append(f"       {breach.do}")
        if len(self.breaches) > _SHOWN_BREACHES:
            lines.append(f"  and {len(self.breaches) - _SHOWN_BREACHES} more")
        return "\n".join(lines)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
