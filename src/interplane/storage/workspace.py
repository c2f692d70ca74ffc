"""A workspace on disk: made whole or not at all, opened if it is one.

::

    .interplane/
      catalog.sqlite   the record (with SQLite's -wal and -shm, and -lock, beside it)
      blobs/           bytes by digest
      .gitignore       keeps all of it out of git
"""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

from interplane.errors import StorageError
from interplane.storage.clock import system_token
from interplane.storage.folder_blobs import FolderBlobs
from interplane.storage.sqlite_catalog import SqliteCatalog
from interplane.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from interplane.storage.clock import Clock
    from interplane.storage.host import Host

__all__ = ["create_workspace", "is_workspace", "open_workspace"]

_CATALOG = "catalog.sqlite"
_BLOBS = "blobs"


def is_workspace(path: Path) -> bool:
    """Return whether a folder looks like a workspace."""
    return (path / _CATALOG).is_file() and (path / _BLOBS).is_dir()


def create_workspace(
    path: Path,
    *,
    clock: Clock | None = None,
    host: Host | None = None,
    token: Callable[[], str] = system_token,
    patience_s: float = 60.0,
) -> Store:
    """Make a workspace and open it; if there is one already, open that.

    It is built beside its place and renamed into it, so nobody ever sees half of one.

    Raises:
        StorageError: if the folder holds something else, or cannot be written.
    """
    if not is_workspace(path):
        _refuse_other(path)
        building = path.with_name(f".{path.name.lstrip('.')}.{token()}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _build(building, clock)
            _place(building, path)
        except StorageError:
            raise
        except OSError as error:
            raise StorageError.from_os(error, doing=f"making the workspace {path}") from error
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return open_workspace(path, clock=clock, host=host, patience_s=patience_s)


def open_workspace(
    path: Path,
    *,
    clock: Clock | None = None,
    host: Host | None = None,
    patience_s: float = 60.0,
) -> Store:
    """Open a workspace.

    Args:
        path: its folder.
        clock: tells the time.
        host: tells which processes live.
        patience_s: how long a write waits for others.

    Raises:
        StorageError: if there is none.
        NewerFormat: if a newer Interplane made it.
    """
    if not is_workspace(path):
        raise StorageError(
            f"there is no workspace at {path}",
            expected=f"a folder with {_CATALOG} and {_BLOBS}",
            do='Make one with "interplane init", or name the right folder',
        )
    catalog = SqliteCatalog(path / _CATALOG, clock=clock, host=host, patience_s=patience_s)
    return Store(catalog, FolderBlobs(path / _BLOBS))


def _refuse_other(path: Path) -> None:
    if path.is_dir() and not any(path.iterdir()):
        return
    if is_workspace(path):
        return  # another process was faster
    if path.exists() or path.is_symlink():
        raise StorageError(
            f"{path} is something else than a workspace",
            expected="a new or empty folder",
            do="Name another folder. Nothing was changed",
        )


def _build(building: Path, clock: Clock | None) -> None:
    building.mkdir()
    (building / ".gitignore").write_text("*\n")
    (building / _BLOBS).mkdir()
    SqliteCatalog.create(building / _CATALOG, clock=clock)
    for path in (building / ".gitignore", building / _BLOBS, building):
        _sync(path)


def _place(building: Path, path: Path) -> None:
    """Rename into place; where another process was faster, its workspace stands."""
    try:
        building.rename(path)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise StorageError(
                f"{path} is a mount point, and a workspace is renamed into its place when it is made",
                expected="a folder inside the mount",
                do=f'Say for example workspace = "{path.name}/workspace" in the project file',
            ) from error
        if not is_workspace(path):
            raise
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
