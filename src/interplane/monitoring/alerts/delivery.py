"""Tells what the journal says is to be told: at least once, and no channel waits for another.

The order for each delivery is: send, then write down that it was sent. Who is killed in between
sends it once more, under the same key.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.errors import InterplaneError
from interplane.monitoring.alerts.message import Message
from interplane.monitoring.alerts.outbox import attempted, settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from interplane.monitoring.alerts.alert import Alert
    from interplane.monitoring.alerts.channels import Channel
    from interplane.monitoring.alerts.outbox import Delivery
    from interplane.monitoring.alerts.ports import Journal
    from interplane.record.digests import Digest

__all__ = ["Told", "deliver"]

_AT_ONCE: Final = 8


class Told(NamedTuple):
    """How a pass of deliveries went: what was sent, and what was not."""

    sent: int = 0
    failed: int = 0


def deliver(
    journal: Journal,
    channel: Callable[[str, str], Channel],
    *,
    project: str,
    attempts: int,
    now_us: int,
) -> Told:
    """Send everything that is due.

    Each channel of each owner is a line of its own: one that fails or is slow keeps no other
    waiting, and after a failure its next messages wait for the next pass.

    Args:
        journal: what has to be told.
        channel: opens a channel of an owner, both by name.
        project: the project's name, for the messages.
        attempts: how often a delivery is tried.
        now_us: the time now, microseconds since 1970 UTC.
    """
    lines = _lines(journal, now_us)
    if not lines:
        return Told()

    def work(items: list[tuple[Delivery, Alert]]) -> Told:
        sent = 0
        for delivery, alert in items:
            error = _send(channel, delivery, Message.of(alert, delivery, project=project))
            journal.record_delivery(attempted(delivery, error=error, most=attempts, now_us=now_us))
            if error:
                return Told(sent, 1)
            sent += 1
        return Told(sent, 0)

    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="delivery") as pool:
        told = list(pool.map(work, lines.values()))
    return Told(sum(item.sent for item in told), sum(item.failed for item in told))


def _lines(journal: Journal, now_us: int) -> dict[tuple[str, str], list[tuple[Delivery, Alert]]]:
    """Return what is to be sent now, by owner and channel; write down what is not to be."""
    pending = journal.deliveries(pending=True)
    if not pending:
        return {}
    alerts = {alert.id: alert for alert in journal.alerts()}
    lines: dict[tuple[str, str], list[tuple[Delivery, Alert]]] = {}
    for before, delivery, alert in _settled(journal, pending, alerts, now_us):
        if delivery.state == "waiting":
            lines.setdefault((delivery.owner, delivery.channel), []).append((delivery, alert))
        elif delivery.state != before.state:
            journal.record_delivery(delivery)
    return lines


def _settled(
    journal: Journal,
    pending: Iterable[Delivery],
    alerts: Mapping[Digest, Alert],
    now_us: int,
) -> Iterator[tuple[Delivery, Delivery, Alert]]:
    going: set[tuple[Digest, str]] = set()
    for delivery in pending:
        opening = None
        # An opening that goes first in this very pass need not have gone before.
        if delivery.event != "opened" and (delivery.alert, delivery.channel) not in going:
            opening = _opening(journal, delivery)
        alert = alerts[delivery.alert]
        found = settled(delivery, alert, opening, now_us=now_us)
        if found is None:
            continue
        if found.state == "waiting":
            going.add((delivery.alert, delivery.channel))
        yield delivery, found, alert


def _opening(journal: Journal, delivery: Delivery) -> Delivery | None:
    """Return the delivery of the opening of the same alert on the same channel."""
    for item in journal.deliveries(alert=delivery.alert):
        if item.event == "opened" and item.channel == delivery.channel:
            return item
    return None


def _send(channel: Callable[[str, str], Channel], delivery: Delivery, message: Message) -> str:
    """Send a message; return why that failed, or nothing."""
    try:
        channel(delivery.owner, delivery.channel).send(message)
    except InterplaneError as error:
        return str(error)[:500]
    return ""
