"""Features of entities over HTTP, and events pushed to the source of a view.

``POST`` of ``{"entities": [{…}, …]}``, perhaps with ``features`` and ``at``. The answer has for each
entity, in order, its values, how each was found, when its newest event happened, and from when on that may
be otherwise though no event comes.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from interplane.errors import InterplaneError, NotFound, RequestRejected, UnknownName
from interplane.record.json_values import EXPECTED, READERS, Misfit, rejected
from interplane.serving.answers import error_item, refused
from interplane.serving.envelope import MOST_ROWS
from interplane.serving.feast_pushes import read_push
from interplane.serving.feast_reads import FeastReads
from interplane.serving.feature_values import (
    json_value,
    read_entities,
    time_text,
    unknown_feature,
)
from interplane.serving.json_text import read_json
from interplane.serving.pushed_rows import json_answer
from interplane.serving.refusals import Malformed
from interplane.views.view import micros

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.serving.events import PushedEvents
    from interplane.serving.feast_reads import FindService
    from interplane.serving.feature_values import FeatureViews
    from interplane.serving.ports import Answer
    from interplane.views.derived import AnyView

__all__ = ["FeatureReads"]

T = TypeVar("T")

_FIELDS: Final = ("entities", "features", "at")
_FORM: Final = '{"entities": [{…}, …]}, and "features" and "at" if wanted'
_OK: Final = 200
_NOT_FOUND: Final = 404


class FeatureReads:
    """Answers what views know of entities, in a thread beside the event loop.

    Args:
        views: the views by name.
        events: takes events of sources.
        service: gives the views of a model's live crossing as Feast's feature service; raises
            UnknownName.
        most_entities: how many entities a request may ask for.
    """

    def __init__(
        self,
        views: FeatureViews,
        events: PushedEvents,
        *,
        service: FindService,
        most_entities: int = MOST_ROWS,
    ) -> None:
        self._views = views
        self._events = events
        self._most = most_entities
        self._feast = FeastReads(views, service=service, most_entities=most_entities)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="features")

    async def read(self, view: str, body: bytes, *, now_us: int) -> Answer:
        """Answer what is known of some entities. Never raises for what a client sent."""
        return await self._answer(lambda: self._read(view, read_json(body), now_us))

    async def push(self, view: str, body: bytes, *, now_us: int) -> Answer:
        """Answer a push to a view's source when its events are committed."""
        try:
            source = await self._beside(lambda: self._source(view))
        except InterplaneError as error:
            return _refusal(error)
        return await self._events.push(source, body, now_us=now_us)

    async def read_as_feast(self, body: bytes, *, now_us: int) -> Answer:
        """Answer what is known of some entities, in Feast's form."""
        return await self._answer(lambda: self._feast.read(read_json(body), now_us))

    async def push_as_feast(self, body: bytes, *, now_us: int) -> Answer:
        """Answer a push in Feast's form when its events are committed."""
        try:
            source, rows = await self._beside(
                lambda: read_push(read_json(body), most_rows=self._most)
            )
        except InterplaneError as error:
            return _refusal(error)
        return await self._events.push_rows(source, rows, size=len(body), now_us=now_us)

    def close(self) -> None:
        """Wait for what is being read."""
        self._thread.shutdown()

    # ---- in the thread --------------------------------------------------------------------

    async def _answer(self, work: Callable[[], Answer]) -> Answer:
        try:
            return await self._beside(work)
        except InterplaneError as error:
            return _refusal(error)

    async def _beside(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _read(self, name: str, plain: Any, now_us: int) -> Answer:
        values = self._views.get(name)
        view = values.view
        rows, names, time_us = self._opened(view, plain, now_us)
        found = values.read(read_entities(view, rows, "$.entities"), time_us)
        places = {feature: place for place, feature in enumerate(view.types)}
        chosen = [(feature, places[feature]) for feature in names]
        return json_answer(
            _OK,
            {
                "view": view.name,
                "version": view.digest,
                "at": time_text(time_us),
                "entities": [
                    {
                        "values": {feature: json_value(each.values[k]) for feature, k in chosen},
                        "statuses": {feature: each.statuses[k] for feature, k in chosen},
                        "event_time": time_text(each.happened),
                        "valid_until": time_text(each.until),
                    }
                    for each in found
                ],
            },
        )

    def _opened(
        self, view: AnyView, plain: Any, now_us: int
    ) -> tuple[Sequence[Any], Sequence[str], int]:
        """Return what a request asks: rows that name entities, features, and for when."""
        if not isinstance(plain, dict) or not isinstance(plain.get("entities"), list):
            raise _malformed(f"the request is {plain!r:.60}")
        for field in plain:
            if field not in _FIELDS:
                raise _malformed(f"the request has {field!r:.60} at $")
        rows = plain["entities"]
        if len(rows) > self._most:
            raise RequestRejected(
                f"{len(rows):,} entities at $.entities",
                expected=f"at most {self._most:,}",
                do="Ask for them in several requests",
                path="$.entities",
            )
        names = plain.get("features")
        if names is None:
            names = list(view.types)
        if not isinstance(names, list):
            raise _malformed(f"{names!r:.60} at $.features")
        for name in names:
            if not isinstance(name, str) or name not in view.types:
                raise unknown_feature(view, name)
        at = plain.get("at")
        return rows, names, now_us if at is None else _time(at)

    def _source(self, name: str) -> str:
        """Return the source of a view that events can be pushed to by its name."""
        view = self._views.get(name).view
        if len(view.sources) == 1:
            return view.sources[0]
        raise RequestRejected(
            f"the feature view {view.name} takes events of {len(view.sources)} sources",
            expected="a push that says which one its rows are of",
            do="Push to "
            + " or ".join(f"/v1/sources/{source}/events" for source in view.sources[:10]),
        )


def _refusal(error: InterplaneError) -> Answer:
    """Return the answer that says an error; one that is no fault of request or store is raised."""
    if isinstance(error, UnknownName | NotFound):
        return json_answer(_NOT_FOUND, error_item(error))
    return refused(error)


def _time(value: Any) -> int:
    try:
        return micros(READERS["timestamp"](value))
    except Misfit as misfit:
        raise rejected(value, "$.at", expected=EXPECTED["timestamp"], why=str(misfit)) from misfit


def _malformed(what: str) -> InterplaneError:
    return Malformed(what, expected=_FORM, do="Correct the request", path="$")
