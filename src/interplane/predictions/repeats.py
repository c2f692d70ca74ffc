"""Entries that are there twice: of each id, the earliest counts.

Only an entry of a request that brought an id of the client's own can come again, when a worker died
between logging and answering. For each file the manifest keeps the beginnings of such ids, eight
bytes of each, sorted: whether new entries are repeated is found without opening the file, and the
file is asked only where a beginning is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from blake3 import blake3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np

    from interplane.predictions.entry import Head
    from interplane.predictions.manifest import LoggedFile, Reading

    Ids = np.ndarray[Any, np.dtype[np.uint64]]

__all__ = ["Settled", "beginnings", "settle"]

_DIGITS = 16


class Settled(NamedTuple):
    """Which entries count no more.

    Attributes:
        new: the ids to leave out of each source of new entries, in the order of the sources.
        old: the ids to drop from files, by the number of the file.
    """

    new: Sequence[frozenset[str]]
    old: Mapping[int, frozenset[str]]


def beginnings(ids: Sequence[str]) -> Ids:
    """Return the beginnings of ids, sorted.

    >>> beginnings(["00000000000000ff" + "0" * 16, "0" * 32])
    array([  0, 255], dtype=uint64)
    """
    import numpy as np

    return np.sort(_packed(ids))


def _packed(ids: Sequence[str]) -> Ids:
    import numpy as np

    try:
        packed = bytes.fromhex("".join(id_[:_DIGITS] for id_ in ids))
    except ValueError:
        packed = b""
    if len(packed) != 8 * len(ids):
        packed = b"".join(map(_beginning, ids))
    return np.frombuffer(packed, ">u8").astype("<u8")


def _beginning(id_: str) -> bytes:
    """Return eight bytes for an id, whatever it looks like."""
    try:
        packed = bytes.fromhex(id_[:_DIGITS])
    except ValueError:
        packed = b""
    return packed if len(packed) == 8 else blake3(id_.encode()).digest(length=8)


def settle(
    sources: Sequence[Sequence[Head]],
    files: Iterable[LoggedFile],
    manifest: Reading | None,
    read: Callable[[LoggedFile, frozenset[str]], Mapping[str, int]],
) -> Settled:
    """Find which entries are there twice; of each id the earliest stays.

    Args:
        sources: the repeatable entries of each source of new ones. What one source has twice, it
            has once from here on: it is up to the caller to take the first.
        files: the files that count.
        manifest: knows their ids.
        read: returns when (``at``, in microseconds) the rows of a file with these ids were.
    """
    import numpy as np

    race = _Race(len(sources))
    for place, heads in enumerate(sources):
        for head in heads:
            race.enter(head.id, head.at_us, place)
    models = {head.model for heads in sources for head in heads}
    asked = list(race.earliest)
    packed = _packed(asked)
    for file in files:
        if file.is_repeatable and file.model in models and manifest is not None:
            hits = _hits(np.frombuffer(manifest.repeatable(file.number), "<u8"), packed)
            ids = frozenset(asked[int(hit)] for hit in hits) - file.dropped
            for id_, at_us in (read(file, ids) if ids else {}).items():
                race.enter(id_, at_us, -1 - file.number)
    return Settled(
        [frozenset(ids) for ids in race.new],
        {number: frozenset(ids) for number, ids in race.old.items()},
    )


class _Race:
    """Which entry of each id is the earliest: of a source (its place), or a file (-1 - number)."""

    def __init__(self, sources: int) -> None:
        self.earliest: dict[str, tuple[int, int]] = {}
        self.new: list[set[str]] = [set() for _ in range(sources)]
        self.old: dict[int, set[str]] = {}

    def enter(self, id_: str, at_us: int, owner: int) -> None:
        first = self.earliest.setdefault(id_, (at_us, owner))
        if first[1] == owner:
            return
        if (at_us, owner) < first:
            self.earliest[id_] = (at_us, owner)
            owner = first[1]
        if owner >= 0:
            self.new[owner].add(id_)
        else:
            self.old.setdefault(-1 - owner, set()).add(id_)


def _hits(there: Ids, asked: Ids) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Return the places in ``asked`` of what is among the sorted beginnings of a file."""
    import numpy as np

    places = np.searchsorted(there, asked).clip(max=len(there) - 1)
    return np.flatnonzero(there[places] == asked)
