"""What a keeper does for a project: the passes of ``interplane up``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from interplane.monitoring.alerts.channels import open_channel
from interplane.monitoring.alerts.delivery import deliver
from interplane.monitoring.alerts.outgoing import Outgoing
from interplane.monitoring.alerts.owners import Owner
from interplane.monitoring.triggers.firing_pass import pass_over_triggers
from interplane.project.firing_runs import RecordedRuns
from interplane.project.keeper import Pass
from interplane.storage.clock import micros_of
from interplane.storage.names import series_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from interplane.monitoring.alerts.channels import Channel
    from interplane.monitoring.alerts.ports import Journal
    from interplane.project.project import Project
    from interplane.record import Digest
    from interplane.serving.log_lines import LogLines

__all__ = ["Upkeep"]

_COMPACT_S: Final = 20.0
_KEEP_S: Final = 3600.0


class Upkeep:
    """The passes of a project, over one journal.

    Args:
        project: the project.
        journal: its journal.
        log: where alerts and what goes wrong are said.
    """

    def __init__(self, project: Project, journal: Journal, *, log: LogLines) -> None:
        self._project = project
        self._journal = journal
        self._log = log
        self._outgoing = Outgoing(project.config.delivery)
        self.runs = RecordedRuns(project)

    def passes(self, watching: Sequence[Pass] = ()) -> list[Pass]:
        """Return all passes, in the order of a turn.

        Args:
            watching: those that look at what servers logged; they come after compaction, and before
                what follows from them.
        """
        return [
            Pass("compaction", self.compact, _COMPACT_S),
            *watching,
            Pass("triggers", self.fire),
            Pass("deliveries", self.tell),
            Pass("keeping", self.keep, _KEEP_S),
        ]

    def compact(self, now: datetime) -> None:
        """Compact the prediction log and that of shadows, and pack outcomes, as far as there are any."""
        from interplane.predictions.compact import compact
        from interplane.project.outcomes import pack_outcomes
        from interplane.project.predictions import log_folder, shadow_folder

        del now
        for folder in (log_folder(self._project), shadow_folder(self._project)):
            if folder.is_dir():
                compact(folder)
        pack_outcomes(self._project)

    def fire(self, now: datetime) -> None:
        """Make a pass over triggers: what fires, what became of runs, what is to start."""
        pass_over_triggers(
            self._journal,
            self.runs,
            self._project.config.trigger,
            versions=self._versions(),
            now_us=micros_of(now),
        )

    def tell(self, now: datetime) -> None:
        """Send what is to be told."""
        deliver(
            self._journal,
            self._channel,
            project=self._project.config.name,
            attempts=self._project.config.delivery.attempts,
            now_us=micros_of(now),
        )

    def keep(self, now: datetime) -> None:
        """Let go of what was over long ago."""
        days = timedelta(days=self._project.config.monitoring.keep_days)
        self._journal.prune(before_us=micros_of(now - days))
        self.runs.forget(self._journal.firings())

    def is_at_work(self) -> bool:
        """Return whether a run was started of which nobody knows yet how it ended."""
        return bool(self._journal.firings(states=["started"]))

    def _versions(self) -> dict[str, list[Digest]]:
        catalog = self._project.store.catalog
        named = {item.data for item in self._project.config.trigger if item.data is not None}
        return {
            name: [member.digest for member in catalog.series(series_name("data", name))]
            for name in named
        }

    def _channel(self, owner: str, channel: str) -> Channel:
        config = self._project.config
        return open_channel(
            channel,
            config.owners.get(owner, Owner()),
            name=owner,
            config=config.delivery,
            outgoing=self._outgoing,
            log=self._log,
        )
