"""Which events an online store keeps: whatever any look-up from the horizon on can depend on.

`History` says the same of a time t >= horizon whether it knows all events or at least these:

- for latest values, those that are the latest at some time, from the last one known at the horizon on;
- for windows, the last version of each event that is known at the horizon, and all known after it.
  Where all windows have a length, and there are no forecasts, nothing is needed that was known by
  ``horizon - longest window and its delay``: it happened before that, and so did whatever it
  replaced. With forecasts a replaced version may be about a time that is still to come; and in a
  window of so many events, or of all, an event counts however old it is. Then the last version of
  every event stays (`keeps_every_event`): a correction can take one away, and an older one counts again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.views.events import rank

if TYPE_CHECKING:
    from interplane.views.history import Event
    from interplane.views.view import View

__all__ = ["BEFORE_ALL", "is_reached", "keeps_every_event", "windows_after"]

BEFORE_ALL: Final = -(1 << 63)
"""A time before every other."""


def is_reached(
    event: Event, before: Event | None, after: Event | None, *, horizon: int | None
) -> bool:
    """Return whether an event becomes the latest at some time from the horizon on.

    Args:
        event: the event.
        before: of the events that are the latest at some time, the last one known by then.
        after: the first one of them that was known later.
        horizon: the horizon; None if every time matters.

    >>> from interplane.views.history import Event
    >>> newer, late = Event(10, 9, (), (1.0,)), Event(20, 5, (), (2.0,))
    >>> is_reached(newer, None, None, horizon=None), is_reached(late, newer, None, horizon=None)
    (True, False)
    """
    if before is not None:
        if before.known == event.known:
            if rank(event) <= rank(before):
                return False
        elif event.event < before.event:
            return False
    if horizon is None or after is None:
        return True
    return after.known > horizon or after.event < event.event


def keeps_every_event(view: View) -> bool:
    """Return whether the last version of every event stays, however old it is.

    >>> from interplane.views.view import example
    >>> keeps_every_event(example())
    False
    """
    return view.has_windows and (view.forecast or view.is_endless)


def windows_after(view: View, time: int | None) -> int:
    """Return after which known-at time an event can matter to windows at ``time`` and later.

    >>> from interplane.views.view import example
    >>> windows_after(example(), 1000)
    900
    """
    if time is None or keeps_every_event(view):
        return BEFORE_ALL
    return max(time - view.longest_us, BEFORE_ALL)
