"""The plain JSON form of a request: ``{"row": {…}}`` or ``{"rows": [{…}, …]}``, perhaps an ``id``.

The policy: exactly one of ``row`` and ``rows``; no other name; no name twice; an ``id`` is a text of
1 to 128 printable characters, never null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interplane.errors import RequestRejected, did_you_mean
from interplane.record.json_values import rejected
from interplane.serving.refusals import Malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LONGEST_ID", "MOST_ROWS", "Envelope", "open_envelope", "too_many"]

MOST_ROWS: Final = 1000
"""How many rows a request may have unless a server says otherwise."""

LONGEST_ID: Final = 128

_KNOWN: Final = ("row", "rows", "id")
_FORM: Final = '{"row": {…}} or {"rows": [{…}, …]}, and an "id" if wanted'


class Envelope(NamedTuple):
    """What a request holds.

    Attributes:
        rows: the rows, as plain values.
        is_batch: whether it came as ``rows``.
        id: the client's own id.
    """

    rows: Sequence[Any]
    is_batch: bool
    id: str | None


def open_envelope(plain: Any, *, most_rows: int = MOST_ROWS) -> Envelope:
    """Return what a request holds.

    Args:
        plain: the plain values of its JSON.
        most_rows: how many rows it may have.

    Raises:
        Malformed: if it is not of the form.
        RequestRejected: if it has too many rows.

    >>> open_envelope({"row": {"wind": 3}, "id": "a7"})
    Envelope(rows=({'wind': 3},), is_batch=False, id='a7')
    """
    if not isinstance(plain, Mapping):
        raise _malformed(f"the request is {plain!r:.60}")
    for name in plain:
        if name not in _KNOWN:
            raise _unknown(name)
    if ("row" in plain) == ("rows" in plain):
        both = "both row and rows" if "row" in plain else "neither row nor rows"
        raise _malformed(f"the request has {both}")
    client_id = _check_id(plain["id"]) if "id" in plain else None
    if "row" in plain:
        return Envelope((plain["row"],), is_batch=False, id=client_id)
    rows = plain["rows"]
    if not isinstance(rows, list):
        raise _malformed(f"{rows!r:.60} at $.rows", path="$.rows")
    if len(rows) > most_rows:
        raise too_many(len(rows), most_rows)
    return Envelope(rows, is_batch=True, id=client_id)


def too_many(rows: int, most_rows: int) -> RequestRejected:
    """Return the error for a batch that is too long."""
    return RequestRejected(
        f"{rows:,} rows at $.rows",
        expected=f"at most {most_rows:,}",
        do="Send them in several requests",
        path="$.rows",
    )


def _check_id(client_id: Any) -> str:
    if type(client_id) is str and 0 < len(client_id) <= LONGEST_ID and client_id.isprintable():
        return client_id
    error = rejected(
        client_id, "$.id", expected=f"a text of 1 to {LONGEST_ID} printable characters"
    )
    raise _malformed(error.what, expected=error.expected, path="$.id")


def _unknown(name: str) -> Malformed:
    return Malformed(
        f"the request has {name!r:.60} at $",
        expected=_FORM,
        do=f"{did_you_mean(name[:60], _KNOWN)}Put the columns of a row into row",
        path="$",
    )


def _malformed(what: str, *, expected: str = _FORM, path: str = "$") -> Malformed:
    return Malformed(what, expected=expected, do="Correct the request", path=path)
