"""One round of a compaction: some segments that nobody writes to become Parquet files.

The files are on the disk before the manifest names them, and it names them together with the
segments in one transaction; only then are the segments removed. Whatever dies in between leaves
the state before or after: files that no manifest names, or segments that it names already.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.predictions.damage import Loss
from interplane.predictions.manifest import Change
from interplane.predictions.outputs import Outputs
from interplane.predictions.parquet import rows_with_ids
from interplane.predictions.reader import list_segments, read_segment_at
from interplane.predictions.repeats import settle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.predictions.reader import SegmentContent
    from interplane.predictions.repeats import Settled
    from interplane.predictions.work import Work

__all__ = ["ROUND_BYTES", "Round", "compact_round"]

ROUND_BYTES: Final = 128 << 20
"""How many bytes of segments a round reads: it holds them in memory."""

_MOST_SEGMENTS: Final = 256


class Round(NamedTuple):
    """What a round did."""

    segments: int
    entries: int
    repeated: int
    files: int
    loss: Loss


def compact_round(work: Work, *, most_bytes: int = ROUND_BYTES) -> Round | None:
    """Compact the oldest segments that nobody writes to; return None where there are none.

    Raises:
        OSError: if the disk fails; nothing was compacted then.
        StorageError: if it cannot be done.
        NewerFormat: if a newer Interplane wrote one of them.
    """
    with ExitStack() as stack:
        contents = list(_take(work, most_bytes, stack))
        if not contents:
            return None
        with work.manifest.reading() as manifest:
            settled = settle(
                [content.repeatable for content in contents],
                manifest.state.files,
                manifest,
                lambda file, ids: rows_with_ids(work.folder, file, ids),
            )
        with Outputs(work) as outputs:
            left_out = _write(contents, settled, outputs)
            made = outputs.finish()
        repeated = left_out + sum(map(len, settled.old.values()))
        work.manifest.write(
            Change(
                at_us=work.now_us,
                made=made,
                segments=contents,
                dropped=settled.old,
                repeated=repeated,
            )
        )
        work.remove([str(content.name) for content in contents], below=work.segments)
    return Round(
        segments=len(contents),
        entries=sum(content.entries for content in contents),
        repeated=repeated,
        files=len(made),
        loss=sum((content.loss for content in contents), Loss()),
    )


def _take(work: Work, most_bytes: int, stack: ExitStack) -> Iterator[SegmentContent]:
    """Yield the oldest segments that nobody holds, locked until the round is over."""
    read = taken = 0
    for name in list_segments(work.segments, disk=work.disk):
        handle = work.disk.open_file(str(name), below=work.segments)
        stack.callback(os.close, handle)
        size = work.disk.size(handle)
        if size is None or not work.disk.lock(handle):
            continue
        if taken and (read + size > most_bytes or taken == _MOST_SEGMENTS):
            return
        yield read_segment_at(handle, name, disk=work.disk)
        read += size
        taken += 1


def _write(contents: Sequence[SegmentContent], settled: Settled, outputs: Outputs) -> int:
    """Put the entries into files in the order of their time; return how many were left out."""
    frames = sorted(
        (place.at_us, number, place)
        for number, content in enumerate(contents)
        for place in content.frames
    )
    seen = [set(ids) for ids in settled.new]
    left_out = 0
    for _, number, place in frames:
        for entry in contents[number].read(place):
            if entry.client_id is not None:
                if entry.id in seen[number]:
                    left_out += 1
                    continue
                seen[number].add(entry.id)
            outputs.take(entry, (place.end - place.begin) // place.entries)
    return left_out
