"""Value types: refs, digests, tables, verdicts, runs, crossings. Frozen, no I/O."""

from interplane.record.audits import Audit
from interplane.record.base import Record, Value
from interplane.record.checkpoints import Checkpoint
from interplane.record.crossings import Crossing, DataUse
from interplane.record.digests import (
    ALGORITHM,
    Digest,
    canonical,
    digest_bytes,
    digest_chunks,
    digest_file,
    digest_value,
    is_digest,
    short,
)
from interplane.record.refs import Ref, check_name
from interplane.record.rollouts import LEAST_SHARE, Rollout
from interplane.record.runs import Artifact, Run, RunEnd, Snapshot, StepKey, StepRun
from interplane.record.tables import TYPES, Addition, Column, DataVersion, Part, Type
from interplane.record.verdicts import Breach, Verdict
from interplane.record.views import ViewVersion

__all__ = [
    "ALGORITHM",
    "KINDS",
    "LEAST_SHARE",
    "TYPES",
    "Addition",
    "Artifact",
    "Audit",
    "Breach",
    "Checkpoint",
    "Column",
    "Crossing",
    "DataUse",
    "DataVersion",
    "Digest",
    "Part",
    "Record",
    "Ref",
    "Rollout",
    "Run",
    "RunEnd",
    "Snapshot",
    "StepKey",
    "StepRun",
    "Type",
    "Value",
    "Verdict",
    "ViewVersion",
    "canonical",
    "check_name",
    "digest_bytes",
    "digest_chunks",
    "digest_file",
    "digest_value",
    "is_digest",
    "short",
]

KINDS: dict[str, type[Record]] = {
    str(record.__struct_config__.tag): record
    for record in (
        *(Addition, Audit, Checkpoint, Crossing, DataVersion, Rollout, Run, RunEnd, Snapshot),
        *(StepRun, ViewVersion),
    )
}
"""Every kind of entry that a catalog can hold."""
