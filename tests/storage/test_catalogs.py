"""Every catalog keeps the laws; the one on disk keeps them over two handles as well."""

import sqlite3
from contextlib import closing

import pytest

from interplane.errors import Fenced, NewerFormat, StorageError
from interplane.record import Snapshot, digest_bytes
from interplane.storage.ports import Batch
from interplane.storage.sqlite_catalog import SqliteCatalog
from interplane.testing import catalog_laws
from interplane.testing.catalog_laws import CatalogBench
from interplane.testing.stores import FixedClock, FixedHost, MemoryCatalog


def make_memory(folder):
    """A catalog in memory."""
    clock, host = FixedClock(), FixedHost()
    return CatalogBench(MemoryCatalog(clock=clock, host=host), clock, host)


def make_sqlite(folder):
    """A catalog in a file."""
    clock, host = FixedClock(), FixedHost()
    path = folder / "catalog.sqlite"
    SqliteCatalog.create(path, clock=clock)
    return CatalogBench(SqliteCatalog(path, clock=clock, host=host), clock, host)


@pytest.fixture(params=[make_memory, make_sqlite], ids=["memory", "sqlite"])
def bench(request, tmp_path):
    """A fresh catalog of each kind."""
    made = request.param(tmp_path)
    yield made
    made.catalog.close()


@pytest.mark.parametrize("law", catalog_laws.LAWS, ids=lambda law: law.__name__)
def test_a_catalog_keeps_the_law(law, bench):
    """Each law with each implementation."""
    law(bench)


@pytest.fixture
def path(tmp_path):
    """A catalog file that is there."""
    SqliteCatalog.create(tmp_path / "catalog.sqlite")
    return tmp_path / "catalog.sqlite"


def test_another_handle_sees_what_was_acknowledged(path):
    """Two objects, one file."""
    first, second = SqliteCatalog(path), SqliteCatalog(path)
    record = Snapshot(project="p", commit=None, diff=None, environment=digest_bytes(b"e"))
    first.write(Batch(entries=[record]), writer=first.writer("ann"))
    assert second.get(record.digest).record == record
    first.close()
    second.close()


def test_a_newer_format_is_refused(path):
    """Politely, and the file is as it was."""
    connection = sqlite3.connect(path)
    connection.execute("UPDATE meta SET value = '99' WHERE name = 'format'")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(NewerFormat, match=r"format 99.*A newer Interplane made it"):
        SqliteCatalog(path)
    assert before == path.read_bytes()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"", b"SQLite format 3\0junk"])
def test_another_file_is_refused(tmp_path, content):
    """Named, and left alone."""
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"is no catalog of Interplane|is damaged"):
        SqliteCatalog(path)
    assert content == path.read_bytes()


def test_a_foreign_database_is_refused(tmp_path):
    """A file of SQLite that somebody else made."""
    path = tmp_path / "catalog.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE meta (name, value)")
    connection.close()
    with pytest.raises(StorageError, match="is no catalog of Interplane"):
        SqliteCatalog(path)


def test_a_missing_file_is_refused_and_not_made(tmp_path):
    """Reading never makes a file."""
    with pytest.raises(StorageError, match=r"catalog\.sqlite"):
        SqliteCatalog(tmp_path / "catalog.sqlite")
    assert [] == list(tmp_path.iterdir())


def test_a_file_is_never_made_over_another(path):
    """Making is refused, the catalog stays."""
    before = path.read_bytes()
    with pytest.raises(StorageError, match="File exists"):
        SqliteCatalog.create(path)
    assert before == path.read_bytes()


def test_a_closed_catalog_says_so(path):
    """Instead of an error of SQLite."""
    catalog = SqliteCatalog(path)
    catalog.close()
    catalog.close()
    with pytest.raises(StorageError, match="was closed"):
        catalog.writer("ann")
    with pytest.raises(StorageError, match="was closed"):
        catalog.pointer("p")


def test_reading_takes_no_write_lock(path):
    """A reader answers while another process is in the middle of a transaction."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    catalog = SqliteCatalog(path)
    assert catalog.pointer("p") is None
    assert not path.with_name("catalog.sqlite-lock").exists()
    other.execute("ROLLBACK")
    other.close()
    catalog.close()


@pytest.mark.parametrize("funnel", [True, False])
def test_a_writer_that_never_ends_gives_a_clear_message(path, funnel):
    """Bounded waiting, then words; never SQLite's own."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    catalog = SqliteCatalog(path, funnel=funnel, patience_s=0.2)
    with pytest.raises(StorageError, match="another process keeps writing") as caught:
        catalog.writer("ann")
    assert "locked" not in str(caught.value)
    other.execute("ROLLBACK")
    assert 1 == catalog.writer("ann").fence
    other.close()
    catalog.close()


def test_the_lock_file_orders_writers(path):
    """Who holds it makes others wait, and then refuses in words."""
    import fcntl

    catalog = SqliteCatalog(path, funnel=True, patience_s=0.1)
    with path.with_name("catalog.sqlite-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StorageError, match="another process keeps writing"):
            catalog.writer("ann")
    assert 1 == catalog.writer("ann").fence
    catalog.close()


def test_a_lease_that_could_not_be_given_back_is_free_in_this_process(path):
    """The disk still has it: others wait for the end of the process, the process does not wait for itself."""
    catalog = SqliteCatalog(path, patience_s=0.05)
    writer = catalog.acquire("run/rides", actor="ann")
    with pytest.raises(Fenced):
        SqliteCatalog(path).acquire("run/rides", actor="ann")
    with closing(sqlite3.connect(path, isolation_level=None)) as busy:
        busy.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError):
            catalog.release(writer)
        busy.execute("ROLLBACK")
    held = catalog.lease("run/rides")
    assert (writer.fence, False) == (held.fence, held.expired)
    again = SqliteCatalog(path).acquire("run/rides", actor="bob")
    with pytest.raises(Fenced):
        catalog.beat(writer)
    with pytest.raises(Fenced):
        catalog.acquire("run/rides", actor="ann")
    catalog.release(again)
    assert catalog.lease("run/rides") is None


def test_writes_are_durable_by_the_rule(path):
    """WAL with synchronous=FULL (2), on the connection that writes."""
    catalog = SqliteCatalog(path)
    settings = catalog._connections.write(
        lambda connection: [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    )
    assert ["wal", 2] == settings
    catalog.close()


def test_actor_and_fence_are_in_every_row(path):
    """Whoever asks the file itself learns who wrote what."""
    catalog = SqliteCatalog(path)
    writer = catalog.writer("ann")
    catalog_laws.writing_again_changes_nothing(CatalogBench(catalog, FixedClock(), FixedHost()))
    catalog.close()
    connection = sqlite3.connect(path)
    for table in ("entry", "value", "member", "move"):
        rows = connection.execute(f"SELECT actor, fence FROM {table}").fetchall()
        assert [("ann", writer.fence + 1)] == rows
    connection.close()


def test_a_catalog_is_not_carried_through_a_fork(path):
    """SQLite's connections would be shared by two processes; both would lose."""
    catalog = SqliteCatalog(path)
    catalog._connections._pid += 1
    with pytest.raises(StorageError, match=r"before a fork.*Open the workspace again"):
        catalog.pointer("p")
    catalog._connections._pid -= 1
    catalog.close()
