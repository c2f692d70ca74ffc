"""A worker: a process that imports the project once and executes steps as they come.

Lines of JSON come in on standard input and go out on what was standard output: that descriptor is
moved away first. What steps write goes to standard error, a pipe which the other side reads as it
comes, also when this process ends in the middle of a step.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from interplane.errors import InterplaneError
from interplane.pipeline.capture import DescriptorCapture
from interplane.pipeline.fingerprint import Fingerprinter
from interplane.pipeline.perform import Performer
from interplane.pipeline.seeds import seed_everything
from interplane.pipeline.tasks import Failure, StepResult, StepTask
from interplane.record import Value, digest_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.pipeline.graph import Pipeline
    from interplane.storage.store import Store

__all__ = ["Answer", "Order", "work"]

_PARENT_POLL_S: Final = 0.5


class Order(Value, frozen=True, kw_only=True):
    """The first line that a worker reads: what it works on.

    Attributes:
        root: the project's folder.
        pipeline: where the pipeline is, as ``module:attribute``.
        workspace: the folder of the workspace.
    """

    root: str
    pipeline: str
    workspace: str


class Answer(Value, frozen=True, kw_only=True):
    """A line that a worker writes.

    Attributes:
        kind: ``ready`` once; then ``result`` for each task, or ``stale`` when the project's code
            is no longer the one that the task was planned with.
        result: what came of a task.
        failure: why the worker could not begin.
    """

    kind: Literal["ready", "result", "stale", "broken"]
    result: StepResult | None = None
    failure: Failure | None = None


def work(
    load_pipeline: Callable[[Path, str], Pipeline], open_store: Callable[[Path], Store]
) -> None:
    """Execute tasks until standard input ends; the process ends with it.

    Args:
        load_pipeline: imports a pipeline of the project in a folder, by its reference.
        open_store: opens a workspace.
    """
    lines = sys.stdin.buffer
    order = msgspec.json.decode(lines.readline(), type=Order)
    answers = _move_output()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    root = Path(order.root)
    try:
        graph = load_pipeline(root, order.pipeline).graph()
        store = open_store(Path(order.workspace))
    except InterplaneError as error:
        failure = Failure(code=error.code, what=error.what, expected=error.expected, do=error.do)
        _write(answers, Answer(kind="broken", failure=failure))
        return
    performer = Performer(graph, store, root=root, capture=DescriptorCapture())
    fingerprinter = Fingerprinter(root)
    seed_everything(0)  # imports what the first step would wait for
    _write(answers, Answer(kind="ready"))
    for line in lines:
        task = msgspec.json.decode(line, type=StepTask)
        code = fingerprinter.of(graph.steps[task.step]).code
        if digest_value(code) != task.code:
            _write(answers, Answer(kind="stale"))
            break
        _write(answers, Answer(kind="result", result=performer.perform(task).result))
    store.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # to take apart what was imported would only hold up who waits for it


def _move_output() -> int:
    """Lead standard output to where errors go; return a descriptor of where it led before."""
    sys.stdout.flush()
    answers = os.dup(1)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):  # a line is told when it is written, not when 8 kB are
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115 - a step that asks gets the end at once
    faulthandler.enable()
    return answers


def _write(answers: int, answer: Answer) -> None:
    data = memoryview(msgspec.json.encode(answer) + b"\n")
    with contextlib.suppress(BrokenPipeError):  # the other side is gone, and the lines end too
        while data:
            data = data[os.write(answers, data) :]


def _end_with(parent: int) -> None:
    """End this process when its parent has ended: nobody would take the result."""
    while os.getppid() == parent:
        time.sleep(_PARENT_POLL_S)
    os._exit(1)
