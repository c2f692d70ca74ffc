"""Serving a project's crossings: what a server is made of, and whether a crossing could serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.project.crossings import load

if TYPE_CHECKING:
    from interplane.project.crossings import Recorded
    from interplane.storage.store import Store

__all__ = ["check_serves"]


def check_serves(store: Store, found: Recorded) -> None:
    """Load a crossing as a server would.

    Raises:
        Corrupt: if bytes of it are damaged.
        DataError: if its model cannot be read.
    """
    load(store, found.crossing.model)
