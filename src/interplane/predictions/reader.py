"""Reading a segment, finished or not, up to its last whole frame; damage is data."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from interplane.errors import StorageError
from interplane.predictions.damage import Damage, Loss
from interplane.predictions.disk import Disk
from interplane.predictions.entry import decode_entries, decode_heads
from interplane.predictions.frames import HEADER_BYTES, Bad, check_header, scan
from interplane.predictions.layout import find_segment_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from interplane.predictions.entry import Entry, Head
    from interplane.predictions.layout import SegmentName

__all__ = ["Place", "SegmentContent", "list_segments", "opened", "read_segment", "read_segment_at"]


class Place(NamedTuple):
    """A whole frame: where its body stands, how many entries it has, and when the first was."""

    begin: int
    end: int
    entries: int
    at_us: int


@dataclass(frozen=True)
class SegmentContent:
    """What a segment held when it was read.

    Attributes:
        name: its name.
        data: its bytes.
        frames: its whole frames, in order.
        repeatable: the beginnings of the entries that a client may have brought twice.
        damage: what is wrong with it, in order.
    """

    name: SegmentName
    data: bytes
    frames: tuple[Place, ...]
    repeatable: tuple[Head, ...]
    damage: tuple[Damage, ...]

    @property
    def size_bytes(self) -> int:
        """How large it was."""
        return len(self.data)

    @property
    def entries(self) -> int:
        """How many entries are in whole frames."""
        return sum(frame.entries for frame in self.frames)

    @property
    def loss(self) -> Loss:
        """The damage, counted."""
        return Loss.of(self.damage)

    def read(self, frame: Place) -> list[Entry]:
        """Return the entries of a frame."""
        return decode_entries(memoryview(self.data)[frame.begin : frame.end])

    def __iter__(self) -> Iterator[Entry]:
        for frame in self.frames:
            yield from self.read(frame)


def list_segments(folder: int, *, disk: Disk) -> list[SegmentName]:
    """Return the segments in a folder, the oldest first.

    Raises:
        OSError: if the folder cannot be read.
    """
    found = (find_segment_name(name) for name in disk.names(folder))
    return sorted(name for name in found if name is not None)


def read_segment(path: Path) -> SegmentContent:
    """Read the segment of a path.

    Raises:
        StorageError: if it cannot be read, or its name is no segment's.
        NewerFormat: if a newer Interplane wrote it.
    """
    name = find_segment_name(path.name)
    if name is None:
        raise StorageError(
            f"{path} is no segment of the prediction log",
            expected="a file as its writer named it",
            do="Name another file",
        )
    disk = Disk()
    try:
        folder = disk.open_root(path.parent)
        try:
            with opened(disk, str(name), below=folder) as handle:
                return read_segment_at(handle, name, disk=disk)
        finally:
            os.close(folder)
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError.from_os(error, doing=f"reading {path}") from error


@contextmanager
def opened(disk: Disk, name: str, *, below: int) -> Iterator[int]:
    """Lend the handle of a file that is open for reading."""
    handle = disk.open_file(name, below=below)
    try:
        yield handle
    finally:
        os.close(handle)


def read_segment_at(handle: int, name: SegmentName, *, disk: Disk) -> SegmentContent:
    """Read the segment of an open file as it is now.

    Raises:
        OSError: if it cannot be read.
        NewerFormat: if a newer Interplane wrote it.
    """
    data = disk.read(handle, disk.size(handle) or 0)
    damage: list[Damage] = []
    repeatable: list[Head] = []
    if not check_header(data, name):
        damage.append(
            Damage(kind="header", at=0)
            if len(data) > HEADER_BYTES
            else Damage(kind="trailing", at=0, size_bytes=len(data))
        )
    frames = []
    for place, heads in _frames(data, name, damage):
        frames.append(place)
        repeatable += [head for head in heads if head.client_id is not None]
    return SegmentContent(name, data, tuple(frames), tuple(repeatable), tuple(damage))


def _frames(
    data: bytes, name: SegmentName, damage: list[Damage]
) -> Iterator[tuple[Place, Sequence[Head]]]:
    """Yield the whole frames; put what is wrong between them into ``damage``."""
    expected = 0
    view = memoryview(data)
    for found in scan(data, mark=name.mark, salt=name.salt):
        begin, end = found.begin, found.end
        if isinstance(found, Bad):
            is_last = end == len(data)
            damage.append(
                Damage(kind="trailing" if is_last else "checksum", at=begin, size_bytes=end - begin)
            )
            continue
        if found.sequence > expected:
            damage.append(Damage(kind="gap", at=begin, entries=found.sequence - expected))
        expected = found.sequence
        try:
            heads = decode_heads(view[begin:end])
        except msgspec.MsgspecError:
            heads = []
        if not heads:
            damage.append(Damage(kind="body", at=begin, size_bytes=end - begin))
            continue
        expected += len(heads)
        yield Place(begin, end, len(heads), heads[0].at_us), heads
