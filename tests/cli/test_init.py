"""`interplane init`: a new project that runs as it is."""

import subprocess
import sys

import pytest

from interplane.models.lightgbm_library import open_library


@pytest.fixture
def tips(nowhere, tmp_path):
    """Return a new project, in one process, with few trees."""
    nowhere.must("init", "tips")
    folder = type(nowhere)(tmp_path / "tips", nowhere._call)
    folder.edit("tips.py", "trees: int = 60", "trees: int = 5")
    folder.edit("interplane.toml", "\npipelines", "\nrun.workers = 1\npipelines")
    return folder


def test_it_runs_as_it_is(tips, monkeypatch):
    """Data, a run through its gate, a deployment, scores; without LightGBM it says what to install."""
    tips.must("data", "add", "trips", "trips.csv")
    assert "5 to run" in tips.must("plan").out
    assert "tips@1" in tips.must("run").out
    tips.must("deploy", "tips@1", "--reason", "the first")
    assert "tips@2" in tips.must("run", "--trees", "6").out
    assert "model.trees" in tips.must("diff", "tips@1", "tips@2").out
    assert "1,009 rows" in tips.must("predict", "tips@live", "--out", "scored").out
    tips.must("verify")
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    open_library.cache_clear()
    result = tips("predict", "tips@2", "--out", "again")
    assert 7 == result.code
    assert "pip install interplane[lightgbm]" in result.err


def test_its_own_tests_pass(tips):
    """As its CI file runs them."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tips.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr


def test_what_it_says_next_is_what_works(nowhere, tmp_path):
    """The commands in the message, in its order."""
    out = nowhere.must("init", "tips").out
    commands = [line.split("  ")[1].strip() for line in out.splitlines() if line.startswith("  ")]
    assert "cd tips" == commands[0]
    assert all(command.startswith("interplane ") for command in commands[1:])
    made = {str(path.relative_to(tmp_path / "tips")) for path in (tmp_path / "tips").rglob("*")}
    assert {"interplane.toml", "tips.py", "trips.csv", ".gitignore", "tests/test_tips.py"} <= made
    assert ".github/workflows/ci.yml" in made


@pytest.mark.parametrize("name", ["Tips", "a/b", ".", "..", "rides.csv", "-x" * 40])
def test_a_name_that_cannot_be_one_is_refused(name, nowhere, tmp_path):
    """And nothing is made."""
    result = nowhere("init", "--", name)
    assert 2 == result.code
    assert "cannot name a project" in result.err
    assert [] == list(tmp_path.iterdir())


def test_a_folder_with_something_in_it_is_left_alone(nowhere, tmp_path):
    """Nothing is overwritten; an empty folder will do."""
    (tmp_path / "tips").mkdir()
    nowhere.must("init", "tips")
    before = sorted(tmp_path.rglob("*"))
    result = nowhere("init", "tips")
    assert 2 == result.code
    assert "is there and not empty" in result.err
    assert before == sorted(tmp_path.rglob("*"))
