"""The work of shadows: each answered row once, wherever a process ends, and none that ends them all."""

import random
import time
from collections import Counter

import msgspec
import pytest

from interplane.predictions.compact import compact
from interplane.predictions.table import read_log
from interplane.predictions.writer import SegmentWriter
from interplane.project import shadow_work
from interplane.project.shadow import Shadowing
from interplane.project.shadow_place import read_place
from interplane.project.shadow_work import DIED, ShadowWork
from interplane.project.shadows import Active
from interplane.testing.prediction_laws import made_up_entry

CROSSING = "e" * 64
BEGAN_US = time.time_ns() // 1000 - 600_000_000


def entry(number, **changes):
    """An entry of the last minutes: what is much older than its place in the log is not looked for."""
    return made_up_entry(number, **{"at_us": BEGAN_US + number * 1000, **changes})


class Killed(BaseException):
    """The end of a process, in the middle of something."""


class Toy:
    """A shadow that doubles numbers, and ends the process at some of them."""

    def __init__(self, crossing=CROSSING):
        self.crossing = self.name = crossing
        self.deadly = set()
        self.asked = []

    def predict(self, logged):
        """Predict a row."""
        number = logged.row["number"]
        self.asked.append(number)
        if number in self.deadly:
            raise Killed
        return msgspec.structs.replace(logged, crossing=self.crossing, score=2.0 * number)


@pytest.fixture
def log(tmp_path):
    """Where predictions are logged."""
    return tmp_path / "predictions"


@pytest.fixture
def own(tmp_path):
    """Where the shadows log theirs."""
    (tmp_path / "shadow").mkdir()
    return tmp_path / "shadow"


@pytest.fixture
def write(log):
    """Return a function that logs predictions in a segment of their own."""

    def writes(*entries, name="worker-0"):
        with SegmentWriter(log, name=name, sync_ms=10_000) as writer:
            for each in entries:
                writer.append([each])

    return writes


@pytest.fixture
def begin(log, own):
    """Return a function that begins a process: it ends without a word."""
    begun = []

    def begins(shadow, *, since_us=0, **options):
        work = ShadowWork(log, own, {"flights": Active(shadow, since_us)}, **options)
        begun.append(work)
        return work

    yield begins
    for work in begun:
        work.close()


def drained(work):
    """Let a process work until there is nothing to do."""
    while work.step():
        pass
    return work


def raw(own):
    """The numbers that are in the shadows' log, each as often as it was written."""
    found = read_log(own)
    return Counter(int(row["prediction_id"], 16) for row in found.to_rows())


def test_each_row_once(write, begin, own):
    """Under its id, with the shadow's score; of models that have a shadow."""
    write(*map(entry, range(5)), entry(9, model="taxis"))
    work = drained(begin(Toy()))
    write(entry(5))
    drained(work)
    rows = read_log(own, model="flights").to_rows()
    assert {number: 2.0 * number for number in range(6)} == {
        row["row.number"]: row["score"] for row in rows
    }
    assert {entry(number).id for number in range(6)} == {row["prediction_id"] for row in rows}
    assert {CROSSING} == {row["crossing"] for row in rows}


def test_what_was_answered_before_is_not_asked(write, begin, own, log):
    """In segments or in files."""
    write(*map(entry, range(4)))
    since_us = entry(2).at_us
    compact(log)
    write(entry(4), entry(1_000_000, at_us=since_us - 1))
    drained(begin(Toy(), since_us=since_us))
    assert {2: 1, 3: 1, 4: 1} == raw(own)


def test_another_shadow_begins_anew(write, begin, own):
    """With what was answered since it is one; what another one predicted stays."""
    write(*map(entry, range(3)))
    drained(begin(Toy())).keep()
    write(*map(entry, range(3, 6)))
    drained(begin(Toy("f" * 64), since_us=entry(4).at_us))
    rows = read_log(own, model="flights").to_rows()
    assert {0: "e", 1: "e", 2: "e", 4: "f", 5: "f"} == {
        row["row.number"]: row["crossing"][0] for row in rows
    }


def test_what_came_and_went_meanwhile_is_found_in_files(write, begin, own, log):
    """Nobody followed: the segments are gone."""
    write(*map(entry, range(3)))
    drained(begin(Toy())).keep()
    write(*map(entry, range(3, 6)))
    compact(log)
    compact(own)
    write(entry(6))
    drained(begin(Toy()))
    assert dict.fromkeys(range(7), 1) == raw(own)


