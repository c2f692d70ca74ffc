"""What the README shows is what happens: its Python example and its session, run as they stand."""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def test_the_python_example_prints_what_is_shown():
    """Each block of Python, followed by what it prints."""
    shown = [
        (code, BLOCKS[index + 1][1])
        for index, (kind, code) in enumerate(BLOCKS)
        if kind == "python"
    ]
    assert shown
    for code, expected in shown:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
        assert expected == printed.getvalue()


def session(text):
    """Return the commands of a session, each with the lines that are shown under it."""
    commands = []
    for line in text.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        else:
            commands[-1][1].append(line)
    return commands


def pattern(lines):
    """Return a pattern for the lines shown; … on a line is any text, alone it is any lines."""
    parts = []
    for line in lines:
        if line.strip() == "…":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(r".*".join(re.escape(piece) for piece in line.split("…")) + r"\n")
    return "".join(parts)


@pytest.mark.parametrize("text", [code for kind, code in BLOCKS if kind == "console"])
def test_the_session_goes_as_shown(text, tmp_path):
    """Every command works, and prints the lines under it; an ellipsis stands for what differs."""
    folder = tmp_path
    env = {**os.environ, "INTERPLANE_ACTOR": "ada"}
    for command, shown in session(text):
        words = shlex.split(command)
        if words[0] == "cd":
            folder /= words[1]
            continue
        assert "interplane" == words[0]
        done = subprocess.run(
            [sys.executable, "-m", "interplane.cli.main", *words[1:]],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == done.returncode, (command, done.stdout, done.stderr)
        if shown:
            assert re.match(pattern(shown), done.stdout), (command, done.stdout)


def test_the_two_commands_are_in_the_makefile():
    """`make demo` and `make test`."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in re.findall(r"^make (\w+)", README, flags=re.MULTILINE):
        assert re.search(rf"^{command}:", makefile, flags=re.MULTILINE), command


def test_it_stays_short():
    """What needs more room has its own page."""
    assert len(README.splitlines()) < 145
