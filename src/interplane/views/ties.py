"""Which of several events that were known at one time counts: the later, then the greater values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from interplane.views.numbering import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from interplane.views.pairs import Bools, Ints

__all__ = ["greatest", "repeated"]


def repeated(numbers: Ints) -> Bools:
    """Return which of some sorted numbers stand there more than once.

    >>> repeated(np.array([1, 2, 2, 3])).tolist()
    [False, True, True, False]
    """
    found = np.zeros(len(numbers), np.bool_)
    same = numbers[1:] == numbers[:-1]
    found[1:] = same
    found[:-1] |= same
    return found


def greatest(groups: Ints, event: Ints, rows: Ints, arguments: Sequence[pa.ChunkedArray]) -> Ints:
    """Return for each group the place of its greatest event, by event time and then by values.

    Args:
        groups: the group of each event.
        event: the event time of each.
        rows: the row of each among the arguments.
        arguments: the arguments of all rows; they are looked at only where event times are equal.

    >>> import pyarrow as pa
    >>> values = [pa.chunked_array([[None, 2.0, 1.0, 5.0]])]
    >>> greatest(*map(np.array, ([7, 7, 7, 9], [1, 3, 3, 0], [0, 1, 2, 3])), values).tolist()
    [1, 3]
    """
    order = np.lexsort((event, groups))
    last = _lasts(groups[order])
    chosen = order[last]
    before = np.maximum(last - 1, 0)
    tied = (
        (last > 0)
        & (groups[order[before]] == groups[chosen])
        & (event[order[before]] == event[chosen])
    )
    if tied.any():
        chosen[tied] = _greatest_values(groups, event, rows, arguments, of=chosen[tied])
    return chosen


def _greatest_values(
    groups: Ints, event: Ints, rows: Ints, arguments: Sequence[pa.ChunkedArray], *, of: Ints
) -> Ints:
    """Decide by values between the events that are as late as these, each of another group."""
    place = np.searchsorted(groups[of], groups)
    place[place == len(of)] = 0
    among = np.flatnonzero((groups[of][place] == groups) & (event[of][place] == event))
    ranks = [_ranks(argument.take(rows[among])) for argument in arguments]
    order = np.lexsort((*reversed(ranks), groups[among]))
    found: Ints = among[order[_lasts(groups[among][order])]]
    return found


def _lasts(sorted_groups: Ints) -> Ints:
    ends = np.flatnonzero(sorted_groups[1:] != sorted_groups[:-1])
    return np.append(ends, len(sorted_groups) - 1) if len(sorted_groups) else ends


def _ranks(column: pa.ChunkedArray) -> Ints:
    """Return the rank of each value: null first, text by code points, False before True."""
    places, values = encode(column)
    ranks = np.zeros(len(values) + 1, np.int64)  # the last one is that of null, at place -1
    ranks[pc.sort_indices(values).to_numpy()] = np.arange(1, len(values) + 1)
    return ranks[places]
