"""`interplane monitor`: windows of models, for people and for programs."""

import random
from datetime import UTC, datetime

from interplane.predictions.entry import Entry
from interplane.predictions.writer import SegmentWriter
from interplane.project.project import Project

RULES = """
[[monitor]]
name = "scores"
model = "rides"
metric = "mean_score"
window = "1d"
slices = ["zone"]
against = "previous"
moves_by = 0.2
"""


def log_days(folder, shares):
    """Log a day of predictions for each mean score; the one before the last is closed for good."""
    project, draw = Project.find(folder.root), random.Random(3)
    crossing = project.crossing("rides@2").digest
    now_us = int(datetime.now(UTC).timestamp() * 1_000_000)
    day_us = 86_400_000_000
    # What was yesterday is waited for a while after midnight.
    told_us = now_us - 7_200_000_000
    begin_us = told_us - told_us % day_us
    entries = [
        Entry(
            id=f"{day:08d}{number:024d}",
            model="rides",
            crossing=crossing,
            time_us=begin_us - day_us * (len(shares) - 1 - day) + number,
            at_us=now_us,
            score=share + draw.uniform(-0.05, 0.05),
            took_us=200,
            row={"zone": "north" if number % 3 else "south"},
        )
        for day, share in enumerate(shares)
        for number in range(300)
    ]
    with SegmentWriter(project.workspace / "predictions", name="test") as writer:
        writer.append(entries)


def test_days_alerts_and_slices_are_shown(finished):
    """One line a day; an alert that the look opens; a column for each slice."""
    finished.must("deploy", "rides@2", "--force", "--reason", "a try")
    file = finished.root / "interplane.toml"
    file.write_text(file.read_text() + RULES)
    log_days(finished, [0.2, 0.2, 0.6, 0.6])
    found = finished.must("monitor", "rides").out
    assert "rides: 1,200 predictions counted up to" in found
    assert "rides@2 is live" in found
    assert 3 == found.count("  opened ")
    assert "mean_score of rides, zone=north: 0." in found
    assert '3 open alerts: see "interplane alerts"' in found
    by_zone = finished.must("monitor", "--by", "zone", "--metric", "mean_score", "--last", "2").out
    assert "zone=north" in by_zone
    assert "opened" not in by_zone
    [plain] = finished.must("monitor", "rides", "--json").json
    assert [300] * 4 == [each["rows"] for each in plain["windows"]]


TYPOS = """
[[monitor]]
name = "nulls"
model = "rides"
metric = "null_rate"
window = "1d"
slices = ["zoen"]
columns = ["mliles"]
at_most = 0.1

[[monitor]]
name = "lost"
model = "ridse"
metric = "traffic"
window = "1d"
at_least = 1
"""


def test_what_a_rule_names_and_is_not_there_is_said(finished):
    """A slicing and a model that are misspelt watch nothing: each look says so."""
    finished.must("deploy", "rides@2", "--force", "--reason", "a try")
    file = finished.root / "interplane.toml"
    file.write_text(file.read_text() + TYPOS)
    log_days(finished, [0.2, 0.2])
    for _ in range(2):
        found = finished.must("monitor").out
        assert "rule 'lost' watches nothing: there is no model 'ridse'" in found
        assert "not watched: slices zoen: there is no column 'zoen'" in found
    [plain] = finished.must("monitor", "--json").json
    assert "slices zoen" in plain["unwatched"]


def test_what_is_not_there_is_said(finished):
    """A model, a metric, a slicing that no rule names."""
    for words in (["ridse"], ["rides", "--metric", "rocauc"], ["rides", "--by", "zone"]):
        result = finished("monitor", *words)
        assert 2 == result.code
        assert "Traceback" not in result.err
