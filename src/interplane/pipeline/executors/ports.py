"""What an executor can do: the port that every implementation passes the laws of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from interplane.pipeline.perform import Performed
    from interplane.pipeline.tasks import StepTask

__all__ = ["Executor"]


class Executor(Protocol):
    """Executes tasks, several at the same time where it has several slots."""

    @property
    def slots(self) -> int:
        """How many tasks it takes at the same time."""
        ...

    def submit(self, task: StepTask) -> None:
        """Take a task; at most ``slots`` may be under way."""
        ...

    def wait(self) -> Performed:
        """Return what came of one of the tasks under way, as soon as there is one.

        A task whose process ended gives a result too: a failure that says so.
        """
        ...

    def close(self) -> None:
        """Give everything back; tasks under way are ended."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...
