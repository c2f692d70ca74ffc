"""Skew audits on a schedule: what answers is audited again and again, by its own recorded code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from interplane.errors import InterplaneError
from interplane.project.crossings import find_crossing
from interplane.project.recorded_audit import audit_by_record
from interplane.storage.clock import micros_of
from interplane.storage.names import audit_pointer, named_pointer

if TYPE_CHECKING:
    from interplane.project.crossings import Recorded
    from interplane.project.project import Project
    from interplane.record import Digest

__all__ = ["ACTOR", "AuditSchedule"]

ACTOR: Final = "audits"
"""Who audits, in the record."""

_MODELS: Final = "model/"
_FEWEST: Final = timedelta(days=7)
"""Predictions of at least so long are drawn from: what is looked up for the last ones arrives late."""


class AuditSchedule:
    """Audits each live crossing as often as ``[monitoring] audit_every`` says.

    When a crossing was audited last stands in the catalog, whoever asked for it. In memory is only
    when an audit was tried, so that one that fails is not tried again each time.

    Args:
        project: the project.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._tried: dict[Digest, datetime] = {}

    def audit_what_is_due(self, now: datetime) -> list[str]:
        """Audit each live crossing that is due, and return what they are called.

        Predictions are drawn from the newest seven days of the crossing, or from as long as two
        audits are apart. A crossing that has answered nothing yet is left alone.

        Args:
            now: the time.

        Raises:
            InterplaneError: what kept the first crossing from being audited; the others are audited.
        """
        every = self._project.config.monitoring.audit_every_s
        if every is None:
            return []
        due = [each for each in self._live() if self._is_due(each, now, timedelta(seconds=every))]
        audited: list[str] = []
        failures: list[InterplaneError] = []
        for digest in due:
            self._tried[digest] = now
            found = find_crossing(self._project.store, digest)
            try:
                if self._audit(found, now, every):
                    audited.append(found.name)
            except InterplaneError as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return audited

    def _live(self) -> list[Digest]:
        catalog = self._project.store.catalog
        models = [series.removeprefix(_MODELS) for series in catalog.names(_MODELS)]
        found = [catalog.pointer(named_pointer("model", model, "live")) for model in models]
        return [digest for digest in found if digest is not None]

    def _is_due(self, crossing: Digest, now: datetime, every: timedelta) -> bool:
        tried = self._tried.get(crossing)
        moves = self._project.store.catalog.moves(audit_pointer(crossing))
        audited = datetime.fromisoformat(moves[-1].at) if moves else None
        return all(at is None or now - at >= every for at in (tried, audited))

    def _audit(self, found: Recorded, now: datetime, every_s: float) -> bool:
        """Audit a crossing; False if it has answered nothing."""
        newest = self._newest(found)
        if newest is None:
            return False
        config = self._project.config.monitoring
        audit_by_record(
            self._project,
            found,
            rows=config.audit_rows,
            seed=micros_of(now) // int(every_s * 1e6),  # another sample each time
            actor=ACTOR,
            since=newest - max(_FEWEST, timedelta(seconds=2 * every_s)),
        )
        return True

    def _newest(self, found: Recorded) -> datetime | None:
        """Return the newest prediction time of a crossing."""
        logged = self._project.predictions(found.crossing.model_name)
        [row] = (
            logged.select("time", "crossing")
            .sql(f"SELECT max(time) AS newest FROM self WHERE crossing = '{found.digest}'")
            .to_rows()
        )
        newest: datetime | None = row["newest"]
        return None if newest is None else newest.replace(tzinfo=UTC)
