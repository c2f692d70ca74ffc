"""The skew of a canary, as a reason for or against its promotion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.errors import InterplaneError
from interplane.project.audit import latest_audit, skew_of
from interplane.project.recorded_audit import audit_by_record

if TYPE_CHECKING:
    from interplane.project.crossings import Recorded
    from interplane.project.project import Project

__all__ = ["audit_text", "audited_skew", "known_skew"]


def known_skew(project: Project, canary: Recorded) -> str:
    """Return why the latest audit of a canary forbids a promotion; empty if it does not."""
    record = skew_of(project, canary)
    if record is None:
        return ""
    return (
        f"its latest audit found a skew rate of {record.worst:.2%} in {record.worst_of!r}, "
        f"more than {project.config.rollout.max_skew:.2%}"
    )


def audited_skew(project: Project, canary: Recorded, *, seed: int, actor: str) -> str:
    """Audit a canary as its policy says; return why its skew forbids a promotion, or nothing."""
    policy = project.config.rollout
    if policy.audit:
        try:
            audit_by_record(project, canary, rows=policy.audit_rows, seed=seed, actor=actor)
        except InterplaneError as error:
            return f"its skew could not be audited: {error.what}"
    return known_skew(project, canary)


def audit_text(project: Project, canary: Recorded) -> str:
    """Return what the latest audit of a canary found, in a few words."""
    record = latest_audit(project.store, canary.digest)
    if record is None:
        return "audit: none"
    return (
        f"audit: of {record.rows:,} predictions {record.skewed:,} differ, of "
        f"{record.pending:,} some history has not arrived"
    )
