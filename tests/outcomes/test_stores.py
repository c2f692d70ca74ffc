"""Both stores of outcomes keep the laws; the one on disk packs, and outlives what opened it."""

import sqlite3
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.errors import Corrupt, NewerFormat, StorageError
from interplane.outcomes.pieces import kept_of
from interplane.outcomes.store import SqliteOutcomes
from interplane.testing import outcome_laws
from interplane.testing.memory_outcomes import MemoryOutcomes
from interplane.testing.outcome_laws import OutcomeBench, by_id, said


@pytest.fixture(params=["sqlite", "packed", "memory"])
def bench(request, tmp_path):
    """An empty store, and another handle on it."""
    if request.param == "memory":
        store = MemoryOutcomes()
        yield OutcomeBench(store, store)
        return
    kind = PackedOutcomes if request.param == "packed" else SqliteOutcomes
    path = tmp_path / "outcomes.sqlite"
    store, other = kind(path), kind(path)
    yield OutcomeBench(store, other)
    store.close()
    other.close()


class PackedOutcomes(SqliteOutcomes):
    """A store that packs after each write."""

    def add(self, outcomes, *, bulk=False):
        """Take outcomes, and pack them."""
        new = super().add(outcomes, bulk=bulk)
        self.pack(at_least=1)
        return new


@pytest.mark.parametrize("law", outcome_laws.LAWS, ids=lambda law: law.__name__)
def test_a_store_of_outcomes_keeps_the_laws(law, bench):
    """On disk as rows, on disk in columns, and in memory."""
    law(bench)


def test_packing_changes_nothing_that_is_read(tmp_path):
    """And is done where a model has many rows only."""
    with SqliteFile(tmp_path) as store:
        store.add([said(f"UA{n}", n / 3) for n in range(20)] + [by_id(n) for n in range(3)])
        store.add([said("T1", model="taxis")])
        before = kept_of("flights", store.read("flights"))
        assert 0 == store.pack(at_least=24)
        assert 23 == store.pack(at_least=23)
        assert before == kept_of("flights", store.read("flights"))
        assert 1 == len(kept_of("taxis", store.read("taxis")))


def test_much_is_packed_in_pieces(tmp_path, monkeypatch):
    """No transaction packs it all."""
    monkeypatch.setattr("interplane.outcomes.store._PACKED_AT_ONCE", 10)
    with SqliteFile(tmp_path) as store:
        store.add([by_id(n) for n in range(35)])
        assert 30 == store.pack(at_least=6)
        assert [by_id(n) for n in range(35)] == [
            each.outcome for each in kept_of("flights", store.read("flights"))
        ]


class SqliteFile:
    """A store that is closed at the end."""

    def __init__(self, folder):
        self.store = SqliteOutcomes(folder / "outcomes.sqlite")

    def __enter__(self):
        return self.store

    def __exit__(self, *exc):
        self.store.close()


def test_what_was_added_is_there_when_it_is_opened_again(tmp_path):
    """With its place."""
    with SqliteFile(tmp_path) as store:
        store.add([said()])
        first = kept_of("flights", store.read("flights"))
    with SqliteFile(tmp_path) as store:
        assert first == kept_of("flights", store.read("flights"))
        assert [False] == store.add([said()])


def test_a_file_that_is_something_else_is_refused(tmp_path):
    """A database of another kind, or of a newer form; nothing is changed."""
    path = tmp_path / "outcomes.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE something (x)")
    connection.close()
    with pytest.raises(StorageError, match="is no store of outcomes"):
        SqliteOutcomes(path)
    path.unlink()
    SqliteOutcomes(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE outcomes SET format = 99")
    connection.close()
    with pytest.raises(NewerFormat, match="has format 99"):
        SqliteOutcomes(path)


def test_a_damaged_chunk_is_not_read(tmp_path):
    """Whatever the damage is."""
    with SqliteFile(tmp_path) as store:
        store.add([said(f"UA{n}") for n in range(9)], bulk=True)
        with sqlite3.connect(store.path) as connection:
            connection.execute("UPDATE chunk SET body = zeroblob(length(body))")
        connection.close()
        with pytest.raises(Corrupt, match="are damaged"):
            store.read("flights")


@settings(max_examples=40, deadline=None)
@given(
    calls=st.lists(
        st.tuples(
            st.lists(
                st.builds(
                    lambda flight, value, known, late: said(
                        flight, value, known_at_us=known, received_at_us=known + late
                    ),
                    st.sampled_from(["UA1", "UA2"]),
                    st.sampled_from([True, False, None, 1.0, 0.0]),
                    st.integers(0, 4),
                    st.integers(0, 1),
                ),
                max_size=6,
            ),
            st.booleans(),
            st.booleans(),
        ),
        max_size=6,
    )
)
def test_the_store_on_disk_keeps_what_the_one_in_memory_keeps(calls, tmp_path_factory):
    """Whatever comes, in rows or in columns, packed or not."""
    memory = MemoryOutcomes()
    with SqliteFile(tmp_path_factory.mktemp("store")) as disk:
        for outcomes, bulk, packs in calls:
            assert memory.add(outcomes) == disk.add(outcomes, bulk=bulk)
            if packs:
                disk.pack(at_least=1)
        kept = [kept_of("flights", store.read("flights")) for store in (memory, disk)]
        assert kept[0] == kept[1]
        assert dict(memory.repeated("flights")) == disk.repeated("flights")


def test_a_server_adds_without_a_heavy_import(tmp_path):
    """Rows need the standard library and msgspec."""
    program = f"""
import sys
from pathlib import Path
from interplane.outcomes.store import SqliteOutcomes
from interplane.testing.outcome_laws import said
store = SqliteOutcomes(Path({str(tmp_path)!r}) / "o.sqlite")
assert store.add([said()]) == [True] and store.newest("flights") == 1
store.close()
print(sorted({{"duckdb", "numpy", "pandas", "pyarrow"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert "[]\n" == done.stdout
