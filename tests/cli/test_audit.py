"""`interplane audit`: logged predictions made again, and compared."""

import json
from datetime import UTC, datetime

from interplane.predictions.entry import Entry
from interplane.predictions.writer import SegmentWriter
from interplane.project.project import Project


def log(folder, count, *, wrong=0):
    """Log predictions of the live crossing as a server does, the first ones with another score."""
    project = Project.find(folder.root)
    model, crossing = project.model("rides@live"), project.crossing("rides@live").digest
    now_us = int(datetime.now(UTC).timestamp() * 1_000_000)
    rows = [
        {
            "zone": ["north", "south", "west"][n % 3],
            "miles": n / 7,
            "payment": ["card", "cash"][n % 2],
        }
        for n in range(count)
    ]
    entries = [
        Entry(
            id=f"{number:032d}",
            model="rides",
            crossing=crossing,
            time_us=now_us + number,
            at_us=now_us,
            score=model.predict_row(row) + (number < wrong),
            row={**row, "ride": f"r{number}", "began_at": "2026-01-05T10:00:00Z"},
        )
        for number, row in enumerate(rows)
    ]
    with SegmentWriter(project.workspace / "predictions", name="test") as writer:
        writer.append(entries)


def test_what_was_served_rightly_is_said(finished):
    """How many were compared, and how sure that is."""
    log(finished, 80)
    result = finished.must("audit", "rides", "--rows", "50")
    assert "rides@1: 50 predictions made again (seed 0), 0 differ" in result.out
    assert "5.82%" in result.out  # 1 - 0.05 ** (1 / 50)
    assert "does not go live" not in result.out
    found = finished.must("audit", "rides@1", "--json").json
    assert (80, 0, False) == (found["rows"], found["skewed"], found["blocks"])
    assert {0.0} == {figure["rate"] for figure in found["figures"]}


def test_what_differs_is_named_and_blocks(finished):
    """The first row, the operation, and that it does not go live again without force."""
    log(finished, 80, wrong=20)
    out = finished.must("audit", "rides").out
    assert "20 differ" in out
    assert "A skew rate of 25.00% is more than 1.00% ([rollout] max_skew)" in out
    assert "the model is" in out
    finished.must("deploy", "rides@2", "--force", "--reason", "meanwhile")
    refused = finished("deploy", "rides@1", "--reason", "back", "--json")
    assert 5 == refused.code
    assert "gate-closed" == json.loads(refused.err)["error"]["code"]
    finished.must("deploy", "rides@1", "--reason", "back", "--force")


def test_without_predictions_it_is_refused(finished):
    """Nothing was found is not nothing is wrong."""
    result = finished("audit", "rides")
    assert 2 == result.code
    assert "no prediction of rides@1 was logged" in result.err
