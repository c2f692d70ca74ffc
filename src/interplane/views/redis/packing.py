"""Arguments of scripts as MessagePack that every Redis reads: there, bytes are texts.

Redis 7.0's reader knows the format as it was before it told bytes from texts. Its texts are bytes, as
Lua's are.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["pack"]

_SHORT: Final = 32
_BYTE: Final = 1 << 8
_WORD: Final = 1 << 16
_FEW: Final = 16
_BYTE_HEAD: Final = struct.Struct(">BB")
_WORD_HEAD: Final = struct.Struct(">BH")
_LONG_HEAD: Final = struct.Struct(">BI")
_WHOLE: Final = struct.Struct(">Bq")


def pack(value: Any) -> bytes:
    """Return sequences, bytes, texts, whole numbers and truth values as bytes.

    >>> pack((b"a", 300, [True])).hex(" ")
    '93 a1 61 d3 00 00 00 00 00 00 01 2c 91 c3'
    """
    parts: list[bytes] = []
    _put(value, parts.append)
    return b"".join(parts)


def _put(value: Any, add: Callable[[bytes], None]) -> None:
    kind = type(value)
    if kind is bytes:
        add(_text_head(len(value)))
        add(value)
    elif kind is bool:
        add(b"\xc3" if value else b"\xc2")
    elif kind is int:
        add(_WHOLE.pack(0xD3, value))
    elif kind is str:
        _put(value.encode(), add)
    else:
        size = len(value)
        if size < _FEW:
            add(bytes((0x90 | size,)))
        else:
            add(_WORD_HEAD.pack(0xDC, size) if size < _WORD else _LONG_HEAD.pack(0xDD, size))
        for each in value:
            _put(each, add)


def _text_head(size: int) -> bytes:
    if size < _SHORT:
        return bytes((0xA0 | size,))
    if size < _BYTE:
        return _BYTE_HEAD.pack(0xD9, size)
    return _WORD_HEAD.pack(0xDA, size) if size < _WORD else _LONG_HEAD.pack(0xDB, size)
