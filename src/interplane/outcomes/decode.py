"""Outcomes from plain rows: taken exactly, or refused with the path of what is wrong.

A row is ``{"id": "<prediction id>"}`` or ``{"key": {…}}``, with ``value``, perhaps ``name`` and
``known_at``. The policy of values is that of requests, in `record.json_values`; and:

- ``value`` has to be there: true or false, a number, or null, which takes back what was said.
- A key has exactly the columns of the model's request key, of their types, none of them null.
- Without a known-at time (missing or null) an outcome is known from when it came.
- A known-at time more than five minutes ahead of the clock is refused, except in a replay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import InterplaneError, RequestRejected, did_you_mean
from interplane.outcomes.outcome import LABEL, Outcome
from interplane.record import check_name
from interplane.record.json_values import EXPECTED, READERS, Misfit, rejected
from interplane.views.view import micros

if TYPE_CHECKING:
    from interplane.outcomes.outcome import Said
    from interplane.record import Type

__all__ = ["AHEAD_US", "Reader", "check_outcome_name"]

AHEAD_US: Final = 5 * 60 * 1_000_000
"""How far ahead of the clock a known-at time may be, as a prediction time may."""

_FIELDS: Final = ("id", "key", "value", "name", "known_at")
_ID: Final = re.compile(r"[0-9a-f]{32}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_VALUE: Final = "true or false, a finite number, or null"
_ID_EXPECTED: Final = "the id of a prediction: 32 hexadecimal digits, as the server answered it"


def check_outcome_name(name: str) -> str:
    """Return a name that an outcome can have.

    Raises:
        UsageError: if it cannot.

    >>> check_outcome_name("clicked")
    'clicked'
    """
    return check_name(name, of="label or proxy")


class Reader:
    """Reads rows about one model.

    Args:
        model: the model's name.
        key: the type of each column of its request key; empty where it has none.
        actor: who says them.
        name: the name of those that do not say one.
        replay: take known-at times however far ahead of the clock.

    >>> reader = Reader("flights", {"flight_id": "str"}, actor="me")
    >>> reader.read({"key": {"flight_id": "UA1"}, "value": 1}, "$", now_us=7).value
    1.0
    >>> reader.read({"key": {"flight_id": 3}, "value": 1}, "$", now_us=7)
    Traceback (most recent call last):
    ...
    interplane.errors.RequestRejected: 3 at $.key.flight_id. Expected text. Correct the request.
    """

    def __init__(
        self,
        model: str,
        key: Mapping[str, Type],
        *,
        actor: str,
        name: str = LABEL,
        replay: bool = False,
    ) -> None:
        self._model = model
        self._key = key
        self._actor = actor
        self._name = check_outcome_name(name)
        self._names = {name}
        self._replay = replay

    def read(self, plain: Any, at: str, *, now_us: int) -> Outcome:
        """Return the outcome that a row says.

        Args:
            plain: the row, as plain JSON values; from Python dates and datetimes are taken as well.
            at: where it stands, for messages.
            now_us: the clock, microseconds since 1970 UTC.

        Raises:
            RequestRejected: with the path of the value and what was expected.
        """
        if not isinstance(plain, Mapping):
            raise rejected(plain, at, expected='an object with "id" or "key", and "value"')
        if not plain.keys() <= _KNOWN:
            raise _unknown(plain, at)
        if ("id" in plain) is ("key" in plain):
            raise _no_target(plain, at, self._key)
        if "value" not in plain:
            raise _missing(f"{at}.value", _VALUE)
        has_key = "key" in plain
        return Outcome(
            model=self._model,
            prediction_id=None if has_key else _id(plain["id"], f"{at}.id"),
            key=self._read_key(plain["key"], f"{at}.key") if has_key else None,
            name=self._read_name(plain["name"], f"{at}.name") if "name" in plain else self._name,
            value=_value(plain["value"], f"{at}.value"),
            known_at_us=self._known_at(plain.get("known_at"), f"{at}.known_at", now_us),
            received_at_us=now_us,
            actor=self._actor,
        )

    def _read_key(self, plain: Any, at: str) -> dict[str, Any]:
        if not self._key:
            raise RequestRejected(
                f"{at} is given, but the requests of {self._model} have no key",
                expected="the id of a prediction",
                do="Give id instead, or declare key=[…] where the features are defined",
                path=at,
            )
        columns = ", ".join(self._key)
        if not isinstance(plain, Mapping):
            raise rejected(plain, at, expected=f"an object with {columns}")
        if plain.keys() != self._key.keys():
            odd = [name for name in plain if name not in self._key]
            lacking = [name for name in self._key if name not in plain]
            what = f"{at} has {odd[0]!r:.60}" if odd else f"{at}.{lacking[0]} is missing"
            hint = did_you_mean(str(odd[0])[:60], lacking) if odd else ""
            raise RequestRejected(
                what,
                expected=f"the key of {self._model}: {columns}",
                do=f"{hint}Give these columns and no other",
                path=at if odd else f"{at}.{lacking[0]}",
            )
        return {
            name: _key_value(plain[name], kind, f"{at}.{name}") for name, kind in self._key.items()
        }

    def _read_name(self, name: Any, at: str) -> str:
        if type(name) is str and name in self._names:
            return name
        if type(name) is not str:
            raise rejected(name, at, expected="a name such as 'clicked'")
        try:
            check_outcome_name(name)
        except InterplaneError as error:
            raise RequestRejected(
                f"{name!r:.60} at {at}", expected=error.expected, do=error.do, path=at
            ) from error
        self._names.add(name)
        return name

    def _known_at(self, plain: Any, at: str, now_us: int) -> int:
        if plain is None:
            return now_us
        try:
            known_at_us = micros(READERS["timestamp"](plain))
        except Misfit as misfit:
            raise rejected(plain, at, expected=EXPECTED["timestamp"], why=str(misfit)) from misfit
        if known_at_us - now_us > AHEAD_US and not self._replay:
            now = (_EPOCH + timedelta(microseconds=now_us)).replace(tzinfo=None)
            raise RequestRejected(
                f"{str(plain)[:40]!r} at {at} is ahead of the clock ({now.isoformat()}Z)",
                expected="a time that is at most five minutes ahead",
                do="Correct the time (it is UTC where it has no offset), or say that it is a replay",
                path=at,
            )
        return known_at_us


_KNOWN: Final = frozenset(_FIELDS)


def _id(plain: Any, at: str) -> str:
    if type(plain) is not str or _ID.fullmatch(plain) is None:
        raise rejected(plain, at, expected=_ID_EXPECTED)
    return plain


def _value(plain: Any, at: str) -> Said:
    if plain is None or plain is True or plain is False:
        return plain
    try:
        number: float = READERS["float"](plain)
    except Misfit as misfit:
        raise rejected(plain, at, expected=_VALUE, why=str(misfit)) from misfit
    return number + 0.0  # -0.0 becomes 0.0: both are one number


def _key_value(plain: Any, kind: Type, at: str) -> Any:
    """Return a value of a key as JSON has it, in one form for each value."""
    try:
        value = READERS[kind](plain)
    except Misfit as misfit:
        raise rejected(plain, at, expected=EXPECTED[kind], why=str(misfit)) from misfit
    if kind == "timestamp":
        return f"{value.isoformat()}Z"
    if kind == "date":
        return value.isoformat()
    return value + 0.0 if kind == "float" else value


def _unknown(plain: Mapping[str, Any], at: str) -> RequestRejected:
    odd = str(next(name for name in plain if name not in _KNOWN))[:60]
    return RequestRejected(
        f"{at} has {odd!r}",
        expected="id or key, value, and name and known_at if wanted",
        do=f"{did_you_mean(odd, _FIELDS)}Leave it out",
        path=at,
    )


def _no_target(plain: Mapping[str, Any], at: str, key: Mapping[str, Type]) -> RequestRejected:
    columns = ", ".join(key)
    return RequestRejected(
        f"{at} has {'both id and key' if 'id' in plain else 'neither id nor key'}",
        expected=f"id, or key with {columns}" if key else "id",
        do="Say which prediction it belongs to in one way",
        path=at,
    )


def _missing(path: str, expected: str) -> RequestRejected:
    return RequestRejected(
        f"{path} is missing",
        expected=expected,
        do="Give the value; null takes back what was said before",
        path=path,
    )
