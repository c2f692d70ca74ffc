"""What happened last: an open page asks for it, and says when it is out of date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.project.journal import find_journal
from interplane.project.watch_report import alert_words
from interplane.record import Digest, Value, digest_value, short
from interplane.storage.clock import iso_of
from interplane.storage.names import named_pointer, proposal_pointer, rollout_pointer
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.monitoring.alerts.alert import Alert
    from interplane.storage.ports import Catalog, Move

__all__ = ["PAGES", "LatestPage"]

_WORDS: Final = ("live", "canary", "shadow")
_KINDS: Final = {"rollout": "what answers beside it", "proposal": "what is asked to be live"}


class LatestPage(Value, frozen=True, kw_only=True):
    """What people and monitors changed last.

    Attributes:
        moment: another text whenever anything was moved, alerted or acknowledged.
        said: the last of it in words; empty where nothing ever happened.
        who: who did it.
        why: what they said.
        at: when; empty where nothing ever happened.
        href: where it is shown.
    """

    moment: Digest
    said: str = ""
    who: str = ""
    why: str = ""
    at: str = ""
    href: str = "/moves"


def read_latest(asked: Asked) -> LatestPage:
    """Return what happened last to what answers, or to an alert."""
    moves = tuple(_moves(asked.project.store.catalog))
    alerts = _alerts(asked)
    moment = digest_value([[each.sequence for each in moves], [_state(each) for each in alerts]])
    last = max(moves, key=lambda each: each.sequence, default=None)
    found = [] if last is None else [_moved(last, moment)]
    found += [_acknowledged(each, moment) for each in alerts if each.acknowledged is not None]
    return max(found, key=lambda each: each.at, default=LatestPage(moment=moment))


def _moves(catalog: Catalog) -> Iterator[Move]:
    """Yield the last move of each pointer that says what answers."""
    for series in catalog.names("model/"):
        model = series.partition("/")[2]
        pointers = [named_pointer("model", model, word) for word in _WORDS]
        for pointer in (*pointers, rollout_pointer(model), proposal_pointer(model)):
            yield from catalog.moves(pointer)[-1:]


def _alerts(asked: Asked) -> Sequence[Alert]:
    journal = find_journal(asked.project)
    if journal is None:
        return ()
    try:
        return journal.alerts()
    finally:
        journal.close()


def _state(alert: Alert) -> list[object]:
    seen = alert.acknowledged
    return [alert.id, alert.state, alert.windows, None if seen is None else seen.at_us]


def _moved(move: Move, moment: Digest) -> LatestPage:
    kind, _, name = move.pointer.partition("/")
    model, _, word = name.partition("@")
    what = f"{model}@{word}" if word else f"{_KINDS[kind]}, of {model},"
    return LatestPage(
        moment=moment,
        said=f"{what} was moved",
        who=move.actor,
        why=move.reason,
        at=move.at,
        href=f"/models/{model}",
    )


def _acknowledged(alert: Alert, moment: Digest) -> LatestPage:
    assert alert.acknowledged is not None  # noqa: S101 - asked by who calls
    return LatestPage(
        moment=moment,
        said=f"the alert about {alert_words(alert)} was acknowledged",
        who=alert.acknowledged.who,
        why=alert.acknowledged.why,
        at=iso_of(alert.acknowledged.at_us),
        href=f"/alerts/{short(alert.id)}",
    )


PAGES: Final = (
    Page(
        name="latest",
        path="/latest",
        permission="look",
        read=read_latest,
        template="latest.html",
    ),
)
