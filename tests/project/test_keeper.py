"""The keeper: what is to be done is done once, whoever is killed, over weeks."""

import io
import json
import random
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from interplane.errors import StorageError
from interplane.monitoring.alerts.delivery import deliver
from interplane.monitoring.alerts.journal import SqliteJournal
from interplane.monitoring.calendar import HOUR_US
from interplane.monitoring.triggers.firing_pass import pass_over_triggers
from interplane.monitoring.triggers.schedule import scheduled_key, times_between
from interplane.monitoring.triggers.trigger import Trigger
from interplane.project.keeper import Keeper, Pass
from interplane.serving.log_lines import LogLines
from interplane.storage.clock import micros_of
from interplane.testing.clocks import FixedClock
from interplane.testing.journal_laws import channels, finding, judge
from interplane.testing.memory_runs import MemoryRuns


def test_passes_are_done_in_turn(tmp_path):
    """With the time of the clock, as often as each says."""
    clock, done = FixedClock("2013-06-01T00:00:00Z"), []
    keeper = Keeper(
        tmp_path,
        [
            Pass("often", lambda now: done.append(("often", now))),
            Pass("seldom", lambda now: done.append(("seldom", now)), 60.0),
        ],
        clock=clock,
    )
    for _ in range(4):
        keeper.turn()
        clock.advance(30)
    first = datetime(2013, 6, 1, tzinfo=UTC)
    times = [("often", 0), ("seldom", 0), ("often", 30), ("often", 60), ("seldom", 60)]
    assert [(name, first + timedelta(seconds=at)) for name, at in [*times, ("often", 90)]] == done


def test_a_pass_that_fails_keeps_no_other_from_its_turn(tmp_path):
    """It is said: an error of ours in words, anything else with its place."""
    out, done = io.StringIO(), []

    def ours(now):
        raise StorageError("no space", do="Free some")

    def bug(now):
        raise ZeroDivisionError("x")

    keeper = Keeper(
        tmp_path,
        [Pass("ours", ours), Pass("bug", bug), Pass("works", done.append)],
        log=LogLines(out=out),
    )
    assert {"ours": "no space. Free some.", "bug": "x"} == keeper.turn()
    assert 1 == len(done)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert ["ours", "bug"] == [line["what"] for line in lines]
    assert "test_keeper.py" in lines[1]["trace"]


def test_it_stops_when_told_to(tmp_path):
    """After the pass that is under way."""
    stopping, done = threading.Event(), []

    def stop(now):
        done.append(now)
        stopping.set()

    keeper = Keeper(tmp_path, [Pass("stop", stop), Pass("never", done.append)], stopping=stopping)
    keeper.run()
    assert 1 == len(done)


