"""What dead compactors and writers left behind, and the bytes of what counts no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.predictions.layout import MANIFEST, NEW
from interplane.predictions.manifest import Change
from interplane.predictions.reader import opened

if TYPE_CHECKING:
    from interplane.predictions.work import Work

__all__ = ["clean", "delete_gone"]

_NAMED_WITHIN_S: Final = 60.0
"""A segment has its name after less than a millisecond; what has none for so long never will."""

_REMEMBERED_US: Final = 24 * 3600 * 1_000_000


def clean(work: Work) -> None:
    """Remove what others left when they died: all of it is either nowhere or in files already."""
    state = work.state()
    counting = {file.name for file in state.files} | {item.name for item in state.gone}
    written = [name for name in work.disk.names(work.parquet) if name.endswith(".parquet")]
    work.remove([name for name in written if name not in counting], below=work.parquet)
    named = work.disk.names(work.segments)
    consumed = [name for name in named if name in state.segments]
    nameless = [name for name in named if name.endswith(NEW) and _is_left(work, name)]
    work.remove([*consumed, *nameless], below=work.segments)
    building = f".{MANIFEST}."
    half_made = [name for name in work.disk.names(work.root) if name.startswith(building)]
    work.remove(half_made, below=work.root)
    if state.segments:
        # No reader listed a segment a day ago and asks only now whether it was moved.
        before_us = work.now_us - _REMEMBERED_US
        work.manifest.write(Change(at_us=work.now_us, forget_before_us=before_us))


def _is_left(work: Work, name: str) -> bool:
    """Return whether a writer died before it gave a segment its name."""
    try:
        with opened(work.disk, name, below=work.segments) as handle:
            return work.disk.age_s(handle) > _NAMED_WITHIN_S and work.disk.lock(handle)
    except FileNotFoundError:  # it got its name just now
        return False


def delete_gone(work: Work, *, grace_s: float) -> None:
    """Remove the bytes of files that count no more, when no table can need them any more."""
    until_us = work.now_us - int(grace_s * 1e6)
    names = [
        item.name for item in work.state().gone if not item.is_deleted and item.at_us <= until_us
    ]
    if names:
        work.remove(names, below=work.parquet)
        work.manifest.write(Change(at_us=work.now_us, deleted=names))
