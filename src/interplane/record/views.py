"""A version of a feature view, as the catalog keeps it."""

from __future__ import annotations

from typing import Any

from interplane.record.base import Record

__all__ = ["ViewVersion"]


class ViewVersion(Record, frozen=True, kw_only=True, tag="view-version"):
    """One definition of a feature view; another definition is another version.

    Attributes:
        name: the view's name.
        definition: the view (plain JSON; see views.View).
    """

    name: str
    definition: dict[str, Any]
