"""Steps in this process, one after the other."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from interplane.pipeline.perform import Performed, Performer
    from interplane.pipeline.tasks import StepTask

__all__ = ["InProcess"]


class InProcess:
    """Executes each task when its result is waited for.

    Args:
        performer: executes them.
    """

    slots = 1

    def __init__(self, performer: Performer) -> None:
        self._performer = performer
        self._tasks: deque[StepTask] = deque()

    def submit(self, task: StepTask) -> None:
        """Take a task."""
        self._tasks.append(task)

    def wait(self) -> Performed:
        """Execute the oldest task and return what came of it."""
        return self._performer.perform(self._tasks.popleft())

    def close(self) -> None:
        """Forget the tasks that nobody waited for."""
        self._tasks.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
