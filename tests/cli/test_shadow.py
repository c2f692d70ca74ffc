"""`interplane shadow`: what a shadow would change."""

import random
from datetime import UTC, datetime, timedelta

from interplane.predictions.entry import Entry
from interplane.predictions.writer import SegmentWriter
from interplane.project.predictions import shadow_folder
from interplane.project.project import Project


def log(folder, count=600):
    """Log predictions of the live crossing and of its shadow, which says more in the north."""
    project, draw = Project.find(folder.root), random.Random(1)
    live, shadow = (project.crossing(f"rides@{name}").digest for name in ("live", "shadow"))
    now = datetime.now(UTC)
    answered, predicted, outcomes = [], [], []
    for number in range(count):
        zone = draw.choice(["north", "south"])
        score = draw.betavariate(2, 3)
        told = {
            "id": f"{number:032d}",
            "model": "rides",
            "time_us": int((now + timedelta(seconds=number)).timestamp() * 1e6),
            "at_us": int(now.timestamp() * 1e6),
            "row": {"ride": f"r{number}", "zone": zone},
        }
        answered.append(Entry(crossing=live, score=score, took_us=250, **told))
        other = None if number < 5 else min(score + 0.2 * (zone == "north"), 1.0)
        code = "storage-error" if other is None else None
        predicted.append(Entry(crossing=shadow, score=other, took_us=40, because=code, **told))
        outcomes.append({"id": told["id"], "value": draw.random() < score})
    for where, entries in (
        (project.workspace / "predictions", answered),
        (shadow_folder(project), predicted),
    ):
        with SegmentWriter(where, name="test") as writer:
            writer.append(entries)
    project.add_outcomes("rides", outcomes)


def test_without_a_shadow_it_says_how_to_begin(finished):
    """Nothing is compared with nothing."""
    result = finished("shadow", "rides")
    assert 2 == result.code
    assert "interplane deploy rides@N --shadow" in result.err


def test_what_would_have_changed(finished):
    """All rows, then the slices that change most; what could not be answered, and why."""
    finished.must("deploy", "rides@2", "--force", "--shadow", "--reason", "look at it")
    log(finished)
    out = finished.must("shadow", "rides", "--slices", "zone").out
    assert "rides@2 shadows rides@1" in out
    assert "600 of 600 rows compared" in out
    assert "it could not answer 5 of them: 5 storage-error" in out
    assert "latency: live 250 µs, p99 250 µs, shadow 40 µs" in out
    assert "roc_auc (595 outcomes)" in out
    assert out.index("zone=north") < out.index("zone=south")
    found = finished.must("shadow", "rides", "--slices", "zone,payment", "--json").json
    assert ("rides@1", "rides@2") == (found["live"], found["shadow"])
    assert (595, 0) == (
        found["report"]["overall"]["rows"],
        found["report"]["overall"]["to_negative"],
    )
    north, south = finished.must("shadow", "rides", "--slices", "zone", "--json").json["report"][
        "slices"
    ]
    assert (["north"], ["south"], 0) == (north["values"], south["values"], south["to_positive"])
    assert north["quality"]["log_loss"]["difference"]["low"] > 0


def test_a_column_that_is_not_there(finished):
    """The nearest one is said."""
    finished.must("deploy", "rides@2", "--force", "--shadow", "--reason", "look at it")
    log(finished, 20)
    result = finished("shadow", "rides", "--slices", "zome")
    assert 2 == result.code
    assert "Did you mean 'zone'" in result.err
