"""Clients' ids: one answer per id, in every thread and process, until it is a day old."""

import os
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from interplane.errors import Corrupt, NewerFormat, StorageError
from interplane.serving.ids import ClientIds, Kept, request_digest
from interplane.serving.prediction_ids import NewIds, derived_id
from interplane.serving.refusals import IdTaken

NOW = 1_370_066_400_000_000
HOUR = 3_600_000_000
ONE, OTHER = request_digest(b'{"row": {"a": 1}}'), request_digest(b'{"row": {"a": 2}}')


@pytest.fixture
def path(tmp_path):
    """Where the file will be."""
    return tmp_path / "predictions" / "ids.sqlite"


@pytest.fixture
def ids(path):
    """The ids of a worker."""
    opened = ClientIds(path)
    yield opened
    opened.close()


def test_a_new_id_is_not_there(ids):
    """The file is made by the question."""
    assert ids.find("flights", "a7", ONE, now_us=NOW) is None


def test_an_id_is_answered_the_same(ids, path):
    """In this worker and in another."""
    kept = Kept(b"answer", b"entries")
    assert kept == ids.keep("flights", "a7", ONE, kept, now_us=NOW)
    assert kept == ids.find("flights", "a7", ONE, now_us=NOW + HOUR)
    assert kept == ClientIds(path).find("flights", "a7", ONE, now_us=NOW + HOUR)
    assert ids.find("trips", "a7", ONE, now_us=NOW) is None


def test_the_first_to_keep_wins(ids, path):
    """Also over another worker."""
    first, second = Kept(b"first", b"1"), Kept(b"second", b"2")
    ids.keep("flights", "a7", ONE, first, now_us=NOW)
    assert first == ids.keep("flights", "a7", ONE, second, now_us=NOW)
    assert first == ClientIds(path).keep("flights", "a7", ONE, second, now_us=NOW)


def test_an_id_stands_for_one_request(ids):
    """Another row under it is refused, before and while it is kept."""
    ids.keep("flights", "a7", ONE, Kept(b"answer", None), now_us=NOW)
    with pytest.raises(IdTaken, match="the id 'a7' came with another request before"):
        ids.find("flights", "a7", OTHER, now_us=NOW)
    with pytest.raises(IdTaken) as caught:
        ids.keep("flights", "a7", OTHER, Kept(b"other", None), now_us=NOW)
    assert "$.id" == caught.value.details["path"]


def test_what_is_logged_is_not_logged_again(ids, path):
    """At once here; elsewhere when the next id is written, or at the end."""
    ids.keep("flights", "a7", ONE, Kept(b"answer", b"entries"), now_us=NOW)
    ids.logged("flights", "a7")
    assert Kept(b"answer", None) == ids.find("flights", "a7", ONE, now_us=NOW)
    other = ClientIds(path)
    assert Kept(b"answer", b"entries") == other.find("flights", "a7", ONE, now_us=NOW)
    ids.keep("flights", "a8", ONE, Kept(b"answer", b"entries"), now_us=NOW)
    assert Kept(b"answer", None) == other.find("flights", "a7", ONE, now_us=NOW)
    ids.logged("flights", "a8")
    ids.close()
    assert Kept(b"answer", None) == other.find("flights", "a8", ONE, now_us=NOW)


def test_an_old_id_is_new_again(ids):
    """After a day nobody repeats a request."""
    ids.keep("flights", "a7", ONE, Kept(b"old", None), now_us=NOW)
    later = NOW + 24 * HOUR
    assert ids.find("flights", "a7", OTHER, now_us=later) is None
    new = Kept(b"new", None)
    assert new == ids.keep("flights", "a7", OTHER, new, now_us=later)
    assert new == ids.find("flights", "a7", OTHER, now_us=later)


def test_old_ids_go(ids, path):
    """The file holds a day of ids and no more."""
    for place in range(1100):
        ids.keep("flights", f"old {place}", ONE, Kept(b"", None), now_us=NOW + place)
    for place in range(3):
        later = NOW + (25 + place) * HOUR
        ids.keep("flights", f"new {place}", ONE, Kept(b"", None), now_us=later)
    ids.close()
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT id FROM answer ORDER BY id").fetchall()
    connection.close()
    assert [("new 0",), ("new 1",), ("new 2",)] == rows


def test_threads_share_the_ids(ids):
    """Each id has one winner however many keep it."""

    def keep(number):
        name = f"id {number % 20}"
        return name, ids.keep("flights", name, ONE, Kept(b"%d" % number, None), now_us=NOW)

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(keep, range(200)))
    assert 20 == len(set(won))


