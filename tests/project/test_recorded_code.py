"""Recorded code: the files of a project as bytes, and laid out again, exactly."""

import os
import shutil
import subprocess

import pytest

from interplane.errors import Corrupt, UsageError
from interplane.project.archive import pack, unpack
from interplane.project.config import ProjectConfig
from interplane.project.laid_out import FILES, digests_of, read_laid_out
from interplane.project.project import Project
from interplane.project.recorded_code import RecordedCode, find_code, lay_out
from interplane.project.snapshot import code_state, git_state
from interplane.record import Crossing, Snapshot, digest_bytes, digest_value


def git(folder, *words):
    """Call git with a name of its own."""
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def fill(folder):
    """Write the files of a small project."""
    (folder / "schemas").mkdir(parents=True)
    (folder / "interplane.toml").write_text('name = "p"\n')
    (folder / "late.py").write_text("x = 1\r\ny = 2\n", newline="")
    (folder / "schemas" / "rows.json").write_text("{}")
    (folder / "part").mkdir()
    (folder / "part" / "inner.py").write_bytes(b"# caf\xe9\n")


@pytest.fixture
def project(tmp_path):
    """A project in a folder of a repository that has more than it."""
    root = tmp_path / "repository" / "sub folder"
    fill(root)
    (root.parent / "elsewhere.py").write_text("z = 1\n")
    git(root.parent, "init", "-q")
    git(root.parent, "add", ".")
    git(root.parent, "commit", "-qm", "first")
    (root / ".gitignore").write_text(".interplane\n")
    return Project(root, ProjectConfig(name="p"), actor="test")


def put(project, *, of="p@1"):
    """Store the state of a project's code, and return what is on record of it."""
    commit, diff = git_state(project.root)
    archive = pack(project.root) if commit is None else None
    draft = project.store.draft()
    kept = [None if data is None else draft.put(data) for data in (diff, archive)]
    environment = draft.put(b"{}")
    draft.record(Snapshot(project="p", commit=commit, diff=kept[0], environment=environment))
    if kept[1] is not None:
        draft.record(
            Snapshot(project="p", commit=None, diff=None, environment=environment, archive=kept[1])
        )
    project.store.commit(draft, writer=project.store.catalog.writer("test"))
    return RecordedCode(of, commit, *kept)


def test_records_of_before_keep_their_digest():
    """Without an archive nothing of it is in their form."""
    snapshot = Snapshot(project="p", commit="c" * 40, diff=None, environment=digest_bytes(b"e"))
    before = {"kind": "snapshot", "project": "p", "commit": "c" * 40, "diff": None}
    assert digest_value({**before, "environment": digest_bytes(b"e")}) == snapshot.digest
    assert snapshot == Snapshot.from_bytes(snapshot.to_bytes())
    assert "archive" in Crossing.__struct_fields__


def test_an_archive_is_the_same_wherever_it_is_made(tmp_path):
    """Times, owners and the order of a folder are not in it."""
    for name in ("a", "b"):
        fill(tmp_path / name)
    os.utime(tmp_path / "a" / "late.py", (1, 1))
    (tmp_path / "b" / "late.py").chmod(0o600)
    assert pack(tmp_path / "a") == pack(tmp_path / "b")


