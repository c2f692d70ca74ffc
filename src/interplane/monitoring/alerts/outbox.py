"""Who has still to be told what: one delivery for each event of an alert and channel. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from interplane.record.base import Value
from interplane.record.digests import Digest

if TYPE_CHECKING:
    from interplane.monitoring.alerts.alert import Alert

__all__ = ["Delivery", "DeliveryState", "attempted", "pause_s", "settled"]

DeliveryState = Literal["waiting", "muted", "sent", "failed", "withheld"]

_FIRST_PAUSE_S: Final = 10.0
_LONGEST_PAUSE_S: Final = 3600.0


class Delivery(Value, frozen=True, kw_only=True):
    """One event of an alert that is to be told on one channel.

    Attributes:
        alert: the alert's id.
        event: what happened to it.
        channel: ``log``, ``webhook`` or ``email``.
        owner: who is told.
        state: ``waiting`` to be sent, ``muted`` as long as somebody wants to hear nothing,
            ``sent``, ``failed`` after all attempts, ``withheld`` if it was over before the mute was.
        attempts: how often it was tried.
        due_us: when it is tried next, microseconds since 1970 UTC.
        at_us: when its state last changed.
        error: why the last attempt failed.
    """

    alert: Digest
    event: Literal["opened", "resolved"]
    channel: str
    owner: str = ""
    state: DeliveryState = "waiting"
    attempts: int = 0
    due_us: int = 0
    at_us: int = 0
    error: str = ""

    @property
    def key(self) -> str:
        """What a receiver knows a repetition by: the same for every attempt and channel."""
        return f"{self.alert}:{self.event}"


def pause_s(attempts: int) -> float:
    """Return how long to wait after so many failed attempts, in seconds.

    >>> [pause_s(attempts) for attempts in (1, 2, 3, 20)]
    [10.0, 20.0, 40.0, 3600.0]
    """
    return min(_FIRST_PAUSE_S * 2.0 ** min(attempts - 1, 30), _LONGEST_PAUSE_S)


def attempted(delivery: Delivery, *, error: str, most: int, now_us: int) -> Delivery:
    """Return a delivery after an attempt.

    Args:
        delivery: as it was.
        error: why it failed; empty if it was sent.
        most: how many attempts there are.
        now_us: the time now.
    """
    attempts = delivery.attempts + 1
    state: DeliveryState = "sent"
    if error:
        state = "failed" if attempts >= most else "waiting"
    return msgspec.structs.replace(
        delivery,
        state=state,
        attempts=attempts,
        error=error,
        at_us=now_us,
        due_us=now_us + int(pause_s(attempts) * 1e6),
    )


def settled(
    delivery: Delivery, alert: Alert, opening: Delivery | None, *, now_us: int
) -> Delivery | None:
    """Return what becomes of a delivery before anything is sent; the same one if it is to be sent.

    Args:
        delivery: one that waits, or is muted.
        alert: its alert, as it is now.
        opening: the delivery of the alert's opening on the same channel, where this one is another.
        now_us: the time now.

    Returns:
        None if it has to wait: for its opening to be told first, or for its time.
    """
    if opening is not None and opening.state == "waiting":
        return None
    unheard = opening is not None and opening.state in {"muted", "withheld"}
    if alert.is_muted(now_us=now_us):
        # Of what was resolved meanwhile nobody has to hear; what is open is told when the mute ends.
        state: DeliveryState = "withheld" if alert.state == "resolved" else "muted"
    elif unheard or (delivery.state == "muted" and alert.state == "resolved"):
        state = "withheld"
    elif delivery.state == "waiting" and delivery.due_us > now_us:
        return None
    else:
        return msgspec.structs.replace(delivery, state="waiting")
    return msgspec.structs.replace(delivery, state=state, at_us=now_us)
