"""Runs a toy pipeline over and over and kills it at seeded random moments; tells what came of it.

Usage: crashing.py FOLDER SEED KILLS. Everything is imported once; each run is a forked child, so
that a kill costs milliseconds.
"""

import importlib
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
from toy_model import SCHEMA, STEPS, add_rows, rows

from interplane.pipeline.run import Runner
from interplane.record import StepRun
from interplane.storage.verify import verify
from interplane.storage.workspace import create_workspace, open_workspace

CHAIN = "".join(
    f"\n@pipeline.step\ndef quick{i}({f'quick{i - 1}' if i else ''}):\n"
    f"    return {f'quick{i - 1} + 1' if i else '0'}\n"
    for i in range(12)
)


class Code(NamedTuple):
    """A state of the code plane that never changes."""

    commit: str | None = None
    diff: bytes | None = b"a diff"
    environment: bytes = b"{}"
    archive: bytes | None = None


def write_project(folder):
    """Write the pipeline's module and its schema."""
    lines = [line.removeprefix("    ") for line in STEPS.splitlines()]
    (folder / "crashed_steps.py").write_text("\n".join(lines) + CHAIN)
    (folder / "rows.toml").write_text(SCHEMA)
    sys.path.insert(0, str(folder))
    return importlib.import_module("crashed_steps").pipeline.graph()


def run(graph, folder, place):
    """Run the pipeline in a workspace; return the crossing's digest."""
    store = open_workspace(place)
    runner = Runner(store, root=folder, project="toy", actor="test")
    outcome = runner.run(runner.prepare(graph), code=Code)
    store.close()
    return outcome.published[0].crossing


def killed(graph, folder, place, delay):
    """Run in a child and kill it after a while; return whether it ended before."""
    child = os.fork()
    if child == 0:
        run(graph, folder, place)
        os._exit(0)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def inspect(place):
    """Return what a workspace says after a kill: damage, and steps whose pointer leads nowhere."""
    store = open_workspace(place)
    report = verify(store)
    damage = [str(item) for item in report.damage]
    pointers = {move.pointer: move.target for move in store.catalog.all_moves()}
    for pointer, target in pointers.items():
        if pointer.startswith(("step/", "last/")):
            run_of = store.record(target, StepRun)
            damage += [
                name for name in run_of.outputs if not store.has(run_of.outputs[name].digest)
            ]
    runs = len(list(store.catalog.list("run")))
    store.close()
    return damage, runs


def main():
    """Kill, resume, compare."""
    folder, seed, kills = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    draw = random.Random(seed)
    graph = write_project(folder)
    clean = folder / "clean"
    store = create_workspace(clean)
    add_rows(store, rows(200))
    store.close()
    undisturbed = folder / "undisturbed"
    shutil.copytree(clean, undisturbed)
    began = time.perf_counter()
    expected = run(graph, folder, undisturbed)
    longest = min(time.perf_counter() - began, 0.5) * 0.6  # a busy machine must not take hours
    found = {"kills": 0, "rounds": 0, "resumed": 0, "damage": [], "differing": []}
    while found["kills"] < kills:
        place = folder / f"round{found['rounds']}"
        shutil.copytree(clean, place)
        while found["kills"] < kills:
            if killed(graph, folder, place, draw.uniform(0, longest)):
                break
            found["kills"] += 1
        crossing = run(graph, folder, place)
        damage, runs = inspect(place)
        found["rounds"] += 1
        found["resumed"] += runs > 1
        found["damage"] += damage
        found["differing"] += [] if crossing == expected else [crossing]
        shutil.rmtree(place)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
