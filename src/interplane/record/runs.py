"""What a run leaves behind: artifacts, step runs, the run's beginning and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import UNSET, UnsetType

from interplane.record.base import Record, Value
from interplane.record.digests import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Artifact", "Run", "RunEnd", "Snapshot", "StepKey", "StepRun"]


class Artifact(Value, frozen=True, kw_only=True):
    """What a step returned: its kind (which codec reads it), its digest, and what it stands on.

    Attributes:
        kind: table, dataframe, array, json, dataclass, frozen, model, evaluation, verdict,
            figure or files.
        digest: the digest of its description (a small value); equal content, equal digest.
        blobs: the blobs that the description names (parts, model files …).
        summary: one line for a person.
    """

    kind: str
    digest: Digest
    blobs: tuple[Digest, ...] = ()
    summary: str = ""


class StepKey(Value, frozen=True, kw_only=True):
    """Everything that a step's outcome may depend on; its digest is the key of reuse.

    Attributes:
        step: the name of the step.
        code: digest of the normalised syntax of each project function, class and constant
            reached, by qualified name.
        distributions: versions of the distributions that this code imports, by name.
        parameters: hyperparameters, as plain JSON values.
        inputs: digest of each input, by parameter name.
        seed: the seed that the step's random sources start from.
        unfollowed: names that the fingerprint could not follow, for the record.
    """

    step: str
    code: dict[str, Digest]
    distributions: dict[str, str]
    parameters: dict[str, Any]
    inputs: dict[str, Digest]
    outputs: tuple[str, ...]
    seed: int
    unfollowed: tuple[str, ...] = ()


class Snapshot(Record, frozen=True, kw_only=True, tag="snapshot"):
    """The state of the code plane when a run began.

    Attributes:
        commit: the git commit, if the project is in git.
        diff: the blob of the uncommitted differences (tracked and new files), if there are any.
        environment: the blob of the environment: Python, platform, installed distributions.
        archive: the blob of the project's files, where it is not in git. It is left out of the form
            where there is none: so records of before there were any keep their digest.
    """

    project: str
    commit: str | None
    diff: Digest | None
    environment: Digest
    archive: Digest | UnsetType = UNSET

    def links(self) -> Iterator[Digest]:
        """Yield the blobs of the diff, of the environment and of the archive."""
        if self.diff is not None:
            yield self.diff
        yield self.environment
        if self.archive is not UNSET:
            yield self.archive


class StepRun(Record, frozen=True, kw_only=True, tag="step-run"):
    """One execution of a step.

    ``metrics`` is the blob of the curves that it told as it trained (`interplane.pipeline.metric_curves`);
    it is left out of the form where there are none: so records of before there were any keep their digest.
    """

    run: Digest
    key: StepKey
    status: Literal["done", "failed"]
    outputs: dict[str, Artifact] = {}
    attempts: int = 1
    started_at: str
    duration_s: float
    cpu_s: float = 0.0
    log: Digest | None = None
    error: str | None = None
    metrics: Digest | UnsetType = UNSET

    def links(self) -> Iterator[Digest]:
        """Yield the run, the outputs with their blobs, the log and the metrics."""
        yield self.run
        for artifact in self.outputs.values():
            yield artifact.digest
            yield from artifact.blobs
        if self.log is not None:
            yield self.log
        if self.metrics is not UNSET:
            yield self.metrics


class Run(Record, frozen=True, kw_only=True, tag="run"):
    """The beginning of a run: what was asked for. ``id`` makes two runs of one command differ.

    Attributes:
        takes: what each step takes, in an order that can run: names of inputs and of steps; empty in
            runs of before it was kept.
    """

    id: str
    pipeline: str
    parameters: dict[str, Any]
    inputs: dict[str, Digest | None]
    snapshot: Digest
    started_at: str
    resumed_from: Digest | None = None
    takes: dict[str, tuple[str, ...]] = {}

    def links(self) -> Iterator[Digest]:
        """Yield the snapshot and the inputs."""
        yield self.snapshot
        for digest in self.inputs.values():
            if digest is not None:
                yield digest


class RunEnd(Record, frozen=True, kw_only=True, tag="run-end"):
    """The end of a run: how it went, which steps were reused, what it published."""

    run: Digest
    status: Literal["done", "failed", "gate-closed"]
    ended_at: str
    steps: dict[str, str] = {}
    step_runs: dict[str, Digest] = {}
    crossings: tuple[Digest, ...] = ()
    error: str | None = None

    def links(self) -> Iterator[Digest]:
        """Yield the run, its step runs and its crossings."""
        yield self.run
        yield from self.step_runs.values()
        yield from self.crossings
