"""Serving a project's crossings: what a server's worker is made of, and whether a crossing could serve."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from interplane.errors import UnknownName
from interplane.project.live_skew import live_skews
from interplane.project.online_views import find_view
from interplane.project.outcomes import key_types
from interplane.project.project import Project
from interplane.serving.endpoint import CrossingEndpoint
from interplane.serving.events import PushedEvents
from interplane.serving.feature_reads import FeatureReads
from interplane.serving.feature_values import FeatureViews
from interplane.serving.gauges import LiveGauges
from interplane.serving.ids import ClientIds
from interplane.serving.live import LiveModels
from interplane.serving.loading import load_crossing
from interplane.serving.outcomes import PushedOutcomes
from interplane.serving.ports import RowPath
from interplane.views.lookups import LookUps
from interplane.views.states import States

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.predictions.writer import SegmentWriter
    from interplane.project.crossings import Recorded
    from interplane.record import Digest
    from interplane.serving.ports import Meter, Opening
    from interplane.storage.store import Store
    from interplane.views.derived import AnyUse
    from interplane.views.view import View

__all__ = ["LOG", "check_serves", "open_server"]

_MOST_READ = 10_000

LOG = "predictions"
"""The folder of the prediction log, in the workspace."""


def check_serves(project: Project, found: Recorded) -> None:
    """Load a crossing as a server would: replay its golden rows, ask for the history it looks up.

    A crossing that was published without its training rows has no request schema. No server takes
    it, and it may be live all the same: runs compare with it.

    Raises:
        Corrupt: if bytes of it are damaged.
        GoldenBroken: if a golden row comes to other bits here than where it was made.
        NotFound: if nothing was materialized of a view that it reads.
    """
    if found.crossing.request_schema is None:
        return
    loaded = load_crossing(project.store, found.digest)
    if not loaded.frozen.uses:
        return
    online = project.open_online()
    states = States(online)
    try:
        LookUps(loaded.frozen.uses, states).check()
    finally:
        states.close()
        online.close()


def open_server(opening: Opening, meter: Meter) -> RowPath:
    """Return the row path of a worker: its models, its log, and where pushed events go.

    Raises:
        ConfigError: if there is no project.
        StorageError: if its workspace cannot be opened.
    """
    from interplane.predictions.writer import SegmentWriter

    project = Project.find(Path(opening.project))
    folder = project.workspace / LOG
    online = project.open_online()
    log = SegmentWriter(folder, name=f"worker-{opening.slot}", sync_ms=opening.log_sync_ms)
    worker = _Worker(
        store=project.store,
        states=States(online, counts=partial(_counts, meter)),
        log=log,
        ids=ClientIds(folder / "ids.sqlite"),
        meter=meter,
        replay=opening.replay,
    )
    models = LiveModels(project.store.catalog, worker.load, meter=meter, models=opening.models)
    outcomes = PushedOutcomes(
        project.open_outcomes(), partial(key_types, project.store), replay=opening.replay
    )
    events = PushedEvents(online, replay=opening.replay)
    # Of their own: a read of a thousand entities must not hold up a prediction.
    states = States(online, most_entities=_MOST_READ, counts=partial(_counts, meter))
    features = FeatureReads(
        FeatureViews(partial(find_view, project.store), states),
        events,
        service=partial(_looked_up, models),
    )
    return RowPath(
        models=models,
        log=log,
        events=events,
        outcomes=outcomes,
        features=features,
        gauges=LiveGauges(online, partial(live_skews, project.store)),
    )


def _counts(meter: Meter, view: View) -> memoryview[int]:
    """Return where the look-ups of a view are counted."""
    return meter.look_ups(view.name, view.digest)


def _looked_up(models: LiveModels, model: str) -> Mapping[str, AnyUse]:
    """Return the views that the live crossing of a model looks up.

    Raises:
        UnknownName: if no such model is live.
    """
    endpoint = models.find(model)
    if not isinstance(endpoint, CrossingEndpoint):
        raise UnknownName.of(
            "feature service",
            model[:100].encode(errors="backslashreplace").decode(),
            models.names(),
        )
    return endpoint.uses


class _Worker:
    """What the endpoints of a worker share."""

    def __init__(
        self,
        *,
        store: Store,
        states: States,
        log: SegmentWriter,
        ids: ClientIds,
        meter: Meter,
        replay: bool,
    ) -> None:
        self._store = store
        self._states = states
        self._log = log
        self._ids = ids
        self._meter = meter
        self._replay = replay

    def load(self, digest: Digest) -> CrossingEndpoint:
        """Load a crossing, prove it, and make its endpoint.

        Raises:
            NotFound: if nothing was materialized of a view that it reads.
            UsageError: if it cannot be served.
        """
        loaded = load_crossing(self._store, digest)
        look_ups = None
        if loaded.frozen.uses:
            look_ups = LookUps(loaded.frozen.uses, self._states)
            look_ups.check()
        return CrossingEndpoint(
            loaded,
            log=self._log,
            ids=self._ids,
            meter=self._meter,
            look_ups=look_ups,
            replay=self._replay,
        )
