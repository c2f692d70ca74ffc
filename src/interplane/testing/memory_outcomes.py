"""Outcomes in memory: the twin that tests use, under the same laws as those on disk."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from interplane.outcomes.outcome import Outcome, target_digest
from interplane.outcomes.pieces import Piece, pieces_of
from interplane.outcomes.ports import Kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["MemoryOutcomes"]


class MemoryOutcomes:
    """Outcomes in a list; shared by the threads of one process.

    >>> outcomes = MemoryOutcomes()
    >>> said = Outcome(
    ...     model="flights",
    ...     key={"id": "UA1"},
    ...     value=True,
    ...     known_at_us=7,
    ...     received_at_us=9,
    ...     actor="me",
    ... )
    >>> outcomes.add([said, said])
    [True, False]
    """

    def __init__(self) -> None:
        self._turn = threading.RLock()
        self._kept: list[Kept] = []
        self._of: dict[bytes, list[Kept]] = {}
        self._newest: dict[str, int] = {}
        self._repeated: dict[str, Counter[str]] = {}
        self._last = 0

    def add(self, outcomes: Sequence[Outcome], *, bulk: bool = False) -> list[bool]:
        """Take outcomes; return for each whether it is new."""
        del bulk
        with self._turn:
            return [self._add(outcome) for outcome in outcomes]

    def _add(self, outcome: Outcome) -> bool:
        self._last += 1
        if self._says_nothing_new(outcome):
            self._repeated.setdefault(outcome.model, Counter())[outcome.name] += 1
            return False
        self._kept.append(Kept(self._last, outcome))
        self._of.setdefault(target_digest(outcome), []).append(self._kept[-1])
        self._newest[outcome.model] = self._last
        return True

    def _says_nothing_new(self, outcome: Outcome) -> bool:
        before = sorted(
            (each.outcome.known_at_us, each.sequence, _said(each.outcome))
            for each in self._of.get(target_digest(outcome), ())
            if each.outcome.known_at_us <= outcome.known_at_us
        )
        if not before:
            return False
        said = _said(outcome)
        if outcome.is_known_when_it_came and before[-1][2] == said:
            return True
        return any(known == outcome.known_at_us and value == said for known, _, value in before)

    def models(self) -> list[str]:
        """Return the models that have outcomes, in order."""
        return sorted({*self._newest, *self._repeated})

    def newest(self, model: str) -> int:
        """Return the greatest sequence of a model, 0 if there is none."""
        return self._newest.get(model, 0)

    def read(
        self,
        model: str,
        *,
        name: str | None = None,
        after: int = 0,
        as_of_us: int | None = None,
    ) -> list[Piece]:
        """Return the outcomes of a model in columns."""
        with self._turn:
            kept = list(self._kept)
        return pieces_of(
            each
            for each in kept
            if each.outcome.model == model
            and each.sequence > after
            and name in (None, each.outcome.name)
            and (as_of_us is None or each.outcome.known_at_us <= as_of_us)
        )

    def repeated(self, model: str) -> Mapping[str, int]:
        """Return how many came that were there already, by name."""
        return dict(self._repeated.get(model, {}))

    def drop_before(self, known_at_us: int) -> int:
        """Let go of every outcome that was known before a time; return how many."""
        with self._turn:
            before = len(self._kept)
            self._kept = [each for each in self._kept if each.outcome.known_at_us >= known_at_us]
            self._of = {}
            for each in self._kept:
                self._of.setdefault(target_digest(each.outcome), []).append(each)
            return before - len(self._kept)

    def close(self) -> None:
        """Keep everything: the same object may be used again."""


def _said(outcome: Outcome) -> tuple[str, float]:
    """Return a value such that true is not one."""
    kind = "none" if outcome.value is None else str(isinstance(outcome.value, bool))
    return kind, float(outcome.value or 0)
