"""The prediction time of a row: what its request says, else the server's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import RequestRejected
from interplane.views.view import micros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.models.request_schema import RequestSchema

__all__ = ["AHEAD_US", "PredictionTime", "utc_text"]

AHEAD_US: Final = 5 * 60 * 1_000_000
"""How far ahead of the server's clock a prediction time may be; a later one is a mistake."""

_USUAL: Final = len("2013-06-01T06:15:00Z")
"""No other form of a time is as long."""

_SECOND_US: Final = 1_000_000
_MOMENTS: Final = frozenset({"date", "timestamp"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def utc_text(time_us: int) -> str:
    """Return a time in microseconds since 1970 as text.

    >>> utc_text(1_370_067_300_000_000), utc_text(1_370_067_300_000_500)
    ('2013-06-01T06:15:00Z', '2013-06-01T06:15:00.000500Z')
    """
    moment = _EPOCH + timedelta(microseconds=time_us)
    return f"{moment.replace(tzinfo=None).isoformat()}Z"


class PredictionTime:
    """Finds the prediction time among the values of a row.

    Args:
        schema: the request schema; its time column counts where it holds dates or timestamps.
        replay: take times however far ahead: history is served as if it were now.
    """

    def __init__(self, schema: RequestSchema, *, replay: bool = False) -> None:
        self.column: str | None = None
        self._place = -1
        self._attribute = ""
        self._replay = replay
        self._now = (-1, "")  # a second, and its text
        for place, field in enumerate(schema.fields):
            if field.name == schema.time and field.type in _MOMENTS:
                self.column, self._place = field.name, place
                self._attribute = f"f{place}"

    def of(
        self, values: Sequence[Any], logged: Any, now_us: int, *, at: str = "$.row"
    ) -> tuple[int, str]:
        """Return a row's prediction time, in microseconds since 1970 and as text.

        Args:
            values: the row's values in the order of the schema.
            logged: the row as it was decoded; a struct has the text that the client sent.
            now_us: the server's clock.
            at: the path of the row, for messages.

        Raises:
            RequestRejected: if it is too far ahead of the clock.
        """
        moment = values[self._place] if self._place >= 0 else None
        if moment is None:
            return now_us, self._now_text(now_us)
        if type(moment) is date:
            moment = datetime.combine(moment, time())
        time_us = micros(moment)
        if time_us - now_us > AHEAD_US and not self._replay:
            raise self._ahead(moment, now_us, at)
        said = getattr(logged, self._attribute, None)
        if type(said) is str and len(said) == _USUAL and said[10] == "T":
            return time_us, said
        return time_us, f"{moment.isoformat()}Z"

    def _ahead(self, moment: datetime, now_us: int, at: str) -> RequestRejected:
        return RequestRejected(
            f"{moment.isoformat()}Z at {at}.{self.column} is ahead of the server's clock "
            f"({utc_text(now_us)})",
            expected="a prediction time that is at most five minutes ahead",
            do='Correct the time (it is UTC where it has no offset), or serve with "--replay"',
            path=f"{at}.{self.column}",
        )

    def _now_text(self, now_us: int) -> str:
        second, rest = divmod(now_us, _SECOND_US)
        known, text = self._now
        if second != known:
            text = utc_text(second * _SECOND_US)[:-1]
            self._now = (second, text)
        return f"{text}.{rest:06d}Z"
