"""`Outcome`: what came true of a prediction, said once or again, known at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
from blake3 import blake3

from interplane.errors import UsageError
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LABEL", "Outcome", "Said", "key_text", "target_digest"]

LABEL: Final = "label"
"""The name of what the model predicts; any other name is a proxy's."""

Said: TypeAlias = bool | float | None
"""What can be said to have come true: true or false, a number, or nothing."""

_DIGEST_BYTES: Final = 16
_ENCODER: Final = msgspec.json.Encoder(order="sorted")


class Outcome(Value, frozen=True, kw_only=True, gc=False):
    """What is said to have come true of one prediction, or of all with one key.

    Of two for one target and name the one with the later ``known_at_us`` counts, then the one that
    came later; a null takes back what was said before.

    Attributes:
        model: the model's name.
        prediction_id: the id of the prediction that it belongs to, or None.
        key: or the values of the request's key, by column; plain JSON values, none of them null.
        name: ``label``, or a proxy's name such as ``clicked``.
        value: true or false, a number, or None.
        known_at_us: when it was known, microseconds since 1970 UTC.
        received_at_us: when it came. The same as ``known_at_us`` where nobody said when it was known.
        actor: who said it.

    >>> said = Outcome(
    ...     model="flights",
    ...     key={"flight_id": "UA1"},
    ...     value=True,
    ...     known_at_us=7,
    ...     received_at_us=9,
    ...     actor="me",
    ... )
    >>> said.name, said.target
    ('label', 'flight_id=UA1')
    """

    model: str
    prediction_id: str | None = None
    key: dict[str, Any] | None = None
    name: str = LABEL
    value: Said
    known_at_us: int
    received_at_us: int
    actor: str

    def __post_init__(self) -> None:
        """Refuse what belongs to nothing, or to two things."""
        if (self.prediction_id is None) is (not self.key):
            raise UsageError(
                f"an outcome of {self.model} with "
                f"{'both an id and a key' if self.key else 'neither an id nor a key'}",
                expected="the id of a prediction, or the values of the request's key",
                do="Give one of them",
            )

    @property
    def target(self) -> str:
        """What it belongs to, for people."""
        if self.key is None:
            return f"id={self.prediction_id}"
        return ", ".join(f"{column}={value}" for column, value in self.key.items())

    @property
    def is_known_when_it_came(self) -> bool:
        """Whether nobody said when it was known."""
        return self.known_at_us == self.received_at_us


def key_text(key: dict[str, Any]) -> str:
    """Return a key as JSON text that does not depend on the order of its columns.

    >>> key_text({"b": 1, "a": "x"})
    '{"a":"x","b":1}'
    """
    return _ENCODER.encode(key).decode()


def target_digest(outcome: Outcome) -> bytes:
    """Return 16 bytes that name what an outcome is said of, and under which name."""
    target: Sequence[Any] = (outcome.model, outcome.name, outcome.prediction_id, outcome.key)
    return blake3(_ENCODER.encode(target)).digest(length=_DIGEST_BYTES)
