"""Parameters of runs that say when: ``$day``, ``$day-14d``, ``$hour``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_parameters", "filled", "to_words"]

_SHAPE: Final = re.compile(r"\$(day|hour)(?:([+-])(\d{1,4})([hd]))?")
_SCALARS: Final = (bool, int, float, str)


def check_parameters(parameters: Mapping[str, Any], *, place: str) -> None:
    """Refuse parameters that no command line could give.

    Raises:
        ConfigError: names the first one.
    """
    for name, value in parameters.items():
        if not all(part.isidentifier() for part in name.split(".", 1)):
            raise ConfigError(
                f"{place}: {name!r} in parameters is no hyperparameter",
                expected="its name, or step.name",
                do='See them with "interplane run --help"',
            )
        if not isinstance(value, _SCALARS):
            raise ConfigError(
                f"{place}: parameters.{name} is {value!r}",
                expected="a text, a number, true or false; dates as text, for example $day-14d",
                do="Mend it",
            )
        if isinstance(value, str) and value.startswith("$") and not _SHAPE.fullmatch(value):
            raise ConfigError(
                f"{place}: parameters.{name} is {value!r}",
                expected="$day or $hour, and then perhaps +12h or -14d",
                do="Mend it",
            )


def filled(parameters: Mapping[str, Any], *, at_us: int) -> dict[str, Any]:
    """Return parameters in which what says when says it as a date or a time of UTC.

    Args:
        parameters: as the project file has them.
        at_us: when it fired.

    >>> filled({"until": "$day-14d", "rows": 5}, at_us=1_371_081_600_000_000)
    {'until': '2013-05-30', 'rows': 5}
    >>> filled({"at": "$hour+1h"}, at_us=1_371_081_600_000_000)
    {'at': '2013-06-13T01:00:00'}
    """
    return {name: _filled(value, at_us) for name, value in parameters.items()}


def to_words(parameters: Mapping[str, Any]) -> list[str]:
    """Return parameters as words of a command line.

    >>> to_words({"model.num_leaves": 31, "fast": True})
    ['--model.num_leaves=31', '--fast=true']
    """
    return [
        f"--{name}={str(value).lower() if isinstance(value, bool) else value}"
        for name, value in parameters.items()
    ]


def _filled(value: Any, at_us: int) -> Any:
    found = _SHAPE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    unit, sign, count, length = found.groups()
    moment = datetime.fromtimestamp(at_us // 1_000_000, tz=UTC)
    moment = moment.replace(minute=0, second=0)
    if unit == "day":
        moment = moment.replace(hour=0)
    if count is not None:
        by = timedelta(days=int(count)) if length == "d" else timedelta(hours=int(count))
        moment = moment + by if sign == "+" else moment - by
    return moment.strftime("%Y-%m-%d" if unit == "day" else "%Y-%m-%dT%H:00:00")
