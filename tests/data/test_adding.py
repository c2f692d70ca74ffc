"""Adding: the same call gives the same version; a breach adds nothing; nobody's rows are lost."""

from __future__ import annotations

import subprocess
import sys
import threading

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.data.adding import add, version_table
from interplane.data.history import History, resolve_version
from interplane.data.options import ReadOptions
from interplane.data.profile import Profile
from interplane.data.schema_file import parse_schema
from interplane.data.schema_writer import schema_text
from interplane.data.table import Table
from interplane.errors import DataError, Fenced, SchemaBroken, UnknownName, UnreadableFile
from interplane.record import Addition
from interplane.storage.workspace import create_workspace
from interplane.testing.stores import memory_store

SCHEMA = parse_schema("columns.n = {type='int', max=100}\ncolumns.s = {type='str'}")


@pytest.fixture
def put(store, writer, tmp_path):
    """Add rows of a CSV file, by name of the file."""

    def put(name="a.csv", text="n,s\n1,x\n", **how):
        path = tmp_path / name
        path.write_text(text)
        return add(store, "flights", path, writer=writer, **how)

    return put


def rows(store, added):
    """Return the rows of what was added."""
    return version_table(store, added.version).to_rows()


def test_first_version(store, put):
    """Version, number, pointer, addition and profile are there together."""
    added = put()
    assert (added.number, added.new, added.rows, added.verdict) == (1, True, 1, None)
    assert rows(store, added) == [{"n": 1, "s": "x"}]
    assert store.catalog.pointer("data/flights@latest") == added.digest
    assert resolve_version(store, "flights") == (added.digest, added.version)
    (addition,) = History(store, "flights").of(added.digest)
    assert (addition.source_name, addition.rows, addition.parent) == ("a.csv", 1, None)
    assert Profile.from_bytes(store.read(addition.profile)).rows == 1


def test_the_same_call_twice(store, put):
    """Nothing is written the second time, and the answer says so."""
    first = put()
    before = len(list(store.catalog.list()))
    second = put()
    assert (second.digest, second.number, second.new) == (first.digest, 1, False)
    assert "is in flights@1 already" in second.note
    assert len(list(store.catalog.list())) == before


def test_the_schema_that_was_written_of_a_version_asks_nothing_new_of_it(store, put):
    """The same call finds it there; a schema that was edited is checked, and told as another."""
    first = put()
    found = History(store, "flights").profile(first.digest)
    written = parse_schema(schema_text(found, name="flights"))
    second = put(schema=written)
    assert (first.digest, False, None) == (second.digest, second.new, second.verdict)
    assert second.note.endswith("nothing was added")
    assert 1 == len(History(store, "flights").additions)
    edited = put(schema=SCHEMA)
    assert edited.verdict.passed
    assert 2 == len(History(store, "flights").additions)


def test_the_same_rows_from_another_source(store, put):
    """Equal content is the same version, with another addition."""
    first = put()
    second = put("b.csv", 'n,s\n1,"x"\n')
    assert (second.digest, second.number, second.new) == (first.digest, 1, False)
    assert "already" in second.note
    assert len(History(store, "flights").of(first.digest)) == 2


def test_versions_and_going_back(store, put):
    """A new file is a new version; the old file again is the old version, and the latest."""
    first, second = put(), put("b.csv", "n,s\n2,y\n")
    assert (second.number, second.new) == (2, True)
    back = put()
    assert (back.number, back.new, back.digest) == (1, False, first.digest)
    assert store.catalog.pointer("data/flights@latest") == first.digest
    assert [move.target for move in store.catalog.moves("data/flights@latest")] == [
        first.digest,
        second.digest,
        first.digest,
    ]


def test_append(store, put):
    """Rows follow those of the latest version; the chain of additions is kept."""
    put()
    added = put("b.csv", "s,n\ny,2\n", append=True)
    assert (added.number, added.new, added.rows) == (2, True, 1)
    assert rows(store, added) == [{"n": 1, "s": "x"}, {"n": 2, "s": "y"}]
    history = History(store, "flights")
    assert [item.source_name for item in history.chain(added.digest)] == ["b.csv", "a.csv"]
    assert history.profile(added.digest).rows == 2


def test_an_append_is_not_made_twice(store, put):
    """A source in the chain is there already, unless again is said."""
    put()
    once = put("b.csv", "n,s\n2,y\n", append=True)
    twice = put("b.csv", "n,s\n2,y\n", append=True)
    assert (twice.digest, twice.new) == (once.digest, False)
    assert "b.csv is in flights@2 already" in twice.note
    assert put("a.csv", append=True).new is False
    again = put("b.csv", "n,s\n2,y\n", append=True, again=True)
    assert (again.number, again.version.rows) == (3, 3)


