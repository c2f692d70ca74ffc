"""Looking at models: counted, judged once, alerts with everything that follows from them."""

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import trips_project as trips
import watching_trips as hours

from interplane.errors import ConfigError
from interplane.project.watch_report import report, untold
from interplane.project.watching import Watching, look_at_models

SHORT_MEMORY = """
[monitoring]
lateness = "1s"
keep_days = 1

[[monitor]]
name = "weeks"
model = "trips"
metric = "traffic"
window = "1w"
against = "previous"
moves_by = 0.2
"""


QUIET = """
[monitoring]
lateness = "1s"
keep_days = 1
horizon = "1d"

[[monitor]]
name = "quiet"
model = "trips"
metric = "traffic"
window = "1d"
at_least = 10
"""

LOOSE = """
[[monitor]]
name = "loose"
model = "trips"
metric = "label_rate"
window = "1h"
at_most = 0.5
coverage = 0.4
"""

ERRORS = """
[monitoring]
lateness = "1s"

[[monitor]]
name = "errors"
model = "trips"
metric = "error_rate"
window = "1h"
at_most = 0.01
"""


@pytest.fixture(scope="module")
def _made(tmp_path_factory):
    root = tmp_path_factory.mktemp("watching") / "trips"
    trips.make(root, settings=hours.RULES)
    return root


@pytest.fixture
def root(_made, tmp_path):
    """Return a copy of a project with a live crossing and two rules."""
    root = tmp_path / "trips"
    shutil.copytree(_made, root, symlinks=True)
    return root


@pytest.fixture
def project(root):
    """The project, opened."""
    with trips.opened(root) as project:
        yield project


def fired(watched):
    """Return the rule and slice of each alert that was opened, and of each that was resolved."""
    return tuple(
        sorted((each.cell.rule, each.cell.values) for each in watched.alerts(kind))
        for kind in ("opened", "resolved")
    )


def test_a_shift_of_a_zone_is_found_told_and_resolved(project):
    """The alert names the zone; it opens once, asks for one run, and ends after two quiet hours."""
    for hour in range(3):
        hours.log_hour(project, hour)
    assert ([], []) == fired(look_at_models(project)[0])
    hours.log_hour(project, 3, shift=0.3, zone="north")
    hours.log_hour(project, 4, shift=0.3, zone="north")
    [found] = look_at_models(project)
    assert ([("scores", ()), ("scores", ("north",))], []) == fired(found)
    assert 0 == look_at_models(project)[0].judged
    for hour in range(5, 8):
        hours.log_hour(project, hour, shift=0.3, zone="north")
    with Watching(project) as watching:
        assert ([], [("scores", ()), ("scores", ("north",))]) == fired(watching.look()[0])
        firings = watching.journal.firings()
        told = {(each.event, each.channel) for each in watching.journal.deliveries()}
    assert {"scores"} == {each.trigger for each in firings}
    assert 2 == len(firings)
    assert {("opened", "log"), ("resolved", "log")} == told


