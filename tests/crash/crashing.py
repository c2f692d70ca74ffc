"""Runs commands of a project over and over, kills them at seeded random moments, tells what came.

Usage: crashing.py FOLDER SEED KILLS [pool]. Everything is imported once, and this process opens
nothing: each command, and each look at what it left, is a forked child, so that a kill costs
milliseconds.
"""

import contextlib
import importlib
import json
import os
import random
import re
import select
import shutil
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from toy_project import DATA, POOLED, RUNS, write_project

from interplane.cli.main import COMMANDS, main
from interplane.data.adding import version_table
from interplane.record import Crossing, DataVersion, StepRun
from interplane.storage.names import last_pointer
from interplane.storage.verify import verify
from interplane.storage.workspace import is_workspace, open_workspace

WARM = (
    "duckdb",
    "interplane",
    "interplane.evaluation.gates",
    "interplane.features.parity",
    "interplane.models.request_schema",
    "interplane.project.running",
    "numpy.random",
    "pandas",
    "pyarrow.compute",
    "pyarrow.csv",
    "pyarrow.parquet",
)
MORE = 1.3
"""A kill may come after the usual end: then the command was not disturbed."""
IN_A_ROW = 5
"""After so many kills a command is left alone, so that all of them get their share."""
LONGEST_S = 60.0
"""On a machine that is busy with other things there are fewer kills, not a longer test."""


def warm():
    """Import what the commands import, so that children need not."""
    for module in (*WARM, *(place.partition(":")[0] for _, place, _ in COMMANDS.values())):
        importlib.import_module(module)


def child(folder, work, log="log"):
    """Run ``work`` in a forked child, in a folder; return the child."""
    sys.stdout.flush()
    (folder / log).write_text("")  # a child may be killed before it opens it
    process = os.fork()
    if process:
        return process
    code = 1
    with contextlib.suppress(BaseException):
        os.chdir(folder)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        try:
            work()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def command(folder, words, delay=None):
    """Run a command; kill it after ``delay``. Return its exit code (None if killed), its output."""
    process = child(folder, lambda: main(words))
    if delay is not None:
        ended = os.pidfd_open(process)
        select.select([ended], [], [], delay)
        os.close(ended)
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    return None if code == -signal.SIGKILL else code, (folder / "log").read_text()


def look(folder, *, deep):
    """Look at a workspace in a child; return what it says."""

    def work():
        sys.stdout.write(json.dumps(state(folder, deep=deep)))

    os.waitpid(child(folder, work, "look"), 0)
    text = (folder / "look").read_text()
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return {"series": {}, "steps": {}, "faults": [text[-1000:]]}


def state(folder, *, deep):
    """Return the series, the last run of each step, and everything that is not as it should be."""
    if not is_workspace(folder / ".interplane"):
        return {"series": {}, "steps": {}, "faults": []}
    store = open_workspace(folder / ".interplane")
    faults = [str(damage) for damage in verify(store).damage] if deep else []
    series = {name: store.catalog.series(name) for name in store.catalog.names("")}
    for name, members in series.items():
        if [*range(1, len(members) + 1)] != [member.number for member in members]:
            faults.append(f"{name} is numbered {[member.number for member in members]}")
        for member in members:
            faults += faults_of(store, store.catalog.get(member.digest).record)
    moves = {move.pointer: move.target for move in store.catalog.all_moves()}
    steps = {}
    for pointer, target in moves.items():
        if pointer.startswith(("step/", "last/")):
            run = store.record(target, StepRun)
            faults += faults_of(store, run)
            if pointer == last_pointer("late", run.key.step):
                steps[run.key.step] = {name: item.digest for name, item in run.outputs.items()}
    named = {name: [item.digest for item in members] for name, members in series.items()}
    store.close()
    return {"series": named, "steps": steps, "faults": faults}


def faults_of(store, record):
    """Read everything that a record stands on."""
    if isinstance(record, DataVersion):
        rows = version_table(store, record).to_arrow().num_rows
        return [] if rows == record.rows else [f"{rows} rows instead of {record.rows}"]
    if isinstance(record, Crossing | StepRun):
        return [f"{link} is nowhere" for link in record.links() if not store.has(link)]
    return []


def lost(seen, words, output):
    """Return what a command said was done and is not there."""
    if words[0] == "run":
        done = re.findall(r"^  done +\S+ s  (\S+)", output, re.MULTILINE)
        return [f"step {name}" for name in done if name not in seen["steps"]]
    try:
        said = json.loads(output)
    except json.JSONDecodeError:
        return []  # killed before it said anything
    members = seen["series"].get(f"data/{said['dataset']}", [])
    there = members[said["number"] - 1 : said["number"]]
    return [] if there == [said["digest"]] else [f"{said['dataset']}@{said['number']}"]


def undisturbed(folder, commands):
    """Run the commands; return how long each took and the state that they leave."""
    usual = []
    for words in commands:
        began = time.perf_counter()
        code, output = command(folder, words)
        if code:
            sys.exit(f"undisturbed, {words} ended with {code}: {output}")
        usual.append(time.perf_counter() - began)
    return usual, look(folder, deep=True)


class Crashes:
    """Rounds of commands that are killed until they end by themselves."""

    def __init__(self, draw, kills):
        self.draw = draw
        self.left = kills
        self.until = time.monotonic() + LONGEST_S
        self.found = {"kills": {}, "faults": [], "lost": [], "refused": [], "differing": []}

    def round(self, folder, commands, usual, expected):
        """Run the commands in a new folder; compare what they leave with the undisturbed state."""
        for place, words in enumerate(commands):
            usual[place] = (usual[place] + self.through(folder, words, usual[place])) / 2
        seen = look(folder, deep=True)
        self.found["faults"] += seen["faults"]
        for part in ("series", "steps"):
            if seen[part] != expected[part]:
                self.found["differing"].append([seen[part], expected[part]])

    def through(self, folder, words, seconds):
        """Run one command until it ends; return how long it took then."""
        count = 0
        while True:
            if time.monotonic() > self.until:
                self.left = 0
            alone = self.left <= 0 or count == IN_A_ROW
            delay = None if alone else self.draw.uniform(0, seconds * MORE)
            began = time.perf_counter()
            code, output = command(folder, words, delay)
            taken = time.perf_counter() - began
            seen = look(folder, deep=self.draw.random() < 0.05)
            self.found["faults"] += seen["faults"]
            self.found["lost"] += lost(seen, words, output)
            if code is not None:
                self.found["refused"] += [[words, output]] if code else []
                return taken
            kind = " ".join(word for word in words[:2] if not word.startswith("-"))
            kind += " --append" * ("--append" in words)
            self.found["kills"][kind] = self.found["kills"].get(kind, 0) + 1
            self.left -= 1
            count += 1


def crash(folder, seed, kills, *, pooled):
    """Kill, go on, compare; as many times as asked, or as there is time for."""
    clean, quiet = folder / "clean", folder / "quiet"
    write_project(clean)
    if pooled:
        undisturbed(clean, DATA)
    shutil.copytree(clean, quiet)
    commands = POOLED if pooled else DATA + RUNS
    usual, expected = undisturbed(quiet, commands)
    crashes = Crashes(random.Random(seed), kills)
    for number in range(kills):
        place = folder / f"round{number}"
        shutil.copytree(clean, place)
        crashes.round(place, commands, usual, expected)
        shutil.rmtree(place)
        if crashes.left <= 0:
            break
    return crashes.found


if __name__ == "__main__":
    warm()
    found = crash(
        Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), pooled="pool" in sys.argv[4:]
    )
    sys.stdout.write(json.dumps(found) + "\n")
