"""Parts: what is written is read back, cut where the rows say so."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.data.adding import version_table
from interplane.data.content import content_digest
from interplane.data.parts import SIZES, Sizes, append_parts, parts_table, write_parts
from interplane.data.rowhash import hash_rows, weigh_rows
from interplane.data.table import Table
from interplane.errors import DataError
from interplane.record import DataVersion
from interplane.testing.random_tables import tables
from interplane.testing.stores import MemoryBlobs, memory_store

SMALL = Sizes(least=100, usual=400, most=1600)


def numbers(rows, *, seed=0):
    """A table of random numbers and words."""
    random = np.random.default_rng(seed)
    words = np.array(["late", "on time", "cancelled", None])
    return Table.from_columns(
        {"n": random.integers(0, 1 << 40, rows), "w": words[random.integers(0, 4, rows)].tolist()}
    )


@given(tables(), st.sampled_from([SIZES, SMALL]))
def test_what_is_written_is_read_back(table, sizes):
    """Any table comes back bit for bit, in the same order."""
    store = memory_store()
    version = write_parts(table, store.blobs, sizes=sizes)
    found = version_table(store, version)
    assert found.columns == table.columns
    assert found.rows == version.rows == table.rows
    assert content_digest(found) == content_digest(table)


@given(tables(), st.integers(0, 30))
def test_append_is_concat(table, at):
    """Rows appended give the version that all rows at once give."""
    blobs = MemoryBlobs()
    arrow = table.to_arrow()
    first, then = Table.from_arrow(arrow.slice(0, at)), Table.from_arrow(arrow.slice(at))
    version = append_parts(write_parts(first, blobs, sizes=SMALL), then, blobs, sizes=SMALL)
    assert version == write_parts(table, blobs, sizes=SMALL)


@given(tables(), st.integers(1, 7))
def test_bytes_depend_on_rows_alone(table, chunk):
    """However the rows were chunked in memory, the parts are the same."""
    blobs = MemoryBlobs()
    chunked = pa.Table.from_batches(
        table.to_arrow().to_batches(max_chunksize=chunk), schema=table.to_arrow().schema
    )
    assert write_parts(table, blobs, sizes=SMALL) == write_parts(
        Table.from_arrow(chunked), blobs, sizes=SMALL
    )


@given(tables())
def test_hash_and_weight_depend_on_the_row_alone(table):
    """A row hashes the same wherever it stands in a batch."""
    for batch in table.batches():
        hashes = hash_rows(batch)
        weights = weigh_rows(batch)
        for index in range(batch.num_rows):
            one = batch.slice(index, 1)
            assert hash_rows(one)[0] == hashes[index]
            assert weigh_rows(one)[0] == weights[index]


def test_a_local_edit_keeps_most_parts():
    """Changing, inserting or removing rows in one place rewrites that neighbourhood."""
    table = numbers(50_000)
    blobs = MemoryBlobs()
    sizes = Sizes(least=2_000, usual=10_000, most=50_000)
    before = write_parts(table, blobs, sizes=sizes)
    assert len(before.parts) > 50
    rows = table.to_arrow()
    edits = {
        "change": pa.concat_tables([rows[:20_000], rows[30_000:30_100], rows[20_100:]]),
        "insert": pa.concat_tables([rows[:20_000], rows[:100], rows[20_000:]]),
        "remove": pa.concat_tables([rows[:20_000], rows[20_100:]]),
        "prepend": pa.concat_tables([rows[:10], rows]),
    }
    for name, edited in edits.items():
        after = write_parts(Table.from_arrow(edited), blobs, sizes=sizes)
        fresh = set(after.parts) - set(before.parts)
        assert len(fresh) <= 5, name


def test_parts_have_the_sizes_asked_for():
    """No part but the last is lighter than the least, none is heavier than the most."""
    table = numbers(20_000)
    sizes = Sizes(least=5_000, usual=20_000, most=60_000)
    version = write_parts(table, MemoryBlobs(), sizes=sizes)
    start = 0
    weights = np.concatenate([weigh_rows(batch) for batch in table.batches()])
    for part in version.parts:
        weight = int(weights[start : start + part.rows].sum())
        start += part.rows
        assert weight <= sizes.most + int(weights.max())
        assert weight >= sizes.least or start == table.rows
    assert start == table.rows


def test_rows_that_are_all_the_same():
    """Without anything to cut at, the largest size cuts."""
    table = Table.from_columns({"n": [7] * 10_000})
    version = write_parts(table, MemoryBlobs(), sizes=Sizes(least=100, usual=4000, most=8000))
    assert version.rows == 10_000
    assert len(version.parts) in {10, 80}


def test_a_table_without_rows():
    """It has its columns and no part."""
    table = Table.from_columns({"n": pa.array([], pa.int64())})
    version = write_parts(table, MemoryBlobs())
    assert (version.parts, version.rows) == ((), 0)
    assert parts_table(version, MemoryBlobs()).to_arrow() == table.to_arrow()


def test_known_bytes():
    """The cut and the hash are pinned: a change of either makes every old version a new one."""
    version = write_parts(numbers(20_000), MemoryBlobs(), sizes=Sizes(10_000, 50_000, 200_000))
    assert [part.rows for part in version.parts] == PINNED


PINNED = [5344, 1230, 2918, 3508, 3812, 2077, 1111]


def test_append_of_other_columns_is_refused():
    """Each difference is named."""
    blobs = MemoryBlobs()
    version = write_parts(Table.from_columns({"a": [1], "b": ["x"]}), blobs)
    with pytest.raises(DataError, match="'b' is missing; 'c' is new; 'a' is float instead of int"):
        append_parts(version, Table.from_columns({"a": [1.5], "c": [1]}), blobs)


def test_progress_counts_every_row():
    """The callback hears of each part."""
    heard = []
    write_parts(numbers(5_000), MemoryBlobs(), sizes=SMALL, progress=heard.append)
    assert sum(heard) == 5_000
    assert len(heard) > 10


def test_version_of_no_parts_round_trips():
    """A record without parts is a record."""
    version = DataVersion(columns=numbers(1).columns, parts=())
    assert DataVersion.from_bytes(version.to_bytes()) == version
