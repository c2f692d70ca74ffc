"""Which files are too old, too many, or small enough to be merged. Pure functions."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.predictions.manifest import LoggedFile, Why

__all__ = ["files_to_drop", "files_to_merge"]

_FULL_ROWS: Final = 250_000
_FULL_BYTES: Final = 64 << 20
_AT_ONCE: Final = 8


def files_to_drop(
    files: Sequence[LoggedFile],
    *,
    today: int,
    keep_days: int | None = None,
    keep_bytes: int | None = None,
) -> list[tuple[LoggedFile, Why]]:
    """Return the files to let go of, and why, the oldest first.

    Args:
        files: the files that count.
        today: the UTC day, counted from 1970.
        keep_days: a file goes when its day ended so many days ago.
        keep_bytes: files go until what is left is no larger.
    """
    in_order = sorted(files, key=lambda file: (file.day, file.number))
    going: list[tuple[LoggedFile, Why]] = []
    if keep_days is not None:
        going = [(file, "age") for file in in_order if file.day < today - keep_days]
    if keep_bytes is not None:
        left = in_order[len(going) :]
        size = sum(file.size_bytes for file in left)
        for file in left:
            if size <= keep_bytes:
                break
            going.append((file, "size"))
            size -= file.size_bytes
    return going


def files_to_merge(files: Sequence[LoggedFile], *, today: int) -> list[list[LoggedFile]]:
    """Return groups of files of one model and day, each to become one file.

    Of a day that is over all small files are merged. Of the day that goes on eight of about one
    size are, so that a row is written again a few times at most.

    Args:
        files: the files that count, by model and day.
        today: the UTC day, counted from 1970.
    """
    found: list[list[LoggedFile]] = []
    for (_, day), group in groupby(files, key=lambda file: (file.model, file.day)):
        small = [file for file in group if _share(file) < 1]
        if day < today:
            found += [group for group in _packed(small) if len(group) > 1]
            continue
        by_size: dict[int, list[LoggedFile]] = defaultdict(list)
        for file in small:
            by_size[file.rows.bit_length() // 3].append(file)
        found += [alike for alike in by_size.values() if len(alike) >= _AT_ONCE]
    return found


def _share(file: LoggedFile) -> float:
    """Return how much of a full file it is."""
    return max(file.rows / _FULL_ROWS, file.size_bytes / _FULL_BYTES)


def _packed(small: Sequence[LoggedFile]) -> Iterator[list[LoggedFile]]:
    """Yield neighbours that make no more than two full files."""
    pack: list[LoggedFile] = []
    for file in small:
        if pack and sum(map(_share, pack)) + _share(file) > 2:
            yield pack
            pack = []
        pack.append(file)
    if pack:
        yield pack