def test_an_answer_that_was_left_behind_comes_late(write, begin, own):
    """Its ``at`` is that of the dead worker; it is asked all the same."""
    write(*map(entry, range(100, 103)))
    work = drained(begin(Toy()))
    write(entry(1, client_id="c"), entry(1, client_id="c"))
    drained(work)
    assert dict.fromkeys([100, 101, 102, 1], 1) == raw(own)


@pytest.mark.parametrize("seed", range(6))
def test_each_row_once_wherever_a_process_ends(write, begin, own, log, seed):
    """Between any two rows, before or after a place was kept, while both logs are compacted."""
    draw = random.Random(seed)
    written = 0
    for _ in range(8):
        for worker in range(2):
            count = draw.randrange(20)
            write(*map(entry, range(written, written + count)), name=f"worker-{worker}")
            written += count
        if draw.random() < 0.4:
            compact(log)
        if draw.random() < 0.3:
            compact(own)
        shadow = Toy()
        shadow.deadly = {draw.randrange(written + 1)} if draw.random() < 0.7 else set()
        work = begin(shadow)
        try:
            for _ in range(draw.randrange(1, 5)):
                work.step()
                if draw.random() < 0.3:
                    work.keep()
        except Killed:
            pass
        work.close()
    drained(begin(Toy()))
    assert dict.fromkeys(range(written), 1) == raw(own)


def test_a_row_that_ends_every_process_is_left_out(write, begin, own, monkeypatch):
    """After a few: it has a line that says so, and the others have their scores."""
    monkeypatch.setattr(shadow_work, "_AT_ONCE", 4)
    write(*map(entry, range(12)))
    shadow = Toy()
    shadow.deadly = {5, 9}
    starts = 0
    while (starts := starts + 1) < 20:
        work = begin(shadow)
        try:
            drained(work)
        except Killed:
            work.close()
            continue
        break
    assert starts < 12
    rows = {row["row.number"]: row for row in read_log(own, model="flights").to_rows()}
    assert set(range(12)) == set(rows)
    for number, row in rows.items():
        expected = (None, DIED) if number in shadow.deadly else (2.0 * number, None)
        assert expected == (row["score"], row["because"])
    assert (0, None) == (read_place(own).starts, read_place(own).suspect)
    asked = len(shadow.asked)
    write(entry(20))
    drained(begin(shadow))
    assert [20] == shadow.asked[asked:]


def test_each_row_has_its_time(write, begin):
    """The alarm is set before each, and taken back behind the last."""
    heard = []
    write(entry(0), entry(1))
    drained(begin(Toy(), alarm=heard.append))
    assert [30.0, 30.0, 0] == heard


def test_a_place_that_is_damaged_is_none(write, begin, own):
    """What is missing is found all the same."""
    write(*map(entry, range(3)))
    drained(begin(Toy())).keep()
    (own / "place.json").write_bytes(b'{"shadows"')
    write(entry(3))
    drained(begin(Toy()))
    assert dict.fromkeys(range(4), 1) == raw(own)


# ---- beginning and ending -------------------------------------------------------------------------


class Looking:
    """Which shadows there are now."""

    def __init__(self):
        self.active = {}

    def look(self):
        """The shadows."""
        return self.active


def test_shadows_come_and_go(write, log, own):
    """Without one nothing is done; the place is kept when one goes."""
    looking, said = Looking(), []
    shadowing = Shadowing(log, own, looking, say=said.append)
    write(entry(0))
    assert 0 < shadowing.step()
    assert [] == list(own.iterdir())
    looking.active = {"flights": Active(Toy(), entry(0).at_us)}
    assert 0.0 == shadowing.step()
    assert 0 < shadowing.step()
    looking.active = {}
    shadowing.step()
    write(entry(1))
    looking.active = {"flights": Active(Toy(), entry(0).at_us)}
    assert 0.0 == shadowing.step()
    shadowing.end()
    assert ({0: 1, 1: 1}, []) == (raw(own), said)


def test_a_disk_that_fails_is_said_once_and_all_begins_anew(write, log, own):
    """A moment later; nothing is there twice."""
    looking, said = Looking(), []
    shadowing = Shadowing(log, own, looking, say=said.append)
    looking.active = {"flights": Active(Toy(), 0)}
    write(entry(0))
    assert 0.0 == shadowing.step()
    (own / "place.json").unlink()
    (own / "place.json").mkdir()
    write(entry(1))
    shadowing._work._next_keep_s = 0
    assert [1.0] * 4 == [shadowing.step() for _ in range(4)]
    assert ["keeping", "reading"] == [text.split(" while ")[1].split()[0] for text in said]
    (own / "place.json").rmdir()
    assert 0.0 == shadowing.step()
    shadowing.end()
    assert {0: 1, 1: 1} == raw(own)
