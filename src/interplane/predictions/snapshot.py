"""The whole log at one moment: the manifest, and the segments that it does not name yet."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from interplane.errors import StorageError
from interplane.predictions.layout import OPEN
from interplane.predictions.manifest import Manifest, State
from interplane.predictions.reader import list_segments, opened, read_segment_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from interplane.predictions.disk import Disk
    from interplane.predictions.layout import SegmentName
    from interplane.predictions.manifest import Reading
    from interplane.predictions.reader import SegmentContent

__all__ = ["Snapshot", "open_snapshot"]

_TRIES = 100


class Snapshot(NamedTuple):
    """The log at one moment: each entry is either in a file or in a pending segment.

    Attributes:
        state: what the manifest says.
        manifest: the manifest of that moment; None where nothing was compacted yet.
        pending: the segments that it does not name, the oldest first.
    """

    state: State
    manifest: Reading | None
    pending: tuple[SegmentContent, ...]


@contextmanager
def open_snapshot(folder: Path, *, disk: Disk) -> Iterator[Snapshot]:
    """Lend the log as it is now, while servers write and a compactor moves segments to files.

    The folder is listed before the manifest is read. So a segment that was listed and is not named
    is still to be read, or was moved in between: then the manifest is read again.

    Raises:
        StorageError: if it cannot be read.
    """
    with ExitStack() as stack:
        handle = _open(folder, disk)
        if handle is not None:
            stack.callback(os.close, handle)
        read: dict[SegmentName, SegmentContent] = {}
        for _ in range(_TRIES):
            with ExitStack() as trying:
                found = _take(folder, handle, read, disk, trying)
                if found is not None:
                    yield found
                    return
    raise StorageError(
        f"the segments in {folder / OPEN} vanish faster than they can be read",
        expected="a compactor that names them in its manifest before it removes them",
        do="See what else removes files there",
    )


def _open(folder: Path, disk: Disk) -> int | None:
    with _reading(folder):
        try:
            return disk.open_root(folder / OPEN)
        except FileNotFoundError:
            return None


def _take(
    folder: Path,
    handle: int | None,
    read: dict[SegmentName, SegmentContent],
    disk: Disk,
    stack: ExitStack,
) -> Snapshot | None:
    """Return the log of one moment, or None where a segment vanished."""
    with _reading(folder):
        listed = list_segments(handle, disk=disk) if handle is not None else []
    manifest = _find_manifest(folder, stack)
    state = State() if manifest is None else manifest.state
    pending = [name for name in listed if str(name) not in state.segments]
    for name in pending:
        if name not in read and handle is not None:
            with _reading(folder):
                try:
                    with opened(disk, str(name), below=handle) as segment:
                        read[name] = read_segment_at(segment, name, disk=disk)
                except FileNotFoundError:
                    return None
    return Snapshot(state, manifest, tuple(read[name] for name in pending))


def _find_manifest(folder: Path, stack: ExitStack) -> Reading | None:
    manifest = Manifest.find(folder)
    if manifest is None:
        return None
    return stack.enter_context(stack.enter_context(manifest).reading())


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError.from_os(error, doing=f"reading {folder}") from error
