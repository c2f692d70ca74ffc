"""The chronicle reads on: after whatever happened it says what one that reads everything says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import trips_project as trips

from interplane.project.chronicle import Chronicle
from interplane.project.project import Project


@pytest.fixture
def project(tmp_path):
    """Return a project with two crossings, the first one live."""
    trips.make(tmp_path)
    with trips.opened(tmp_path) as opened:
        yield opened


def test_read_on_is_read_anew(project):
    """Moves of pointers, runs and data: each is in the planes at once, and what stood there stays."""
    reader = Chronicle(Project.find(project.root))

    first = reader.planes()
    for work in (
        lambda: None,
        lambda: project.deploy("trips@2", reason="to look"),
        lambda: project.deploy("trips@1", reason="back again"),
        lambda: project.run(score="busy"),
        lambda: project.add("more", project.table("rides")),
    ):
        work()
        fresh = Chronicle(Project.find(project.root))
        assert fresh.planes() == reader.planes()
        assert fresh.crossings() == reader.crossings()
    assert len(reader.planes().data) == len(first.data) + 1
    assert len(reader.planes().crossings) == len(first.crossings) + 1
    assert reader.planes() is reader.planes()


def test_a_commit_that_did_not_touch_the_project_is_of_its_repository(tmp_path):
    """A run is put to work by the commit that is checked out, whatever that one changed."""
    folder = tmp_path / "below"
    folder.mkdir()
    who = {f"GIT_{w}_{x}": "ann" for w in ("AUTHOR", "COMMITTER") for x in ("NAME", "EMAIL")}
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", **who}

    def git(*words):
        subprocess.run(["git", *words], cwd=tmp_path, env=env, check=True, capture_output=True)

    git("init", "-q")
    (folder / ".gitignore").write_text(".interplane/\n*.csv\n__pycache__/\n")
    (folder / "trips.py").write_text(trips.CODE)
    (folder / "interplane.toml").write_text(trips.FILE)
    git("add", ".")
    git("commit", "-q", "-m", "the project")
    (tmp_path / "elsewhere.md").write_text("beside it")
    git("add", ".")
    git("commit", "-q", "-m", "something beside it")
    trips.make(folder)
    with trips.opened(folder) as project:
        code = Chronicle(project).planes().code
        assert {"the project": False, "something beside it": True} == {
            each.subject: each.used for each in code
        }
        (tmp_path / ".git").rename(tmp_path / "gone")
        gone = Chronicle(Project.find(folder)).planes().code
        assert ["not in this repository"] == [each.subject for each in gone if each.used]
