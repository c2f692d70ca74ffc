"""What `verify` finds, what it calls it, and that it never writes."""

import sqlite3

import pytest

from interplane.record import Snapshot, digest_bytes
from interplane.storage.verify import verify
from interplane.storage.workspace import create_workspace, open_workspace


@pytest.fixture
def place(tmp_path):
    """A closed workspace with one of everything."""
    store = create_workspace(tmp_path / "w")
    draft = store.draft()
    record = Snapshot(
        project="p", commit=None, diff=draft.put(b"d" * 50_000), environment=draft.put(b"e")
    )
    draft.append("model/m", draft.record(record))
    draft.move("model/m@live", record.digest)
    store.commit(draft, writer=store.catalog.writer("ann"))
    store.close()
    return tmp_path / "w"


def report_of(place):
    """Open, verify, close."""
    store = open_workspace(place)
    try:
        return verify(store)
    finally:
        store.close()


def change(place, statement, *values):
    """Write past the catalog."""
    connection = sqlite3.connect(place / "catalog.sqlite")
    assert connection.execute(statement, values).rowcount > 0
    connection.commit()
    connection.close()


def files(place):
    """Every file's bytes."""
    return {
        path: path.read_bytes()
        for path in place.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal", "-lock"))
    }


def blob(place):
    """The path of the only blob."""
    (path,) = (path for path in (place / "blobs").rglob("*") if path.is_file())
    path.chmod(0o644)
    return path


def test_a_sound_workspace_is_sound(place):
    """Counted, exit code 0, and not a byte is changed."""
    before = files(place)
    report = report_of(place)
    assert (1, 1, 1) == (report.entries, report.values, report.blobs)
    assert () == report.damage
    assert () == report.orphans
    assert 0 == report.exit_code
    assert report.to_text().startswith("sound: read 1 entries, 1 values and 1 blobs")
    assert before == files(place)


def test_orphans_are_harmless(place):
    """Listed, counted, exit code 0."""
    store = open_workspace(place)
    orphan = store.blobs.put(b"o" * 20_000)
    store.close()
    report = report_of(place)
    assert (orphan,) == report.orphans
    assert 0 == report.exit_code
    assert "1 orphans that nothing names, harmless" in report.to_text()


def test_one_changed_byte_in_a_blob_is_named(place):
    """With who needs it."""
    path = blob(place)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    (damage,) = report_of(place).damage
    assert ("blob", path.name) == (damage.kind, damage.name)
    assert damage.needed_by[0].startswith("snapshot ")
    assert 6 == report_of(place).exit_code


def test_a_missing_blob_is_named(place):
    """With who needs it."""
    path = blob(place)
    path.unlink()
    (damage,) = report_of(place).damage
    assert ("missing", path.name) == (damage.kind, damage.name)
    assert "snapshot" in damage.to_text()


def test_a_missing_value_is_named(place):
    """The one that the record stands on."""
    change(place, "DELETE FROM value")
    (damage,) = report_of(place).damage
    assert ("missing", digest_bytes(b"e")) == (damage.kind, damage.name)


def test_a_changed_value_is_named(place):
    """Rows are hashed like blobs."""
    change(place, "UPDATE value SET body = ?", b"E")
    (damage,) = report_of(place).damage
    assert ("value", digest_bytes(b"e")) == (damage.kind, damage.name)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"kind":"snapshot"}', b'{"kind":"new"}', b"\xff"])
def test_a_changed_entry_is_named(place, body):
    """What it named is an orphan then, and not damage."""
    change(place, "UPDATE entry SET body = ?", body)
    report = report_of(place)
    assert ["entry"] == [damage.kind for damage in report.damage]
    assert 2 == len(report.orphans)


def test_an_entry_of_a_newer_kind_is_named(place):
    """Its bytes are right, but nobody here can read them."""
    body = b'{"kind":"prophecy"}'
    change(place, "UPDATE entry SET body = ?, digest = ?", body, digest_bytes(body))
    kinds = sorted(damage.problem for damage in report_of(place).damage)
    assert ["prophecy" in kinds[0], "is nowhere"] == [True, kinds[1]]


def test_a_missing_entry_is_named(place):
    """By the series and the pointer that name it."""
    change(place, "DELETE FROM entry")
    (damage,) = report_of(place).damage
    assert "missing" == damage.kind
    assert ("model/m@1", "model/m@live") == damage.needed_by


def test_a_gap_in_a_series_is_named(place):
    """Numbers are dense, or something was taken away."""
    change(place, "UPDATE member SET number = 1 + number")
    change(place, "INSERT INTO member SELECT series, 1, 'x', at, actor, fence FROM member")
    change(place, "UPDATE member SET number = 4 WHERE number = 2")
    assert "catalog" in {damage.kind for damage in report_of(place).damage}


def test_reports_are_bounded_and_plain(place):
    """A hundred damages are a hundred in JSON and ten on the screen."""
    for path in [blob(place)]:
        path.unlink()
    store = open_workspace(place)
    for number in range(30):
        path = store.blobs.path(store.blobs.put(b"%d" % number))
        path.chmod(0o644)
        path.write_bytes(b"")
    seen = []
    report = verify(store, progress=seen.append)
    store.close()
    assert 31 == len(report.to_dict()["damage"])
    assert "and 21 more" in report.to_text()
    assert report.entries + report.values + report.blobs == sum(seen)
