"""Versions of feature views in a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interplane.record import ViewVersion
from interplane.storage.names import series_name
from interplane.views.view import View

if TYPE_CHECKING:
    from interplane.record import Digest
    from interplane.storage.store import Store

__all__ = ["RecordedView", "list_views", "view_name"]


@dataclass(frozen=True)
class RecordedView:
    """A version of a feature view with what the workspace says of it.

    Attributes:
        view: the view.
        number: its number under its name.
        at: when it was recorded.
        actor: who recorded it.
    """

    view: View
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
            view=View.from_dict(store.record(member.digest, ViewVersion).definition),
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
