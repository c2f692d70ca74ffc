"""Versions of feature views in a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interplane.errors import UnknownName, UsageError
from interplane.project.crossings import list_crossings
from interplane.record import ViewVersion
from interplane.storage.names import series_name
from interplane.views.derived import Derived, stored_views, view_from_dict

if TYPE_CHECKING:
    from interplane.project.crossings import Recorded
    from interplane.project.project import Project
    from interplane.record import Digest
    from interplane.storage.store import Store
    from interplane.views.derived import AnyView

__all__ = ["RecordedView", "forget_view", "list_views", "name_of_version", "view_name"]


@dataclass(frozen=True)
class RecordedView:
    """A version of a feature view with what the workspace says of it.

    Attributes:
        view: the view.
        number: its number under its name.
        at: when it was recorded.
        actor: who recorded it.
    """

    view: AnyView
    number: int
    at: str
    actor: str

    @property
    def name(self) -> str:
        """For example ``carrier_history@2``."""
        return f"{self.view.name}@{self.number}"


def list_views(store: Store) -> list[RecordedView]:
    """Return every version of every feature view, by name and oldest first."""
    return [
        RecordedView(
            view=view_from_dict(store.record(member.digest, ViewVersion).definition),
            number=member.number,
            at=member.at,
            actor=member.actor,
        )
        for series in store.catalog.names("view/")
        for member in store.catalog.series(series)
    ]


def view_name(store: Store, digest: Digest) -> str:
    """Return what a person calls a recorded version of a view: ``carrier_history@2``."""
    name = store.record(digest, ViewVersion).name
    members = store.catalog.series(series_name("view", name))
    number = next((member.number for member in members if member.digest == digest), "?")
    return f"{name}@{number}"


def name_of_version(store: Store, view: AnyView) -> str:
    """Return what a person calls a version of a view that was recorded with a crossing."""
    return view_name(store, ViewVersion(name=view.name, definition=view.to_dict()).digest)


def forget_view(project: Project, name: str, *, even_live: bool = False) -> RecordedView:
    """Let the online store keep no more events of a version of a view; the version stays on record.

    Events that are pushed to its source have to fit every version that is kept.

    Args:
        project: the project.
        name: the version, for example ``carrier_history@1``.
        even_live: also one that a live crossing reads: until it is materialized again its predictions are
            refused, and so is what is pushed to a source that no other view reads.

    Raises:
        UnknownName: if there is no such version.
        UsageError: if a live crossing reads it, unless that is meant, or it stands on other views and has no events.
    """
    recorded = {item.name: item for item in list_views(project.store)}
    if name not in recorded:
        raise UnknownName.of("feature view", name, recorded, do='See them with "interplane views"')
    found = recorded[name]
    if isinstance(found.view, Derived):
        raise UsageError(
            f"{name} stands on other views: the online store has no events of it",
            expected="a view of a source",
            do=f"Forget one of {', '.join(each.name for each in stored_views(found.view))}",
        )
    for crossing in () if even_live else list_crossings(project.store):
        if "live" in crossing.pointers and found.view.digest in _read_by(project.store, crossing):
            raise UsageError(
                f"{name} is read by {crossing.name}, which is live",
                expected="a version that no live crossing reads",
                do="Deploy a crossing that reads another one first. To bring more of the past, forget it with "
                f'--even-live, and call "interplane materialize {crossing.name} --since TIME" at once: its '
                "predictions are refused in between",
            )
    online = project.open_online()
    try:
        online.forget(found.view)
    finally:
        online.close()
    return found


def _read_by(store: Store, crossing: Recorded) -> set[Digest]:
    """Return the stored views that a crossing reads, those that others stand on among them."""
    versions = (store.record(each, ViewVersion) for each in crossing.crossing.views.values())
    views = (view_from_dict(version.definition) for version in versions)
    return {stored.digest for view in views for stored in stored_views(view)}
