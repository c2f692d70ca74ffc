"""What a server counted, minute by minute: each once, and readable by others."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from interplane.errors import NewerFormat, StorageError
from interplane.serving.board import BOUNDS_S, Board
from interplane.serving.log_lines import LogLines
from interplane.serving.metrics import SlotMeter, request_word
from interplane.serving.minute_file import MinuteFile
from interplane.serving.minutes import Minute, Minutes, ModelMinute

NOON = 1_767_614_400_000_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
EVER = {"begin_us": 0, "end_us": 2**62}


class Kept:
    """Keeps minutes in a list; fails when told."""

    def __init__(self):
        self.minutes = []
        self.failing = False
        self.is_closed = False

    def write(self, minutes):
        """Keep them."""
        if self.failing:
            raise StorageError("the disk is gone", do="Mend it")
        self.minutes += minutes

    def close(self):
        """Close."""
        self.is_closed = True


class Server:
    """A board of two workers, and its minutes by a clock that is set."""

    def __init__(self, board, kept):
        self.board, self.kept, self.now = board, kept, NOON + 10 * SECOND
        for number, slot in enumerate(board.slots):
            slot.begin(pid=number + 1, started_us=self.now)
        self.meters = [SlotMeter(slot) for slot in board.slots]
        self.said = io.StringIO()
        self.minutes = Minutes(
            board, kept, log=LogLines(out=self.said), now_us=lambda: self.now, server="s"
        )

    def at(self, seconds):
        """Let the clock be so many seconds after noon, and look."""
        self.now = NOON + round(seconds * SECOND)
        self.minutes.tick()

    def answer(self, route, status, count=1, worker=0):
        """Count requests."""
        self.board.slots[worker].words[request_word(route, status)] += count


@pytest.fixture
def server():
    """A server whose minutes are kept in a list."""
    with Board.create(2) as board:
        yield Server(board, Kept())


def test_a_minute_of_the_clock_is_kept_when_it_is_over(server):
    """With all that the workers counted in it, and nothing of the next one."""
    server.meters[0].predictions("flights", 3, rejected=1, took_us=700)
    server.meters[1].predictions("flights", 2, rejected=0, took_us=90)
    server.answer("predict", 200, 2)
    server.answer("predict", 503)
    server.answer("predict", 422, worker=1)
    server.answer("metrics", 200)
    server.board.slots[1].add("shed_wait", 4)
    server.board.slots[0].add("shed_in_flight", 1)
    server.board.slots[0].add("shed_connections", 2)
    server.meters[1].frames_lost(2)
    server.at(59)
    assert [] == server.kept.minutes
    server.at(60.5)
    server.at(61)
    (minute,) = server.kept.minutes
    buckets = [0] * (len(BOUNDS_S) + 1)
    buckets[0] = buckets[3] = 1
    assert minute == Minute(
        server="s",
        number=0,
        begin_us=NOON + 10 * SECOND,
        end_us=NOON + 60_500_000,
        requests={"predict": {"2xx": 2, "5xx": 1, "4xx": 1}, "metrics": {"2xx": 1}},
        shed=5,
        shed_connections=2,
        frames_lost=2,
        workers=2,
        models={
            "flights": ModelMinute(predictions=5, rejected=1, took_us=790, buckets=tuple(buckets))
        },
    )


def test_each_minute_has_its_own(server):
    """What was counted before is not counted again; a quiet minute is one, too."""
    for second in range(0, 240, 30):
        server.at(second + 15)
        if second < 120:
            server.meters[0].predictions("flights", 1, rejected=0, took_us=10)
    server.at(240)
    server.minutes.close()
    minutes = server.kept.minutes
    assert [0, 1, 2, 3, 4] == [minute.number for minute in minutes]
    nothing = ModelMinute()
    assert [2, 2, 0, 0] == [m.models.get("flights", nothing).predictions for m in minutes[:4]]
    assert all(before.end_us == after.begin_us for before, after in pairwise(minutes))
    assert server.kept.is_closed


def test_states_are_the_worst_that_was_seen(server):
    """The most requests in flight, the fewest workers; of the minute, not of ever."""
    server.board.slots[0].set("in_flight", 7)
    server.at(20)
    server.board.slots[0].set("in_flight", 1)
    server.board.slots[1].end()
    server.at(30)
    server.board.slots[1].begin(pid=9, started_us=0)
    server.at(60)
    server.at(120)
    first, second = server.kept.minutes
    assert (7, 1) == (first.in_flight, first.workers)
    assert (1, 2) == (second.in_flight, second.workers)


def test_minutes_that_cannot_be_kept_wait(server):
    """Serving goes on; they are kept together later, each once."""
    server.kept.failing = True
    server.at(60)
    server.at(120)
    server.kept.failing = False
    server.at(180)
    assert [0, 1, 2] == [minute.number for minute in server.kept.minutes]
    said = [json.loads(line) for line in server.said.getvalue().splitlines()]
    assert [("minutes-not-kept", 1), ("minutes-not-kept", 2)] == [
        (line["event"], line["waiting"]) for line in said
    ]


def test_a_clock_that_was_set_back(server):
    """No minute ends before it began, and none is lost."""
    server.at(100)
    server.meters[0].predictions("flights", 5, rejected=0, took_us=10)
    server.at(-3600)
    server.at(-3500)
    assert all(minute.end_us >= minute.begin_us for minute in server.kept.minutes)
    assert 5 == sum(m.models["flights"].predictions for m in server.kept.minutes if m.models)


# ---- the file -----------------------------------------------------------------------------


def minute(number, *, server="s", at=NOON, **more):
    """Return a minute."""
    begin = at + number * MINUTE
    return Minute(
        server=server,
        number=number,
        begin_us=begin,
        end_us=begin + MINUTE,
        **{"requests": {}, "models": {}, **more},
    )


def test_the_file_keeps_each_minute_once(tmp_path):
    """Whatever is written again, by whichever process."""
    kept = MinuteFile(tmp_path / "minutes.sqlite")
    assert [] == kept.read(**EVER)
    one, two = minute(0, requests={"predict": {"2xx": 3}}), minute(1)
    kept.write([one])
    kept.write([one, two])
    MinuteFile(tmp_path / "minutes.sqlite").write([minute(0, server="t"), two])
    assert [one, minute(0, server="t"), two] == kept.read(**EVER)
    assert [two] == kept.read(begin_us=two.begin_us, end_us=two.end_us)
    assert ["minutes.sqlite"] == [
        path.name for path in tmp_path.iterdir() if path.name.endswith("sqlite")
    ]
    kept.close()


def test_old_minutes_go(tmp_path):
    """The file is bounded."""
    kept = MinuteFile(tmp_path / "minutes.sqlite", kept_days=1)
    kept.write([minute(number) for number in range(3)])
    kept.write([minute(1440 + 1)])
    assert [2, 1441] == [each.number for each in kept.read(**EVER)]
    kept.close()


def test_a_newer_file_is_refused(tmp_path):
    """Nobody writes what they do not understand."""
    import sqlite3

    path = tmp_path / "minutes.sqlite"
    kept = MinuteFile(path)
    kept.write([minute(0)])
    kept.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE minutes SET format = 99")
    connection.close()
    with pytest.raises(NewerFormat):
        MinuteFile(path).read(**EVER)


@pytest.mark.crash
def test_kills_lose_a_minute_at_most(tmp_path):
    """Every minute that was kept is there once after 12 kills; none is there that was not counted."""
    path, draw = tmp_path / "minutes.sqlite", random.Random(5)
    counted = kept = 0
    for _ in range(12):
        script = str(Path(__file__).with_name("counting.py"))
        with subprocess.Popen([sys.executable, script, str(path)], stdout=subprocess.PIPE) as one:
            one.stdout.readline()
            time.sleep(draw.uniform(0.0, 0.15))
            one.kill()
            lines = one.stdout.read().decode().split("\n")
        said = [line.split() for line in lines if line.endswith(tuple("0123456789"))]
        counted += max((int(n) for word, n in said if word == "counted"), default=1)
        kept += max((int(n) for word, n in said if word == "kept"), default=0)
    minutes = MinuteFile(path).read(**EVER)
    found = sum(each.models["flights"].predictions for each in minutes)
    assert kept <= found <= counted
    assert len(minutes) == len({(each.server, each.number) for each in minutes})


def test_a_minute_reads_back(tmp_path):
    """Its JSON is all of it."""
    one = minute(3, models={"flights": ModelMinute(predictions=2, buckets=(1, 1))}, workers=2)
    assert one == msgspec.json.decode(msgspec.json.encode(one), type=Minute)
