"""What goes to whoever executes a step, and what comes back: plain values that cross processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from interplane.errors import InterplaneError, Leak, StepFailed
from interplane.pipeline.inputs import ResolvedInput
from interplane.record import Artifact, Digest
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.pipeline.user_code import Raised

__all__ = ["Failure", "Source", "StepResult", "StepTask"]


class Source(Value, frozen=True, kw_only=True):
    """Where an input comes from: the artifact of a step, or a declared input."""

    artifact: Artifact | None = None
    declared: ResolvedInput | None = None


class StepTask(Value, frozen=True, kw_only=True):
    """One execution of a step.

    Attributes:
        step: the step's name.
        code: the digest of the code that it was planned with.
        sources: where each edge's value comes from.
        parameters: the hyperparameters, as plain JSON values.
        seed: what the random sources start from.
        log: the folder of the log, which has what the step writes as soon as it is written: output,
            log records, warnings, and the traceback if it raises.
    """

    step: str
    code: Digest
    sources: dict[str, Source]
    parameters: dict[str, Any]
    seed: int
    log: str


class Failure(Value, frozen=True, kw_only=True):
    """Why a step did not finish.

    Attributes:
        code: ``step-failed`` if its own code raised or its process ended, else the code of the
            error that refused its inputs or outputs.
        what: what happened.
        expected: what was expected instead.
        do: what to do.
        lost: whether the process that it ran in is gone.
    """

    code: str
    what: str
    expected: str = ""
    do: str = ""
    lost: bool = False

    @classmethod
    def of_code(cls, step: str, raised: Raised) -> Failure:
        """Describe what the step's own code raised."""
        place = f" at {raised.place}" if raised.place else ""
        text = f": {raised.line}" if raised.line else ""
        if isinstance(raised.error, Leak):  # the step did as it was told: the rows are at fault
            error = raised.error
            what = f"step {step!r}{place}: {error.what}"
            return cls(code=error.code, what=what, expected=error.expected, do=error.do)
        return cls(code=StepFailed.code, what=f"step {step!r} raised {raised.type}{place}{text}")

    @classmethod
    def of_error(cls, step: str, error: InterplaneError) -> Failure:
        """Describe an input or output that was refused; the step's name is in it once."""
        named = f"step {step!r}" in error.what
        what = error.what if named else f"step {step!r}: {error.what}"
        return cls(code=error.code, what=what, expected=error.expected, do=error.do)

    def to_error(self, **details: Any) -> InterplaneError:
        """Return the error of the tree that this is."""
        kind = next((kind for kind in _tree(InterplaneError) if kind.code == self.code), StepFailed)
        return kind(self.what, expected=self.expected, do=self.do, **details)


class StepResult(Value, frozen=True, kw_only=True):
    """What came of a task.

    Attributes:
        step: the step's name.
        status: whether it finished.
        outputs: its artifacts, by output.
        values: small values that the next commit has to write; large ones are stored already.
        failure: why it did not finish.
        duration_s: seconds on the wall.
        cpu_s: seconds of its process.
    """

    step: str
    status: Literal["done", "failed"]
    outputs: dict[str, Artifact] = msgspec.field(default_factory=dict)
    values: tuple[bytes, ...] = ()
    failure: Failure | None = None
    duration_s: float = 0.0
    cpu_s: float = 0.0


def _tree(kind: type[InterplaneError]) -> Iterator[type[InterplaneError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)
