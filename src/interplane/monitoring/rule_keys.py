"""The keys of a rule in the project file, each read and checked on its own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, cast

from interplane.errors import ConfigError, did_you_mean
from interplane.monitoring.calendar import LENGTHS
from interplane.monitoring.rules import Action, Reference
from interplane.record.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["READERS", "At", "read_action", "text"]

_KINDS: Final = ("baseline", "previous", "champion")
_SAME: Final = {"hour-of-day": "days", "hour-of-week": "weeks"}
_PERIODS: Final = {"hour-of-day": 7, "hour-of-week": 4}
_ACTION_KEYS: Final = Action.__struct_fields__
_MOST_PERIODS: Final = 60


class At:
    """Where something stands, for messages: the rule and the key."""

    def __init__(self, place: str, rule: str) -> None:
        self.place = place
        self.rule = rule

    def refuse(self, key: str, found: str, expected: str, do: str = "Mend it") -> ConfigError:
        """Return the error of a key, with what was found there."""
        return ConfigError(
            f"{self.place}: {self.rule}: {key}{found}",
            expected=expected,
            do=do,
            rule=self.rule,
            key=key,
        )

    def not_it(self, key: str, value: Any, expected: str, do: str = "Mend it") -> ConfigError:
        """Return the error of a value that is not what its key takes."""
        return self.refuse(key, f" is {value!r}", expected, do)


def read_action(plain: Any, *, place: str, of: str) -> Action:
    """Read what an alert, new data, a schedule or a person starts: ``"run:flights"`` or a table.

    Args:
        plain: the text or the table.
        place: the file, for messages.
        of: what it belongs to, for messages.

    Raises:
        ConfigError: if it is neither.

    >>> read_action("run:flights", place="interplane.toml", of="a rule").run
    'flights'
    """
    return _action(plain, At(place, of))


def text(table: Mapping[str, Any], key: str, at: At) -> str:
    """Return the name that a key of a table must have.

    Raises:
        ConfigError: if it has none.
    """
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        found = "" if key in table else " is missing"
        expected = f"a name, for example {key} = {_EXAMPLES[key]!r}"
        raise at.refuse(key, found or f" is {value!r}", expected, "Say which")
    return value


_EXAMPLES: Final = {
    "model": "flights",
    "metric": "positive_rate",
    "name": "late-flights",
    "owner": "operations",
    "run": "flights",
}


def _name_of(key: str, value: Any, at: At) -> str:
    return text({key: value}, key, at)


def _number(key: str, value: Any, at: At) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise at.not_it(key, value, "a number")
    return float(value)


def _size(key: str, value: Any, at: At) -> float:
    number = _number(key, value, at)
    if number <= 0:
        raise at.not_it(key, value, "a number above 0: the least effect that counts, either way")
    return number


def _share(key: str, value: Any, at: At) -> float:
    number = _number(key, value, at)
    if not 0 <= number <= 1:
        raise at.not_it(key, value, "a share between 0 and 1")
    return number


def _count(key: str, value: Any, at: At) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise at.not_it(key, value, "a whole number from 1")
    return value


def _duration(key: str, value: Any, at: At) -> str:
    if not isinstance(value, str) or parse_duration(value) is None:
        raise at.not_it(key, value, "a length of time: 30m, 36h, 7d, 2w")
    return value


def _one_of(*choices: str) -> Callable[[str, Any, At], str]:
    def read(key: str, value: Any, at: At) -> str:
        if not isinstance(value, str) or value not in choices:
            near = did_you_mean(value, choices) if isinstance(value, str) else ""
            quoted = ", ".join(f'"{each}"' for each in choices)
            raise at.not_it(key, value, f"one of {quoted}", f"{near}Say which")
        return value

    return read


def _names(key: str, value: Any, at: At) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise at.not_it(key, value, 'a list of names, for example ["wind", "carrier"]')
    return tuple(dict.fromkeys(value))


def _slices(key: str, value: Any, at: At) -> tuple[tuple[str, ...], ...]:
    expected = 'a list of columns, or of lists that cross them: ["origin", ["origin", "carrier"]]'
    if not isinstance(value, list):
        raise at.not_it(key, value, expected)
    read: list[tuple[str, ...]] = []
    for each in value:
        by = [each] if isinstance(each, str) else each
        if not isinstance(by, list) or not by or not all(isinstance(c, str) and c for c in by):
            raise at.refuse(key, f" has {each!r}", expected)
        if len(set(by)) < len(by):
            raise at.refuse(key, f" crosses a column with itself: {each!r}", expected)
        read.append(tuple(by))
    return tuple(dict.fromkeys(read))


def _against(key: str, value: Any, at: At) -> Reference:
    expected = '"baseline", "previous", "champion", or { same = "hour-of-week", weeks = 4 }'
    if isinstance(value, str) and value in _KINDS:
        return Reference(kind=cast("Any", value))
    if not isinstance(value, dict):
        near = did_you_mean(value, _KINDS) if isinstance(value, str) else ""
        raise at.not_it(key, value, expected, f"{near}Say what a window is compared with")
    same = value.get("same")
    if not isinstance(same, str) or same not in _SAME:
        raise at.not_it(f"{key}.same", same, '"hour-of-day" or "hour-of-week"')
    unit = _SAME[same]
    for word in value:
        if word not in {"same", unit}:
            raise at.refuse(
                f"{key}.{word}",
                f" does not go with {same}",
                f'{{ same = "{same}", {unit} = {_PERIODS[same]} }}',
                f"{did_you_mean(word, [unit])}Take it out or correct it",
            )
    periods = _count(f"{key}.{unit}", value.get(unit, _PERIODS[same]), at)
    if periods > _MOST_PERIODS:
        raise at.not_it(f"{key}.{unit}", periods, f"at most {_MOST_PERIODS}")
    return Reference(kind=cast("Any", same), periods=periods)


def _then(_: str, value: Any, at: At) -> Action:
    return _action(value, at)


def _action(value: Any, at: At) -> Action:
    expected = '"run:PIPELINE", or { run = "PIPELINE", debounce = "1d", busy = "skip" }'
    if isinstance(value, str):
        verb, _, pipeline = value.partition(":")
        if verb != "run" or not pipeline.strip():
            raise at.not_it("then", value, expected, "Say what an alert starts")
        return Action(run=pipeline)
    if not isinstance(value, dict):
        raise at.not_it("then", value, expected, "Say what an alert starts")
    for key in value:
        if key not in _ACTION_KEYS:
            raise at.refuse(
                f"then.{key}",
                " is no setting of an action",
                f"one of {', '.join(_ACTION_KEYS)}",
                f"{did_you_mean(key, _ACTION_KEYS)}Take it out or correct it",
            )
    fields: dict[str, Any] = {"run": text(value, "run", at)}
    if "parameters" in value:
        if not isinstance(value["parameters"], dict):
            raise at.not_it("then.parameters", value["parameters"], "a table of hyperparameters")
        fields["parameters"] = dict(value["parameters"])
    if "debounce" in value:
        fields["debounce"] = _duration("then.debounce", value["debounce"], at)
    if "busy" in value:
        fields["busy"] = _one_of("skip", "queue")("then.busy", value["busy"], at)
    return Action(**fields)


READERS: Final[dict[str, Callable[[str, Any, At], Any]]] = {
    "window": _one_of(*LENGTHS),
    "slices": _slices,
    "columns": _names,
    "against": _against,
    "moves_by": _size,
    "at_least": _number,
    "at_most": _number,
    "direction": _one_of("either", "up", "down"),
    "min_rows": _count,
    "coverage": _share,
    "patience": _duration,
    "resolves_after": _count,
    "owner": _name_of,
    "then": _then,
}
"""How the value of each key is read, beside those that every rule has."""