def test_one_keeper_a_workspace(tmp_path, monkeypatch):
    """The second one says who is there; when the first is gone, another may."""
    monkeypatch.setattr("interplane.project.keeper._PATIENCE_S", 0.1)
    code = (
        "import sys, pathlib; from interplane.project.keeper import Keeper\n"
        "Keeper(pathlib.Path(sys.argv[1]), [], every_s=60).run(\n"
        "    ready=lambda: print('ready', flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE) as other:
        assert b"ready\n" == other.stdout.readline()
        with pytest.raises(StorageError, match=rf"already \(process {other.pid}\)"):
            Keeper(tmp_path, []).run(once=True)
        other.kill()
        other.wait()
    Keeper(tmp_path, []).run(once=True)


# ---- three weeks ----------------------------------------------------------------------------

KEEP_DAYS = 4
TRIGGERS = (
    Trigger(name="nightly", run="flights", schedule="0 3 * * *"),
    Trigger(name="often", run="weather", schedule="*/20 * * * *"),
    Trigger(name="each", run="other", schedule="0 */6 * * *", missed="each"),
)


class Weeks:
    """A workspace over weeks: what its keeper does, and what comes of it."""

    def __init__(self, path, seed):
        self.path = path
        self.draw = random.Random(seed)
        self.clock = FixedClock("2013-06-01T00:00:00Z")
        self.runs = MemoryRuns()
        self.told = Counter()
        self.seen = set()
        self.alerts = set()
        self.sizes = []
        self.start_us = self.now_us
        self.journal = SqliteJournal(path, channels=channels)

    @property
    def now_us(self):
        """The time now."""
        return micros_of(datetime.fromisoformat(self.clock.now_utc()))

    def is_off(self, hour):
        """Whether the slice is far off in an hour: for 5 hours, every 2 days."""
        return hour % 48 in range(10, 15)

    def watch(self, now):
        """Judge every hour that closed and was not judged."""
        before = self.journal.judged("late")
        first = before[-1].end_us // HOUR_US if before else self.start_us // HOUR_US
        for hour in range(first, micros_of(now) // HOUR_US):
            judge(self.journal, hour, finding(hour, fires=self.is_off(hour)), now_us=micros_of(now))

    def fire(self, now):
        """Look at the triggers."""
        pass_over_triggers(self.journal, self.runs, TRIGGERS, versions={}, now_us=micros_of(now))

    def channel(self, owner, name):
        """Return a channel that is down now and then."""
        weeks = self

        class Channel:
            def send(self, message):
                """Take it, or not."""
                if weeks.draw.random() < 0.1:
                    raise StorageError("down", do="Wait")
                weeks.told[name, message.key] += 1

        return Channel()

    def tell(self, now):
        """Send what is due."""
        deliver(self.journal, self.channel, project="p", attempts=12, now_us=micros_of(now))

    def keep(self, now):
        """Let go of what is old."""
        self.journal.prune(before_us=micros_of(now - timedelta(days=KEEP_DAYS)))

    def look(self, now):
        """Write down what is to be seen, before it is let go of."""
        self.seen |= {(item.trigger, item.key, item.state) for item in self.journal.firings()}
        self.alerts |= {alert.id for alert in self.journal.alerts()}
        self.sizes.append(
            len(self.journal.judged("late"))
            + len(self.journal.alerts())
            + len(self.journal.firings())
            + len(self.journal.deliveries())
        )

    def live(self):
        """Make a turn; now and then by a new process."""
        if self.draw.random() < 0.2:
            self.journal.close()
            self.journal = SqliteJournal(self.path, channels=channels)
        passes = [("watch", self.watch), ("fire", self.fire), ("tell", self.tell)]
        passes += [("look", self.look), ("keep", self.keep)]
        keeper = Keeper(self.path.parent, [Pass(*item) for item in passes], clock=self.clock)
        assert {} == keeper.turn()
        if self.draw.random() < 0.8:
            self.runs.end()


def test_three_weeks(tmp_path):
    """No time is skipped or doubled, each episode is one alert, each event told once; all bounded."""
    weeks = Weeks(tmp_path / "journal.sqlite", seed=7)
    first = weeks.now_us
    weeks.live()
    end = first + 21 * 24 * HOUR_US
    while weeks.now_us < end:
        weeks.clock.advance(weeks.draw.choice([60, 600, 3_600, 12_000, 20_000]))
        weeks.live()
    last = weeks.now_us
    for trigger in TRIGGERS:
        wanted = [scheduled_key(at) for at in times_between(trigger.schedule, first, last)]
        assert set(wanted) == {key for name, key, _ in weeks.seen if name == trigger.name}
    begun = Counter(item.id for item in weeks.runs.begun)
    assert {1} == set(begun.values())
    nightly = {key for name, key, state in weeks.seen if (name, state) == ("nightly", "done")}
    assert len(nightly) >= 20
    hours = range(first // HOUR_US, last // HOUR_US)
    episodes = sum(weeks.is_off(b) and not weeks.is_off(a) for a, b in pairwise(hours))
    assert episodes == len(weeks.alerts)
    assert {1} == set(weeks.told.values())
    opened = {key for _, key in weeks.told if key.endswith("opened")}
    assert episodes - 1 <= len(opened) <= episodes
    day = 24 * (1 + 3) + 40
    assert max(weeks.sizes) < (KEEP_DAYS + 1) * day
    weeks.journal.close()
