"""The history that a crossing looks up, brought into the project's online store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from interplane.errors import UsageError
from interplane.project.crossings import find_crossing, load
from interplane.project.recorded import frozen_of, recorded_tables
from interplane.project.views import name_of_version
from interplane.views.derived import sources_of, stored_views

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interplane.models.model import Model
    from interplane.project.running import Running
    from interplane.record import Digest

__all__ = ["Materialization", "materialize"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Materialization:
    """What was brought of one view.

    Attributes:
        name: the version of the view, for example ``carrier_history@1``.
        digest: the digest of its definition.
        events: how many events its source has.
        rows: how many rows its source has; those that are no events are in no feature.
        lacking: how many of them are null in each column that makes an event; those without any left out.
        left_out: what of that is told; empty if all rows are events.
        written: how many of them were new to the online store.
        entities: how many entities they are of.
        horizon: from when on the view can be read (ISO 8601, UTC).
    """

    name: str
    digest: Digest
    events: int
    rows: int
    lacking: Mapping[str, int]
    left_out: str
    written: int
    entities: int
    horizon: str


def materialize(
    running: Running,
    reference: str,
    *,
    since: datetime | None = None,
    pins: Mapping[str, str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> list[Materialization]:
    """Bring the events of every view that a crossing reads into the online store.

    The crossing's own steps make the sources of its latest (or pinned) data.

    Args:
        running: the crossing's pipeline.
        reference: the crossing, for example ``flights@live``.
        since: from when on predictions will be made; by default as before, and of a view that is new
            from its latest event on.
        pins: references for inputs that are not to be the latest.
        progress: is told the share that is done, from 0 to 1.

    Raises:
        UsageError: if the code, schemas or datasets of the crossing have changed since.
        StorageError: if the online store cannot be written. The same call may be made again.
    """
    from interplane.views.materialize import materialize as bring
    from interplane.views.source_events import no_events_text
    from interplane.views.union import source_table

    now = datetime.now(UTC)
    if since is not None and since.replace(tzinfo=since.tzinfo or UTC) > now:
        raise UsageError(
            f"the history since {since:%Y-%m-%dT%H:%M:%SZ}, which is to come",
            expected=f"a time that has been: it is {now:%Y-%m-%dT%H:%M:%SZ} (UTC)",
            do="Say from when on predictions will be made. What is older cannot be looked up then",
        )

    project = running.project
    found = find_crossing(project.store, reference)
    model: Model = load(project.store, found.crossing.model)
    uses = frozen_of(model).uses
    # A view that is joined twice, or that several others stand on, is brought once.
    views = {view.digest: view for use in uses.values() for view in stored_views(use.view)}
    if not views:
        return []
    tables = recorded_tables(running, found, sources_of(uses), pins)
    online = project.open_online()
    tell = progress or (lambda _share: None)
    done = []
    try:
        for place, view in enumerate(views.values()):

            def share(part: float, place: int = place) -> None:
                tell((place + part) / len(views))

            source = source_table(view, tables)
            brought = bring(online, view, source, since=since, latest=now, progress=share)
            done.append(
                Materialization(
                    name=name_of_version(project.store, view),
                    digest=view.digest,
                    events=brought.events,
                    rows=brought.rows,
                    lacking=brought.lacking,
                    left_out=no_events_text(brought.rows, brought.events, brought.lacking),
                    written=brought.written,
                    entities=brought.entities,
                    horizon=_text(brought.horizon),
                )
            )
    finally:
        online.close()
    return done


def _text(time_us: int) -> str:
    moment = _EPOCH + timedelta(microseconds=time_us)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
