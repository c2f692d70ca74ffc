"""Where a learner is in what it learns from: small, plain JSON, written with each checkpoint.

A *round* takes what is new at its beginning: predictions that were answered up to a moment of the
server's clock, outcomes up to a sequence. It goes through them in the order of their times, and may be
written down at any event: whoever goes on takes the same round from that event on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zlib import crc32

import msgspec

from interplane.project.prequential import Prequential

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MOST_PENDING", "MOST_WAITING", "PATIENCE_US", "Pending", "Place", "Round", "Stop"]

MOST_PENDING: Final = 20_000
"""The most scores that wait for their outcomes. Beyond it a share of the predictions is judged, chosen by
a hash of their ids; all of them are learned."""

MOST_WAITING: Final = 20_000
"""The most outcomes that wait for their predictions; the oldest go."""

PATIENCE_US: Final = 90 * 86_400_000_000
"""How long a score waits for its outcome."""

_BITS: Final = 32


class Stop(msgspec.Struct, frozen=True, array_like=True, order=True):
    """An event of a round, by what rounds are ordered by: what was known goes before what is asked then.

    Attributes:
        time_us: when an outcome was known, or a prediction was made for.
        kind: 0 for an outcome, 1 for a prediction.
        sequence: the outcome's place in the order in which outcomes came; 0 for a prediction.
        id: the prediction's id.
    """

    time_us: int
    kind: int
    sequence: int
    id: str


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """A round that has begun.

    Attributes:
        now_us: the clock when it began; outcomes that are known later wait.
        at_us: predictions answered up to then, by the server's clock, belong to it.
        sequence: outcomes up to this one belong to it.
        after: the last event that was taken.
    """

    now_us: int
    at_us: int
    sequence: int
    after: Stop | None = None


class Pending(msgspec.Struct, kw_only=True):
    """Scores that wait for their outcomes, by prediction id, in the order in which they were given.

    Attributes:
        scores: the prediction time and the score of each.
        depth: only ids whose hash begins with so many zero bits are kept.
        dropped: how many were let go, because there were too many or they had waited too long.
    """

    scores: dict[str, tuple[int, float]] = {}
    depth: int = 0
    dropped: int = 0

    def put(self, id_: str, time_us: int, score: float) -> None:
        """Keep a score, if its id is of the share that is kept."""
        if not self._keeps(id_):
            return
        self.scores[id_] = (time_us, score)
        while len(self.scores) > MOST_PENDING:
            self.depth += 1
            self._only(each for each in self.scores if self._keeps(each))

    def take(self, id_: str) -> float | None:
        """Return a score and forget it; None if there is none."""
        found = self.scores.pop(id_, None)
        if self.depth and len(self.scores) < MOST_PENDING // 8:
            self.depth -= 1
        return None if found is None else found[1]

    def forget(self, before_us: int) -> None:
        """Let go of scores for times before one."""
        if any(time_us < before_us for time_us, _ in self.scores.values()):
            self._only(id_ for id_, (time_us, _) in self.scores.items() if time_us >= before_us)

    def _keeps(self, id_: str) -> bool:
        return not self.depth or not crc32(id_.encode()) >> (_BITS - self.depth)

    def _only(self, ids: Iterable[str]) -> None:
        kept = {id_: self.scores[id_] for id_ in ids}
        self.dropped += len(self.scores) - len(kept)
        self.scores = kept


class Place(msgspec.Struct, kw_only=True):
    """Everything that goes on from one checkpoint to the next, but for the learner itself.

    Attributes:
        begin_us: the server's clock at the first prediction that the parent answered; what was
            predicted before may be among the rows that it was trained on, and is not learned.
        at_us: predictions answered up to then were taken.
        sequence: outcomes up to this one were taken, but for those that are waiting.
        waiting: sequences of outcomes whose prediction was not there yet, or that are known later.
        round: the round that is under way.
        learned_until_us: the latest time at which an outcome was known that was learned.
        pending: the scores that wait for their outcomes.
        prequential: the sums.
        counts: what was met, by name.
    """

    begin_us: int
    at_us: int
    sequence: int = 0
    waiting: list[int] = []
    round: Round | None = None
    learned_until_us: int | None = None
    pending: Pending
    prequential: Prequential
    counts: dict[str, int] = {}

    def count(self, name: str, by: int = 1) -> None:
        """Count what was met."""
        if by:
            self.counts[name] = self.counts.get(name, 0) + by

    def to_bytes(self) -> bytes:
        """Return it as JSON. Scores keep their order: the oldest go first."""
        return msgspec.json.encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Place:
        """Read it."""
        return msgspec.json.decode(data, type=cls)
