"""Where the prediction log lies, and how its files are named: by the server, never by a client.

::

    predictions/
      open/                 segments: being written, or waiting for the compactor
      parquet/              what was compacted
      manifest.sqlite       which Parquet files count, and which segments they hold
      compact.lock          held by the compactor
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final, NamedTuple

from interplane.record.refs import check_name

__all__ = [
    "LOCK",
    "MANIFEST",
    "NEW",
    "OPEN",
    "PARQUET",
    "SegmentName",
    "day_of",
    "day_text",
    "find_segment_name",
]

OPEN: Final = "open"
PARQUET: Final = "parquet"
MANIFEST: Final = "manifest.sqlite"
LOCK: Final = "compact.lock"
NEW: Final = ".new"
"""How the name of a file ends that has not got its own name yet."""

_SEGMENT: Final = re.compile(r"([0-9a-f]{16})-([a-z0-9][a-z0-9_-]{0,62})-([0-9a-f]{16})\.segment")
_DAY_US: Final = 86_400_000_000
_EPOCH: Final = date(1970, 1, 1)


class SegmentName(NamedTuple):
    """The name of a segment: when it began, whose it is, and a token unlike any other.

    >>> name = SegmentName(1_370_067_300_000_000, "worker-0", "00c0ffee00c0ffee")
    >>> str(name)
    '0004de11a6bc2100-worker-0-00c0ffee00c0ffee.segment'
    >>> find_segment_name(str(name)) == name
    True
    """

    began_us: int
    writer: str
    token: str

    def __str__(self) -> str:
        return f"{self.began_us:016x}-{self.writer}-{self.token}.segment"

    @property
    def mark(self) -> bytes:
        """The four bytes that every frame begins with; no client can know them."""
        return bytes.fromhex(self.token[:8])

    @property
    def salt(self) -> int:
        """What every checksum starts from; no client can know it."""
        return int(self.token[8:], 16)


def find_segment_name(name: str) -> SegmentName | None:
    """Return what a file's name says if it is a segment's."""
    found = _SEGMENT.fullmatch(name)
    if found is None:
        return None
    return SegmentName(int(found[1], 16), check_name(found[2], of="writer"), found[3])


def day_of(at_us: int) -> int:
    """Return the UTC day of a time in microseconds, counted from 1970.

    >>> day_of(86_399_999_999), day_of(-1)
    (0, -1)
    """
    return at_us // _DAY_US


def day_text(day: int) -> str:
    """Return a day, counted from 1970, as ISO 8601 writes it.

    >>> day_text(15_857)
    '2013-06-01'
    """
    try:
        return (_EPOCH + timedelta(days=day)).isoformat()
    except OverflowError:
        return f"day {day} from 1970"
