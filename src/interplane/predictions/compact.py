"""Compaction: segments that nobody writes to become Parquet files, and what is too old goes.

It runs in a process of its own, beside servers and readers. One compactor works at a time, under a
lock that the system frees when its holder dies. Whatever is left half-done is found by the next one:
files that no manifest names, segments that it names already.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from interplane.errors import StorageError, UsageError
from interplane.predictions.cleaning import clean, delete_gone
from interplane.predictions.damage import Loss
from interplane.predictions.disk import Disk
from interplane.predictions.layout import LOCK
from interplane.predictions.manifest import Change
from interplane.predictions.merging import merge
from interplane.predictions.retention import files_to_drop, files_to_merge
from interplane.predictions.rounds import ROUND_BYTES, compact_round
from interplane.predictions.work import opened_work
from interplane.record.base import Value
from interplane.storage.clock import system_token
from interplane.storage.file_lock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from interplane.predictions.work import Work

__all__ = ["GRACE_S", "Compaction", "compact"]

GRACE_S: Final = 3600.0
"""How long the bytes of a file that counts no more stay for tables that were made before."""


class Compaction(Value, frozen=True, kw_only=True):
    """What a compaction did.

    Attributes:
        is_busy: whether another process compacts just now; nothing was done then.
        segments: how many segments became files.
        entries: how many entries they had.
        repeated: how many of those were there already.
        loss: what was lost in them.
        files: how many files were written for them.
        merged: how many small files became part of larger ones.
        dropped_files: how many files went, for their age or for the size of all.
        dropped_rows: how many rows they had.
        dropped_bytes: how large they were.
    """

    is_busy: bool = False
    segments: int = 0
    entries: int = 0
    repeated: int = 0
    loss: Loss = Loss()
    files: int = 0
    merged: int = 0
    dropped_files: int = 0
    dropped_rows: int = 0
    dropped_bytes: int = 0


def compact(
    folder: Path,
    *,
    keep_days: int | None = None,
    keep_bytes: int | None = None,
    grace_s: float = GRACE_S,
    round_bytes: int = ROUND_BYTES,
    disk: Disk | None = None,
    now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    token: Callable[[], str] = system_token,
) -> Compaction:
    """Compact a log, in bounded memory; nothing of it is lost or doubled, whatever dies meanwhile.

    Args:
        folder: the folder of the log; where there is none, there is nothing to do.
        keep_days: files whose day ended so many days ago count no more.
        keep_bytes: the oldest files count no more as long as all together are larger.
        grace_s: how long the bytes of what counts no more stay on the disk for readers.
        round_bytes: how many bytes of segments are compacted in one transaction.
        disk: the file operations.
        now_us: the clock, in microseconds since 1970.
        token: draws 16 random hexadecimal digits.

    Raises:
        UsageError: if a bound of what is kept is negative.
        StorageError: if the disk fails; what was done before stays done.
        NewerFormat: if a newer Interplane wrote a segment.
    """
    for name, bound in (("keep_days", keep_days), ("keep_bytes", keep_bytes)):
        if bound is not None and bound < 0:
            raise UsageError(f"{name} is {bound}", expected="0 or more", do="Mend it")
    if not folder.is_dir():
        return Compaction()
    with _lock(folder).held(until=time.monotonic()) as got:
        if not got:
            return Compaction(is_busy=True)
        with opened_work(folder, disk=disk or Disk(), now_us=now_us(), token=token) as work:
            clean(work)
            done = _drop(work, Compaction(), keep_days, keep_bytes)
            while (made := compact_round(work, most_bytes=round_bytes)) is not None:
                done = _add(
                    done,
                    segments=made.segments,
                    entries=made.entries,
                    repeated=made.repeated,
                    files=made.files,
                    loss=made.loss,
                )
            for files in files_to_merge(work.state().files, today=work.today):
                merge(work, files)
                done = _add(done, merged=len(files))
            done = _drop(work, done, keep_days, keep_bytes)
            delete_gone(work, grace_s=grace_s)
            return done


def _lock(folder: Path) -> FileLock:
    try:
        return FileLock.of(folder / LOCK)
    except OSError as error:
        raise StorageError.from_os(error, doing=f"compacting {folder}") from error


def _add(done: Compaction, **more: int | Loss) -> Compaction:
    changes = {name: getattr(done, name) + value for name, value in more.items()}
    return msgspec.structs.replace(done, **changes)


def _drop(
    work: Work, done: Compaction, keep_days: int | None, keep_bytes: int | None
) -> Compaction:
    """Let go of files that are too old, or too many; their bytes stay for a while."""
    going = files_to_drop(
        work.state().files, today=work.today, keep_days=keep_days, keep_bytes=keep_bytes
    )
    if not going:
        return done
    work.manifest.write(Change(at_us=work.now_us, gone=going))
    return _add(
        done,
        dropped_files=len(going),
        dropped_rows=sum(file.rows - len(file.dropped) for file, _ in going),
        dropped_bytes=sum(file.size_bytes for file, _ in going),
    )
