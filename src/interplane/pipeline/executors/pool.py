"""Steps in a pool of warm worker processes."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import msgspec

from interplane.errors import InterplaneError, StepFailed
from interplane.pipeline.executors.taps import Tap
from interplane.pipeline.executors.worker import Answer, Order
from interplane.pipeline.perform import Performed
from interplane.pipeline.tasks import Failure, StepResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.pipeline.tasks import StepTask

__all__ = ["Pool"]

_CHUNK: Final = 1 << 16
_END_S: Final = 2.0


class Pool:
    """Worker processes that stay until the pool is closed.

    Args:
        command: the command of a worker: a program that calls `executors.worker.work`.
        root: the project's folder.
        pipeline: where the pipeline is, as ``module:attribute``.
        workspace: the folder of the workspace.
        workers: how many there are.
        environment: variables for the workers beside those of this process.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        root: Path,
        pipeline: str,
        workspace: Path,
        workers: int,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.slots = workers
        self._command = list(command)
        self._order = Order(root=str(root), pipeline=pipeline, workspace=str(workspace))
        # The order of sets of texts would differ between workers, and between runs.
        self._environment = {"PYTHONHASHSEED": "0", **os.environ, **(environment or {})}
        self._selector = selectors.DefaultSelector()
        self._workers: list[_Worker] = []
        self._waiting: deque[StepTask] = deque()
        self._finished: deque[Performed] = deque()

    def warm(self) -> None:
        """Start all workers and wait until each has imported the project.

        Raises:
            InterplaneError: one could not load the pipeline or open the workspace.
        """
        self._start_all()
        while not all(worker.is_ready for worker in self._workers):
            self._listen()

    def submit(self, task: StepTask) -> None:
        """Take a task and hand it to a worker that has none."""
        self._waiting.append(task)
        self._start_all()
        self._hand_out()

    def wait(self) -> Performed:
        """Return what came of one of the tasks under way.

        Raises:
            InterplaneError: a worker could not load the pipeline or open the workspace.
        """
        while not self._finished:
            if self._waiting and not self._workers:  # the last one has ended
                self._start()
            self._listen()
            self._hand_out()
        return self._finished.popleft()

    def close(self) -> None:
        """End the workers; one in the middle of a step is killed."""
        for worker in self._workers:
            worker.dismiss()
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        self._selector.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _start_all(self) -> None:
        while len(self._workers) < self.slots:  # all at once: their imports take time side by side
            self._start()

    def _listen(self) -> None:
        for key, _ in self._selector.select():
            self._read(key.data)

    def _start(self) -> None:
        worker = _Worker(self._command, self._order, self._environment)
        self._workers.append(worker)
        self._selector.register(worker.output, selectors.EVENT_READ, worker)

    def _hand_out(self) -> None:
        for worker in self._workers:
            if self._waiting and worker.task is None and worker.is_ready:
                worker.give(self._waiting.popleft())

    def _read(self, worker: _Worker) -> None:
        lines = worker.read()
        if lines is None:
            self._bury(worker)
            return
        for line in lines:
            self._take(worker, msgspec.json.decode(line, type=Answer))

    def _take(self, worker: _Worker, answer: Answer) -> None:
        if answer.kind == "ready":
            worker.is_ready = True
        elif answer.result is not None:
            worker.finish()
            self._finished.append(Performed(answer.result))
        elif answer.failure is not None:
            raise answer.failure.to_error()
        elif worker.task is not None:
            self._replace(worker, worker.task)

    def _replace(self, worker: _Worker, task: StepTask) -> None:
        """Start a worker that imports the code as it is now, in the place of one that has older."""
        self._remove(worker)
        if worker.is_second:
            raise StepFailed(
                f"step {task.step!r}: the project's code is not the one that was planned",
                expected="files that stay as they are while a pipeline runs",
                do="Run the same command again. If it says so again, a constant of the code differs "
                "from process to process: the time, a random number, the order of a set",
            )
        self._start()
        self._workers[-1].is_second = True
        self._waiting.appendleft(task)

    def _bury(self, worker: _Worker) -> None:
        """Report the task of a worker that ended, and let another take its place when needed."""
        task, how = worker.task, worker.ending()
        wrote = worker.finish()
        self._remove(worker)
        if task is None and not worker.is_ready:
            raise StepFailed(
                f"a worker {how} before it was ready",
                do=f"What it wrote last: {wrote[-500:] or 'nothing'}",
            )
        if task is None:
            return
        failure = Failure(
            code=StepFailed.code,
            what=f"step {task.step!r}: its worker process {how}",
            lost=True,
        )
        result = StepResult(step=task.step, status="failed", failure=failure)
        self._finished.append(Performed(result))

    def _remove(self, worker: _Worker) -> None:
        self._selector.unregister(worker.output)
        self._workers.remove(worker)
        worker.end()


class _Worker:
    """One worker process, as the pool sees it."""

    def __init__(self, command: list[str], order: Order, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=order.root,
            env=environment,
        )
        process = self._process
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise InterplaneError("a worker has no pipes")
        self._input, self.output = process.stdin, process.stdout
        self._tap = Tap(process.stderr)
        self._buffer = b""
        self.task: StepTask | None = None
        self.is_ready = False
        self.is_second = False
        self._send(order)

    def give(self, task: StepTask) -> None:
        """Hand over a task."""
        self.task = task
        self._tap.lead(Path(task.log))
        self._send(task)

    def read(self) -> list[bytes] | None:
        """Return the whole lines that have come, or None at the end."""
        data = os.read(self.output.fileno(), _CHUNK)
        if not data:
            return None
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        return lines

    def ending(self) -> str:
        """Return how the process ended, in words."""
        code = self._process.wait()
        if code >= 0:
            return f"ended with exit code {code}"
        name = signal.Signals(-code).name
        memory = ", as when memory runs out" if -code == signal.SIGKILL else ""
        return f"was ended by {name}{memory}"

    def finish(self) -> str:
        """Keep what it wrote until now as its task's; return what it wrote beside tasks."""
        self.task = None
        self._tap.settle()
        return self._tap.last_words

    def dismiss(self) -> None:
        """Tell the process to end: an idle one by the end of its input, a busy one by force."""
        if self.task is not None:
            self._process.kill()
        with contextlib.suppress(BrokenPipeError):
            self._input.close()

    def end(self) -> None:
        """End the process and wait until it has ended."""
        self.dismiss()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.output.close()
        self._tap.close()

    def _send(self, value: Order | StepTask) -> None:
        # A worker that has ended shows at the end of its output, which is read next.
        with contextlib.suppress(BrokenPipeError):
            self._input.write(msgspec.json.encode(value) + b"\n")
            self._input.flush()
