"""The code plane as a run finds it."""

import os
import subprocess
import sys
from importlib.metadata import version

import pytest

from interplane.project.snapshot import code_state, environment, git_state


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit of two files."""

    def git(*arguments):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )

    git("init", "-q")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "a.py").write_text("x = 1\n")
    (tmp_path / "other.py").write_text("y = 1\n")
    git("add", ".")
    git("commit", "-qm", "first")
    return tmp_path


def test_outside_git_there_is_no_commit(tmp_path):
    """A project need not be in git."""
    assert (None, None) == git_state(tmp_path)


def test_a_clean_folder_has_no_diff(repository):
    """The commit says it all."""
    commit, diff = git_state(repository / "project")
    assert len(commit) == 40
    assert diff is None


def test_changed_and_new_files_are_in_the_diff(repository):
    """So the exact state can be had again; nothing outside the project is in it."""
    project = repository / "project"
    (project / "a.py").write_text("x = 2\n")
    (project / "new.py").write_text("z = 3\n")
    (project / "big.bin").write_bytes(bytes(1 << 21))
    (repository / "other.py").write_text("y = 2\n")
    _, diff = git_state(project)
    assert b"+x = 2" in diff
    assert b"+z = 3" in diff
    assert b"other.py" not in diff
    assert b"big.bin" not in diff


@pytest.mark.parametrize(
    "setting",
    ["diff.external=echo", "diff.noprefix=true", "diff.mnemonicPrefix=true", "diff.context=0"],
)
def test_nobody_s_settings_change_the_patch(repository, setting):
    """It is part of a crossing."""
    project = repository / "project"
    (project / "a.py").write_text("x = 2\n")
    before = git_state(project)
    key, _, value = setting.partition("=")
    subprocess.run(["git", "config", key, value], cwd=repository, check=True)
    assert before == git_state(project)


def test_names_of_any_kind_are_taken(repository):
    """Names that are no UTF-8, or look like a pattern; one that cannot be read is left out."""
    project = repository / "project"
    for name in (b"caf\xe9.txt", b"*", b":(top)x", b"-f"):
        (project / os.fsdecode(name)).write_bytes(b"text of " + name + b"\n")
    (project / "pipe").symlink_to("nowhere")
    _, diff = git_state(project)
    for name in (b"caf\xe9.txt", b"*", b":(top)x", b"-f"):
        assert b"+text of " + name in diff


def test_looking_changes_nothing(repository):
    """Neither the index nor the status of the repository moves."""
    (repository / "project" / "new.py").write_text("z = 3\n")
    before = sorted(path.name for path in (repository / ".git" / "objects").rglob("*"))
    git_state(repository / "project")
    assert before == sorted(path.name for path in (repository / ".git" / "objects").rglob("*"))
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=repository, check=True, capture_output=True
    )
    assert status.stdout == b"?? project/new.py\n"


def test_the_patch_rebuilds_the_folder(repository, tmp_path_factory):
    """Commit and diff together are the whole state."""
    project = repository / "project"
    (project / "a.py").write_text("x = 2\n")
    (project / "new.py").write_text("z = 3\n")
    commit, diff = git_state(project)
    clone = tmp_path_factory.mktemp("clone")
    subprocess.run(["git", "clone", "-q", repository, clone], check=True)
    subprocess.run(["git", "checkout", "-q", commit], cwd=clone, check=True)
    subprocess.run(["git", "apply"], cwd=clone, input=diff, check=True)
    assert (clone / "project" / "a.py").read_text() == "x = 2\n"
    assert (clone / "project" / "new.py").read_text() == "z = 3\n"


def test_the_environment_is_the_same_when_asked_twice(tmp_path):
    """Nothing of when and where is in it."""
    assert environment() == environment()
    assert code_state(tmp_path) == code_state(tmp_path)
    assert "duckdb" in environment()["distributions"]


def test_the_environment_says_what_importlib_says(monkeypatch, tmp_path):
    """Of two versions the one that is imported; what a broken installation left is passed over."""
    listed = environment()["distributions"]
    assert {name: version(name) for name in listed} == listed
    (tmp_path / "duckdb-0.0.1.dist-info").mkdir()
    (tmp_path / "duckdb-0.0.1.dist-info" / "METADATA").write_text("Name: DuckDB\nVersion: 0.0.1\n")
    (tmp_path / "broken-1.0.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert listed == environment()["distributions"]
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert {**listed, "duckdb": "0.0.1"} == environment()["distributions"]
