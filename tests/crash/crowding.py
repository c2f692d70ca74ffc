"""Sixteen processes at once on one workspace, each a forked child of one warm process.

Usage: crowding.py FOLDER. Six append to one dataset, five add to datasets of their own, five run
pipelines of their own. Prints what each was told.
"""

import json
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from crashing import child, look, main, warm
from toy_project import DATA, rows, write_project

APPENDS, OWN, PIPELINES = 6, 5, 5
EACH = 3
MARK = "--- ended with "


def write(folder):
    """Write the project, one more module for each pipeline, and a file for each command."""
    write_project(folder)
    names = [f"late{number}" for number in range(PIPELINES)]
    for name in names:
        text = (folder / "crashed.py").read_text()
        text = text.replace('"late",\n', f'"{name}",\n').replace(
            'publish("late"', f'publish("{name}"'
        )
        (folder / f"{name}.py").write_text(text.replace('live("late")', f'live("{name}")'))
    listed = ", ".join(f'"{name}:pipeline"' for name in names)
    (folder / "interplane.toml").write_text(f'name = "crowd"\npipelines = [{listed}]\n')
    for number in range(APPENDS * EACH):
        (folder / f"part{number}.csv").write_text(
            rows(number + 50, start=(number + 90) * 1000, count=60)
        )


def tasks():
    """Return the commands of each process."""
    for who in range(APPENDS):
        parts = range(who * EACH, (who + 1) * EACH)
        yield [["data", "add", "crowd", f"part{n}.csv", "--append", "--json"] for n in parts]
    for who in range(OWN):
        parts = range(EACH)
        yield [["data", "add", f"own{who}", f"part{n}.csv", "--json"] for n in parts]
    for who in range(PIPELINES):
        shares = ("3", "4", "5")
        yield [["run", f"late{who}", "--workers", "1", "--share", n, "--json"] for n in shares]


def through(commands):
    """Run commands one after the other in this process; print what each says and its exit code."""
    for words in commands:
        try:
            main(words)
        except SystemExit as ended:
            sys.stdout.write(f"{MARK}{ended.code or 0}\n")
            sys.stdout.flush()


def answers(log):
    """Return what each command of a process said, and its exit code."""
    found = re.findall(rf"(.*?){MARK}(\d+)\n", log.read_text(), re.DOTALL)
    return [[text, int(code)] for text, code in found]


if __name__ == "__main__":
    warm()
    folder = Path(sys.argv[1], "project")
    write(folder)
    before = [*map(list, DATA), ["data", "add", "crowd", "first.csv"]]
    os.waitpid(child(folder, lambda: through(before)), 0)
    crowd = list(tasks())
    started = [
        child(folder, lambda commands=commands: through(commands), f"log{who}")
        for who, commands in enumerate(crowd)
    ]
    for process in started:
        os.waitpid(process, 0)
    said = [
        [words, *answer]
        for who, commands in enumerate(crowd)
        for words, answer in zip(commands, answers(folder / f"log{who}"), strict=True)
    ]
    sys.stdout.write(json.dumps({"said": said, "seen": look(folder, deep=True)}) + "\n")
