"""What the steps of a compaction share."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interplane.errors import StorageError
from interplane.predictions.layout import OPEN, PARQUET, day_of
from interplane.predictions.manifest import Manifest
from interplane.predictions.parquet import NewFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from interplane.predictions.disk import Disk
    from interplane.predictions.kinds import Kind
    from interplane.predictions.manifest import State

__all__ = ["Work", "opened_work"]


@dataclass(frozen=True)
class Work:
    """A log while it is compacted.

    Attributes:
        folder: the folder of the log.
        disk: the file operations.
        manifest: the manifest.
        root: the handle of the folder.
        segments: the handle of the folder of segments.
        parquet: the handle of the folder of Parquet files.
        now_us: when the compaction began, in microseconds since 1970.
        token: draws 16 random hexadecimal digits.
    """

    folder: Path
    disk: Disk
    manifest: Manifest
    root: int
    segments: int
    parquet: int
    now_us: int
    token: Callable[[], str]

    @property
    def today(self) -> int:
        """The UTC day, counted from 1970."""
        return day_of(self.now_us)

    def state(self) -> State:
        """Return what the manifest says now."""
        with self.manifest.reading() as reading:
            return reading.state

    def new_file(self, model: str, day: int, kinds: Mapping[str, Kind]) -> NewFile:
        """Begin a Parquet file under a name of its own."""
        name = f"{self.token()}.parquet"
        return NewFile(self.disk, self.parquet, name, model=model, day=day, kinds=kinds)

    def remove(self, names: list[str], *, below: int) -> None:
        """Remove files, durably."""
        for name in names:
            self.disk.remove(name, below=below)
        if names:
            self.disk.sync(below)


@contextmanager
def opened_work(
    folder: Path, *, disk: Disk, now_us: int, token: Callable[[], str]
) -> Iterator[Work]:
    """Open a log for the compactor, whose lock the caller holds; the folders are made.

    Raises:
        StorageError: if it cannot be opened, or the disk fails later.
    """
    with ExitStack() as stack:
        try:
            root = disk.open_root(folder)
            stack.callback(os.close, root)
            handles = {}
            for name in (OPEN, PARQUET):
                disk.make_folder(name, below=root)
                handles[name] = disk.open_folder(name, below=root)
                stack.callback(os.close, handles[name])
            disk.sync(root)
            manifest = stack.enter_context(Manifest.make(folder))
            yield Work(folder, disk, manifest, root, handles[OPEN], handles[PARQUET], now_us, token)
        except OSError as error:
            if isinstance(error, StorageError):
                raise
            raise StorageError.from_os(error, doing=f"compacting {folder}") from error
