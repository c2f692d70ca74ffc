"""Which rows a fit saw: a set of 64-bit digests of their keys, kept beside the frozen features.

The frozen features say which sets there are and name their bytes by a digest (`Seen`); the bytes (the
different digests in order, eight bytes each, lowest byte first) are read when rows are held against
them, and never by a server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from interplane.errors import Corrupt, DataError
from interplane.record.base import Value
from interplane.record.digests import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from interplane.data.key_hashes import KeyHashes
    from interplane.data.table import Table

__all__ = ["Seen", "among", "remember"]

_FORM = 1


class Seen(Value, frozen=True, kw_only=True):
    """A set of keys that training rows had.

    Attributes:
        of: whether they name rows, or entities that a split keeps apart.
        columns: the columns of the key.
        rows: how many training rows have a key; nothing names the others, as theirs has a null.
        keys: how many different keys they have.
        digest: the digest of the bytes.
        form: how the bytes come from the keys: 1 is `data.row_keys.key_digests` without a salt.
    """

    of: Literal["row", "entity"]
    columns: tuple[str, ...]
    rows: int
    keys: int
    digest: str
    form: int = _FORM


def remember(
    table: Table,
    columns: Sequence[str],
    *,
    of: Literal["row", "entity"] = "row",
    hashes: KeyHashes | None = None,
) -> tuple[Seen, bytes]:
    """Return the set of the keys of a table's rows, and its bytes.

    Args:
        table: the rows.
        columns: the columns of the key.
        of: what the key names.
        hashes: those of the keys, where they are known already.

    >>> from interplane.data.table import Table
    >>> seen, data = remember(Table.from_columns({"id": [1, 1, None]}), ["id"])
    >>> seen.rows, seen.keys, len(data)
    (2, 1, 8)
    """
    import numpy as np

    from interplane.data.key_hashes import key_hashes

    _, digests, named = hashes or key_hashes(table, columns)
    ordered = np.sort(
        digests if named.all() else digests[named]
    )  # numpy.unique takes sixty times as long
    different = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    data = different.astype("<u8", copy=False).tobytes()
    seen = Seen(
        of=of,
        columns=tuple(columns),
        rows=int(named.sum()),
        keys=len(different),
        digest=digest_bytes(data),
    )
    return seen, data


def among(table: Table, seen: Seen, data: bytes) -> NDArray[np.bool_]:
    """Return which rows of a table have a key of the set.

    Args:
        table: the rows, with the columns of the key.
        seen: the set.
        data: its bytes.

    Raises:
        Corrupt: if they are not its bytes.
        DataError: if a newer Interplane made them.
    """
    import numpy as np

    from interplane.data.row_keys import key_digests

    if seen.form > _FORM:
        raise DataError(
            f"the keys of the training rows have the form {seen.form}",
            expected=f"a form up to {_FORM}",
            do="Read them with a newer Interplane",
        )
    if digest_bytes(data) != seen.digest:
        raise Corrupt(
            f"the keys of the training rows differ from their digest {seen.digest[:12]}",
            do='Find what is damaged with "interplane verify"',
        )
    kept = np.frombuffer(data, "<u8")
    digests, named = key_digests(table, seen.columns)
    found: NDArray[np.bool_] = named & _contained(digests, kept)
    return found


def _contained(digests: NDArray[np.uint64], kept: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which digests are among others, which are in order."""
    import numpy as np

    if not len(kept):
        return np.zeros(len(digests), dtype=bool)
    places = np.searchsorted(kept, digests)
    found: NDArray[np.bool_] = kept[np.minimum(places, len(kept) - 1)] == digests
    return found
