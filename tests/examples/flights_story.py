"""The demo's story in small: fewer months, fewer days, the same parts; told by its own commands.

A model of April and May is live; five days of June are predicted as they happened, and monitors find
the evening of the 13th at La Guardia; the data arrive, the alert's run learns anew, and what it made
answers two requests in five beside the live one. Nothing of it is made up: it is `demo.py` cut short.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import interplane as ip

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"
TABLES = ("flights", "weather", "planes")
WRITE = """
from datetime import date
from pathlib import Path
import months
months.write_months(Path("data"), range(1, 6))
for day in (1, 8):
    months.write_days(Path("data"), date(2013, 6, day), 7)
"""
SMALLER = {"trees: int = 200": "trees: int = 60"}


class Story:
    """A copy of the example in which the story is told.

    Args:
        root: its folder; made by `tell`.
    """

    def __init__(self, root):
        self.root = root

    def run(self, *words, program=("-m", "interplane"), expected=0):
        """Run a command in it, in the name of ann."""
        done = subprocess.run(
            [sys.executable, *program, *words],
            cwd=self.root,
            env={**os.environ, "INTERPLANE_ACTOR": "ann"},
            check=False,
            capture_output=True,
            text=True,
        )
        assert expected == done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def tell(self):
        """Tell it, up to the canary that waits for somebody's decision."""
        shutil.copytree(EXAMPLE, self.root, ignore=shutil.ignore_patterns("data", ".*", "__pyc*"))
        code = self.root / "late_flights.py"
        for old, new in SMALLER.items():
            assert old in code.read_text()
            code.write_text(code.read_text().replace(old, new))
        self.run(program=("-c", WRITE))
        project = ip.Project.find(self.root)
        project.add("airports", self.root / "data" / "airports.csv")
        for month in range(1, 6):  # a plane is registered when it flies first: most are in January
            tables = TABLES if month > 3 else TABLES[-1:]
            self._add(project, f"2013-{month:02}", tables=tables)
        self.run("run", "--until", "2013-05-11", "--test-days", "21")
        self.run("materialize", "flights@1", "--since", "2013-06-10")
        self.run("deploy", "flights@1", "--reason", "the first that passed its gate")
        with self._server() as address:
            self._replay(address, "2013-06-10", "2013-06-15")
            for first in (date(2013, 6, 1), date(2013, 6, 8)):
                self._add(project, first.isoformat())
            self.run("up", "--once", "--no-serve")
            told = ("--canary", "40%", "--reason", "learned two more weeks")
            self.run("deploy", "flights@2", *told)
            self._replay(address, "2013-06-15", "2013-06-16", "--no-look")
        self.run("audit", "flights@1", "--rows", "60")

    def _add(self, project, ending, *, tables=TABLES):
        for table in tables:
            source = self.root / "data" / f"{table}-{ending}.csv"
            is_known = bool(project.store.catalog.series(f"data/{table}"))
            project.add(table, source, append=is_known)

    def _replay(self, address, since, until, *words):
        days = ("--since", since, "--until", until, *words)
        self.run("replay.py", address, *days, program=())

    @contextmanager
    def _server(self):
        words = ("serve", "flights", "--replay", "--port", "0", "--grace-s", "0", "--json")
        command = [sys.executable, "-m", "interplane", *words]
        with subprocess.Popen(command, cwd=self.root, stdout=subprocess.PIPE, text=True) as server:
            try:
                yield json.loads(server.stdout.readline())["url"].removeprefix("http://")
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(60)
