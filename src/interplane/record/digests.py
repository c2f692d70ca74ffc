"""Digests and canonical JSON: how everything here gets its name.

A digest is the BLAKE3-256 of bytes, as 64 hexadecimal characters. A value is digested over its
canonical JSON: UTF-8, keys sorted, no white space, floats in their shortest exact form.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final, NewType

import msgspec
from blake3 import blake3

from interplane.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = [
    "ALGORITHM",
    "Digest",
    "canonical",
    "digest_bytes",
    "digest_chunks",
    "digest_file",
    "digest_value",
    "is_digest",
    "short",
]

ALGORITHM: Final = "blake3"
Digest = NewType("Digest", str)

_SHAPE = re.compile(r"[0-9a-f]{64}")
_SHORT = 12


def is_digest(text: str) -> bool:
    """Return whether ``text`` has the shape of a whole digest.

    >>> is_digest(digest_bytes(b"")), is_digest("flights@7")
    (True, False)
    """
    return _SHAPE.fullmatch(text) is not None


def short(digest: str) -> str:
    """Return the first 12 characters: enough for a person, never for a store."""
    return digest[:_SHORT]


def digest_bytes(data: bytes | memoryview) -> Digest:
    """Return the digest of ``data``.

    >>> digest_bytes(b"interplane")[:8]
    '9ee23d2d'
    """
    return Digest(blake3(data).hexdigest())


def digest_chunks(chunks: Iterable[bytes | memoryview]) -> Digest:
    """Return the digest of the bytes that ``chunks`` make when joined."""
    hasher = blake3()
    for chunk in chunks:
        hasher.update(chunk)
    return Digest(hasher.hexdigest())


def digest_file(path: Path) -> Digest:
    """Return the digest of a file's bytes, read through a memory map."""
    return Digest(blake3().update_mmap(path).hexdigest())


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of ``value`` (a record, or plain JSON values).

    Raises:
        UsageError: for NaN and infinities, which JSON cannot hold.

    >>> canonical({"b": 1, "a": [True, None, 0.1]})
    b'{"a":[true,null,0.1],"b":1}'
    """
    data = msgspec.json.encode(value, order="sorted")
    # NaN and infinities would become null: where there is none, no value has to be looked at.
    if b"null" in data and not _is_finite(plain := msgspec.to_builtins(value)):
        _refuse_non_finite(plain, "$")
    return data


def digest_value(value: Any) -> Digest:
    """Return the digest of a value's canonical JSON."""
    return digest_bytes(canonical(value))


def _is_finite(value: Any) -> bool:
    """Return whether no number in plain values is NaN or infinite; quick, it keeps no path."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            left.extend(item.values())
        elif isinstance(item, list | tuple):
            left.extend(item)
        elif isinstance(item, float) and not math.isfinite(item):
            return False
    return True


def _refuse_non_finite(value: Any, path: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(
            f"{value!r} at {path} has no form in canonical JSON",
            expected="a finite number",
            do="Store it as null, or as text",
        )
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_non_finite(item, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _refuse_non_finite(item, f"{path}[{index}]")
