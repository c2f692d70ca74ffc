"""A checkpoint of a learner: what it has learned, and up to where, in one record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.record.base import Record
from interplane.record.digests import Digest
from interplane.record.runs import Artifact

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Checkpoint"]


class Checkpoint(Record, frozen=True, kw_only=True, tag="checkpoint"):
    """What the pointer ``learner/NAME`` is at; its moves say when and who.

    The state of the learner and its place in what it learns from are one record: whoever goes on from
    here learns every example once.

    Attributes:
        model_name: the model.
        parent: the crossing whose learner it began with; its frozen features make the examples.
        live: the crossing that was live when this was made.
        before: the checkpoint before; None for the first of a parent.
        model: the learner, as a model with its features.
        place: the value that says how far log and outcomes were taken, and what is pending there.
        learned: how many examples it has learned since the parent.
        counts: what else was met, by name: scored, evaluated, corrections, waiting, and more.
        metrics: the prequential figures (plain JSON; see project.prequential).
    """

    model_name: str
    parent: Digest
    live: Digest
    before: Digest | None
    model: Artifact
    place: Digest
    learned: int
    counts: dict[str, int]
    metrics: dict[str, Any]

    def links(self) -> Iterator[Digest]:
        """Yield the crossings, the checkpoint before, the learner with its files, and the place."""
        yield self.parent
        yield self.live
        if self.before is not None:
            yield self.before
        yield self.model.digest
        yield from self.model.blobs
        yield self.place
