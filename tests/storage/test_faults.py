"""When the disk fails: one clear error, nothing half-written, no acknowledgement that is not true."""

import errno
import resource
import subprocess
import sys

import pytest

from interplane.errors import StorageError, StorageFull
from interplane.record import digest_bytes
from interplane.storage.folder_blobs import FolderBlobs
from interplane.storage.verify import verify
from interplane.storage.workspace import create_workspace, open_workspace
from interplane.testing.faults import FaultyFiles

DATA = b"x" * 100_000


def operations(make):
    """How many file operations a piece of work takes."""
    files = FaultyFiles()
    make(files)
    return len(files.calls)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("work", ["put", "copy", "move"])
def test_each_operation_may_fail(tmp_path, work, code):
    """Whichever of them does: a StorageError, no temporary file, nothing visible or all of it."""
    source = tmp_path / "source"
    source.write_bytes(DATA)

    def run(files, root):
        root.mkdir()
        blobs = FolderBlobs(root, files=files)
        if work == "put":
            blobs.put(DATA)
        elif work == "copy":
            blobs.adopt(source)
        else:
            scratch = blobs.scratch()
            (scratch / "part").write_bytes(DATA)
            blobs.adopt(scratch / "part")

    count = operations(lambda files: run(files, tmp_path / "counted"))
    assert count >= 8
    for number in range(1, count + 1):
        root = tmp_path / f"blobs-{number}"
        with pytest.raises(StorageError) as caught:
            run(FaultyFiles(fails_at=number, code=code), root)
        assert (code != errno.EIO) == isinstance(caught.value, StorageFull)
        left = list((root / "new").iterdir()) if (root / "new").exists() else []
        assert [] == [path for path in left if path.is_file()]
        for digest in FolderBlobs(root).list():
            assert DATA == FolderBlobs(root).get(digest)


def test_a_blob_is_on_the_disk_before_it_has_its_name(tmp_path):
    """Write, fsync, link, fsync the folders: a power cut finds all of it or nothing."""
    files = FaultyFiles()
    FolderBlobs(tmp_path, files=files).put(DATA)
    steps = [name for name in files.calls if name in {"create", "write", "sync", "link"}]
    assert ["create", "write", "sync", "link", "sync", "sync", "sync"] == steps


def test_no_space_says_so_and_the_next_try_succeeds(tmp_path):
    """A full disk is no reason to stop for good: nothing was half-written."""
    blobs = FolderBlobs(tmp_path, files=FaultyFiles(fails_at=1, code=errno.ENOSPC, kind="write"))
    with pytest.raises(StorageFull, match=r"no space left.*Free some space"):
        blobs.put(DATA)
    assert not blobs.has(digest_bytes(DATA))
    assert [] == list((tmp_path / "new").iterdir())
    assert DATA == blobs.get(blobs.put(DATA))


def test_after_a_failed_fsync_nothing_is_acknowledged(tmp_path):
    """The kernel forgets what it could not write; we do not pretend."""
    blobs = FolderBlobs(tmp_path, files=FaultyFiles(fails_at=1, code=errno.EIO, kind="sync"))
    with pytest.raises(StorageError, match="Input/output error"):
        blobs.put(DATA)
    with pytest.raises(StorageError, match="take no more writes: an fsync failed"):
        blobs.put(b"another")
    assert [] == list(blobs.list())


def limited(size):
    """Forbid files larger than ``size`` bytes: the nearest thing to a full disk for anybody."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


SCRIPT = """
import sys
from pathlib import Path
from interplane.errors import StorageError
from interplane.storage.workspace import open_workspace
store = open_workspace(Path(sys.argv[1]))
writer = store.catalog.writer("ann")
done = 0
try:
    for number in range(10_000):
        draft = store.draft()
        draft.put(b"%d" % number * 1000)
        store.commit(draft, writer=writer)
        done += 1
except StorageError as error:
    print(done, error, sep="\\n")
try:
    store.catalog.writer("ann")
except StorageError as error:
    print(error)
"""


def test_a_catalog_that_cannot_grow_stops(tmp_path):
    """What was acknowledged is there, the catalog is sound, and both messages say what happened."""
    create_workspace(tmp_path / "w").close()
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "w")],
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=limited(600_000),
    )
    done, first, second = ran.stdout.splitlines()
    assert int(done) > 10
    assert "disk I/O error" in first
    assert "takes no more writes" in second
    store = open_workspace(tmp_path / "w")
    assert int(done) <= len(list(store.catalog.values())) <= int(done) + 1
    assert verify(store).is_sound
    store.close()
