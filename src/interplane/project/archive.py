"""The files of a project as bytes: the same files, the same bytes, wherever and whenever."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from interplane.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["pack", "unpack"]

_SUFFIXES: Final = frozenset({".py", ".toml"})
_FOLDERS: Final = frozenset({"schemas"})
_LEFT_OUT: Final = frozenset({"__pycache__", "node_modules"})
_NOT_OURS: Final = ("pyvenv.cfg", "catalog.sqlite")
_LONGEST_FILE: Final = 1 << 20
_LONGEST: Final = 32 << 20


def pack(root: Path) -> bytes | None:
    """Return the modules, TOML files and schemas below a folder, as a tar archive.

    Left out are files over 1 MiB, hidden folders, environments and workspaces. A project of more
    than 32 MiB has no archive: None.
    """
    packed = io.BytesIO()
    total = 0
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(_names(root)):
            try:
                data = (root / name).read_bytes()
            except OSError:  # gone since it was listed, or not to be read by us
                continue
            total += len(data)
            if total > _LONGEST:
                return None
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            tar.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """Write the files of an archive below a new folder; nothing but files, and none elsewhere.

    Raises:
        Corrupt: if it is no archive of ours.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            for member in tar:
                read = tar.extractfile(member) if member.isreg() else None
                name = PurePosixPath(member.name)
                if read is None or name.is_absolute() or ".." in name.parts:
                    raise _damaged(member.name)
                path = folder.joinpath(*name.parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(read.read())
    except tarfile.TarError as error:
        raise _damaged(str(error)) from error


def _damaged(what: str) -> Corrupt:
    return Corrupt(
        f"the recorded archive of a project holds {what!r}",
        expected="files below one folder",
        do='"interplane verify" lists all damage',
    )


def _names(root: Path) -> Iterator[str]:
    """Yield the files that are packed, relative to the root, with slashes."""
    for place, folders, files in os.walk(root):
        here = Path(place)
        if here != root and any(name in files for name in _NOT_OURS):
            folders.clear()
            continue
        folders[:] = [name for name in folders if name not in _LEFT_OUT and name[0] != "."]
        below = here.relative_to(root)
        for file in files:
            name = below / file
            kept = name.suffix in _SUFFIXES or _FOLDERS.intersection(below.parts)
            if kept and _is_small(here / file) and _is_text(name.as_posix()):
                yield name.as_posix()


def _is_small(path: Path) -> bool:
    try:
        return path.is_file() and not path.is_symlink() and path.stat().st_size <= _LONGEST_FILE
    except OSError:
        return False


def _is_text(name: str) -> bool:
    """Return whether a name can be written down in an archive: one that is no UTF-8 cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
