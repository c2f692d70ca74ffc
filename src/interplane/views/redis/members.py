"""Events as members of sorted sets, which Redis orders as `History` does: by when they were known.

A member begins with two times of eight bytes, whose order as bytes is their order as times; so what
is known by a time, and what came after it, are ranges of members.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interplane.views.encoding import encode
from interplane.views.history import Event

if TYPE_CHECKING:
    from interplane.views.encoding import Encoding

__all__ = ["after", "event_of", "member_of", "time_bytes", "time_of", "up_to"]

_ZERO: Final = 1 << 63
_LAST: Final = (1 << 64) - 1
_HEAD: Final = struct.Struct(">QQI")
_TIME: Final = struct.Struct(">Q")


def time_bytes(time: int) -> bytes:
    """Return eight bytes whose order is that of times; what is beyond 64 bits is the last one.

    >>> sorted([5, -7, 2**62, 0], key=time_bytes)
    [-7, 0, 5, 4611686018427387904]
    """
    return _TIME.pack(min(max(time + _ZERO, 0), _LAST))


def time_of(packed: bytes) -> int:
    """Return the time that `time_bytes` packed.

    >>> time_of(time_bytes(-7))
    -7
    """
    found: int = _TIME.unpack(packed)[0]
    return found - _ZERO


def up_to(time: int) -> bytes:
    """Return the upper end of a range: what is known by a time."""
    return b"(" + time_bytes(time + 1)


def after(time: int) -> bytes:
    """Return the lower end of a range: what is known later than a time."""
    return b"[" + time_bytes(time + 1)


def member_of(event: Event) -> bytes:
    """Return an event as a member; equal events are equal members."""
    key = encode(event.key)
    head = _HEAD.pack(event.known + _ZERO, event.event + _ZERO, len(key))
    return head + key + encode(event.values)


def event_of(member: bytes, encoding: Encoding) -> Event:
    """Return the event that a member is.

    >>> from interplane.views.encoding import Encoding
    >>> from interplane.views.view import example
    >>> event = Event(20, -5, (1,), (0.1,))
    >>> event_of(member_of(event), Encoding(example())) == event
    True
    """
    known, happened, length = _HEAD.unpack_from(member)
    cut = _HEAD.size + length
    key, values = member[_HEAD.size : cut], member[cut:]
    return Event(known - _ZERO, happened - _ZERO, encoding.key(key), encoding.values(values))
