"""Which of several events that were known at one time counts: the later, then the greater values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from interplane.views.numbering import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from interplane.views.pairs import Bools, Hashes, Ints

__all__ = ["begins", "greatest", "one_each", "ranks", "repeated"]


def begins(numbers: Ints | Hashes) -> Bools:
    """Return where each of some equal numbers, one after the other, begin.

    >>> begins(np.array([1, 2, 2, 3])).tolist()
    [True, True, False, True]
    """
    found = np.ones(len(numbers), np.bool_)
    found[1:] = numbers[1:] != numbers[:-1]
    return found


def repeated(numbers: Ints | Hashes) -> Bools:
    """Return which of some sorted numbers stand there more than once.

    >>> repeated(np.array([1, 2, 2, 3])).tolist()
    [False, True, True, False]
    """
    found = ~begins(numbers)
    found[:-1] |= found[1:]
    return found


def one_each(
    groups: Ints, event: Ints, rows: Ints, arguments: Sequence[pa.ChunkedArray]
) -> Bools | None:
    """Return which events are the greatest of their group; None if each is alone in it.

    Args:
        groups: the group of each event, ascending.
        event: the event times of all rows.
        rows: the row of each event.
        arguments: the arguments of all rows.
    """
    several = np.flatnonzero(repeated(groups))
    if not len(several):
        return None
    kept = np.ones(len(groups), np.bool_)
    kept[several] = False
    tied = rows[several]
    kept[several[greatest(groups[several], event[tied], tied, arguments)]] = True
    return kept


def greatest(groups: Ints, event: Ints, rows: Ints, arguments: Sequence[pa.ChunkedArray]) -> Ints:
    """Return for each group the place of its greatest event, by event time and then by values.

    Args:
        groups: the group of each event, ascending.
        event: the event time of each.
        rows: the row of each among the arguments.
        arguments: the arguments of all rows; they are looked at only where event times are equal.

    >>> import pyarrow as pa
    >>> values = [pa.chunked_array([[None, 2.0, 1.0, 5.0]])]
    >>> greatest(*map(np.array, ([7, 7, 7, 9], [1, 3, 3, 0], [0, 1, 2, 3])), values).tolist()
    [1, 3]
    """
    number = np.cumsum(begins(groups), dtype=np.int64) - 1
    chosen = np.zeros(int(number[-1]) + 1 if len(number) else 0, np.int64)
    left = np.arange(len(groups))
    for argument in (None, *arguments):
        values = event[left] if argument is None else ranks(argument.take(rows[left]))
        left = left[_highest(number[left], values)]
        tied = repeated(number[left])
        chosen[number[left[~tied]]] = left[~tied]
        left = left[tied]
        if not len(left):
            return chosen
    chosen[number[left]] = left  # those are equal in all that can be looked up
    return chosen


def _highest(groups: Ints, values: Ints) -> Bools:
    """Return which values are the highest of their group."""
    starts = np.flatnonzero(begins(groups))
    if not len(starts):
        return np.zeros(0, np.bool_)
    sizes = np.diff(starts, append=len(groups))
    found: Bools = values == np.repeat(np.maximum.reduceat(values, starts), sizes)
    return found


def ranks(column: pa.ChunkedArray) -> Ints:
    """Return the rank of each value: null first, text by code points, False before True."""
    places, values = encode(column)
    ranks = np.zeros(len(values) + 1, np.int64)  # the last one is that of null, at place -1
    ranks[pc.sort_indices(values).to_numpy()] = np.arange(1, len(values) + 1)
    return ranks[places]