def test_outcomes_are_waited_for_and_each_window_is_judged_once(project):
    """Half of the outcomes are not enough; with nine in ten the hour is judged, in order."""
    hours.log_hour(project, 0)
    hours.log_hour(project, 1)
    hours.tell(project, 0, 0.9, of=0.5)
    hours.log_hour(project, 2)
    look_at_models(project)
    with Watching(project) as watching:
        assert [] == list(watching.journal.judged("long"))
        hours.tell(project, 0, 0.3)
        hours.tell(project, 1, 0.8)
        [found] = watching.look()
        judged = watching.journal.judged("long")
        assert [hours.FIRST + 2] == [each.end_us // hours.HOUR_US for each in judged]
        assert ([("long", ())], []) == fired(found)
        statements = [
            (each.begin_us // hours.HOUR_US - hours.FIRST, each.labelled, round(each.value, 2))
            for each in watching.windows.statements(
                "trips", length="1h", slicing=(), metric="label_rate"
            )
        ]
    # What was stated of the first hour stays, and what became known is stated beside it.
    assert [(0, 200, 0.9), (0, 400, 0.3), (1, 400, 0.8)] == statements


def test_counts_are_kept_as_long_as_a_rule_asks_for_them(root):
    """A week is compared with the whole week before, however few days are to be kept."""
    file = root / "interplane.toml"
    text = file.read_text().split("[monitoring]")[0]
    file.write_text(f"{text}{SHORT_MEMORY}")
    with trips.opened(root) as project:
        for day in range(16):
            hours.log_hour(project, day * 24, 150)
            look_at_models(project)
        with Watching(project) as watching:
            [*_, last] = watching.journal.judged(
                "weeks", since_us=(hours.FIRST + 200) * 3_600_000_000
            )
            assert 7 * 24 <= len(range(min(watching.windows.hours("trips")), hours.FIRST + 15 * 24))
            alerts = watching.journal.alerts()
    assert () == last.findings
    assert [] == list(alerts)


def test_after_a_long_pause_each_window_is_judged_by_its_rows(root):
    """Nobody looked for longer than counts are kept: no day is taken for an empty one."""
    file = root / "interplane.toml"
    text = file.read_text().split("[monitoring]")[0]
    file.write_text(f"{text}{QUIET}")
    with trips.opened(root) as project:
        for day in range(2):
            hours.log_hour(project, day * 24, 20)
        look_at_models(project)
        for day in range(2, 12):
            hours.log_hour(project, day * 24, 20)
        [found] = look_at_models(project)
        [after] = look_at_models(project)
        with Watching(project) as watching:
            kept = watching.windows.hours("trips")
    assert (10, ()) == (found.judged, found.changes)
    assert 0 == after.judged
    assert 6 > len(kept)


def test_a_rule_that_waits_longer_keeps_no_other_waiting(root):
    """Half of the outcomes are enough for one, and not for the other."""
    file = root / "interplane.toml"
    file.write_text(f"{file.read_text()}{LOOSE}")
    with trips.opened(root) as project:
        for hour in range(2):
            hours.log_hour(project, hour)
            hours.tell(project, hour, 0.8, of=0.5)
        look_at_models(project)
        with Watching(project) as watching:
            judged = {name: len(watching.journal.judged(name)) for name in ("long", "loose")}
            alerts = [each.cell.rule for each in watching.journal.alerts()]
    assert {"long": 0, "loose": 1} == judged
    assert ["loose"] == alerts


def test_numbers_of_servers_are_of_their_clock_also_in_a_replay(root):
    """What servers counted in the last hour is judged, and not an hour of history without any."""
    from interplane.monitoring.calendar import window_at

    file = root / "interplane.toml"
    text = file.read_text().split("[monitoring]")[0]
    file.write_text(f"{text}{ERRORS}")
    with trips.opened(root) as project:
        hours.log_hour(project, 0)
        hours.log_hour(project, 1)
        latest = window_at("1h", time.time_ns() // 1000 - 1_000_000).begin_us
        look_at_models(project)
        with Watching(project) as watching:
            [judged] = watching.journal.judged("errors")
    assert latest <= judged.end_us


def test_an_alert_of_a_rule_that_was_taken_out_ends(project, root):
    """Nothing would ever end it: so the next look does, and says so to its owner."""
    for hour in range(3):
        hours.log_hour(project, hour)
    look_at_models(project)
    for hour in (3, 4):
        hours.log_hour(project, hour, shift=0.3, zone="north")
    look_at_models(project)
    file = root / "interplane.toml"
    file.write_text(file.read_text().replace('slices = ["zone"]', ""))
    with trips.opened(root) as changed, Watching(changed) as watching:
        watching.look()
        states = {each.cell.values: each.state for each in watching.journal.alerts()}
        told = [each.event for each in watching.journal.deliveries()]
    assert {(): "open", ("north",): "resolved"} == states
    assert ["opened", "opened", "resolved"] == sorted(told)


def test_a_muted_rule_starts_no_run(project):
    """Its alerts are written down; nobody is told, and nothing begins."""
    from interplane.monitoring.alerts.ports import RuleMute

    for hour in range(3):
        hours.log_hour(project, hour)
    look_at_models(project)
    with Watching(project) as watching:
        now_us = time.time_ns() // 1000
        watching.journal.mute(
            RuleMute(rule="scores", until_us=now_us + 10**12, at_us=now_us, who="me", why="I know")
        )
        hours.log_hour(project, 3, shift=0.3)
        hours.log_hour(project, 4, shift=0.3)
        [found] = watching.look()
        assert 3 == len(found.alerts("opened"))
        assert [] == list(watching.journal.firings())


def test_the_report_shows_windows_and_slices(project):
    """Rows, coverage and metrics of each window; a metric by slice where it is asked for."""
    for hour in range(3):
        hours.log_hour(project, hour)
        hours.tell(project, hour, 0.25)
    with Watching(project) as watching:
        watching.look()
        found = report(watching, project, "trips", length="1h", by=("zone",), metric="mean_score")
    assert ("trips@1", 1200, 3) == (found.live, found.rows, len(found.windows))
    first = found.windows[0]
    assert (400, 1.0, 0.25) == (first.rows, first.coverage, first.metrics["label_rate"].value)
    assert ["zone=north", "zone=south"] == [each.name for each in first.slices]


def test_a_figure_that_cannot_be_told_says_why(tmp_path):
    """The area of two crossings whose scores have other bins, and of outcomes of one class."""
    baseline = 'train="rides_made", baseline="rides_made"'
    trips.make(tmp_path, code=trips.CODE.replace('train="rides_made"', baseline))
    with trips.opened(tmp_path) as project:
        _look_at_two_crossings(project)


def _look_at_two_crossings(project):
    hours.log_hour(project, 0)
    hours.log_hour(project, 1, ref="trips@2")
    for hour, share in enumerate((0.25, 0.0)):
        hours.tell(project, hour, share)
    with Watching(project) as watching:
        watching.look()
        first, second = report(watching, project, "trips", length="1h").windows
        [day] = report(watching, project, "trips", length="1d").windows
    assert ("roc_auc" in first.metrics, first.untold) == (True, {})
    assert second.untold == {"roc_auc": "one class only: all 400 rows are false"}
    both = "trips@1 and trips@2 answered, whose scores are counted in bins of their own"
    assert (day.untold, "label_rate" in day.metrics) == ({"roc_auc": both}, True)
    assert untold([day]) == [("roc_auc", both, day.name)]


def test_expressions_are_slices_too(project, root):
    """Named in the project's code; what is none is refused with its place."""
    file = root / "interplane.toml"
    text = file.read_text().replace('slices = ["zone"]', 'slices = ["crowded"]')
    file.write_text(
        text.replace("[monitoring]", '[monitoring]\nexpressions = "slices_of_trips:slices"')
    )
    (root / "slices_of_trips.py").write_text('slices = {"crowded": lambda row: row.seats > 1}\n')
    for hour in range(2):
        hours.log_hour(project, hour)
    with trips.opened(root) as again, Watching(again) as watching:
        watching.look()
        found = watching.windows.tallies(
            "trips", slicing=("crowded",), begin_hour=hours.FIRST, end_hour=hours.FIRST + 1
        )
    assert {(True,): 400} == {values: tally.rows for values, tally in found.items()}
    (root / "slices_of_trips.py").write_text("slices = 3\n")
    with trips.opened(root) as again, pytest.raises(ConfigError, match="slices_of_trips:slices"):
        look_at_models(again)


def test_features_are_watched_like_columns(project, root):
    """Computed again from what was logged, and compared with those of the baseline rows."""
    code = (root / "trips.py").read_text()
    (root / "trips.py").write_text(
        code.replace('train="rides_made",', 'train="rides_made", baseline="rides_made",')
    )
    file = root / "interplane.toml"
    file.write_text(
        file.read_text()
        + """
[[monitor]]
name = "risk"
model = "trips"
metric = "l_infinity"
columns = ["features.risk", "features.busy"]
against = "baseline"
window = "1h"
moves_by = 0.3
"""
    )
    with trips.opened(root) as again:
        again.run()
        again.deploy("trips@3", reason="with a baseline")
        for hour in range(2):
            hours.log_hour(again, hour, ref="trips@3")
        with Watching(again) as watching:
            [found] = watching.look()
    # Every logged ride has the same past and as many seats: one risk, one business of all of them.
    moved = {each.cell.column for each in found.alerts("opened") if each.cell.rule == "risk"}
    assert {"features.busy", "features.risk"} == moved


@pytest.mark.crash
def test_looks_that_are_killed_come_to_the_same(project, root):
    """Killed at any moment and begun again: the same windows judged, the same alerts, once."""
    for hour in range(6):
        hours.log_hour(project, hour, shift=0.3 * (hour >= 4))
        hours.tell(project, hour, 0.8)
    draw = random.Random(5)
    script = str(Path(__file__).with_name("watching_trips.py"))
    for turn in range(6):
        with subprocess.Popen(
            [sys.executable, script, str(root)], stdout=subprocess.PIPE
        ) as looker:
            assert b"begun\n" == looker.stdout.readline()
            if turn < 5:
                time.sleep(draw.uniform(0.0, 0.6))
                looker.kill()
            said = looker.stdout.read()
    assert said.endswith(b"done\n")
    with Watching(project) as watching:
        assert 0 == sum(each.judged for each in watching.look())
        alerts = {(each.cell.rule, each.cell.values) for each in watching.journal.alerts()}
        judged = [len(watching.journal.judged(name)) for name in ("scores", "long")]
        told = [(each.alert, each.event) for each in watching.journal.deliveries()]
    assert [1, 1] == judged
    zones = {("scores", values) for values in ((), ("north",), ("south",))}
    assert {("long", ()), *zones} == alerts
    assert len(told) == len(set(told))
