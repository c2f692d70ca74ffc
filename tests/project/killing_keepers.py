"""A project whose keeper is killed: what it has to do, and keepers as processes of their own."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys

FILE = """
name = "killed"
pipelines = ["killed:pipeline"]

[run]
workers = 1

[owners.ops]
webhook = "http://127.0.0.1:PORT/"

[delivery]
allow_hosts = ["127.0.0.1:PORT"]
allow_private = true
allow_http = true

[[monitor]]
name = "late"
model = "flights"
metric = "positive_rate"
slices = ["origin"]
against = "baseline"
moves_by = 0.1
owner = "ops"

[[trigger]]
name = "again"
run = "late"
"""

STEPS = '''
"""A pipeline that takes a moment."""

import time

import interplane as ip

pipeline = ip.Pipeline("late", inputs={"rows": ip.dataset("rows")})


@pipeline.step
def counted(rows: ip.Table, *, number: int = 0) -> int:
    """Work that is kept when it is done."""
    time.sleep(0.3)
    return rows.rows + number


@pipeline.step
def doubled(counted: int) -> int:
    """Work on top of it."""
    time.sleep(0.3)
    return counted * 2
'''


def write(folder, port):
    """Write the project, with data, and run it once by hand."""
    folder.mkdir()
    (folder / "interplane.toml").write_text(FILE.replace("PORT", str(port)))
    (folder / "killed.py").write_text(STEPS)
    (folder / "rows.csv").write_text("x\n1\n2\n")
    for words in (("data", "add", "rows", "rows.csv"), ("run",)):
        subprocess.run(
            [sys.executable, "-m", "interplane", *words],
            cwd=folder,
            check=True,
            capture_output=True,
        )


class KeeperProcess:
    """One life of a keeper."""

    def __init__(self, folder):
        self.ours, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "interplane.project.keeping", str(folder), "0.1"],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()

    def wait_ready(self):
        """Return what it says first."""
        self.ours.settimeout(60)
        return self.ours.recv(1 << 16)

    def live(self, seconds):
        """Let it live for so long, unless it ends itself."""
        select.select([self.ours], [], [], seconds)

    def kill(self):
        """Kill it."""
        self.process.kill()
        self.process.wait()
        self.ours.close()

    def end(self):
        """End it in order."""
        self.process.terminate()
        code = self.process.wait(60)
        self.ours.close()
        return code


def kill_runs(folder):
    """Kill the runs that were started, with all of theirs."""
    for entry in os.listdir("/proc"):  # noqa: PTH208
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError):
            with open(f"/proc/{entry}/cmdline", "rb") as file:  # noqa: PTH123
                words = file.read().split(b"\0")
            place = os.readlink(f"/proc/{entry}/cwd")  # noqa: PTH115
            if b"run" in words and place.startswith(str(folder)):
                os.killpg(int(entry), signal.SIGKILL)
