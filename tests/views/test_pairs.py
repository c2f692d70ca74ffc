"""Entities and times as numbers, and what is decided among events that were known at one time."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from interplane.views.numbering import Numbering
from interplane.views.pairs import Pairs
from interplane.views.ties import greatest

TIME = st.one_of(
    st.integers(0, 5),
    st.integers(-(2**56), 2**58),
    st.sampled_from([-62_135_596_800_000_000, 253_402_300_799_999_999]),
)


@given(
    st.lists(st.tuples(st.integers(0, 3), TIME), max_size=12),
    st.lists(st.tuples(st.integers(0, 3), TIME), max_size=12),
    st.sampled_from([4, 1000]),
)
def test_searched_as_pairs_are(made_over, asked, entities):
    """What is found by numbers is found by pairs, with room for the distances and without it."""
    made_over.sort()
    entity, times = np.array(made_over, np.int64).reshape(-1, 2).T.copy()
    pairs = Pairs.over(times, entities=entities)
    packed = pairs.pack(entity, times)
    assert packed.tolist() == sorted(packed.tolist())
    assert entity.tolist() == (packed >> pairs.bits).tolist()
    who, when = np.array(asked, np.int64).reshape(-1, 2).T.copy()
    after = [sum(pair <= each for pair in made_over) for each in asked]
    before = [sum(pair < each for pair in made_over) for each in asked]
    assert after == np.searchsorted(packed, pairs.pack(who, when), side="right").tolist()
    assert before == np.searchsorted(packed, pairs.pack_from(who, when), side="left").tolist()
    assert packed.tolist() == pairs.fold(entity, times).tolist()


WORDS = st.sampled_from(["", "a", "b", "é"])
ROW = st.tuples(WORDS, st.integers(0, 2), st.booleans())
TYPES = (pa.string(), pa.int64(), pa.bool_())


def columns_of(rows):
    """Rows as columns, each in two chunks."""
    cut = len(rows) // 2
    return [
        pa.chunked_array(
            [pa.array([row[place] for row in part], kind) for part in (rows[:cut], rows[cut:])]
        )
        for place, kind in enumerate(TYPES)
    ]


@given(st.lists(ROW, max_size=12), st.lists(st.tuples(*(st.none() | each for each in (
    WORDS, st.integers(0, 2), st.booleans()))), max_size=8), st.integers(1, 3))  # fmt: skip
def test_numbers_name_combinations(rows, asked, columns):
    """Equal rows have one number, others another; what is not there or null has none."""
    rows, asked = [row[:columns] for row in rows], [row[:columns] for row in asked]
    numbering, numbers = Numbering.of(columns_of_first(rows, columns))
    named = dict(zip(rows, numbers.tolist(), strict=True))
    assert sorted(set(named.values())) == list(range(numbering.count))
    assert len(named) == numbering.count
    assert [named[row] for row in rows] == numbers.tolist()
    found = numbering.find(columns_of_first(asked, columns))
    assert [named.get(row, -1) for row in asked] == found.tolist()


def columns_of_first(rows, columns):
    """The first columns of rows."""
    padded = [row + (None,) * (3 - columns) for row in rows]
    return columns_of(padded)[:columns]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.integers(0, 1),
            st.none() | WORDS,
            st.none() | st.sampled_from([-1.5, 0.0, float("inf")]),
        ),
        min_size=1,
        max_size=15,
    )
)
def test_greatest_by_time_and_values(events):
    """Of each group the later one counts, then the greater values, one column after the other."""
    events.sort(key=lambda each: each[0])
    groups, event = (np.array([each[place] for each in events], np.int64) for place in (0, 1))
    arguments = [
        pa.chunked_array([pa.array([each[2] for each in events], pa.string())]),
        pa.chunked_array([pa.array([each[3] for each in events], pa.float64())]),
    ]
    best = greatest(groups, event, np.arange(len(events)), arguments)

    def key(each):
        return (each[1], *((value is not None, value) for value in each[2:]))

    expected = [
        max((each for each in events if each[0] == group), key=key)
        for group in sorted({each[0] for each in events})
    ]
    assert expected == [events[place] for place in best]
