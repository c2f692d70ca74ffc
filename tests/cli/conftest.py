"""A small project, and the command line called in this process and in its own."""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from interplane.cli.main import main
from interplane.pipeline.importing import FromSource

RIDES = '''\
"""Which rides will be long?"""

import interplane as ip

rides = ip.dataset("rides", schema="schemas/rides.toml")


@ip.features(label="long", time="began_at", key=["ride"], context=["zone"])
def ride_features(ride):
    return {
        "rate": ip.target_encode([ride.zone], ride.long, smoothing=1.0),
        "miles": ip.standardize(ride.miles),
        "card": ip.one_hot(ride.payment),
    }


pipeline = ip.Pipeline("rides", inputs={"rides": rides, "champion": ip.live("rides")})


@pipeline.step(outputs=("train", "test"))
def split(rides: ip.Table, *, from_day: int = 20):
    """Train on the days before, test on those from there on."""
    return (
        rides.sql(f"FROM self WHERE day(began_at) < {from_day}"),
        rides.sql(f"FROM self WHERE day(began_at) >= {from_day}"),
    )


@pipeline.step
def model(train: ip.Table, *, score: str = "rate") -> ip.Model:
    """Each zone's rate is a model, too; it trains in no time."""
    print("training on", train.rows, "rows")
    return ip.Model(ip.FeatureScore(score), features=ride_features.fit(train))


@pipeline.step
def evaluation(model: ip.Model, test: ip.Table, champion) -> ip.Evaluation:
    return ip.evaluate(model, test, against=champion, metrics=["roc_auc"], slices=["zone"])


@pipeline.gate
def good_enough(evaluation: ip.Evaluation, *, least: float = 0.6):
    return [evaluation["roc_auc"].at_least(least)]


pipeline.publish(
    "rides", model="model", evaluation="evaluation", gate="good_enough", rows="test", train="train"
)
'''

PROJECT = """\
name = "rides"
pipelines = ["rides:pipeline"]

[run]
workers = 1
"""


class Result(NamedTuple):
    """What a command did: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """What it printed for programs."""
        return json.loads(self.out)


class Folder:
    """A project's folder: files that a test writes, and commands called in it."""

    def __init__(self, root, call):
        self.root = root
        self._call = call

    def __call__(self, *words):
        """Call a command in this process."""
        return self._call(self.root, words)

    def must(self, *words):
        """Call a command that has to work, and return what it did."""
        result = self(*words)
        assert 0 == result.code, result
        return result

    def write(self, name, text):
        """Write a file and return its path."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def edit(self, name, old, new):
        """Change a file in one place."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def process(self, *words, **options):
        """Call a command in its own process."""
        with self.begin(*words, **options) as process:
            out, err = process.communicate(timeout=120)
        return Result(process.returncode, out, err)

    def begin(self, *words, env=None, **options):
        """Begin a command in its own process, and its own process group."""
        return subprocess.Popen(
            [sys.executable, "-m", "interplane.cli.main", *words],
            cwd=self.root,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,
        )


def forget(root):
    """Forget modules of a folder, as a new process would."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).is_relative_to(root):
            del sys.modules[name]
    sys.path[:] = [entry for entry in sys.path if not Path(entry).is_relative_to(root)]
    sys.meta_path[:] = [
        finder
        for finder in sys.meta_path
        if not (isinstance(finder, FromSource) and finder.root.is_relative_to(root))
    ]
    sys.path_importer_cache.clear()


def rides_csv(rows=240, *, first=0, seed=7):
    """Return made-up rides as CSV: a zone decides how likely a ride is long."""
    draw = random.Random(seed + first)
    lines = ["ride,began_at,zone,miles,payment,long"]
    for number in range(first, first + rows):
        zone = draw.choice(["north", "south", "west"])
        chance = {"north": 0.15, "south": 0.5, "west": 0.85}[zone]
        began = f"2026-01-{draw.randrange(1, 29):02}T{draw.randrange(24):02}:00:00"
        miles = round(draw.lognormvariate(1.0, 0.5), 2)
        payment, long = draw.choice(["card", "cash"]), str(draw.random() < chance).lower()
        lines.append(f"r{number},{began},{zone},{miles},{payment},{long}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def make_rides():
    """Return the function that makes rides."""
    return rides_csv


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Return a function that calls the command line in a folder, in this process."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def called(root, words):
        forget(tmp_path)
        monkeypatch.chdir(root)
        capsys.readouterr()
        with pytest.raises(SystemExit) as raised:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        return Result(raised.value.code or 0, out, err)

    yield called
    forget(tmp_path)


@pytest.fixture
def nowhere(tmp_path, call):
    """Return a folder without a project."""
    return Folder(tmp_path, call)


@pytest.fixture
def empty(tmp_path, call):
    """Return a project without data."""
    folder = Folder(tmp_path / "rides", call)
    folder.write("interplane.toml", PROJECT)
    folder.write("rides.py", RIDES)
    folder.write("rides.csv", rides_csv())
    return folder


@pytest.fixture(scope="session")
def _finished(tmp_path_factory):
    """Make, once for each test process, a project with data and two crossings, one of them live."""
    root = tmp_path_factory.mktemp("finished") / "rides"
    folder = Folder(root, None)
    folder.write("interplane.toml", PROJECT)
    folder.write("rides.py", RIDES)
    folder.write("rides.csv", rides_csv())
    for words in (
        ("data", "add", "rides", "rides.csv"),
        ("run",),
        ("deploy", "rides@1", "--reason", "the first"),
        ("run", "--score", "miles", "--least", "0.1"),
    ):
        done = folder.process(*words)
        assert 0 == done.code, done
    shutil.rmtree(root / "__pycache__", ignore_errors=True)
    return root


@pytest.fixture
def finished(tmp_path, call, _finished):
    """Return a copy of the finished project, to be changed at will."""
    root = tmp_path / "rides"
    shutil.copytree(_finished, root, symlinks=True)
    return Folder(root, call)


BESIDE = """

@pipeline.step
def beside(train: ip.Table) -> int:
    import os
    print("process", os.getpid())
    return train.rows
"""


@pytest.fixture
def wide(finished):
    """Return the finished project with a step beside another: both may run in worker processes."""
    with (finished.root / "rides.py").open("a", encoding="utf-8") as file:
        file.write(BESIDE)
    return finished
