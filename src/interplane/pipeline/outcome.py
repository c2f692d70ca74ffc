"""What a run tells while it runs, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from interplane.errors import GateClosed, UnknownName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.pipeline.plan import Plan
    from interplane.record import Artifact, Digest, Run, Verdict

__all__ = ["CodeState", "Event", "Outcome", "Published"]


class CodeState(Protocol):
    """The state of the code plane; `interplane.project.snapshot` takes it."""

    @property
    def commit(self) -> str | None:
        """The git commit."""
        ...

    @property
    def diff(self) -> bytes | None:
        """The uncommitted differences."""
        ...

    @property
    def environment(self) -> bytes:
        """Python, platform and installed distributions."""
        ...

    @property
    def archive(self) -> bytes | None:
        """The project's files, where it is not in git."""
        ...


class Event(NamedTuple):
    """Something that a run tells.

    Attributes:
        kind: what happened.
        step: with which step.
        text: more about it: the reason, the error.
        seconds: how long it took.
    """

    kind: Literal["reused", "started", "done", "retried", "failed", "skipped", "published"]
    step: str
    text: str = ""
    seconds: float = 0.0


class Published(NamedTuple):
    """A crossing that a run published.

    Attributes:
        name: the model's name.
        number: its number in this workspace: ``name@number``.
        crossing: its digest.
        verdict: the outcome of its gate.
        is_new: whether it was not there before.
    """

    name: str
    number: int
    crossing: Digest
    verdict: Verdict
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a run that ended.

    Attributes:
        run: the run's digest.
        record: the run's record.
        status: ``gate-closed`` if a gate did not let a crossing pass.
        plan: what was planned.
        steps: ``reused`` or ``done``, by step.
        artifacts: what the steps made, by output.
        published: the crossings.
        seconds: how long the run took.
    """

    run: Digest
    record: Run
    status: Literal["done", "gate-closed"]
    plan: Plan
    steps: Mapping[str, str]
    artifacts: Mapping[str, Artifact]
    published: tuple[Published, ...] = ()
    seconds: float = field(default=0.0, compare=False)

    def artifact(self, output: str) -> Artifact:
        """Return what was made under the name of an output, or raise UnknownName."""
        if output not in self.artifacts:
            raise UnknownName.of("output", output, self.artifacts, where="this run")
        return self.artifacts[output]

    def raise_if_closed(self) -> None:
        """Raise GateClosed if a gate did not let a crossing pass; says which, and its rules."""
        closed = [item for item in self.published if not item.verdict.passed]
        if closed:
            name = f"{closed[0].name}@{closed[0].number}"
            first = next(item for item in closed[0].verdict.breaches if item.action == "stop")
            raise GateClosed(
                f"the gate of {name} is closed: {first.rule}: {first.found}",
                expected="a verdict that lets it pass",
                do=f'It is recorded and cannot be deployed. See "interplane show {name}"',
                crossings=[item.crossing for item in closed],
            )

    def _repr_html_(self) -> str:
        from interplane.pipeline.graph_card import outcome_html

        return outcome_html(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain JSON values."""
        return {
            "run": self.run,
            "id": self.record.id,
            "pipeline": self.record.pipeline,
            "status": self.status,
            "steps": dict(self.steps),
            "artifacts": {name: item.to_dict() for name, item in self.artifacts.items()},
            "published": [
                {
                    "name": item.name,
                    "number": item.number,
                    "crossing": item.crossing,
                    "passed": item.verdict.passed,
                    "new": item.is_new,
                }
                for item in self.published
            ],
            "seconds": self.seconds,
        }
