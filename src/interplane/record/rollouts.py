"""A rollout: what answers beside the live crossing of a model, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.record.base import Record
from interplane.record.digests import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LEAST_SHARE", "Rollout"]

LEAST_SHARE: Final = 0.001
"""The least share of the requests that a canary begins with: of less, nobody learns anything."""


class Rollout(Record, frozen=True, kw_only=True, tag="rollout"):
    """What the pointer ``rollout/NAME`` is at; its moves say when, who and why.

    Attributes:
        model_name: the model.
        live: the crossing that was live when it began; it ends where another one is.
        canary: the crossing that answers a share of the requests, if there is one.
        share: that share, from 0 to 1: of the keys, by a stable hash that the canary salts.
        shadow: the crossing that predicts what was logged once more, unseen, if there is one.
    """

    model_name: str
    live: Digest
    canary: Digest | None = None
    share: float = 0.0
    shadow: Digest | None = None

    def links(self) -> Iterator[Digest]:
        """Yield the crossings."""
        yield self.live
        for digest in (self.canary, self.shadow):
            if digest is not None:
                yield digest