def test_processes_share_the_ids(path):
    """They begin at the same moment, on a file that is not there yet."""
    script = """
        import sys
        from pathlib import Path
        from interplane.serving.ids import ClientIds, Kept
        ids = ClientIds(Path(sys.argv[1]))
        for place in range(60):
            mine = Kept(sys.argv[2].encode(), None)
            won = ids.keep("flights", str(place), b"r", mine, now_us=10**15)
            print(place, won.answer.decode())
        ids.close()
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    running = [
        subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in "abcd"
    ]
    answers = [child.communicate(timeout=60)[0].splitlines() for child in running]
    assert [0] * 4 == [child.returncode for child in running]
    assert answers[0] == answers[1] == answers[2] == answers[3]
    assert 60 == len(answers[0])


def test_what_was_kept_survives_the_process(path):
    """It is not closed, and nothing is synced."""
    script = """
        import os, sys
        from pathlib import Path
        from interplane.serving.ids import ClientIds, Kept
        ids = ClientIds(Path(sys.argv[1]))
        ids.keep("flights", "a7", b"r", Kept(b"answer", b"entries"), now_us=10**15)
        os.kill(os.getpid(), 9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(path)], check=False)
    kept = ClientIds(path).find("flights", "a7", b"r", now_us=10**15)
    assert Kept(b"answer", b"entries") == kept


def test_a_file_that_was_begun_is_made_anew(ids, path):
    """A crash while it was made leaves it under another name."""
    path.parent.mkdir()
    path.with_name("ids.sqlite.new").write_bytes(b"half of it")
    assert ids.find("flights", "a7", ONE, now_us=NOW) is None


def test_a_damaged_file_says_what_it_is(ids, path):
    """And that it may be moved away."""
    ids.keep("flights", "a7", ONE, Kept(b"answer" * 3000, None), now_us=NOW)
    ids.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(Corrupt, match="holds clients' ids of the last day and nothing else"):
        ids.find("flights", "a7", ONE, now_us=NOW)
    path.write_bytes(b"something else" * 1000)
    with pytest.raises(StorageError, match="no file of clients' ids"):
        ClientIds(path).find("flights", "a7", ONE, now_us=NOW)


def test_a_newer_file_is_refused(ids, path):
    """Two versions of a server do not share one."""
    ids.find("flights", "a7", ONE, now_us=NOW)
    ids.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(NewerFormat, match="has format 9"):
        ClientIds(path).find("flights", "a7", ONE, now_us=NOW)


def test_a_folder_that_cannot_be_made_is_our_error(tmp_path):
    """Not the operating system's."""
    (tmp_path / "predictions").write_text("a file")
    with pytest.raises(StorageError, match="while making"):
        ClientIds(tmp_path / "predictions" / "ids.sqlite").find("m", "a", ONE, now_us=NOW)


def test_requests_are_told_apart_by_what_they_say():
    """Not by how they are written."""
    assert request_digest(b'{"row":{"a":1,"b":"x"}}') == request_digest(
        b'{ "row" : {"b":"\\u0078","a":1} }'
    )
    different = [b'{"row":{"a":1}}', b'{"row":{"a":1.0}}', b'{"row":{"a":"1"}}', b'{"row":{}}']
    different += [b'{"row":{"a":1e400}}', b'{"row":{"a":2e400}}', b'{"row":{"a":"\\ud800"}}']
    different += [b'{"row":{"a":%d}}' % (2**70), b'{"row":{"a":%d}}' % (2**70 + 1)]
    assert len(different) == len({request_digest(body) for body in different})


def test_new_ids_are_random_and_differ():
    """The system is asked once for many."""
    asked = []

    def draw(size):
        asked.append(size)
        return os.urandom(size)

    new_id = NewIds(draw)
    made = [new_id() for _ in range(1000)]
    assert 1000 == len(set(made))
    assert {32} == {len(text) for text in made}
    assert all(bytes.fromhex(text) for text in made)
    assert [4096] * 4 == asked


def test_threads_draw_different_ids():
    """Also while more are drawn."""
    new_id = NewIds()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: [new_id() for _ in range(500)], range(16)))
    assert 8000 == len({text for texts in made for text in texts})


def test_derived_ids_are_made_of_model_id_place_and_row():
    """Each part matters: an id that comes again for another row is another prediction."""
    made = [
        derived_id(model, name, place, row)
        for model in ("flights", "trips")
        for name in ("a", "b")
        for place in (0, 1)
        for row in (b"{}", b'{"a":1}')
    ]
    assert 16 == len(set(made))
    assert made[0] == derived_id("flights", "a", 0, b"{}")
