"""A folder that recorded code was laid out in: what it is, and whether it still is that.

::

    code/DIGEST/
      interplane-code.json   what is recorded, and the digest of every file
      diff, archive          the recorded bytes, where there are any
      project/               the files
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from interplane.errors import UsageError
from interplane.record import Digest, digest_bytes
from interplane.record.base import Value

__all__ = ["FILES", "MANIFEST", "LaidOut", "Manifest", "digests_of", "is_intact", "read_laid_out"]

MANIFEST: Final = "interplane-code.json"
FILES: Final = "project"

_BYTECODE: Final = "__pycache__"


class Manifest(Value, frozen=True, kw_only=True):
    """What a folder holds.

    Attributes:
        commit: the commit, if it came from git.
        diff: the digest of the differences from it.
        archive: the digest of the archive, if it came from one.
        files: the digest of each file, by its path in the folder.
    """

    format: int = 1
    commit: str | None
    diff: Digest | None
    archive: Digest | None
    files: dict[str, Digest]


class LaidOut(NamedTuple):
    """The recorded state of a folder, as bytes."""

    commit: str | None
    diff: bytes | None
    archive: bytes | None


def read_laid_out(root: Path) -> LaidOut | None:
    """Return what was recorded of the code in a folder; None if it was not laid out from a record.

    Raises:
        UsageError: if its files have been changed since.
    """
    if root.name != FILES or not (root.parent / MANIFEST).is_file():
        return None
    if not is_intact(root.parent):
        raise UsageError(
            f"{root} was laid out from recorded code, and its files have been changed",
            expected="the files as they were recorded",
            do="Run in your project's own folder, or delete this one: it is laid out again",
        )
    manifest = _manifest(root.parent)
    return LaidOut(
        manifest.commit, _recorded(root.parent, "diff"), _recorded(root.parent, "archive")
    )


def is_intact(folder: Path) -> bool:
    """Return whether a folder holds exactly the files that it was laid out with."""
    try:
        manifest = _manifest(folder)
        return manifest.files == digests_of(folder / FILES) and all(
            (None if data is None else digest_bytes(data)) == digest
            for data, digest in (
                (_recorded(folder, "diff"), manifest.diff),
                (_recorded(folder, "archive"), manifest.archive),
            )
        )
    except (OSError, msgspec.MsgspecError):
        return False


def digests_of(folder: Path) -> dict[str, Digest]:
    """Return the digest of each file below a folder; of a link, that of where it leads."""
    found = {}
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != _BYTECODE]
        for name in (*files, *(item for item in folders if Path(place, item).is_symlink())):
            path = Path(place, name)
            data = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            key = os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace")
            found[key] = digest_bytes(data)
    return found


def _manifest(folder: Path) -> Manifest:
    return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)


def _recorded(folder: Path, name: str) -> bytes | None:
    path = folder / name
    return path.read_bytes() if path.is_file() else None