def test_an_append_is_not_made_twice_because_the_schema_changed(store, put):
    """Rows are appended once; what is expected of them has nothing to do with it."""
    put()
    once = put("b.csv", "n,s\n2,y\n", append=True)
    twice = put("b.csv", "n,s\n2,y\n", append=True, schema=SCHEMA)
    assert (twice.digest, twice.new) == (once.digest, False)
    assert "the schema is another one by now" in twice.note


def test_append_to_nothing_is_refused(put):
    """A typo in the name makes no dataset."""
    with pytest.raises(UnknownName, match="without append"):
        put(append=True)


def test_append_takes_the_types_there_are(store, put):
    """Whole numbers among floats, leading zeros never seen before, columns without a value."""
    put(text="n,s\n0.5,007\n")
    added = put("b.csv", "n,s\n2,8\n", append=True)
    assert rows(store, added)[1] == {"n": 2.0, "s": "8"}
    frame = pa.table({"n": [3], "s": pa.nulls(1)})
    added = add(store, "flights", frame, writer=store.catalog.writer("me"), append=True)
    assert rows(store, added)[2] == {"n": 3.0, "s": None}


def test_append_of_other_columns(store, put):
    """What differs is named, and nothing is added."""
    put()
    with pytest.raises(DataError, match="'n' is str instead of int"):
        put("b.csv", "n,s\nmany,y\n", append=True)
    assert len(History(store, "flights").versions) == 1


def test_schema_that_holds(store, put):
    """The verdict is part of the addition; another schema is another check."""
    added = put(schema=SCHEMA)
    assert added.verdict.passed
    assert History(store, "flights").verdict(added.digest) == added.verdict
    assert put(schema=SCHEMA).verdict == added.verdict
    stricter = parse_schema("columns.n = {type='int', max=0}\ncolumns.s = {type='str'}")
    with pytest.raises(SchemaBroken):
        put(schema=stricter)


def test_schema_that_is_broken(store, put):
    """The error carries the verdict; the catalog is as it was."""
    put()
    before = list(store.catalog.list())
    with pytest.raises(SchemaBroken, match="in 1 row") as caught:
        put("b.csv", "n,s\n2,x\n1000,y\n", schema=SCHEMA)
    assert caught.value.verdict.breaches[0].examples == (1000,)
    assert caught.value.exit_code == 3
    assert list(store.catalog.list()) == before


def test_schema_s_types_lead_the_reading(store, put):
    """A code of digits is text where the schema says so; a type that no value has is a breach."""
    schema = parse_schema("columns.n = {type='str'}\ncolumns.s = {type='str'}")
    assert rows(store, put(schema=schema)) == [{"n": "1", "s": "x"}]
    with pytest.raises(SchemaBroken, match="n is int"):
        put("b.csv", "n,s\none,x\n", schema=SCHEMA)


def test_append_is_checked_as_a_whole(put):
    """A key that both halves have is found."""
    keyed = parse_schema("key=['n']\n[columns]\nn = {type='int'}\ns = {type='str'}")
    put(schema=keyed)
    with pytest.raises(SchemaBroken, match=r"\(n\) names one row"):
        put("b.csv", "n,s\n1,z\n", schema=keyed, append=True)


def test_drift_against_the_version_before(store, writer):
    """The latest version is what the next one is held against."""
    schema = parse_schema("columns.n = {type='int', drift={max=0.2, on_breach='stop'}}")
    add(store, "d", pd.DataFrame({"n": range(1000)}), writer=writer, schema=schema)
    with pytest.raises(SchemaBroken, match="moved"):
        add(store, "d", pd.DataFrame({"n": range(900, 1900)}), writer=writer, schema=schema)


def test_options_are_recorded_and_part_of_sameness(store, put):
    """Read another way, a file is another source."""
    text = "n;s\n1;-\n2;y\n"
    put("a.csv", text)
    (addition,) = History(store, "flights").additions
    assert addition.options == {"delimiter": ";"}
    assert put("a.csv", text).note
    other = put("a.csv", text, options=ReadOptions(null_values=("-",)))
    assert (other.number, rows(store, other)[0]["s"]) == (2, None)


def test_bad_input_adds_nothing(store, put):
    """A ragged file leaves no entry behind."""
    with pytest.raises(UnreadableFile):
        put(text="n,s\n1\n")
    assert list(store.catalog.list()) == []


def test_frames_are_sources_too(store, writer):
    """A frame with the same content is the same source."""
    frame = pd.DataFrame({"x": [1.5, None]})
    first = add(store, "d", frame, writer=writer)
    assert add(store, "d", frame.copy(), writer=writer).note
    assert add(store, "d", pa.table(frame), writer=writer).digest == first.digest


