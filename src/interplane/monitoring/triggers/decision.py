"""What becomes of firings that wait: started, skipped, or left waiting. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from interplane.record.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interplane.monitoring.triggers.firing import Firing

__all__ = ["Decision", "decide"]


class Decision(NamedTuple):
    """What to do with a firing.

    Attributes:
        firing: the firing.
        what: start a run, skip it for good, or leave it as it is.
        note: why, unless it is started.
    """

    firing: Firing
    what: Literal["start", "skip", "wait"]
    note: str = ""


def decide(
    waiting: Iterable[Firing],
    *,
    last: Mapping[str, Firing],
    busy: Mapping[str, str],
    now_us: int,
) -> list[Decision]:
    """Decide about firings that wait, oldest first.

    Args:
        waiting: firings that wait.
        last: of each trigger, the firing whose run began last.
        busy: pipelines that run now, each with who runs it.
        now_us: the time now, microseconds since 1970 UTC.

    Returns:
        One decision for each; no more than one start for each pipeline.
    """
    begun, running = dict(last), dict(busy)
    decisions = []
    for firing in sorted(waiting, key=lambda item: (item.due_us, item.id)):
        decision = _decide(firing, begun.get(firing.trigger), running, now_us)
        if decision.what == "start":
            begun[firing.trigger] = firing
            running[firing.action.run] = firing.actor
        decisions.append(decision)
    return decisions


def _decide(
    firing: Firing, before: Firing | None, running: Mapping[str, str], now_us: int
) -> Decision:
    pause_us = int((parse_duration(firing.action.debounce) or 0.0) * 1e6)
    # A person who asks now wants it now.
    if before is not None and firing.cause != "person":
        # Two scheduled times are as far from each other as the schedule says, however late one began.
        since = firing.due_us if firing.cause == "schedule" else now_us
        began = before.due_us if firing.cause == "schedule" else before.began_us or now_us
        if since - began < pause_us:
            at = datetime.fromtimestamp(began // 1_000_000, tz=UTC).strftime("%Y-%m-%d %H:%M")
            note = f"debounced: {before.id[:12]} began {at}, less than {firing.action.debounce} ago"
            return Decision(firing, "skip", note)
    holder = running.get(firing.action.run)
    if holder is None:
        return Decision(firing, "start")
    if firing.action.busy == "skip":
        return Decision(firing, "skip", f"{firing.action.run} was run by {holder}")
    # The same words at each look: what waits for long is not written down again and again.
    return Decision(firing, "wait", f"waits until {firing.action.run} runs no more")
