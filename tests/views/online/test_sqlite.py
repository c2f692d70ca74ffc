"""The online store's file: durable by the rule, checked when opened, read while others write."""

import fcntl
import os
import sqlite3
import threading
from contextlib import closing

import pytest

from interplane.errors import NewerFormat, RequestRejected, StorageError
from interplane.storage.sqlite_catalog import SqliteCatalog
from interplane.views.history import Event
from interplane.views.lookups import LookUps
from interplane.views.online import SqliteOnline
from interplane.views.ports import Fact
from interplane.views.states import States
from interplane.views.view import ViewUse, example

VIEW = example()


@pytest.fixture
def path(tmp_path):
    """Where a store may be made."""
    return tmp_path / "online.sqlite"


@pytest.fixture
def store(path):
    """An open store with one view that can be read."""
    store = SqliteOnline(path)
    store.register(VIEW)
    store.advance(VIEW, 0)
    yield store
    store.close()


def fact(time, key=0, *, who="a"):
    """Return an event."""
    return Fact(1, (who,), Event(time, time, (key,), (1.0,)))


def rows(store, statement="SELECT count(*) FROM event"):
    """Ask the file itself."""
    return store._connections.read(lambda connection: connection.execute(statement).fetchall())


def test_the_file_is_made_once(path):
    """By whoever comes first; nothing is left beside it."""
    stores = []
    threads = [threading.Thread(target=lambda: stores.append(SqliteOnline(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 8 == len(stores)
    stores[0].register(VIEW)
    assert [VIEW] * 8 == [store.known().views[0].view for store in stores]
    for store in stores:
        store.close()
    assert [] == [each.name for each in path.parent.iterdir() if each.suffix == ".new"]


def test_a_folder_that_is_missing_is_said(tmp_path):
    """With the path, and nothing is made."""
    with pytest.raises(StorageError, match="nowhere"):
        SqliteOnline(tmp_path / "nowhere" / "online.sqlite")
    assert [] == list(tmp_path.iterdir())


def test_a_newer_format_is_refused(path):
    """Politely, and the file is as it was."""
    SqliteOnline(path).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE online SET format = 99")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(NewerFormat, match=r"format 99.*A newer Interplane made it"):
        SqliteOnline(path)
    assert before == path.read_bytes()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"", b"SQLite format 3\0junk"])
def test_another_file_is_refused(path, content):
    """Named, and left alone."""
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"is no online store of Interplane|is damaged"):
        SqliteOnline(path)
    assert content == path.read_bytes()


def test_a_catalog_is_no_online_store(path):
    """Nor the other way round."""
    SqliteCatalog.create(path)
    with pytest.raises(StorageError, match="is no online store of Interplane"):
        SqliteOnline(path)
    other = path.with_name("other.sqlite")
    SqliteOnline(other).close()
    with pytest.raises(StorageError, match="is no catalog of Interplane"):
        SqliteCatalog(other)


def test_writes_are_durable_by_the_rule(store):
    """WAL with synchronous=FULL (2), on the connection that writes."""
    settings = store._connections.write(
        lambda connection: [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    )
    assert ["wal", 2] == settings


def test_a_writer_that_never_ends_gives_a_clear_message(path, store):
    """Bounded waiting, then words; never SQLite's own."""
    impatient = SqliteOnline(path, patience_s=0.2, funnel=True)
    with path.with_name("online.sqlite-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StorageError, match="another process keeps writing") as caught:
            impatient.write([fact(1)])
    assert "locked" not in str(caught.value)
    assert [True] == impatient.write([fact(1)])
    impatient.close()


def test_reading_goes_on_in_the_middle_of_a_write(path, store):
    """What is not committed is not seen, and nobody waits."""
    store.write([fact(1, 1)])
    states = States(store)
    ups = LookUps({"v": ViewUse(VIEW, ("who",))}, states)
    assert [1.0, 1] == ups.read({"who": "a"}, 50)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("DELETE FROM event")
    assert [1.0, 1] == ups.read({"who": "a"}, 60)
    assert [None, 0] == ups.read({"who": "b"}, 60)
    other.execute("ROLLBACK")
    other.close()
    states.close()


def test_one_state_is_read_to_its_end(store):
    """What is written after a state was opened is not in it."""
    store.write([fact(1, 1)])
    reader = store.reader()
    with reader.state() as state:
        registered = state.registered()[VIEW.digest]
        store.write([fact(2, 2), fact(2, 2, who="b")])
        store.advance(VIEW, 10)
        assert 1 == len(state.load(registered, ("a",), 50))
        assert [] == state.load(registered, ("b",), 50)
        assert (1, 0) == (state.last(), state.registered()[VIEW.digest].horizon)
    with reader.state() as state:
        assert 2 == len(state.load(registered, ("a",), 50))
        assert [fact(2, 2), fact(2, 2, who="b")] == state.changes(1, most=2)
        assert state.changes(1, most=1) is None
    reader.close()


def test_versions_tell_any_write(path, store):
    """By this handle and by another one; none while nothing is written."""
    other = SqliteOnline(path)
    reader = store.reader()
    versions = [reader.version(), reader.version()]
    store.write([fact(1)])
    versions.append(reader.version())
    other.write([fact(2)])
    versions += [reader.version(), reader.version()]
    assert versions[0] == versions[1]
    assert versions[3] == versions[4]
    assert 3 == len(set(versions))
    reader.close()
    other.close()


def test_a_refusal_leaves_no_transaction_open(store):
    """Else the log of SQLite could never be cut."""
    store.advance(VIEW, 100)
    states = States(store)
    ups = LookUps({"v": ViewUse(VIEW, ("who",))}, states)
    with pytest.raises(RequestRejected):
        ups.read({"who": "a"}, 5)
    assert not states._reader._connection.in_transaction
    store.write([fact(100, 7)])
    assert [1.0, 1] == ups.read({"who": "a"}, 100)
    states.close()


def test_what_matters_no_more_is_gone_from_the_file(store):
    """Rows that no time from the horizon on asks for; a value stays as long as it is the latest."""
    store.write([fact(time, time) for time in range(0, 2000, 10)])
    store.write([fact(5, 5, who="b")])
    assert [(201,)] == rows(store)
    store.advance(VIEW, 1990)
    # Of a: the last 100 µs, and the latest one; of b: the latest one, which no window needs.
    found = rows(store, "SELECT CAST(substr(entity, 3) AS TEXT), count(*) FROM event GROUP BY 1")
    assert [("a", 10), ("b", 1)] == found


def test_a_forgotten_view_leaves_nothing(store):
    """Also where forgetting was cut off before its events were dropped."""
    store.write([fact(time, time) for time in range(5000)])
    store._connections.write(lambda connection: connection.execute("DELETE FROM view").rowcount)
    store.forget(VIEW)
    assert [(0,)] == rows(store)


def test_a_store_is_not_carried_through_a_fork(store):
    """SQLite's connections would be shared by two processes; both would lose."""
    states = States(store)
    store._connections._pid += 1
    states._reader._pid += 1
    try:
        for use in (lambda: store.write([fact(1)]), store.reader, store.known):
            with pytest.raises(StorageError, match="before a fork"):
                use()
        with pytest.raises(StorageError, match="before a fork"):
            LookUps({"v": ViewUse(VIEW, ("who",))}, states).read({"who": "a"}, 5)
    finally:
        store._connections._pid = states._reader._pid = os.getpid()
        states.close()


def test_a_closed_store_says_so(path):
    """Instead of an error of SQLite; what it had given out can still be closed."""
    store = SqliteOnline(path)
    states = States(store)
    store.close()
    store.close()
    with pytest.raises(StorageError, match="online store was closed"):
        store.known()
    states.close()
    with pytest.raises(StorageError, match=r"online\.sqlite"):
        LookUps({"v": ViewUse(VIEW, ("who",))}, states).read({"who": "a"}, 5)


def test_damage_is_said(path, store):
    """A file whose pages are broken is an error of ours, with its name."""
    store.write([fact(time, time, who=f"e{time}") for time in range(5000)])
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[4096 * 3 : -4096] = b"\xff" * len(content[4096 * 3 : -4096])
    path.write_bytes(content)
    broken = SqliteOnline(path)
    states = States(broken)
    ups = LookUps({"v": ViewUse(VIEW, ("who",))}, states)
    with pytest.raises(StorageError, match=r"online\.sqlite is damaged"):
        [ups.read({"who": f"e{time}"}, 6000) for time in range(5000)]
    states.close()
    broken.close()
