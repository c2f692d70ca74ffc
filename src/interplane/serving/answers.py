"""What is answered, as bytes: predictions, and errors in their one shape."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from interplane.errors import InterplaneError, RequestRejected, StorageError
from interplane.serving.ports import Answer
from interplane.serving.refusals import IdTaken, Malformed

__all__ = ["Item", "OtherItem", "batch_body", "error_item", "refused", "row_body"]

_STATUSES: Final[tuple[tuple[type[InterplaneError], int], ...]] = (
    (Malformed, 400),
    (IdTaken, 409),
    (RequestRejected, 422),
    (StorageError, 503),
)
"""The first that an error is one of decides."""

_encode: Final = msgspec.json.encode


class _Prediction(msgspec.Struct, gc=False):
    score: float | None
    id: str
    model: str
    crossing: str
    time: str


class Item(msgspec.Struct, gc=False):
    """One prediction of a batch.

    Attributes:
        score: the score; None where the model gives none that is finite.
        id: the prediction's id.
        time: the prediction time.
    """

    score: float | None
    id: str
    time: str


class OtherItem(msgspec.Struct, gc=False):
    """One prediction of a batch that another crossing made than the batch says.

    Attributes:
        score: the score; None where the model gives none that is finite.
        id: the prediction's id.
        time: the prediction time.
        model: the crossing as people name it: ``flights@3``.
        crossing: its digest.
    """

    score: float | None
    id: str
    time: str
    model: str
    crossing: str


class _Batch(msgspec.Struct, gc=False):
    predictions: list[Any]
    model: str
    crossing: str


def row_body(score: float | None, prediction_id: str, name: str, crossing: str, time: str) -> bytes:
    """Return the body for one row; the score is written so that it is read back bit for bit."""
    return _encode(_Prediction(score, prediction_id, name, crossing, time))


def batch_body(items: list[Any], name: str, crossing: str) -> bytes:
    """Return the body for a batch: an `Item`, an `OtherItem` or an `error_item` per row."""
    return _encode(_Batch(items, name, crossing))


def error_item(error: InterplaneError) -> dict[str, Any]:
    """Return an error in its one shape."""
    return {"error": error.to_dict()}


def refused(error: InterplaneError) -> Answer:
    """Return the answer that says an error.

    Raises:
        InterplaneError: the same, where it is no fault of the request nor of the disk.
    """
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            return Answer(status, _encode(error_item(error), enc_hook=str))
    raise error
