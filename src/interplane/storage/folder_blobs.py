"""Blobs as files in a folder, named by their digests, written so that a crash leaves no half of one.

::

    blobs/
      3f/a9/3fa9c1…   read-only, never replaced
      new/            files on their way in; what a crash left there goes after a day

A blob enters under a temporary name: write, fsync, link to its final name without replacing, fsync
the folder. Whoever is told its digest can rely on it after a power cut.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import time
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from interplane.errors import Corrupt, NotFound, StorageError, UsageError
from interplane.record import Digest, digest_bytes, digest_chunks, is_digest, short
from interplane.storage.clock import system_token
from interplane.storage.files import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["SWEPT_AFTER_S", "FolderBlobs"]

SWEPT_AFTER_S = 24 * 3600
"""Temporary files older than this belong to nobody any more."""

_NEW = "new"
_CHUNK = 1 << 20


class FolderBlobs:
    """A folder of blobs.

    Args:
        root: the folder; it must exist.
        files: the file operations.
        token: a source of fresh names for temporary files.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     blobs = FolderBlobs(Path(folder))
    ...     digest = blobs.put(b"interplane")
    ...     digest[:8], blobs.get(digest)
    ('9ee23d2d', b'interplane')
    """

    def __init__(
        self,
        root: Path,
        *,
        files: Files | None = None,
        token: Callable[[], str] = system_token,
    ) -> None:
        self.root = root.absolute()
        self._files = files or Files()
        self._token = token
        try:
            self._root = self._files.open_root(root)
        except OSError as error:
            raise StorageError.from_os(error, doing=f"opening {root}") from error
        self._settled: set[str] = set()  # blobs and folders that this process knows to be durable
        self._verified: dict[Digest, tuple[int, int, int]] = {}
        self._swept = False
        self._stopped: str | None = None
        weakref.finalize(self, os.close, self._root)

    # writing -----------------------------------------------------------------------------------

    def put(self, data: bytes) -> Digest:
        """Store bytes durably and return their digest; no change if they are there."""
        digest = digest_bytes(data)
        if digest not in self._settled or not self.has(digest):
            with self._storing(digest):
                self._enter(digest, lambda handle: self._files.write(handle, data))
        return digest

    def adopt(self, path: Path) -> Digest:
        """Store a file's bytes durably: moved from a folder made by ``scratch``, else copied."""
        with self._storing(path.name):
            if path.is_relative_to(self.root / _NEW) and not path.is_symlink():
                return self._move_in(path)
            return self._copy_in(path)

    def scratch(self) -> Path:
        """Return a new empty folder on the same file system, for files to be adopted."""
        path = self.root / _NEW / self._token()
        with self._storing("a scratch folder"):
            path.mkdir(parents=True)
        return path

    def sweep(self, *, older_than_s: float = SWEPT_AFTER_S) -> int:
        """Remove what crashed writers left behind; return how many files and folders went."""
        swept = 0
        limit = time.time() - older_than_s
        for path in list((self.root / _NEW).iterdir()):
            try:
                if path.lstat().st_mtime >= limit:
                    continue
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            except FileNotFoundError:  # another process sweeps too
                continue
            swept += 1
        return swept

    @contextmanager
    def _storing(self, what: str) -> Iterator[None]:
        if self._stopped is not None:
            raise StorageError(
                f"the blobs in {self.root} take no more writes: {self._stopped}",
                do="Mend the disk and start again; what was acknowledged is recorded",
            )
        try:
            if not self._swept:
                self._files.make_folder(_NEW, below=self._root)
                self._swept = True
                self.sweep()
            yield
        except StorageError:
            raise
        except OSError as error:
            raise StorageError.from_os(
                error, doing=f"storing {short(what)} in {self.root}"
            ) from error

    def _sync(self, handle: int) -> None:
        """Sync, or stop for good: after a failed fsync nobody knows what is on the disk."""
        try:
            self._files.sync(handle)
        except OSError as error:
            self._stopped = f"an fsync failed ({error.strerror or error})"
            raise

    def _enter(self, digest: Digest, write: Callable[[int], None]) -> None:
        """Store a blob whose digest is known; if it is there, only make sure that it stays."""
        with self._shelf(digest, making=True) as shelf:
            if not _is_on(shelf, digest):
                with self._folder(_NEW) as new, self._temporary(new) as name:
                    handle = self._files.create(name, below=new)
                    try:
                        write(handle)
                        self._sync(handle)
                    finally:
                        os.close(handle)
                    self._files.link(name, digest, below=new, to=shelf)
            self._settle(digest, shelf)

    def _settle(self, digest: Digest, shelf: int) -> None:
        """Sync the folders on the way to a blob, the inner one first: it takes the others along."""
        self._sync(shelf)
        if digest[:4] not in self._settled:
            with self._folder(digest[:2]) as outer:
                self._sync(outer)
            self._sync(self._root)
        self._settled.update((digest[:4], digest))

    @contextmanager
    def _temporary(self, new: int) -> Iterator[str]:
        name = self._token()
        try:
            yield name
        finally:
            self._files.remove(name, below=new)

    def _move_in(self, path: Path) -> Digest:
        with self._opened_folder(path.parent) as folder:
            handle = self._files.open_file(path.name, below=folder)
            try:
                digest = digest_chunks(_chunks(handle))
                self._files.protect(handle)
                self._sync(handle)
            finally:
                os.close(handle)
            with self._shelf(digest, making=True) as shelf:
                self._files.link(path.name, digest, below=folder, to=shelf)
                self._settle(digest, shelf)
            self._files.remove(path.name, below=folder)
        return digest

    def _copy_in(self, path: Path) -> Digest:
        """Copy and hash in one pass, then link under the name that came out."""
        with self._folder(_NEW) as new, self._temporary(new) as name:
            handle = self._files.create(name, below=new)
            try:
                with path.open("rb") as source:
                    digest = digest_chunks(self._copied(source.fileno(), handle))
                self._sync(handle)
            finally:
                os.close(handle)
            with self._shelf(digest, making=True) as shelf:
                self._files.link(name, digest, below=new, to=shelf)
                self._settle(digest, shelf)
        return digest

    def _copied(self, source: int, target: int) -> Iterator[bytes]:
        for chunk in _chunks(source):
            self._files.write(target, chunk)
            yield chunk

    # reading -----------------------------------------------------------------------------------

    def get(self, digest: Digest) -> bytes:
        """Return verified bytes. Raises NotFound or Corrupt."""
        with self._reading(digest) as handle:
            data = b"".join(_chunks(handle))
        if digest_bytes(data) != digest:
            raise _corrupt(digest, self.root)
        return data

    def path(self, digest: Digest) -> Path:
        """Return the file's path, verified once per process and file state.

        Raises NotFound or Corrupt.
        """
        with self._reading(digest) as handle:
            state = os.fstat(handle)
            seen = (state.st_ino, state.st_size, state.st_mtime_ns)
            if self._verified.get(digest) != seen:
                if digest_chunks(_chunks(handle)) != digest:
                    raise _corrupt(digest, self.root)
                self._verified[digest] = seen
        return self.root / digest[:2] / digest[2:4] / digest

    def check(self, digest: Digest) -> None:
        """Hash the stored bytes again. Raises NotFound or Corrupt."""
        with self._reading(digest) as handle:
            if digest_chunks(_chunks(handle)) != digest:
                raise _corrupt(digest, self.root)

    def has(self, digest: Digest) -> bool:
        """Return whether the blob is there (not whether it is intact)."""
        try:
            with self._shelf(digest) as shelf:
                return _is_on(shelf, digest)
        except (NotFound, Corrupt):
            return False

    def size(self, digest: Digest) -> int:
        """Return the size in bytes, or raise NotFound."""
        with self._reading(digest) as handle:
            return os.fstat(handle).st_size

    def list(self) -> Iterator[Digest]:
        """Yield every blob, sorted."""
        for first in self._shelves(self.root):
            for second in self._shelves(first):
                yield from (
                    Digest(path.name) for path in sorted(second.iterdir()) if is_digest(path.name)
                )

    @staticmethod
    def _shelves(folder: Path) -> Iterator[Path]:
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if len(entry.name) == 2 and entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)

    @contextmanager
    def _reading(self, digest: Digest) -> Iterator[int]:
        try:
            with self._shelf(digest) as shelf:
                handle = self._files.open_file(digest, below=shelf)
        except StorageError:
            raise
        except FileNotFoundError as error:
            raise _not_found(digest, self.root) from error
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise _corrupt(digest, self.root) from error
            raise _unreadable(error, digest, self.root) from error
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise _corrupt(digest, self.root)
            yield handle
        except StorageError:
            raise
        except OSError as error:
            raise _unreadable(error, digest, self.root) from error
        finally:
            os.close(handle)

    # folders -----------------------------------------------------------------------------------

    @contextmanager
    def _folder(self, name: str) -> Iterator[int]:
        handle = self._files.open_folder(name, below=self._root)
        try:
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def _opened_folder(self, path: Path) -> Iterator[int]:
        handle = self._files.open_root(path)
        try:
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def _shelf(self, digest: Digest, *, making: bool = False) -> Iterator[int]:
        """Open the folder of a blob; when ``making``, make it (it lasts once it is settled)."""
        if not is_digest(digest):
            raise UsageError(
                f"{digest!r} is no digest",
                expected="64 hexadecimal digits",
                do="Look the whole digest up in the catalog",
            )
        first, second = digest[:2], digest[2:4]
        try:
            outer = self._open_shelf(first, self._root, making=making)
            try:
                inner = self._open_shelf(second, outer, making=making)
            finally:
                os.close(outer)
        except FileNotFoundError as error:
            raise _not_found(digest, self.root) from error
        except NotADirectoryError as error:
            raise _corrupt(digest, self.root) from error
        try:
            yield inner
        finally:
            os.close(inner)

    def _open_shelf(self, name: str, below: int, *, making: bool) -> int:
        if making:
            self._files.make_folder(name, below=below)
        return self._files.open_folder(name, below=below)


def _is_on(shelf: int, digest: Digest) -> bool:
    try:
        os.stat(digest, dir_fd=shelf, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _chunks(handle: int) -> Iterator[bytes]:
    while chunk := os.read(handle, _CHUNK):
        yield chunk


def _not_found(digest: Digest, root: Path) -> NotFound:
    return NotFound(
        f"there is no blob {short(digest)} in {root}",
        do='See what is missing with "interplane verify"',
        digest=digest,
    )


def _corrupt(digest: Digest, root: Path) -> Corrupt:
    return Corrupt(
        f"the bytes of blob {short(digest)} in {root} are not those that it is named by",
        do=f"Put {digest[:2]}/{digest[2:4]}/{digest} back from a copy, or move it away and run "
        'again what made it. "interplane verify" lists all damage',
        digest=digest,
    )


def _unreadable(error: OSError, digest: Digest, root: Path) -> StorageError:
    return StorageError.from_os(error, doing=f"reading blob {short(digest)} in {root}")
