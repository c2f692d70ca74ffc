"""A small project with some history, its pages served over HTTP, and a client of them."""

import io
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import NamedTuple

import pytest
import uvicorn

from interplane.project.project import Project
from interplane.serving.hosts import Hosts
from interplane.serving.log_lines import LogLines
from interplane.serving.tokens import ROLES, TOKENS, TokenFile, TokenWatch
from interplane.web.access.gate import Gate
from interplane.web.actions import ACTIONS
from interplane.web.app import make_app
from interplane.web.pages import PAGES
from interplane.web.process import server_config

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}${7*7}=1+1\"'&"
"""Markup, templates, a formula: in every field that people may fill."""

STEPS = '''
"""Which rides will be long?"""

import interplane as ip

rides = ip.dataset("rides")


@ip.features(label="long", time="began_at", key=["ride"])
def ride_features(ride):
    return {"rate": ip.target_encode([ride.zone], ride.long, smoothing=1.0), "miles": ride.miles}


pipeline = ip.Pipeline("rides", inputs={"rides": rides})


@pipeline.step(outputs=("train", "test"))
def split(rides: ip.Table, *, until: int = 20):
    """Train on the days before, test on those from there on."""
    return (
        rides.sql(f"FROM self WHERE day(began_at) < {until}"),
        rides.sql(f"FROM self WHERE day(began_at) >= {until}"),
    )


@pipeline.step
def model(train: ip.Table, *, score: str = "rate") -> ip.Model:
    """Each zone's rate is a model, too."""
    print("HOSTILE")
    if score == "broken":
        raise ValueError("HOSTILE")
    return ip.Model(ip.FeatureScore(score), features=ride_features.fit(train))


@pipeline.step
def evaluation(model: ip.Model, test: ip.Table) -> ip.Evaluation:
    return ip.evaluate(model, test, metrics=["roc_auc"], slices=["zone"])


@pipeline.gate
def good_enough(evaluation: ip.Evaluation, *, least: float = 0.6):
    return [evaluation["roc_auc"].at_least(least)]


pipeline.publish("rides", model="model", evaluation="evaluation", gate="good_enough", train="train")
'''


def write_rides(path, *, month):
    """Write the rides of a month; a zone has a hostile name."""
    draw = random.Random(month)
    zones = {"north": 0.2, "south": 0.8, HOSTILE: 0.5}
    lines = ["ride,began_at,zone,miles,long"]
    for number in range(900):
        zone = draw.choice(list(zones))
        quoted = '"' + zone.replace('"', '""') + '"'
        day = f"2026-{month:02d}-{1 + number % 28:02d}T10:00:00"
        late = str(draw.random() < zones[zone]).lower()
        lines.append(f"{month * 1000 + number},{day},{quoted},{draw.random() * 10:.3f},{late}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """A project in git: two commits, two data versions, a crossing that is live, one that is not."""
    folder = tmp_path_factory.mktemp("pages")
    env = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": "/dev/null",
        **{
            f"GIT_{who}_{what}": "ann"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }

    def do(*words, code=0):
        done = subprocess.run(
            words, cwd=folder, env=env, capture_output=True, text=True, check=False
        )
        assert code == done.returncode, done

    def say(*words, code=0):
        do(sys.executable, "-m", "interplane", *words, code=code)

    (folder / "interplane.toml").write_text(
        'name = "rides"\npipelines = ["rides_on_pages:pipeline"]\n'
    )
    steps = STEPS.replace("HOSTILE", HOSTILE.replace("\\", "\\\\").replace('"', '\\"'))
    (folder / "rides_on_pages.py").write_text(steps)
    (folder / ".gitignore").write_text(".interplane/\n*.csv\n__pycache__/\n")
    do("git", "init", "-q")
    for month, message in ((1, "The rate of a zone"), (2, HOSTILE)):
        do("git", "add", ".")
        do("git", "commit", "-q", "--allow-empty", "-m", message)
        write_rides(folder / f"rides {month}.csv", month=month)
        more = ["--append"] if month > 1 else []
        say("data", "add", "rides", f"rides {month}.csv", *more)
        say("run")
    say("deploy", "rides@1", "--reason", HOSTILE)
    say("run", "--score", "miles", code=5)
    say("run", "--score", "broken", code=4)
    return folder


class Answer(NamedTuple):
    """What was answered."""

    status: int
    body: str
    headers: dict

    @property
    def json(self):
        """What a program reads."""
        return json.loads(self.body)


class Pages:
    """The pages at an address, and tokens of each role."""

    def __init__(self, port, tokens, log):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.tokens = tokens
        self.log = log

    def logged(self, event):
        """Return the lines of the log about an event."""
        lines = map(json.loads, self.log.getvalue().splitlines())
        return [line for line in lines if line["event"] == event]

    def say(self, raw, *, within_s=20.0):
        """Send bytes, and return what comes back until the other end is closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=within_s) as client:
            client.sendall(raw)
            told = b""
            while piece := client.recv(1 << 16):
                told += piece
            return told.decode("latin-1")

    def ask(self, path, *, method="GET", role="viewer", body=None, **headers):
        """Ask for a page, not following where it leads."""
        said = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        said.update({name.replace("_", "-"): value for name, value in headers.items()})
        data = None if body is None else body.encode()
        request = urllib.request.Request(self.url + path, data, said, method=method)
        opener = urllib.request.build_opener(Stay)
        try:
            with opener.open(request, timeout=60) as answer:
                return Answer(answer.status, answer.read().decode(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(), dict(error.headers))


class Stay(urllib.request.HTTPRedirectHandler):
    """Follow nothing."""

    def redirect_request(self, *_words):
        """Return no further request."""


@contextmanager
def served(root, *, pages=PAGES, actions=ACTIONS, limits=None):
    """Serve the pages of a project, with a token of each role."""
    workspace = Project.find(root).workspace
    file = TokenFile(workspace / TOKENS, now=lambda: "2026-01-01T00:00:00Z")
    tokens = {role: file.add(role, may=(), role=role) for role in ROLES}
    tokens["nobody"] = file.add("nobody")
    sockets = [socket.create_server(("127.0.0.1", 0))]
    port = sockets[0].getsockname()[1]
    log = LogLines({"process": "pages"}, out=io.StringIO())
    watch = TokenWatch(workspace / TOKENS)
    gate = Gate(Hosts("127.0.0.1", port, ["pages.example"]), watch, log=log)
    app = make_app(lambda: Project.find(root), gate, pages, actions, log=log)
    server = uvicorn.Server(server_config(app, limits))
    thread = threading.Thread(target=server.run, args=(sockets,), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Pages(port, tokens, log=log._out)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def pages(root):
    """The pages of the project, served."""
    with served(root) as found:
        yield found


def violations(page):
    """Return what of an open page is wrong by the rules of level A and AA, and where."""
    from axe_playwright_python.sync_playwright import Axe

    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    found = Axe().run(page, options=rules).response["violations"]
    return [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found]


@pytest.fixture
def browser():
    """Chromium, as Debian has it."""
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is not here")
        pytest.skip("Chromium is not here: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()
