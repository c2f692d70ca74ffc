"""Every blob store keeps the laws; the folder keeps its promises about files."""

import os
import stat

import pytest

from interplane.errors import Corrupt, NotFound, StorageError, UsageError
from interplane.record import digest_bytes
from interplane.storage.folder_blobs import FolderBlobs
from interplane.testing import blob_laws
from interplane.testing.stores import MemoryBlobs


@pytest.fixture
def folder(tmp_path):
    """An empty folder for blobs."""
    path = tmp_path / "blobs"
    path.mkdir()
    return path


@pytest.fixture(params=["memory", "folder"])
def blobs(request, folder):
    """Fresh blobs of each kind."""
    return MemoryBlobs() if request.param == "memory" else FolderBlobs(folder)


@pytest.mark.parametrize("law", blob_laws.LAWS, ids=lambda law: law.__name__)
def test_blobs_keep_the_law(law, blobs, tmp_path):
    """Each law with each implementation."""
    law(blobs, tmp_path)


def damage(path, data):
    """Write other bytes into a read-only file, keeping its times."""
    state = path.stat()
    path.chmod(0o644)
    path.write_bytes(data)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_a_blob_lies_where_its_digest_says(folder):
    """Two folders deep, read-only, and nothing else is left."""
    blobs = FolderBlobs(folder)
    digest = blobs.put(b"x")
    path = folder / digest[:2] / digest[2:4] / digest
    assert path == blobs.path(digest)
    assert 0o444 == stat.S_IMODE(path.stat().st_mode)
    assert [] == list((folder / "new").iterdir())


@pytest.mark.parametrize("data", [b"", b"y", b"longer than before"])
def test_damage_is_found_on_reading(folder, data):
    """Whatever was verified before, in this process or another."""
    blobs = FolderBlobs(folder)
    digest = blobs.put(b"x")
    path = blobs.path(digest)
    damage(path, data)
    with pytest.raises(Corrupt, match=digest[:12]):
        blobs.get(digest)
    with pytest.raises(Corrupt):
        blobs.check(digest)
    with pytest.raises(Corrupt):
        FolderBlobs(folder).path(digest)


def test_a_changed_file_is_hashed_again(folder):
    """The memory of what was verified ends with the file's state."""
    blobs = FolderBlobs(folder)
    path = blobs.path(blobs.put(b"x"))
    path.chmod(0o644)
    path.write_bytes(b"yy")
    with pytest.raises(Corrupt):
        blobs.path(digest_bytes(b"x"))


def test_links_are_never_followed(folder, tmp_path):
    """Not for a blob, not for the folders that it lies in."""
    blobs = FolderBlobs(folder)
    digest = blobs.put(b"x")
    path = blobs.path(digest)
    moved = tmp_path / "moved"
    path.rename(moved)
    path.symlink_to(moved)
    with pytest.raises(Corrupt):
        blobs.get(digest)
    path.unlink()
    path.parent.rename(tmp_path / "shelf")
    path.parent.symlink_to(tmp_path / "shelf")
    with pytest.raises(Corrupt):
        blobs.get(digest)


def test_a_folder_or_pipe_in_a_blobs_place_is_damage(folder):
    """And reading does not hang."""
    blobs = FolderBlobs(folder)
    digest = blobs.put(b"x")
    path = blobs.path(digest)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(Corrupt):
        blobs.get(digest)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "x" * 64, "ab/cd"])
def test_only_digests_name_blobs(folder, name):
    """Text never becomes a path."""
    with pytest.raises(UsageError, match="is no digest"):
        FolderBlobs(folder).get(name)


def test_a_blob_taken_away_is_put_again(folder):
    """The process that put it does not believe its memory."""
    blobs = FolderBlobs(folder)
    path = blobs.path(blobs.put(b"x"))
    path.unlink()
    with pytest.raises(NotFound):
        blobs.get(digest_bytes(b"x"))
    assert b"x" == blobs.get(blobs.put(b"x"))


def test_what_a_crash_left_is_swept_after_a_day(folder):
    """Not before; folders too; blobs never."""
    first = FolderBlobs(folder)
    digest = first.put(b"x")
    old, fresh, scratch = folder / "new" / "old", folder / "new" / "fresh", first.scratch()
    old.write_bytes(b"half")
    fresh.write_bytes(b"half")
    (scratch / "part").write_bytes(b"half")
    for path in (old, scratch, first.path(digest)):
        os.utime(path, (1, 1))
    second = FolderBlobs(folder)
    second.put(b"y")
    assert [fresh] == list((folder / "new").iterdir())
    assert b"x" == second.get(digest)


def test_a_missing_folder_is_refused(tmp_path):
    """Blobs never make their own root."""
    with pytest.raises(StorageError, match="No such file"):
        FolderBlobs(tmp_path / "absent")
