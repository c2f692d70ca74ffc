"""Schedules: the times that a cron line means, in UTC, where no hour is missing or comes twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from interplane.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check_schedule", "next_time", "scheduled_key", "times_between"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def check_schedule(schedule: str, *, place: str) -> None:
    """Refuse a schedule that is none, or that never comes.

    Raises:
        ConfigError: says what is wrong with it.
    """
    from cronsim import CronSimError

    example = "five fields: minute, hour, day, month, day of the week; for example 0 3 * * *"
    if len(schedule.split()) != 5:
        raise ConfigError(f"{place}: schedule is {schedule!r}", expected=example, do="Mend it")
    try:
        first = next(_times(schedule, _EPOCH), None)
    except CronSimError as error:
        raise ConfigError(
            f"{place}: schedule {schedule!r}: {error}", expected=example, do="Mend it"
        ) from error
    if first is None:
        raise ConfigError(
            f"{place}: schedule {schedule!r} never comes", expected=example, do="Mend it"
        )


def times_between(schedule: str, after_us: int, until_us: int) -> Iterator[int]:
    """Yield the scheduled times after one moment and not after another, microseconds since 1970.

    >>> [at // 3_600_000_000 for at in times_between("0 */6 * * *", 0, 24 * 3_600_000_000)]
    [6, 12, 18, 24]
    """
    after = _EPOCH + timedelta(microseconds=after_us)
    moments = ((moment - _EPOCH) // _MICROSECOND for moment in _times(schedule, after))
    return takewhile(lambda at: at <= until_us, moments)


def next_time(schedule: str, after_us: int) -> int | None:
    """Return the first scheduled time after a moment; None if there is none any more."""
    after = _EPOCH + timedelta(microseconds=after_us)
    moment = next(_times(schedule, after), None)
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND


def scheduled_key(at_us: int) -> str:
    """Return the key of the firing of a scheduled time.

    >>> scheduled_key(1_370_055_600_000_000)
    '2013-06-01T03:00Z'
    """
    return (_EPOCH + timedelta(microseconds=at_us)).strftime("%Y-%m-%dT%H:%MZ")


def _times(schedule: str, after: datetime) -> Iterator[datetime]:
    from cronsim import CronSim

    return iter(CronSim(schedule, after))
