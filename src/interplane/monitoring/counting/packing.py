"""Counts of an hour as bytes: small, plain, and with the number of their form."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from interplane.errors import Corrupt, NewerFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from interplane.monitoring.counting.grid import Arrays

__all__ = ["pack", "unpack"]

_FORM: Final = 1
_LEVEL: Final = 1
_WHOLE: Final = (("<u1", 2**8), ("<u2", 2**16), ("<u4", 2**32), ("<i8", 2**63))


class _Array(msgspec.Struct, array_like=True, frozen=True):
    name: str
    kind: str
    shape: tuple[int, ...]
    data: bytes


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    form: int
    slices: bytes
    arrays: tuple[_Array, ...]


def pack(slices: Sequence[int], arrays: Arrays) -> bytes:
    """Return counts as bytes: a zlib stream of MessagePack, numbers little-endian.

    Whole numbers have as few bytes as the greatest of an array needs.

    Args:
        slices: the number of each slice.
        arrays: the counts; the first axis of each is the slices.

    >>> slices, counts = unpack(pack([3, 9], {"rows": np.array([5, 300])}))
    >>> slices.tolist(), counts["rows"].tolist()
    ([3, 9], [5, 300])
    """
    packed = _Packed(
        form=_FORM,
        slices=np.asarray(slices, "<u4").tobytes(),
        arrays=tuple(
            _Array(name, kind, array.shape, array.astype(kind).tobytes())
            for name, array in arrays.items()
            for kind in [_kind(array)]
        ),
    )
    return zlib.compress(msgspec.msgpack.encode(packed), _LEVEL)


def unpack(data: bytes) -> tuple[NDArray[np.int64], Arrays]:
    """Return the numbers of the slices, and the counts, in the types that they were packed in.

    Raises:
        Corrupt: if the bytes are damaged.
        NewerFormat: if a newer Interplane packed them.
    """
    try:
        plain = zlib.decompress(data)
        (form, *_) = msgspec.msgpack.decode(plain)
        if form > _FORM:
            raise NewerFormat(
                f"counts of an hour have form {form}",
                expected=f"form {_FORM} or older",
                do="A newer Interplane counted them: read them with that one",
            )
        packed = msgspec.msgpack.decode(plain, type=_Packed)
        arrays = {each.name: _array(each) for each in packed.arrays}
    except (zlib.error, msgspec.MsgspecError, ValueError, TypeError) as error:
        raise Corrupt(
            f"counts of an hour cannot be read ({error})",
            expected="what was packed",
            do="Move windows.sqlite away: it is counted again from the prediction log",
        ) from error
    return np.frombuffer(packed.slices, "<u4").astype(np.int64), arrays


def _kind(array: NDArray[Any]) -> str:
    if array.dtype.kind == "f":
        return "<f8"
    most = int(array.max(initial=0))
    return next(kind for kind, beyond in _WHOLE if most < beyond)


def _array(packed: _Array) -> NDArray[Any]:
    return np.frombuffer(packed.data, packed.kind).reshape(packed.shape)
