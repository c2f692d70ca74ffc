"""How the online store in Redis lets go of what matters no more, some hundred entities at a time.

What can go is found while others write. That is safe, because events only ever hide others: what
matters no more never matters again. Readers need not be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.views.redis.members import event_of, up_to
from interplane.views.retention import keeps_every_event, windows_after

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.views.encoding import Encoding
    from interplane.views.ports import Registered
    from interplane.views.redis.link import RedisLink

__all__ = ["drop_forgotten", "prune"]


def prune(link: RedisLink, registered: Registered, horizon: int, encoding: Encoding) -> None:
    """Drop what no look-up from the view's horizon on can depend on."""
    view, number, _ = registered
    name = str(number).encode()
    latest = up_to(horizon) if view.has_latest else b""
    old = b""
    if view.has_windows and not keeps_every_event(view):
        old = up_to(windows_after(view, horizon))
    for entities in _pages(link, name):
        replaced: Sequence[Sequence[bytes]] = [()] * len(entities)
        if keeps_every_event(view):
            asked = [(name, entity, b"", b"", b"-", up_to(horizon)) for entity in entities]
            _, found = link.read("read", asked, False, 0)
            replaced = [_replaced(versions, encoding) for _, versions in found]
        told = list(zip(entities, replaced, strict=True))
        link.change("prune", name, latest, old, told)


def drop_forgotten(link: RedisLink, numbers: Sequence[bytes]) -> None:
    """Drop the events of views that are not registered any more."""
    for number in numbers:
        for entities in _pages(link, number):
            link.change("drop", number, entities)
        link.change("drop", number, ())


def _replaced(members: Sequence[bytes], encoding: Encoding) -> list[bytes]:
    """Return the versions that others of their event have replaced by the horizon."""
    last: dict[Any, int] = {}
    events = [event_of(member, encoding) for member in members]
    for event in events:
        last[event.key] = event.known  # they come in the order in which they were known
    return [
        member
        for member, event in zip(members, events, strict=True)
        if event.known < last[event.key]
    ]


def _pages(link: RedisLink, number: bytes) -> Iterator[list[bytes]]:
    cursor = b"0"
    while True:
        cursor, entities = link.scan(b"n:" + number, cursor)
        if entities:
            yield entities
        if cursor == b"0":
            return
