"""The crossing: one record of a model version and of everything it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET, UnsetType

from interplane.record.base import Record, Value
from interplane.record.digests import Digest
from interplane.record.runs import Artifact, StepKey
from interplane.record.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Crossing", "DataUse"]


class DataUse(Value, frozen=True, kw_only=True):
    """A data version that a crossing stands on.

    Attributes:
        dataset: the dataset's name.
        version: the digest of the version.
        schema: the value of the schema it was read through, if any.
        as_of: the latest time in it that the model can have known, ISO 8601, if the dataset
            declares a time column.
    """

    dataset: str
    version: Digest
    schema: Digest | None = None
    as_of: str | None = None


class Crossing(Record, frozen=True, kw_only=True, tag="crossing"):
    """One model version. Says nothing of when and where: the catalog's entry does.

    Attributes:
        model_name: the name it is published under.
        pipeline: the pipeline that made it.
        steps: the key of each step of the pipeline, by name: code, parameters, inputs, seeds.
        commit: the git commit of the project, if it is in git.
        diff: the blob of uncommitted differences.
        environment: the blob of the environment lock.
        data: the data versions, by input name.
        parameters: the hyperparameters, by step.
        seeds: the seeds, by step.
        frozen: the artifact of the frozen features.
        model: the artifact of the model.
        request_schema: what one request must look like (plain JSON; see models.RequestSchema).
        evaluation: the artifact of the evaluation.
        verdict: the outcome of the gate.
        baselines: what monitors compare with: the profile of the training rows (``train``), and
            rows in the form of the prediction log (``rows``), where the publication names some.
        parity: the proof that engine and row program agree (plain JSON; see features.parity).
        champion: the crossing that it was compared with.
        views: the versions of the feature views that it reads, by the parameter of its features.
        golden: the blob of inputs with the outputs that they had, replayed before it serves.
        archive: the blob of the project's files, where it is not in git; left out of the form where
            there is none, as in `Snapshot`.
    """

    model_name: str
    pipeline: str
    steps: dict[str, StepKey]
    commit: str | None
    diff: Digest | None
    environment: Digest
    data: dict[str, DataUse]
    parameters: dict[str, dict[str, Any]]
    seeds: dict[str, int]
    frozen: Artifact | None
    model: Artifact
    request_schema: dict[str, Any] | None
    evaluation: Artifact | None
    verdict: Verdict
    baselines: dict[str, Digest]
    parity: dict[str, Any] | None
    champion: Digest | None = None
    views: dict[str, Digest] = {}
    golden: Digest | None = None
    archive: Digest | UnsetType = UNSET

    def links(self) -> Iterator[Digest]:
        """Yield everything that the crossing stands on."""
        yield self.environment
        if self.diff is not None:
            yield self.diff
        for use in self.data.values():
            yield use.version
            if use.schema is not None:
                yield use.schema
        for artifact in (self.frozen, self.model, self.evaluation):
            if artifact is not None:
                yield artifact.digest
                yield from artifact.blobs
        yield from self.baselines.values()
        yield from self.views.values()
        if self.golden is not None:
            yield self.golden
        if self.champion is not None:
            yield self.champion
        if self.archive is not UNSET:
            yield self.archive
