"""What keeping a step's output costs: a line printed in process, and a worker's output through its pipe."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.harness import Row, best_times
from interplane.pipeline.capture import StreamCapture
from interplane.pipeline.executors.taps import Tap

LINES, ROUNDS = 20_000, 5
MEGABYTES = 200
LINE = "epoch 17: loss 0.123456, accuracy 0.987654, 12.3 s"
WRITER = f"""
import os
piece = b"{LINE}\\n" * 1300
for _ in range({MEGABYTES * 1_000_000} // len(piece)):
    left = memoryview(piece)
    while left:
        left = left[os.write(1, left):]
"""


def run() -> list[Row]:
    """Measure both."""
    with tempfile.TemporaryDirectory() as name:
        return [printed(Path(name)), piped(Path(name))]


def printed(folder: Path) -> Row:
    """Measure ``print`` while it is kept, beside a file that is flushed at each line."""

    def kept() -> None:
        with StreamCapture()(folder / "step"):
            for _ in range(LINES):
                print(LINE)

    def bare() -> None:
        with (folder / "bare.txt").open("w", buffering=1) as file:
            for _ in range(LINES):
                print(LINE, file=file)

    took = best_times({"kept": kept, "bare": bare}, repeats=ROUNDS)
    a_line = {name: seconds / LINES * 1e6 for name, seconds in took.items()}
    beside = {"a file that is flushed at each line": a_line["bare"]}
    return Row("a line that a step prints in process", "us", a_line["kept"], beside)


def piped(folder: Path) -> Row:
    """Measure the output of a process until all of it is kept, beside ``cat`` into a file."""
    kept, bare = [], []
    for number in range(ROUNDS):
        begin = time.perf_counter()
        with subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            tap = Tap(writer.stdout)
            tap.lead(folder / f"worker-{number}")
            writer.wait()
            tap.close()
        kept.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        with (
            (folder / "bare.txt").open("wb") as file,
            subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE) as writer,
        ):
            subprocess.run(["cat"], stdin=writer.stdout, stdout=file, check=True)
        bare.append(time.perf_counter() - begin)
    beside = {"cat into a file": MEGABYTES / median(bare)}
    return Row("a worker's output, its process included", "MB/s", MEGABYTES / median(kept), beside)
