"""Made twice, it is the same: crossings, fits, versions; and what makes it differ is named."""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "crash"))
from toy_project import DATA, write_project

from interplane.cli.main import main
from interplane.data.adding import version_table
from interplane.record import DataVersion
from interplane.storage.workspace import open_workspace

RUN = ("run", "--json")


def interplane(folder, *words):
    """Run a command in a folder, in this process; return what it printed."""
    said = io.StringIO()
    before = set(sys.modules)
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(said),
        pytest.raises(SystemExit) as ended,
    ):
        main(words)
    sys.path[:] = [place for place in sys.path if place != str(folder)]
    for name in {"crashed"} & (set(sys.modules) - before):
        del sys.modules[name]
    assert 0 == ended.value.code, said.getvalue()
    return said.getvalue()


def cold(folder, *words, **environment):
    """Run a command in a folder as a process of its own; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "interplane.cli.main", *words],
        cwd=folder,
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


def make(folder):
    """Write the project and add its data."""
    write_project(folder)
    for words in DATA:
        interplane(folder, *words)
    return folder


def crossing(text):
    """Return the digest of the crossing of a run that was printed as JSON."""
    return json.loads(text)["published"][0]["crossing"]


def edit(folder, old, new):
    """Replace a piece of the pipeline's module."""
    path = folder / "crashed.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def plan(folder):
    """Return what a run would do: the reasons, by step that is not reused."""
    steps = json.loads(interplane(folder, "plan", "--json"))["steps"]
    return {name: step["reasons"] for name, step in steps.items() if step["action"] != "reuse"}


@pytest.fixture
def folder(tmp_path):
    """Return the folder of a project with data."""
    return make(tmp_path / "project")


def test_two_fresh_workspaces_make_the_same_crossing(tmp_path):
    """In folders of different depth, by different people, in one process or in the pool."""
    near, far = make(tmp_path / "a"), make(tmp_path / "far" / "away in" / "b")
    ann = cold(near, *RUN, "--workers", "1", INTERPLANE_ACTOR="ann", PYTHONHASHSEED="1")
    bob = cold(far, *RUN, "--workers", "2", INTERPLANE_ACTOR="bob", PYTHONHASHSEED="2")
    assert crossing(ann) == crossing(bob)
    first, second = json.loads(ann), json.loads(bob)
    assert first["artifacts"] == second["artifacts"]
    assert first["run"] != second["run"]


def test_a_run_without_a_crash_leaves_no_orphan(folder):
    """Everything that is kept is named by something."""
    interplane(folder, *RUN)
    interplane(folder, *RUN, "--share", "4")
    interplane(folder, *RUN)
    report = json.loads(interplane(folder, "verify", "--json"))
    assert (True, []) == (report["sound"], report["orphans"])


def test_two_fits_have_one_digest(tmp_path):
    """The frozen features, and the arrays that they give."""
    made = [json.loads(interplane(make(tmp_path / name), *RUN))["artifacts"] for name in "ab"]
    for output in ("frozen", "x", "y", "model"):
        assert made[0][output] == made[1][output]


def test_an_edited_helper_runs_its_steps_and_is_named(folder):
    """The plan says so before; what comes out the same stops the change there."""
    first = json.loads(interplane(folder, *RUN))
    edit(folder, "return number * 2", "return number + number")
    leaves = {f"leaf{number}" for number in range(6)}
    assert {name: ["`crashed.double` changed"] for name in leaves} == plan(folder)
    second = json.loads(interplane(folder, *RUN))
    assert leaves == {name for name, how in second["steps"].items() if how == "done"}
    assert first["artifacts"] == second["artifacts"]
    assert crossing(json.dumps(first)) == crossing(json.dumps(second))


def test_an_edit_that_a_model_stands_on_makes_another_version(folder):
    """And the one before it comes back with the code that made it."""
    first = interplane(folder, *RUN)
    edit(folder, "smoothing=2", "smoothing=200")
    assert ["`crashed.flown` changed"] == plan(folder)["fitted"]
    second = interplane(folder, *RUN)
    assert 2 == json.loads(second)["published"][0]["number"]
    edit(folder, "smoothing=200", "smoothing=2")
    again = json.loads(interplane(folder, *RUN))
    assert {"reused"} == set(again["steps"].values())
    published = again["published"][0]
    assert (crossing(first), 1, False) == (
        published["crossing"],
        published["number"],
        published["new"],
    )


def test_comments_layout_and_docstrings_change_nothing(folder):
    """Nothing runs, and the crossing is the one that is there."""
    first = interplane(folder, *RUN)
    edit(folder, '"""A helper that steps reach."""', '"""Say it better."""  # and why')
    edit(folder, "return number * 2", "return (  # twice\n        number * 2\n    )")
    edit(folder, "import numpy as np\n", "# arrays\nimport numpy as np\n\n")
    assert {} == plan(folder)
    assert crossing(first) == crossing(interplane(folder, *RUN))


def test_a_commit_that_changes_no_step_makes_no_new_version(folder):
    """The run keeps the commit that it was made at; the crossing the first one."""
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder))
    subprocess.run([*git, "init", "-q"], check=True)
    (folder / ".gitignore").write_text(".interplane\n__pycache__\n")
    for words in (["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], check=True)
    first = interplane(folder, *RUN)
    (folder / "README.md").write_text("What this is.\n")
    dirty = interplane(folder, *RUN)
    for words in (["add", "."], ["commit", "-q", "-m", "second"]):
        subprocess.run([*git, *words], check=True)
    clean = interplane(folder, *RUN)
    assert {crossing(first)} == {crossing(text) for text in (dirty, clean)}
    assert 1 == json.loads(clean)["published"][0]["number"]


def test_the_same_rows_from_csv_and_from_parquet_are_one_version(folder):
    """A version is its columns and its rows; where they came from is in the addition."""
    store = open_workspace(folder / ".interplane")
    digest = store.catalog.series("data/rows")[0].digest
    import pyarrow.parquet as pq

    table = version_table(store, store.record(digest, DataVersion)).to_arrow()
    store.close()
    pq.write_table(table, folder / "rows.parquet", compression="gzip", row_group_size=7)
    added = json.loads(interplane(folder, "data", "add", "other", "rows.parquet", "--json"))
    assert (digest, 1) == (added["digest"], added["number"])
    again = json.loads(interplane(folder, "data", "add", "other", "first.csv", "--json"))
    assert (digest, 1, False) == (again["digest"], again["number"], again["new"])
