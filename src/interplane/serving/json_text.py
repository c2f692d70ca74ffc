"""JSON text to plain values: nothing is lost, nothing is guessed. The slow and sure way.

What has no place in a request is not an error here where it has a path there: it becomes a value
that no column takes, so that one bad row of a batch harms no other. Those are: an object with one
key twice, a number that no 64 bits hold, ``NaN`` and ``Infinity``. What is no JSON at all, or
nested without end, is refused as a whole.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from interplane.serving.refusals import Malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MOST_NESTED", "AsWritten", "Unfit", "read_json"]

MOST_NESTED: Final = 32
"""How deep arrays and objects may stand in one another; a request needs three."""

_MOST_DIGITS: Final = 1000
# A text without an end takes all that is left: whatever the body is, each byte is looked at once.
_ALL_BUT_BRACKETS: Final = re.compile(
    rb'[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL
)
_OPENING: Final = frozenset(b"[{")


class AsWritten(str):
    """A number that neither 64 bits nor a 64-bit float hold, as it was written; no text."""

    __slots__ = ()
    __repr__ = str.__str__


class Unfit:
    """Stands for an object that no request may hold; its ``repr`` says why."""

    __slots__ = ("_why",)

    def __init__(self, why: str) -> None:
        self._why = why

    def __repr__(self) -> str:
        return self._why


def read_json(body: bytes) -> Any:
    """Return the plain values of a JSON text.

    Args:
        body: the text in UTF-8, without a byte order mark.

    Raises:
        Malformed: if it is no JSON, or nested more than `MOST_NESTED` deep.

    >>> read_json(b'{"seats": 18446744073709551617, "wind": NaN}')
    {'seats': 18446744073709551617, 'wind': nan}
    >>> read_json(b'[{"wind": 1, "wind": 2}, 1e999]')
    [an object with 'wind' twice, 1e999]
    """
    _refuse_deep(body)
    try:
        return _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        raise Malformed(
            f"the body is no UTF-8 ({error.reason} at byte {error.start})",
            expected="JSON in UTF-8",
            do="Encode the request as UTF-8",
        ) from error
    except json.JSONDecodeError as error:
        raise Malformed(
            f"the body is no JSON: {error.msg} (line {error.lineno}, column {error.colno})",
            expected="a JSON object",
            do="Correct the request",
        ) from error


def _refuse_deep(body: bytes) -> None:
    """Count the brackets outside texts, before anything recursive reads them."""
    if body.count(b"[") + body.count(b"{") <= MOST_NESTED:
        return
    depth = 0
    for byte in _ALL_BUT_BRACKETS.sub(b"", body):
        depth += 1 if byte in _OPENING else -1
        if depth > MOST_NESTED:
            raise Malformed(
                "the body is nested too deep",
                expected=f"at most {MOST_NESTED} arrays and objects in one another",
                do="Correct the request",
            )


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any] | Unfit:
    read = dict(pairs)
    if len(read) != len(pairs):
        times = Counter(key for key, _ in pairs)
        return Unfit(f"an object with {max(times, key=times.__getitem__)!r:.60} twice")
    if not all(map(str.isascii, read)):
        try:
            "".join(read).encode()
        except UnicodeEncodeError:
            return Unfit("an object with half of a surrogate pair in a name")
    return read


def _whole(text: str) -> int | AsWritten:
    return int(text) if len(text) <= _MOST_DIGITS else AsWritten(text)


def _number(text: str) -> float | AsWritten:
    number = float(text)
    return number if math.isfinite(number) else AsWritten(text)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_number, parse_constant=float
)
