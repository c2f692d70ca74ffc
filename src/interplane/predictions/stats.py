"""What a log holds and what it lost, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.predictions.damage import Damage, Loss
from interplane.predictions.disk import Disk
from interplane.predictions.layout import day_text
from interplane.predictions.snapshot import open_snapshot
from interplane.record.base import Value

if TYPE_CHECKING:
    from pathlib import Path

    from interplane.predictions.manifest import Gone, LoggedFile

__all__ = ["Dropped", "ModelStats", "Pending", "Stats", "read_stats"]


class ModelStats(Value, frozen=True, kw_only=True):
    """What was compacted of one model.

    Attributes:
        model: its name.
        rows: how many predictions.
        files: in how many files.
        size_bytes: how large they are.
        first_day: the first UTC day.
        last_day: the last one.
    """

    model: str
    rows: int
    files: int
    size_bytes: int
    first_day: str
    last_day: str


class Pending(Value, frozen=True, kw_only=True):
    """What is not compacted yet.

    Attributes:
        segments: how many segments, those that are written to included.
        entries: how many whole entries are in them.
        size_bytes: how large they are.
        loss: what is lost in them. The end of a segment that is written to may be half a frame.
    """

    segments: int = 0
    entries: int = 0
    size_bytes: int = 0
    loss: Loss = Loss()


class Dropped(Value, frozen=True, kw_only=True):
    """What retention took.

    Attributes:
        rows: how many predictions.
        files: in how many files.
        size_bytes: how large they were.
    """

    rows: int = 0
    files: int = 0
    size_bytes: int = 0


class Stats(Value, frozen=True, kw_only=True):
    """A log in numbers.

    Attributes:
        models: what was compacted, by model.
        pending: what was not.
        entries: how many entries were compacted, ever.
        repeated: how many of them were there already.
        loss: what was lost in what was compacted, ever.
        damage: where, by segment; those without any are not listed.
        dropped: what retention took, ever.
        deletable_bytes: how large the files are that count no more and wait for their removal.
    """

    models: tuple[ModelStats, ...] = ()
    pending: Pending = Pending()
    entries: int = 0
    repeated: int = 0
    loss: Loss = Loss()
    damage: dict[str, tuple[Damage, ...]] = {}  # noqa: RUF012 - msgspec copies it for each value
    dropped: Dropped = Dropped()
    deletable_bytes: int = 0


def read_stats(folder: Path, *, disk: Disk | None = None) -> Stats:
    """Return a log in numbers; all of what is not compacted yet is read for it.

    Raises:
        StorageError: if it cannot be read.
    """
    with open_snapshot(folder, disk=disk or Disk()) as snapshot:
        state = snapshot.state
        by_model: dict[str, list[LoggedFile]] = {}
        for file in state.files:
            by_model.setdefault(file.model, []).append(file)
        pending = snapshot.pending
        return Stats(
            models=tuple(_model(model, files) for model, files in by_model.items()),
            pending=Pending(
                segments=len(pending),
                entries=sum(content.entries for content in pending),
                size_bytes=sum(content.size_bytes for content in pending),
                loss=sum((content.loss for content in pending), Loss()),
            ),
            entries=state.entries,
            repeated=state.repeated,
            loss=state.loss,
            damage=snapshot.manifest.damage() if snapshot.manifest is not None else {},
            dropped=_dropped([item for item in state.gone if item.why != "merged"]),
            deletable_bytes=sum(item.size_bytes for item in state.gone if not item.is_deleted),
        )


def _model(model: str, files: list[LoggedFile]) -> ModelStats:
    return ModelStats(
        model=model,
        rows=sum(file.rows - len(file.dropped) for file in files),
        files=len(files),
        size_bytes=sum(file.size_bytes for file in files),
        first_day=day_text(min(file.day for file in files)),
        last_day=day_text(max(file.day for file in files)),
    )


def _dropped(gone: list[Gone]) -> Dropped:
    return Dropped(
        rows=sum(item.rows for item in gone),
        files=len(gone),
        size_bytes=sum(item.size_bytes for item in gone),
    )
