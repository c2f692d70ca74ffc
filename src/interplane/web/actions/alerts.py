"""What people say to alerts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from interplane.project.journal import open_journal
from interplane.record import Value
from interplane.storage.clock import micros_of
from interplane.web.actions.reasons import Why  # noqa: TC001 - read by msgspec
from interplane.web.routes import Action, Asked, Done

__all__ = ["ACTIONS"]


class Acknowledging(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said to an alert."""

    reason: Why


def acknowledge(asked: Asked, said: Acknowledging) -> Done:
    """Say that somebody saw an alert and takes care of it."""
    journal = open_journal(asked.acting())
    try:
        alert = journal.find_alert(asked.path["alert"])
        now_us = micros_of(datetime.now(UTC))
        journal.acknowledge(alert.id, who=asked.who.name, why=said.reason, now_us=now_us)
    finally:
        journal.close()
    return Done(said=f"{alert.id[:8]} is acknowledged", href=f"/alerts/{alert.id[:12]}")


ACTIONS: Final = (
    Action(
        name="acknowledge",
        path="/alerts/{alert}/acknowledge",
        permission="contribute",
        takes=Acknowledging,
        act=acknowledge,
    ),
)
