"""How a request finds its crossing while a canary answers a share of them.

A request has a key: the columns that name its row, else its client's id, else the prediction's id. A
hash of it, salted with the canary's digest, is a number from 0 to 1, and the canary answers where that
is below its share. So a key that the canary answered stays with it while the share grows, and
another canary gets other keys.

What the canary raises or refuses costs no client anything: the live crossing answers, and the log
says instead of which.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.errors import InterplaneError
from interplane.serving.other_rows import OtherRows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.models.request_schema import RequestSchema
    from interplane.predictions.entry import Entry
    from interplane.serving.predicting import Begun, RowPredictor
    from interplane.serving.quick_rows import Row

__all__ = ["KeyOf", "RolledPredictor", "reason_of", "split"]

_BITS: Final = 53
"""A float holds as many exactly: all 64 would round to 1.0 at the end."""

_UNIT: Final = 2.0**-_BITS
_LONGEST_SALT: Final = 64

_encode: Final = msgspec.json.encode
_from_bytes: Final = int.from_bytes


def split(salt: str, key: str | bytes) -> float:
    """Return where a key stands, from 0 to below 1: the same in every process, for ever.

    Args:
        salt: the digest of the canary; at most 64 characters count.
        key: the key.

    >>> split("c0ffee", "AA-117") == split("c0ffee", b"AA-117")
    True
    >>> round(split("c0ffee", "AA-117"), 4)
    0.7609
    """
    data = key.encode("utf-8", "surrogatepass") if isinstance(key, str) else key
    return _place(_salted(salt), data)


def _salted(salt: str) -> blake2b:
    return blake2b(digest_size=8, key=salt.encode()[:_LONGEST_SALT])


def _place(salted: blake2b, key: bytes) -> float:
    hasher = salted.copy()
    hasher.update(key)
    return (_from_bytes(hasher.digest(), "big") >> (64 - _BITS)) * _UNIT


class KeyOf:
    """Finds the key of a decoded row.

    Args:
        schema: the request schema of the live crossing: it decides what a row's key is.
    """

    def __init__(self, schema: RequestSchema) -> None:
        names = [field.name for field in schema.fields]
        self._places = tuple(names.index(name) for name in schema.key)

    def __call__(self, values: Sequence[Any], client_id: str | None, prediction_id: str) -> bytes:
        """Return the key of a row.

        Args:
            values: the row's values in the order of the schema.
            client_id: the client's own id of the request.
            prediction_id: the prediction's id.
        """
        if self._places:
            found = [values[place] for place in self._places]
            if None not in found:
                return _encode(found)
        return (client_id or prediction_id).encode()


class RolledPredictor:
    """Predicts rows with the live crossing of a model, and a share of them with its canary.

    Args:
        live: predicts with the live crossing.
        canary: predicts with the canary.
        schemas: what rows look like for the one and for the other.
        share: which part of the keys the canary answers, from 0 to 1.
        failed: is told of each row that the canary could not answer.
    """

    def __init__(
        self,
        live: RowPredictor,
        canary: RowPredictor,
        *,
        schemas: tuple[RequestSchema, RequestSchema],
        share: float,
        failed: Callable[[], None],
    ) -> None:
        self._live = live
        self._canary = canary
        self._share = share
        self._failed = failed
        self._salted = _salted(canary.crossing)
        self._key_of = KeyOf(schemas[0])
        self._rows = OtherRows(schemas[1], own=schemas[0])

    @property
    def time_column(self) -> str | None:
        """The column of the prediction time of the live crossing."""
        return self._live.time_column

    @property
    def looked_up(self) -> tuple[str, ...]:
        """What is looked up for the live crossing."""
        return self._live.looked_up

    def predict(
        self, row: Row, begun: Begun, *, at: str, client_id: str | None = None, place: int = 0
    ) -> tuple[Entry, str]:
        """Return what is logged of a row, and its prediction time as text; see `RowPredictor`.

        Raises:
            RequestRejected: if the live crossing refuses the row.
            StorageError: if what feature views know cannot be read.
        """
        values, logged = row
        prediction_id = self._live.id_of(logged, client_id, place)
        key = self._key_of(values, client_id, prediction_id)
        because = None
        if _place(self._salted, key) < self._share:
            try:
                return self._canary.predict(
                    self._rows.of(row),
                    begun,
                    at=at,
                    client_id=client_id,
                    prediction_id=prediction_id,
                )
            except Exception as error:  # noqa: BLE001 - whatever it is, the live crossing answers
                because = reason_of(error)
        entry, time = self._live.predict(
            row, begun, at=at, client_id=client_id, prediction_id=prediction_id
        )
        if because is None:
            return entry, time
        self._failed()
        instead_of = self._canary.crossing
        return msgspec.structs.replace(entry, instead_of=instead_of, because=because), time


def reason_of(error: Exception) -> str:
    """Return the code of an error, or the name of its class where it is none of ours.

    >>> reason_of(ZeroDivisionError())
    'ZeroDivisionError'
    """
    return error.code if isinstance(error, InterplaneError) else type(error).__name__
