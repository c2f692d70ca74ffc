"""Passes over triggers: each firing runs once, whatever happens to whoever makes the passes."""

from datetime import UTC, datetime

import pytest

from interplane.errors import StorageError
from interplane.monitoring.alerts.journal import SqliteJournal
from interplane.monitoring.triggers.firing_pass import ATTEMPTS, pass_over_triggers
from interplane.monitoring.triggers.ports import Found
from interplane.monitoring.triggers.trigger import Trigger
from interplane.record.digests import digest_value
from interplane.storage.clock import micros_of
from interplane.testing.journal_laws import firing
from interplane.testing.memory_journal import MemoryJournal
from interplane.testing.memory_runs import MemoryRuns

HOUR = 3_600_000_000
START = micros_of(datetime(2013, 6, 1, tzinfo=UTC))
HOURLY = Trigger(name="hourly", run="flights", schedule="0 * * * *")


class Bench:
    """A journal, runs, and passes over them."""

    def __init__(self, *triggers, journal=None):
        self.journal = journal or MemoryJournal()
        self.runs = MemoryRuns()
        self.triggers = triggers
        self.versions = {}
        self.now = START

    def turn(self, hours=0.0):
        """Let time pass, and make a pass."""
        self.now += int(hours * HOUR)
        pass_over_triggers(
            self.journal, self.runs, self.triggers, versions=self.versions, now_us=self.now
        )

    @property
    def states(self):
        """What became of each firing, oldest first."""
        return [item.state for item in reversed(self.journal.firings())]


def test_a_firing_is_started_and_followed():
    """To its end, with what it published."""
    bench = Bench(HOURLY)
    bench.turn()
    bench.turn(1.5)
    assert ["started"] == bench.states
    bench.turn()
    run, crossing = digest_value("run"), digest_value("crossing")
    bench.runs.end(Found(exit_code=0, run=run, status="done", crossings=(crossing,)))
    bench.turn(0.1)
    (done,) = bench.journal.firings()
    assert ("done", run, (crossing,), 0, 1) == (
        done.state,
        done.run,
        done.crossings,
        done.exit_code,
        done.attempts,
    )
    assert (START + int(1.5 * HOUR), bench.now) == (done.began_us, done.ended_us)
    assert done.code is not None
    assert 1 == len(bench.runs.begun)


@pytest.mark.parametrize(
    ("found", "state", "note"),
    [
        (Found(exit_code=4, status="failed", note="model raised"), "failed", "model raised"),
        (Found(exit_code=5, status="gate-closed", note="closed"), "done", "closed"),
        (Found(exit_code=2, note="no pipeline"), "failed", "no pipeline"),
        (Found(exit_code=1), "failed", "exit code 1"),
        (Found(exit_code=0), "failed", "exit code 0"),
    ],
)
def test_how_runs_end(found, state, note):
    """A failure is not tried again: the next firing is."""
    bench = Bench()
    bench.journal.record_due([firing("t", "1")], {})
    bench.turn()
    bench.runs.end(found)
    bench.turn()
    (over,) = bench.journal.firings()
    assert (state, 1) == (over.state, len(bench.runs.begun))
    assert note in over.note


@pytest.mark.parametrize("code", [None, -9, 130])
def test_a_run_that_was_cut_off_is_taken_up_again(code):
    """A few times."""
    bench = Bench()
    bench.journal.record_due([firing("t", "1")], {})
    for _ in range(ATTEMPTS):
        bench.turn()
        bench.runs.end(Found(exit_code=code))
    bench.turn()
    (over,) = bench.journal.firings()
    assert ("failed", ATTEMPTS) == (over.state, len(bench.runs.begun))
    assert "without a word" in over.note


def test_without_code_it_fails_and_says_why():
    """The next one may succeed."""
    bench = Bench()
    bench.runs.without_code = {"flights"}
    bench.journal.record_due([firing("t", "1")], {})
    bench.turn()
    (over,) = bench.journal.firings()
    assert ("failed", "no code of flights. Run it once by hand.") == (over.state, over.note)


def test_what_waits_says_for_what():
    """And starts when it can."""
    bench = Bench()
    bench.journal.record_due(
        [firing("a", "1"), firing("b", "1", due_us=1)],
        {},
    )
    queued = [
        item.__class__(
            **{
                **{name: getattr(item, name) for name in item.__struct_fields__},
                "action": item.action.__class__(run="flights", debounce="0s", busy="queue"),
            }
        )
        for item in bench.journal.firings()
    ]
    for item in queued:
        bench.journal.record_firing(item)
    bench.turn()
    assert ["started", "waiting"] == bench.states
    assert "waits until flights runs no more" == bench.journal.firings(states=["waiting"])[0].note
    bench.runs.end()
    bench.turn()
    assert ["done", "started"] == bench.states


class Killed(BaseException):
    """The process ended here."""


class Countdown:
    """Kills at its end."""

    def __init__(self, left):
        self.left = left

    def tick(self):
        """Count one moment at which a process may be killed."""
        self.left -= 1
        if self.left == -1:
            raise Killed


class DyingJournal(SqliteJournal):
    """A journal whose process may be killed before and after each write."""

    countdown = None

    def record_due(self, firings, marks):
        """Write, unless killed first."""
        self.countdown.tick()
        count = super().record_due(firings, marks)
        self.countdown.tick()
        return count

    def record_firing(self, firing):
        """Write, unless killed first."""
        self.countdown.tick()
        super().record_firing(firing)
        self.countdown.tick()


def live(bench, path, countdown, hours):
    """Make a pass in a process of its own, which may be killed."""
    bench.journal = DyingJournal(path)
    bench.journal.countdown = countdown
    try:
        bench.turn(hours)
    except Killed:
        pass
    finally:
        bench.journal.close()


@pytest.mark.parametrize("moment", range(26))
def test_killed_between_any_two_writes(tmp_path, moment):
    """Each firing runs once, on record and in fact, wherever the passes are cut off."""
    path, never, bench = tmp_path / "journal.sqlite", Countdown(-1), Bench(HOURLY)
    live(bench, path, never, 0.0)
    countdown = Countdown(moment)
    for hour in range(5):
        live(bench, path, countdown, 1.0)
        if hour % 2:
            bench.runs.end()
    for _ in range(6):
        bench.runs.end()
        live(bench, path, never, 0.0)
    assert countdown.left < 0
    found = SqliteJournal(path).firings()
    assert [f"2013-06-01T0{hour}:00Z" for hour in (5, 4, 3, 2, 1)] == [item.key for item in found]
    # Where it was killed before it looked, the next look finds two times, and runs once for both.
    assert all(item.state == "done" or "one run for all" in item.note for item in found)
    done = sorted(item.id for item in found if item.state == "done")
    assert done == sorted(item.id for item in bench.runs.begun)


def test_a_full_disk_stops_the_pass():
    """Nothing is started that is not on record."""
    bench = Bench(HOURLY)
    bench.turn()

    def full(*_, **__):
        raise StorageError("no space", do="Free some")

    bench.journal.record_firing = full
    with pytest.raises(StorageError):
        bench.turn(1)
    assert [] == bench.runs.begun
