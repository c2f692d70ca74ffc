"""Frames: how entries stand in a segment, and how whole ones are found again after damage.

A segment begins with a header: eight bytes that say what it is, the version of the form, and the
token of its name. A frame is mark, length, sequence number, checksum, body. The mark and what the
checksum starts from are the segment's own, drawn at random and never shown to a client: nothing
that a client sends can look like a frame where damage makes the reader search for the next one. The
sequence number counts entries: what is missing between two whole frames is known exactly.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.errors import NewerFormat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.predictions.layout import SegmentName

__all__ = ["FORMAT", "HEADER_BYTES", "Bad", "Frame", "check_header", "frame", "header", "scan"]

FORMAT: Final = 1
"""The version of the form; grows with each change that an older Interplane could not read."""

_MAGIC: Final = b"iplane\x0ap"
_HEADER: Final = struct.Struct("<8sI8s")
_FRAME: Final = struct.Struct("<4sIII")
_pack: Final = _FRAME.pack
_crc32: Final = zlib.crc32

HEADER_BYTES: Final = _HEADER.size


class Frame(NamedTuple):
    """A whole frame: the sequence number of its first entry, and where its body stands."""

    sequence: int
    begin: int
    end: int


class Bad(NamedTuple):
    """Bytes that are no whole frame."""

    begin: int
    end: int


def header(name: SegmentName, *, version: int = FORMAT) -> bytes:
    """Return the bytes that a segment begins with."""
    return _HEADER.pack(_MAGIC, version, bytes.fromhex(name.token))


def check_header(data: bytes, name: SegmentName) -> bool:
    """Return whether a segment begins as it should.

    Raises:
        NewerFormat: if a newer Interplane wrote it.
    """
    if len(data) < HEADER_BYTES:
        return False
    magic, version, token = _HEADER.unpack_from(data)
    if magic == _MAGIC and version > FORMAT and token.hex() == name.token:
        raise NewerFormat(
            f"the segment {name} of the prediction log has format {version}",
            expected=f"format {FORMAT} or older",
            do="A newer Interplane wrote it: read it with that one. Nothing was changed",
            format=version,
        )
    return data.startswith(header(name))


def frame(body: bytes, sequence: int, mark: bytes, salt: int) -> bytes:
    """Return the frame of a body.

    Args:
        body: the entries, encoded.
        sequence: the number of the first of them in the segment, from 0.
        mark: the segment's mark.
        salt: what the segment's checksums start from.
    """
    return _pack(mark, len(body), sequence, _crc32(body, salt ^ sequence)) + body


def scan(
    data: bytes, *, mark: bytes, salt: int, begin: int = HEADER_BYTES
) -> Iterator[Frame | Bad]:
    """Yield the whole frames of a segment in order, and the bytes between them.

    The last one may be the beginning of a frame that is still being written.

    Args:
        data: bytes of the segment.
        mark: what its frames begin with.
        salt: what its checksums start from.
        begin: where in the bytes the first frame stands; by default they are the whole segment's.
    """
    view = memoryview(data)
    position = begin
    while position < len(data):
        found = _whole(view, position, mark, salt)
        if found is None:
            broken = position
            while found is None:
                position = data.find(mark, position + 1)
                if position < 0:
                    yield Bad(broken, len(data))
                    return
                found = _whole(view, position, mark, salt)
            yield Bad(broken, position)
        yield found
        position = found.end


def _whole(view: memoryview, position: int, mark: bytes, salt: int) -> Frame | None:
    """Return the frame at a position if it is whole."""
    begin = position + _FRAME.size
    if begin > len(view):
        return None
    found, length, sequence, checksum = _FRAME.unpack_from(view, position)
    end = begin + length
    if found != mark or end > len(view):
        return None
    if _crc32(view[begin:end], salt ^ sequence) != checksum:
        return None
    return Frame(sequence, begin, end)
