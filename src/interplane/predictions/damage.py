"""What the prediction log lost, as data."""

from __future__ import annotations

from typing import Literal

from interplane.record.base import Value

__all__ = ["Damage", "Loss"]


class Damage(Value, frozen=True, kw_only=True):
    """One place of a segment where something is lost.

    Attributes:
        kind: ``header`` (the segment does not begin as it should; what follows is read all the
            same), ``checksum`` (bytes between whole frames that are none), ``gap`` (entries that
            are missing before a frame), ``body`` (a whole frame that holds no entries),
            ``trailing`` (bytes behind the last whole frame: a frame that was never acknowledged, or
            what a power cut left of later ones).
        at: where it is, in bytes from the beginning of the file.
        size_bytes: how many bytes it takes.
        entries: how many entries are missing, where that is known.
    """

    kind: Literal["header", "checksum", "gap", "body", "trailing"]
    at: int
    size_bytes: int = 0
    entries: int = 0


class Loss(Value, frozen=True, kw_only=True):
    """What was lost, counted.

    Attributes:
        bad_frames: places between whole frames where bytes fail their checksum or hold no entries.
        trailing_bytes: bytes behind the last whole frames of segments.
        missing_entries: entries that are missing by the sequence of their segments.

    >>> Loss(bad_frames=1) + Loss(bad_frames=1, trailing_bytes=7)
    Loss(bad_frames=2, trailing_bytes=7, missing_entries=0)
    """

    bad_frames: int = 0
    trailing_bytes: int = 0
    missing_entries: int = 0

    @classmethod
    def of(cls, damage: tuple[Damage, ...]) -> Loss:
        """Count the damage of a segment."""
        return cls(
            bad_frames=sum(item.kind in {"header", "checksum", "body"} for item in damage),
            trailing_bytes=sum(item.size_bytes for item in damage if item.kind == "trailing"),
            missing_entries=sum(item.entries for item in damage),
        )

    def __add__(self, other: Loss) -> Loss:
        return Loss(
            bad_frames=self.bad_frames + other.bad_frames,
            trailing_bytes=self.trailing_bytes + other.trailing_bytes,
            missing_entries=self.missing_entries + other.missing_entries,
        )

    def __bool__(self) -> bool:
        return bool(self.bad_frames or self.trailing_bytes or self.missing_entries)
