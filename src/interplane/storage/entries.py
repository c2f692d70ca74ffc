"""From an entry's stored bytes to its record, verified on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from interplane.errors import Corrupt, NewerFormat
from interplane.record import KINDS, digest_bytes, short

if TYPE_CHECKING:
    from interplane.record import Digest, Record

__all__ = ["read_record"]


class _Kind(msgspec.Struct):
    kind: str


def read_record(digest: Digest, body: bytes) -> Record:
    """Return the record that ``body`` is.

    Raises:
        Corrupt: the bytes are not those that ``digest`` names, or are no record.
        NewerFormat: the record is of a kind that only a newer Interplane knows.
    """
    if digest_bytes(body) != digest:
        raise _corrupt(digest, "its bytes are not those that it is named by")
    try:
        kind = msgspec.json.decode(body, type=_Kind).kind
        if kind not in KINDS:
            raise NewerFormat(
                f"entry {short(digest)} is of the kind {kind!r}",
                expected=f"one of {', '.join(sorted(KINDS))}",
                do="A newer Interplane wrote it: use that one. Nothing was changed",
                digest=digest,
            )
        return KINDS[kind].from_bytes(body)
    except msgspec.MsgspecError as error:
        raise _corrupt(digest, str(error)) from error


def _corrupt(digest: Digest, why: str) -> Corrupt:
    return Corrupt(
        f"entry {short(digest)} is damaged: {why}",
        do='Put the workspace back from a copy. "interplane verify" lists all damage',
        digest=digest,
    )