def test_an_archive_has_what_a_run_needs(tmp_path):
    """Modules, TOML and schemas; nothing hidden, large, or of an environment or workspace."""
    root = tmp_path / "p"
    fill(root)
    for name in (".hidden/x.py", "env/pyvenv.cfg", "env/x.py", "ws/catalog.sqlite", "ws/x.py"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("")
    (root / "data.csv").write_text("1")
    (root / "large.py").write_bytes(bytes(1 + (1 << 20)))
    (root / "link.py").symlink_to("late.py")
    unpack(pack(root), tmp_path / "out")
    assert [
        "interplane.toml",
        "late.py",
        "part/inner.py",
        "schemas/rows.json",
    ] == sorted(digests_of(tmp_path / "out"))
    assert b"x = 1\r\ny = 2\n" == (tmp_path / "out" / "late.py").read_bytes()


def test_nothing_is_written_elsewhere(tmp_path):
    """Not even by an archive that somebody else made."""
    import io
    import tarfile

    for name, kind in (("../x.py", tarfile.REGTYPE), ("/x.py", tarfile.REGTYPE), ("x", b"2")):
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w") as tar:
            member = tarfile.TarInfo(name)
            member.type = kind
            tar.addfile(member)
        with pytest.raises(Corrupt):
            unpack(made.getvalue(), tmp_path / "out")
    with pytest.raises(Corrupt):
        unpack(b"no archive" * 100, tmp_path / "out")


def test_commit_and_difference_are_laid_out(project):
    """Changed, new and removed files; line ends and bytes as they were; nothing of elsewhere."""
    root = project.root
    (root / "late.py").write_text("x = 3\r\n", newline="")
    (root / "new.py").write_text("n = 1\n")
    (root / "part" / "inner.py").unlink()
    code = put(project)
    wanted = digests_of(root)
    (root / "late.py").write_text("somebody is in the middle of something")
    laid = lay_out(project, code)
    wanted = {name: digest for name, digest in wanted.items() if ".interplane" not in name}
    assert wanted == digests_of(laid)
    assert FILES == laid.name
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=root, check=True, capture_output=True
    )
    assert b' M "sub folder/late.py"' in status.stdout
    assert not list(laid.parent.parent.glob(".*"))


def test_a_run_there_is_a_run_of_what_was_recorded(project):
    """Whatever the commit of the repository around it is by now."""
    (project.root / "new.py").write_text("n = 1\n")
    code = put(project)
    before = code_state(project.root)
    git(project.root.parent, "add", ".")
    git(project.root.parent, "commit", "-qm", "second")
    assert before != code_state(project.root)
    assert before == code_state(lay_out(project, code))


def test_what_was_changed_is_laid_out_again(project):
    """And nobody runs it meanwhile."""
    code = put(project)
    laid = lay_out(project, code)
    inode = laid.stat().st_ino
    assert inode == lay_out(project, code).stat().st_ino
    (laid / "late.py").write_text("x = 'evil'")
    with pytest.raises(UsageError, match="have been changed"):
        read_laid_out(laid)
    again = lay_out(project, code)
    assert b"x = 1\r\ny = 2\n" == (again / "late.py").read_bytes()
    (again / "more.py").write_text("")
    with pytest.raises(UsageError, match="have been changed"):
        code_state(again)


def test_what_python_leaves_behind_is_no_change(project):
    """Compiled modules are of no interest."""
    laid = lay_out(project, put(project))
    (laid / "__pycache__").mkdir()
    (laid / "__pycache__" / "late.pyc").write_bytes(b"x")
    assert read_laid_out(laid) is not None


def test_outside_git_the_archive_is_laid_out(tmp_path):
    """It says itself what it is."""
    fill(tmp_path / "p")
    project = Project(tmp_path / "p", ProjectConfig(name="p"), actor="test")
    before = code_state(project.root)
    code = put(project)
    shutil.rmtree(project.root / "part")
    laid = lay_out(project, code)
    assert (None, None) == before[:2]
    assert before == code_state(laid)
    assert (laid / "part" / "inner.py").is_file()


def test_a_commit_that_is_gone_is_said(project):
    """It cannot be made up."""
    code = put(project)._replace(commit="0" * 40)
    with pytest.raises(UsageError, match="git read-tree refuses"):
        lay_out(project, code)


def test_without_a_run_there_is_no_code(project):
    """A trigger cannot be the first to run a pipeline."""
    with pytest.raises(UsageError, match="no run of the pipeline 'late'"):
        find_code(project.store, "late")
