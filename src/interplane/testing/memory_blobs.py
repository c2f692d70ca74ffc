"""Blobs in memory: the twin that tests use, under the same laws as the folder."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from interplane.errors import Corrupt, NotFound, StorageError
from interplane.record import Digest, digest_bytes, short

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MemoryBlobs"]


class MemoryBlobs:
    """Blobs in a dictionary; ``path`` and ``scratch`` use a temporary folder that goes with it."""

    def __init__(self) -> None:
        self._data: dict[Digest, bytes] = {}
        self._made: Path | None = None
        self._making = threading.Lock()
        self._scratches = 0

    def put(self, data: bytes) -> Digest:
        """Store bytes and return their digest; no change if they are there."""
        digest = digest_bytes(data)
        self._data.setdefault(digest, bytes(data))
        return digest

    def adopt(self, path: Path) -> Digest:
        """Store a file's bytes; a file in a folder made by ``scratch`` is moved away."""
        try:
            digest = self.put(path.read_bytes())
            if self._made is not None and path.is_relative_to(self._made):
                path.unlink()
        except OSError as error:
            raise StorageError.from_os(error, doing=f"storing {path.name} in memory") from error
        return digest

    def get(self, digest: Digest) -> bytes:
        """Return verified bytes. Raises NotFound or Corrupt."""
        self.check(digest)
        return self._data[digest]

    def path(self, digest: Digest) -> Path:
        """Return the path of a file with the verified bytes."""
        path = self._folder() / digest
        if not path.exists():
            # Renamed when whole: another thread may ask for the same path.
            whole = path.with_name(f"{digest}.{threading.get_ident()}")
            whole.write_bytes(self.get(digest))
            whole.chmod(0o444)
            whole.rename(path)
        return path

    def check(self, digest: Digest) -> None:
        """Hash the stored bytes again. Raises NotFound or Corrupt."""
        if digest not in self._data:
            raise NotFound(
                f"there is no blob {short(digest)} in memory",
                do="Put it first",
                digest=digest,
            )
        if digest_bytes(self._data[digest]) != digest:
            raise Corrupt(
                f"the bytes of blob {short(digest)} in memory are not those that it is named by",
                do="Put them again elsewhere",
                digest=digest,
            )

    def has(self, digest: Digest) -> bool:
        """Return whether the blob is there."""
        return digest in self._data

    def size(self, digest: Digest) -> int:
        """Return the size in bytes, or raise NotFound."""
        self.check(digest)
        return len(self._data[digest])

    def list(self) -> Iterator[Digest]:
        """Yield every blob, sorted."""
        yield from sorted(self._data)

    def scratch(self) -> Path:
        """Return a new empty folder."""
        self._scratches += 1
        path = self._folder() / f"scratch-{self._scratches}"
        path.mkdir()
        return path

    def _folder(self) -> Path:
        with self._making:
            if self._made is None:
                self._made = Path(tempfile.mkdtemp(prefix="interplane-"))
                weakref.finalize(self, shutil.rmtree, self._made, ignore_errors=True)
            return self._made
