"""What is printed where: colours and bars on a terminal, plain text everywhere else."""

import json
import os
import pty
import re
import subprocess
import sys

ESCAPE = "\x1b"


def on_a_terminal(folder, *words):
    """Call a command whose outputs are a terminal; return all that it printed there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "interplane.cli.main", *words],
        cwd=folder.root,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        pieces = []
        while True:
            try:
                piece = os.read(ours, 1 << 16)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            pieces.append(piece)
    os.close(ours)
    return process.returncode, b"".join(pieces).decode()


def test_without_a_terminal_there_are_no_bars_and_no_colours(empty):
    """Plain text in files and pipes."""
    for words in (
        ("data", "add", "rides", "rides.csv"),
        ("run", "--workers", "2"),
        ("show", "rides@9"),
        ("data", "show", "rides"),
    ):
        result = empty.process(*words)
        assert ESCAPE not in result.out + result.err
        assert "\r" not in result.out + result.err


def test_on_a_terminal_a_run_says_who_is_at_work(empty):
    """And an error has a colour."""
    empty.must("data", "add", "rides", "rides.csv")
    code, shown = on_a_terminal(empty, "run")
    assert 0 == code
    assert ESCAPE in shown
    assert "rides@1" in shown
    code, shown = on_a_terminal(empty, "show", "rides@9")
    assert 2 == code
    assert f"{ESCAPE}[31m" in shown


def test_a_table_fits_the_terminal(finished):
    """Whatever the width."""
    code, shown = on_a_terminal(finished, "models")
    assert 0 == code
    assert "rides@1" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(len(line) for line in plain.splitlines()) <= 100


def test_json_is_all_that_is_printed(finished):
    """On standard output, with nothing on standard error."""
    commands = (
        ("run", "--from-day", "21", "--json"),
        ("plan", "--json"),
        ("models", "--json"),
        ("predict", "rides@1", "--out", "scored", "--json"),
        ("verify", "--json"),
    )
    for words in commands:
        result = finished(*words)
        assert (0, "") == (result.code, result.err)
        json.loads(result.out)


def test_a_reader_that_leaves_is_no_error(finished):
    """`interplane show … | head -1` ends quietly."""
    with finished.begin("show", "rides@1") as process:
        process.stdout.close()
        err = process.stderr.read()
        process.wait(timeout=60)
    assert "Traceback" not in err


def test_the_record_says_who(finished, monkeypatch):
    """INTERPLANE_ACTOR, or the user's name."""
    monkeypatch.setenv("INTERPLANE_ACTOR", "ada")
    finished.must("run", "--from-day", "21")
    assert "ada" == finished.must("runs", "--json").json[0]["actor"]
    assert "by ada" in finished.must("deploy", "rides@2", "--reason", "x").out


def test_the_workspace_can_be_elsewhere(finished, tmp_path, monkeypatch):
    """INTERPLANE_WORKSPACE says where."""
    monkeypatch.setenv("INTERPLANE_WORKSPACE", str(tmp_path / "elsewhere"))
    assert [] == finished.must("models", "--json").json
    assert (tmp_path / "elsewhere/catalog.sqlite").is_file()
