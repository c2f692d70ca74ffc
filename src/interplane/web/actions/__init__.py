"""What can be done on pages: each in the name of who asks, with a reason, on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.web.actions import alerts, deployment

if TYPE_CHECKING:
    from interplane.web.routes import Action

__all__ = ["ACTIONS"]

ACTIONS: Final[tuple[Action, ...]] = (*deployment.ACTIONS, *alerts.ACTIONS)
"""Every action."""
