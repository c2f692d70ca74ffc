"""Workspaces: made whole or not at all, opened if they are one."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from interplane.errors import StorageError
from interplane.storage.workspace import create_workspace, open_workspace


def test_a_workspace_is_made_and_opened(tmp_path):
    """With nothing left beside it."""
    path = tmp_path / "project" / ".interplane"
    create_workspace(path).close()
    assert [path] == list(path.parent.iterdir())
    names = {item.name for item in path.iterdir()}
    beside = {"catalog.sqlite-wal", "catalog.sqlite-shm", "catalog.sqlite-lock"}
    assert {"catalog.sqlite", "blobs", ".gitignore"} == names - beside
    store = open_workspace(path)
    assert 1 == store.catalog.writer("ann").fence
    store.close()


def test_making_it_again_opens_it(tmp_path):
    """What is in it stays."""
    store = create_workspace(tmp_path / "w")
    draft = store.draft()
    digest = draft.put(b"x")
    store.commit(draft, writer=store.catalog.writer("ann"))
    store.close()
    again = create_workspace(tmp_path / "w")
    assert again.has(digest)
    again.close()


def test_an_empty_folder_becomes_one(tmp_path):
    """Somebody made the folder first."""
    (tmp_path / "w").mkdir()
    create_workspace(tmp_path / "w").close()


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_something_else_is_refused(tmp_path, kind):
    """And is as it was."""
    path = tmp_path / "w"
    if kind == "folder":
        path.mkdir()
        (path / "thesis.txt").write_text("mine")
    elif kind == "file":
        path.write_text("mine")
    else:
        path.symlink_to(tmp_path / "absent")
    with pytest.raises(StorageError, match="something else than a workspace"):
        create_workspace(path)
    assert [path] == list(tmp_path.iterdir())


def test_a_missing_workspace_is_refused(tmp_path):
    """With the command that makes one."""
    with pytest.raises(StorageError, match=r"there is no workspace at .*interplane init"):
        open_workspace(tmp_path / "w")


def test_many_make_one_workspace(tmp_path):
    """Whoever is fastest, all get the same one."""
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: create_workspace(tmp_path / "w"), range(8)))
    fences = [store.catalog.writer("ann").fence for store in stores]
    for store in stores:
        store.close()
    assert [*range(1, 9)] == fences
    assert [tmp_path / "w"] == list(tmp_path.iterdir())


def test_a_workspace_may_be_reached_through_a_link(tmp_path):
    """A person may keep the bytes on another disk."""
    create_workspace(tmp_path / "far").close()
    (tmp_path / "near").symlink_to(tmp_path / "far")
    store = open_workspace(tmp_path / "near")
    assert b"x" == store.blobs.get(store.blobs.put(b"x"))
    store.close()
