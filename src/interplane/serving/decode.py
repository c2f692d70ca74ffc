"""From the bytes of a request to typed rows: one policy, and a quick and an exact way to it.

The policy of values is that of `record.json_values`, of columns that of `RequestSchema`, of the form
around the rows that of `envelope`; an object may not hold a name twice. The exact way is their
plain statement. The quick way gives the same values or steps aside; see `quick_rows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from interplane.errors import RequestRejected
from interplane.serving.envelope import LONGEST_ID, MOST_ROWS, open_envelope
from interplane.serving.json_text import read_json
from interplane.serving.quick_rows import QuickRows

if TYPE_CHECKING:
    from interplane.models.request_schema import RequestSchema
    from interplane.serving.quick_rows import Row

__all__ = ["Decoder", "Request"]

_BACKSLASH: Final = 0x5C
_BEFORE_ROW: Final = b'{"row":'
_BEHIND_ROW: Final = 0x7D
_MARK: Final = b'"'
_MARKS_OF_NAME: Final = 2
_MARKS_OF_ID: Final = 4


class Request(msgspec.Struct, frozen=True):
    """A decoded request.

    Attributes:
        rows: the decoded rows; an error stands in the place of a row that is refused.
        is_batch: whether it came as ``rows``.
        id: the client's own id.
    """

    rows: list[Any]
    is_batch: bool = False
    id: str | None = None


class Decoder:
    """Decodes the requests of one crossing.

    Args:
        schema: what a row must look like.
        most_rows: how many rows a request may have.

    >>> from interplane.models.request_schema import Field, RequestSchema
    >>> wind = Field(name="wind", type="float", nullable=False, required=True)
    >>> decoder = Decoder(RequestSchema(fields=(wind,), inputs=1))
    >>> decoder.decode(b'{"row": {"wind": 3}}').rows[0][0]
    [3.0]
    """

    def __init__(self, schema: RequestSchema, *, most_rows: int = MOST_ROWS) -> None:
        self.schema = schema
        self._most_rows = most_rows
        self._rows: QuickRows | None = None
        try:
            self._rows = QuickRows(schema)
        except ValueError:  # a name that JSON writes with an escape: always the exact way
            return
        self._row_struct = msgspec.json.Decoder(self._rows.struct)
        self._envelope = msgspec.json.Decoder(_envelope(self._rows.struct, most_rows))

    def decode_row(self, body: bytes) -> Row | None:
        """Return the row of a plain ``{"row": {…}}``, or None where `decode` has to be asked.

        What almost every request is, without a detour: what stands between the first and the last
        bytes of that form is one JSON object, or it is not that form.
        """
        quick = self._rows
        if (
            quick is None
            or body[:7] != _BEFORE_ROW
            or body[-1] != _BEHIND_ROW
            or _BACKSLASH in body
        ):
            return None
        try:
            row = self._row_struct.decode(body[7:-1])
            values, marks = quick.read(row)
        except ValueError:
            return None
        return None if body.count(_MARK) != marks + _MARKS_OF_NAME else (values, row)

    def decode(self, body: bytes) -> Request:
        """Return a request's rows.

        Raises:
            Malformed: if the body is no JSON, or not of the form of a request.
            RequestRejected: if there are too many rows.
        """
        return self.decode_quick(body) or self.decode_exact(body)

    def decode_quick(self, body: bytes) -> Request | None:
        """Return exactly what the exact way would, or None where that has to be asked."""
        quick = self._rows
        if quick is None or _BACKSLASH in body:
            return None
        try:
            envelope = self._envelope.decode(body)
            row, batch, client_id = envelope.row, envelope.rows, envelope.id
            if (row is UNSET) is (batch is UNSET):
                return None
            if batch is UNSET:
                values, marks = quick.read(row)
                rows = [(values, row)]
            else:
                rows, marks = quick.read_all(batch)
        except ValueError:  # msgspec's, and those of texts that are no UTF-8 or no times
            return None
        if client_id is UNSET:
            client_id = None
        elif client_id.isprintable():
            marks += _MARKS_OF_ID
        else:
            return None
        if body.count(_MARK) != marks + _MARKS_OF_NAME:
            return None
        return Request(rows, row is UNSET, client_id)

    def decode_exact(self, body: bytes) -> Request:
        """Return a request's rows by way of plain values.

        Raises:
            Malformed: if the body is no JSON, or not of the form of a request.
            RequestRejected: if there are too many rows.
        """
        opened = open_envelope(read_json(body), most_rows=self._most_rows)
        rows = [
            self._row(row, f"$.rows[{place}]" if opened.is_batch else "$.row")
            for place, row in enumerate(opened.rows)
        ]
        return Request(rows, opened.is_batch, opened.id)

    def _row(self, plain: Any, at: str) -> Row | RequestRejected:
        try:
            decoded = self.schema.decode(plain, at=at)
        except RequestRejected as error:
            return error
        return list(decoded.values()), {name: decoded[name] for name in decoded if name in plain}


def _envelope(row: Any, most_rows: int) -> Any:
    client_id = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)]
    rows = Annotated[list[row], Meta(max_length=most_rows)]
    return msgspec.defstruct(
        "Envelope",
        [
            ("row", row | UnsetType, UNSET),
            ("rows", rows | UnsetType, UNSET),
            ("id", client_id | UnsetType, UNSET),
        ],
        forbid_unknown_fields=True,
        gc=False,
    )
