"""The log of a step: lines as plain text, bounded, there at once, whatever is written and however."""

import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.pipeline.log_lines import LineBreaker, plain
from interplane.pipeline.log_reading import Line, log_text, read_log, text_of
from interplane.pipeline.step_log import StepLog


def wrote(folder, *pieces, **options):
    """Write pieces to a log and end it; return it as text."""
    log = StepLog(folder, **options)
    for piece in pieces:
        log.write(piece)
    log.close()
    return log_text(folder)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m and not", "red and not"),
        ("\x1b]8;;https://x.example\x1b\\link\x1b]8;;\x07", "link"),
        ("\x9b31mred\x1b(B", "red"),
        ("0%\r 50%\r100%", "100%"),
        ("50%\x1b[K\r\x1b[K100%\r\r", "100%"),
        ("12\b\b34\b5", "35"),
        ("\b\bx", "x"),
        ("a\tb", "a\tb"),
        ("a\x00\x07b\x7f\x85", "a��b��"),
        ("\x1b", "�"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_a_line_is_shown_as_it_was_last(line, shown):
    """Colours are nothing, bars as they were last, garbage is told as such."""
    assert shown == plain(line)


PIECES = st.lists(
    st.text(st.sampled_from("ab\n\r\t é€😀\x1b[31m\x00\b"), max_size=20).map(str.encode), max_size=8
)


@given(PIECES)
def test_it_does_not_matter_how_it_comes(pieces):
    """In whole or in pieces, the lines are the same."""
    one, other = LineBreaker(), LineBreaker()
    whole = one.feed(b"".join(pieces)) + one.end()
    parts = [line for piece in pieces for line in other.feed(piece)] + other.end()
    assert whole == parts
    assert all(line == plain(line) and "\n" not in line for line in whole)


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_anything_is_text(pieces):
    """Bytes that are none become replacement characters."""
    breaker = LineBreaker()
    lines = [line for piece in pieces for line in breaker.feed(piece)] + breaker.end()
    assert lines == [line.encode().decode() for line in lines]
    assert all(character >= " " or character == "\t" for line in lines for character in line)


def test_a_line_without_end_keeps_its_ends():
    """In a bounded place, however it comes."""
    breaker = LineBreaker(longest=100)
    breaker.feed(b"begin" + b"x" * 500)
    for _ in range(1000):
        breaker.feed(b"x" * 500)
    (line,) = breaker.feed(b"end\n")
    assert line.startswith("beginxx")
    assert line.endswith("xxend")
    assert " … 500,405 characters left out … " in line
    assert 200 > len(line)
    (line,) = LineBreaker(longest=100).feed(b"begin" + b"x" * 500 + b"end\n")
    assert " … 408 characters left out … " in line


def test_very_much_keeps_the_beginning_and_the_end(tmp_path):
    """The disk is not filled; a line says how much was left out, and numbers go on."""
    folder = tmp_path / "log"
    lines = [f"line {number}" for number in range(20_000)]
    text = wrote(folder, *(f"{line}\n".encode() for line in lines), part=4_096)
    assert 9 * (4_096 + 100) > sum(each.stat().st_size for each in folder.iterdir())
    found = read_log(folder)
    assert all(line.text == f"line {line.number}" for line in found.lines)
    assert (0, 19_999, 20_000) == (found.lines[0].number, found.lines[-1].number, found.next)
    left_out = 20_000 - len(found.lines)
    assert 1 == text.count(f"\n… {left_out:,} lines left out …\n")
    assert "line 19999" == read_log(folder, most=1).lines[0].text
    assert [19_998, 19_999] == [line.number for line in read_log(folder, since=19_998).lines]
    assert read_log(folder, since=3_000).lines[0].number > 3_000


def test_a_second_writer_goes_on(tmp_path):
    """As where a step is tried again."""
    wrote(tmp_path, b"one\ntwo")
    assert "one\ntwo\nthree\n" == wrote(tmp_path, b"three\n")
    assert 3 == read_log(tmp_path).next


def test_what_is_not_ended_is_there(tmp_path):
    """As it is now; with the end of the log it is a line."""
    log = StepLog(tmp_path)
    for part in range(50):
        log.write(f"\r{part} of 50".encode())
        assert f"{part} of 50" == read_log(tmp_path).unfinished
    log.write(b"\rdone\nnext")
    assert ("done", "next") == (read_log(tmp_path).lines[0].text, read_log(tmp_path).unfinished)
    log.close()
    log.write(b"too late")
    assert ("done\nnext\n", "") == (log_text(tmp_path), read_log(tmp_path).unfinished)


def test_threads_write_whole_lines(tmp_path):
    """Each of its own, none lost."""
    log = StepLog(tmp_path)

    def write(name):
        for number in range(200):
            log.write(f"{name} {number}\n".encode())

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    log.close()
    lines = log_text(tmp_path).splitlines()
    assert sorted(f"{name} {number}" for name in "abcd" for number in range(200)) == sorted(lines)


def test_a_disk_that_fails_is_no_fault_of_the_step(tmp_path):
    """What could not be kept is counted, and said when something can be kept again."""
    place = tmp_path / "file"
    place.write_text("no folder")
    log = StepLog(place / "log")
    log.write(b"one\ntwo\n")
    place.unlink()
    log.write(b"three\n")
    log.close()
    assert "… 2 lines could not be kept …\nthree\n" == log_text(place / "log")


FLOOD = """
import os, signal, sys
from pathlib import Path
from interplane.pipeline.step_log import StepLog
log = StepLog(Path(sys.argv[1]))
for number in range(100_000):
    log.write(f"line {number}\\n".encode())
    if number == 5_000:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_written_outlives_a_kill(tmp_path):
    """All of it: each line is handed over before the next one."""
    done = subprocess.run([sys.executable, "-c", FLOOD, str(tmp_path)], check=False)
    assert -9 == done.returncode
    assert [f"line {number}" for number in range(5_001)] == log_text(tmp_path).splitlines()


def test_a_forked_process_writes_nowhere(tmp_path):
    """It would count its own lines, and may have been forked while another thread wrote."""
    log = StepLog(tmp_path)
    log.write(b"here\n")
    child = os.fork()
    if child == 0:
        log.write(b"there\n")
        os._exit(0)
    os.waitpid(child, 0)
    log.close()
    assert "here\n" == log_text(tmp_path)


def test_nothing_is_an_empty_log(tmp_path):
    """Where nobody wrote, nothing is."""
    assert ((), 0, "") == read_log(tmp_path / "none")
    assert "" == text_of([])
    assert "… 3 lines left out …\nx\n" == text_of([Line(3, "x")])
