"""A full disk, a read-only one, Ctrl-C: a message, an exit code, and nothing is lost."""

import ctypes
import os
import re
import resource
import signal
import subprocess
import time

import pytest

_DAC_OVERRIDE, _DAC_READ_SEARCH, _DROP = 1, 2, 24


def without_privilege():
    """Give up, in a new process, the right of root to write and read everything."""
    for capability in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
        ctypes.CDLL(None).prctl(_DROP, capability, 0, 0, 0)


def files_up_to(size_bytes):
    """Return what limits the size of each file, in a new process."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))


def one_message(result, code=6):
    """Check that a command ended with one message and its exit code; return the message."""
    assert code == result.code, result
    assert "Traceback" not in result.err
    assert "Error (" in result.err
    return result.err


@pytest.mark.parametrize("size_kib", [20, 120])
def test_files_that_cannot_grow(size_kib, empty, make_rides):
    """Wherever the write fails, the same commands go on when there is room."""
    empty.must("data", "add", "rides", "rides.csv")
    empty.write("big.csv", make_rides(6000))
    limit = files_up_to(size_kib << 10)
    failed = 0
    for words in (("data", "add", "rides", "big.csv"), ("run",)):
        result = empty.process(*words, preexec_fn=limit)
        if result.code:
            failed += 1
            assert "Mend the" in one_message(result)
        assert empty.must("verify", "--json").json["damage"] == []
    assert failed
    empty.must("data", "add", "rides", "big.csv")
    empty.must("run")
    assert 6000 == empty.must("data", "show", "rides", "--json").json["rows"]
    assert empty.must("verify", "--json").json["sound"]


@pytest.fixture
def small_disk(empty, monkeypatch):
    """Return a project whose workspace is on a small disk, and a function that changes its size."""
    disk = empty.root / "disk"
    disk.mkdir()

    def resize(size, how="remount,"):
        words = ["mount", "-t", "tmpfs", "-o", f"{how}size={size}", "tmpfs", str(disk)]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    try:
        mounted = resize("60k", how="")
    except FileNotFoundError:
        mounted = False
    if not mounted:
        if os.environ.get("CI") == "true":
            pytest.fail("no disk of a chosen size could be mounted")
        pytest.skip("a disk of a chosen size cannot be mounted here")
    monkeypatch.setenv("INTERPLANE_WORKSPACE", "disk/workspace")
    yield empty, resize
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk(small_disk, make_rides):
    """At each of its sizes there is one message; with room, the same commands work."""
    empty, resize = small_disk
    empty.write("big.csv", make_rides(20_000))
    full = 0
    for size in ("60k", "120k", "200k", "300k", "500k"):
        assert resize(size)
        for words in (("data", "add", "rides", "big.csv"), ("run",)):
            result = empty(*words)
            if result.code == 6:
                full += 1
                assert re.search(
                    r"Error \(storage-full\): (step '\w+': )?no space left on the disk", result.err
                )
                assert "Free some space and run the same command again" in result.err
    assert full >= 5
    assert resize("20m")
    empty.must("data", "add", "rides", "big.csv")
    empty.must("run")
    report = empty.must("verify", "--json").json
    assert (True, []) == (report["sound"], report["damage"])


def test_a_workspace_that_is_a_mount_point(small_disk, monkeypatch):
    """Cannot be renamed into place: it says so, and what to write instead."""
    empty, resize = small_disk
    assert resize("20m")
    monkeypatch.setenv("INTERPLANE_WORKSPACE", "disk")
    message = one_message(empty("data", "add", "rides", "rides.csv"))
    assert "disk is a mount point" in message
    assert 'workspace = "disk/workspace"' in message
    monkeypatch.setenv("INTERPLANE_WORKSPACE", "disk/workspace")
    empty.must("data", "add", "rides", "rides.csv")


@pytest.fixture
def read_only(finished):
    """Return a finished project whose workspace may not be written."""
    workspace = finished.root / ".interplane"
    paths = [workspace, *workspace.rglob("*")]
    kept = {path: path.stat().st_mode for path in paths}
    for path in reversed(paths):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield finished
    for path, mode in kept.items():
        path.chmod(mode)


def test_a_read_only_workspace_can_be_read(read_only):
    """Whatever only looks, works."""
    for words in (("models",), ("show", "rides@1"), ("runs",), ("verify",), ("plan",)):
        result = read_only.process(*words, preexec_fn=without_privilege)
        assert 0 == result.code, result


@pytest.mark.parametrize(
    "words", [["run", "--from-day", "21"], ["deploy", "rides@2", "--reason", "x"]], ids=" ".join
)
def test_a_read_only_workspace_cannot_be_written(words, read_only):
    """One message, and it is as it was."""
    result = read_only.process(*words, preexec_fn=without_privilege)
    assert "Permission denied while writing" in one_message(result)
    assert "Nothing was half-written" in result.err


def test_blobs_that_may_not_be_written(finished):
    """Neither data nor a run gets lost: with the right back, the same commands work."""
    finished.write("more.csv", (finished.root / "rides.csv").read_text().replace("\nr", "\ns"))
    blobs = finished.root / ".interplane/blobs"
    folders = [blobs, *(path for path in blobs.rglob("*") if path.is_dir())]
    commands = (("data", "add", "rides", "more.csv", "--append"), ("run", "--from-day", "21"))
    for folder in folders:
        folder.chmod(0o555)
    for words in commands:
        result = finished.process(*words, preexec_fn=without_privilege)
        assert "Permission denied while storing" in one_message(result)
    for folder in folders:
        folder.chmod(0o755)
    for words in commands:
        finished.must(*words)
    finished.must("verify")


def test_files_that_may_not_be_read_or_made(empty):
    """Of the project itself, outside the workspace."""
    (empty.root / "rides.csv").chmod(0)
    result = empty.process("data", "add", "rides", "rides.csv", preexec_fn=without_privilege)
    assert 2 == result.code
    assert "not readable" in result.err
    (empty.root / "interplane.toml").chmod(0)
    result = empty.process("plan", preexec_fn=without_privilege)
    assert "Permission denied while using" in one_message(result)
    assert "interplane.toml" in result.err
    (empty.root / "below").mkdir()
    (empty.root / "below").chmod(0o555)
    options = {"preexec_fn": without_privilege}
    empty.root = empty.root / "below"
    assert "Permission denied while making" in one_message(empty.process("init", "new", **options))


NAPS = """\
    import time
    from pathlib import Path
    Path("started").touch()
    time.sleep(float(Path("naps").read_text()))
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_in_a_run(workers, wide):
    """It ends at once, with all workers; what was finished is kept, and the same command goes on."""
    wide.edit("rides.py", '    print("training on"', f'{NAPS}    print("training on"')
    wide.write("naps", "100")
    words = ("run", "--from-day", "21", "--workers", workers)
    with wide.begin(*words) as process:
        until = time.monotonic() + 60
        while not (wide.root / "started").exists() and time.monotonic() < until:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert 130 == process.returncode, (out, err)
    assert "Stopped. What was finished is kept; the same command goes on." in err
    assert "Traceback" not in err
    assert "crashed" == wide.must("runs", "--json").json[0]["status"]
    wide.write("naps", "0")
    out = wide.must("run", "--from-day", "21").out
    assert "reused            split" in out
    assert "rides@3" in out
    wide.must("verify")
