"""Which feature view a name means online, and what is read of it in Python."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import UnknownName, UsageError
from interplane.record import Crossing, ViewVersion
from interplane.storage.names import named_pointer, series_name
from interplane.views.derived import view_from_dict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.project.project import Project
    from interplane.record import Digest
    from interplane.storage.store import Store
    from interplane.views.derived import AnyView
    from interplane.views.statuses import Status

__all__ = ["OnlineFeatures", "find_view", "plain_rows", "read_online"]

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - timestamps are UTC, and naive
_DO: Final = 'See them with "interplane views"'


@dataclass(frozen=True)
class OnlineFeatures:
    """What a feature view says of one entity at a time.

    Attributes:
        values: the values of its features by name, as a prediction at that time is given them.
        statuses: how each was found: ``present``, ``null``, ``not_found`` where no event of the entity
            is known, or ``outside_ttl`` where the latest is older than the time-to-live.
        event_time: when the newest event of the entity happened (UTC, without a zone); None if none
            is known.
        valid_until: the first time (UTC, without a zone) at which all that may differ though no event
            comes, as windows and ages move with the clock; None if there is none.
    """

    values: Mapping[str, Constant]
    statuses: Mapping[str, Status]
    event_time: datetime | None
    valid_until: datetime | None


def find_view(store: Store, name: str) -> AnyView:
    """Return the view that a name means: that version, or the one that is read now.

    That is the newest that a live crossing reads; where none reads any, the newest on record.

    Args:
        store: the workspace.
        name: for example ``weather``, or ``weather@2``.

    Raises:
        UnknownName: if there is no such view, or version.
    """
    series, _, number = name.partition("@")
    try:
        members = store.catalog.series(series_name("view", series))
    except UsageError:  # no name of a view can be like this
        members = []
    if number:
        members = [each for each in members if str(each.number) == number]
    if not members:
        shown = name[:100].encode(errors="backslashreplace").decode()
        known = [each.removeprefix("view/") for each in store.catalog.names("view/")]
        raise UnknownName.of("feature view", shown, known, do=_DO)
    live = set(_live_views(store))
    chosen = [each for each in members if each.digest in live] or members
    return view_from_dict(store.record(chosen[-1].digest, ViewVersion).definition)


def read_online(
    project: Project,
    view: str,
    entities: Sequence[Mapping[str, Any]],
    *,
    at: datetime | None = None,
) -> list[OnlineFeatures]:
    """Return what the online store knows of entities; see `Project.online_features`."""
    from interplane.serving.feature_values import read_entities
    from interplane.views.online_values import ViewValues
    from interplane.views.states import States
    from interplane.views.view import micros

    found = find_view(project.store, view)
    moment = time.time_ns() // 1000 if at is None else micros(_utc(at))
    rows = read_entities(found, plain_rows(entities), "entities")
    online = project.open_online()
    states = States(online, most_entities=2 * len(rows) + 2)
    try:
        read = ViewValues(found, states).read(rows, moment)
    finally:
        states.close()
        online.close()
    return [
        OnlineFeatures(
            dict(zip(found.types, each.values, strict=True)),
            dict(zip(found.types, each.statuses, strict=True)),
            _moment(each.happened),
            _moment(each.until),
        )
        for each in read
    ]


def plain_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows whose NumPy scalars are Python's, as a row of a data frame has them.

    >>> import numpy as np
    >>> plain_rows([{"ride": np.int64(7), "zone": "north"}])
    [{'ride': 7, 'zone': 'north'}]
    """
    return [
        {
            name: value.item() if type(value).__module__ == "numpy" and value.ndim == 0 else value
            for name, value in row.items()
        }
        for row in rows
    ]


def _moment(time_us: int | None) -> datetime | None:
    """Return microseconds since 1970 as a time; None where the calendar does not reach."""
    if time_us is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=time_us)
    except OverflowError:
        return None


def _live_views(store: Store) -> Iterator[Digest]:
    for series in store.catalog.names("model/"):
        model = series.removeprefix("model/")
        live = store.catalog.pointer(named_pointer("model", model, "live"))
        if live is not None:
            yield from store.record(live, Crossing).views.values()


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
