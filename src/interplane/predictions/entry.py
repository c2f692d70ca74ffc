"""An entry of the prediction log: one prediction with its request and its answer. msgspec only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Entry", "Head", "decode_entries", "decode_heads", "encode_entries"]


class Entry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One logged prediction.

    It is written as an array: a newer form may add fields at the end, which an older reader leaves
    out.

    Attributes:
        id: the prediction's id, 32 hexadecimal digits; what came twice under one id counts once.
        model: the model's name.
        crossing: the digest of the crossing that predicted.
        time_us: the prediction time, in microseconds since 1970 UTC.
        at_us: the server's clock when the request had its turn, in microseconds since 1970 UTC.
        score: what was predicted; None where that was no finite number.
        client_id: the client's own id of the request; None where it brought none.
        took_us: how long the request took until then, in microseconds.
        replay: whether history was served as if it were now.
        row: the decoded request as plain JSON values by column; a struct is written as such.
        looked_up: what feature views knew, by ``parameter.feature``; None where there are none.
        instead_of: the digest of the crossing that should have answered and could not; None
            elsewhere.
        because: the code of the error why: the other crossing could not answer, or, in the log of a
            shadow, this one has no score.

    >>> entry = Entry("0" * 32, "flights", "c" * 64, 0, 0, score=0.25, row={"wind": 3.5})
    >>> decode_entries(encode_entries([entry])) == [entry]
    True
    """

    id: str
    model: str
    crossing: str
    time_us: int
    at_us: int
    score: float | None = None
    client_id: str | None = None
    took_us: int = 0
    replay: bool = False
    row: Any = None
    looked_up: dict[str, Any] | None = None
    instead_of: str | None = None
    because: str | None = None


class Head(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The beginning of an entry: enough to put it into its place without decoding its row."""

    id: str
    model: str
    crossing: str
    time_us: int
    at_us: int
    score: float | None = None
    client_id: str | None = None


_ENCODER: Final = msgspec.msgpack.Encoder()
_ENTRIES: Final = msgspec.msgpack.Decoder(list[Entry])
_HEADS: Final = msgspec.msgpack.Decoder(list[Head])


def encode_entries(entries: Sequence[Entry]) -> bytes:
    """Return the bytes of entries, floats exactly.

    Raises:
        DataError: if a value has no form in them, such as text with half of a surrogate pair.
    """
    try:
        return _ENCODER.encode(entries)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise DataError(
            f"an entry of the prediction log cannot be written: {error}",
            expected="plain JSON values in row and looked_up",
            do="This is a fault of who made the entry: nothing was logged",
        ) from error


def decode_entries(body: bytes | memoryview) -> list[Entry]:
    """Return the entries of a body.

    Raises:
        msgspec.MsgspecError: if the bytes are no entries.
    """
    return _ENTRIES.decode(body)


def decode_heads(body: bytes | memoryview) -> list[Head]:
    """Return the beginnings of the entries of a body.

    Raises:
        msgspec.MsgspecError: if the bytes are no entries.
    """
    return _HEADS.decode(body)
