"""The bytes of a file, through gzip or a zip archive with one member, within a budget."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Protocol

from interplane.data.faults import over_budget, unreadable
from interplane.errors import UnreadableFile

if TYPE_CHECKING:
    from pathlib import Path

    from interplane.data.options import Limits

__all__ = ["GZIP", "ZIP", "read_bytes"]

ZIP = b"PK\x03\x04"
GZIP = b"\x1f\x8b"
_CHUNK = 8 << 20
_DAMAGED = (
    # What the standard library raises on damaged bytes in memory; none of it is the disk's doing.
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_bytes(path: Path, *, limits: Limits) -> tuple[bytes, str]:
    """Return a file's bytes, decompressed where it is an archive, and the name of what was read.

    Raises:
        UnreadableFile: for an archive that is damaged, locked, bigger than its budget, or that
            has not exactly one member.
    """
    packed = path.read_bytes()
    try:
        if packed.startswith(ZIP):
            return _read_zip(packed, path.name, limits)
        if packed.startswith(GZIP):
            with gzip.open(io.BytesIO(packed)) as stream:
                return _drain(stream, path.name, len(packed), limits), path.stem
    except UnreadableFile:
        raise
    except _DAMAGED as error:
        raise unreadable(
            path.name,
            f"the archive is damaged: {error}",
            do="Fetch the file again, or unpack it yourself",
        ) from error
    if len(packed) > limits.size_bytes:
        raise over_budget(
            path.name, f"it has {len(packed):,} bytes", limit=f"{limits.size_bytes:,} bytes"
        )
    return packed, path.name


def _read_zip(packed: bytes, name: str, limits: Limits) -> tuple[bytes, str]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        members = [
            member
            for member in archive.infolist()
            if not member.is_dir() and not member.filename.startswith("__MACOSX/")
        ]
        if len(members) != 1:
            shown = ", ".join(repr(member.filename) for member in members[:5])
            raise unreadable(
                name,
                f"the archive has {len(members)} files{f' ({shown} …)' if shown else ''}",
                expected="exactly one",
                do="Unpack it and add the files one by one",
            )
        if members[0].flag_bits & 1:
            raise unreadable(name, "the archive is encrypted", do="Unpack it yourself")
        with archive.open(members[0]) as stream:
            return _drain(stream, name, len(packed), limits), members[0].filename


def _drain(stream: _Stream, name: str, packed: int, limits: Limits) -> bytes:
    """Read all, looking at the budget before each chunk is kept."""
    data = bytearray()
    while chunk := stream.read(_CHUNK):
        data += chunk
        if len(data) > limits.size_bytes:
            raise over_budget(
                name, "it unpacks to more bytes than that", limit=f"{limits.size_bytes:,} bytes"
            )
        if len(data) > max(limits.ratio_from, limits.ratio * packed):
            raise over_budget(
                name,
                f"its {packed:,} bytes unpack to more than {len(data):,}",
                limit=f"{limits.ratio} times the size",
            )
    return bytes(data)
