"""The journal of a project: where it lies, and who is told what in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.monitoring.alerts.journal import SqliteJournal
from interplane.monitoring.alerts.owners import Owner

if TYPE_CHECKING:
    from interplane.project.project import Project

__all__ = ["JOURNAL", "find_journal", "open_journal"]

JOURNAL: Final = "journal.sqlite"
"""The file of the journal, in the workspace."""


def open_journal(project: Project) -> SqliteJournal:
    """Open the journal of a project, made where there is none yet.

    Raises:
        StorageError: if it cannot be opened.
    """
    _ = project.store  # the workspace is there from now on
    owners = project.config.owners

    def channels(owner: str) -> tuple[str, ...]:
        return owners.get(owner, Owner()).channels

    return SqliteJournal(
        project.workspace / JOURNAL, channels=channels, patience_s=project.patience_s
    )


def find_journal(project: Project) -> SqliteJournal | None:
    """Open the journal of a project, if it has one: to look needs no file to be made."""
    return open_journal(project) if (project.workspace / JOURNAL).exists() else None