def test_progress_is_told(put):
    """Reading, checking and storing, with rows."""
    heard = []
    put(schema=SCHEMA, progress=lambda *what: heard.append(what))
    assert ("read", 1, 1) in heard
    assert ("check", 1, 1) in heard
    assert heard[-1] == ("store", 1, 1)


def test_two_who_append_at_once(store, tmp_path):
    """Each append goes on top of what is there: no row is lost, none is there twice."""
    add(store, "d", Table.from_columns({"n": [0]}), writer=store.catalog.writer("first"))
    failures = []

    def work(start):
        writer = store.catalog.writer(f"worker {start}")
        try:
            for n in range(start, start + 5):
                add(store, "d", Table.from_columns({"n": [n]}), writer=writer, append=True)
        except Fenced as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(start,)) for start in (10, 20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    _, version = resolve_version(store, "d")
    found = sorted(row["n"] for row in version_table(store, version).to_rows())
    assert found == [0, *range(10, 15), *range(20, 25), *range(30, 35)]


def test_two_stores_give_the_same_digests(put, store, tmp_path):
    """Nothing of time or place is in a version or an addition."""
    first = put()
    other = memory_store()
    again = add(other, "flights", tmp_path / "a.csv", writer=other.catalog.writer("else"))
    assert again.digest == first.digest
    kinds = {entry.digest for entry in store.catalog.list("addition")}
    assert kinds == {entry.digest for entry in other.catalog.list("addition")}


@settings(max_examples=25)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=6))
def test_any_sequence_twice_ends_where_it_ended(steps):
    """Running the same adds again gives the same latest version and no new one."""
    store = memory_store()
    writer = store.catalog.writer("tester")

    def run():
        for append, value in steps:
            there = store.catalog.pointer("data/d@latest") is not None
            table = Table.from_columns({"n": [value]})
            add(store, "d", table, writer=writer, append=append and there)
        return store.catalog.pointer("data/d@latest")

    if steps[0][0]:
        steps[0] = (False, steps[0][1])
    latest = run()
    count = len(store.catalog.series("data/d"))
    assert run() == latest
    assert len(store.catalog.series("data/d")) == count


def test_flights_in_a_second_or_two(store, writer, flights_data):
    """All flights of 2013 become a version; weather and planes beside them."""
    for name, file, size in (
        ("flights", "flights.csv.zip", 336_776),
        ("weather", "weather.csv", 26_115),
        ("planes", "planes.csv", 3_322),
    ):
        added = add(store, name, flights_data / file, writer=writer)
        assert added.version.rows == size
    links = [entry.record for entry in store.catalog.list("addition")]
    assert all(isinstance(link, Addition) and store.has(link.profile) for link in links)


def test_two_who_append_the_same_at_once(store):
    """One of them adds it; the others are told that it is there."""
    add(store, "d", Table.from_columns({"n": [0]}), writer=store.catalog.writer("first"))
    table = Table.from_columns({"n": [1]})
    ready = threading.Barrier(4)
    found = []

    def work():
        ready.wait()
        added = add(store, "d", table, writer=store.catalog.writer("w"), append=True)
        found.append((added.number, added.new))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [(2, False), (2, False), (2, False), (2, True)]


WORK = """
import sys
from pathlib import Path
from interplane.data.adding import add
from interplane.data.table import Table
from interplane.storage.workspace import open_workspace

store = open_workspace(Path(sys.argv[1]))
for n in range(int(sys.argv[2]), int(sys.argv[2]) + 3):
    writer = store.catalog.writer(f"process {sys.argv[2]}")
    add(store, "d", Table.from_columns({"n": [n]}), writer=writer, append=True)
"""


def test_processes_that_append_at_once(tmp_path):
    """Through SQLite and folders, from several processes: every row once, numbers dense."""
    store = create_workspace(tmp_path / "ws")
    table = Table.from_columns({"n": [0]})
    add(store, "d", table, writer=store.catalog.writer("first"))
    starts = [10, 20, 30, 40]
    running = [
        subprocess.Popen([sys.executable, "-c", WORK, str(tmp_path / "ws"), str(start)])
        for start in starts
    ]
    assert [process.wait(timeout=60) for process in running] == [0] * len(starts)
    _, version = resolve_version(store, "d")
    found = sorted(row["n"] for row in version_table(store, version).to_rows())
    assert found == [0, *(start + n for start in starts for n in range(3))]
    assert [m.number for m in store.catalog.series("data/d")] == list(range(1, 14))
    store.close()
