"""`interplane predictions`: what servers answered."""

import time

import pyarrow.parquet as pq
import pytest

from interplane.predictions.entry import Entry
from interplane.predictions.writer import SegmentWriter


@pytest.fixture
def logged(finished):
    """Return the finished project with three logged predictions."""
    now_us = time.time_ns() // 1000
    (crossing,) = [each for each in finished.must("models", "--json").json if each["pointers"]]
    with SegmentWriter(finished.root / ".interplane" / "predictions", name="worker-0") as log:
        log.append(
            [
                Entry(
                    f"{number:032x}", "rides", crossing["digest"], now_us, now_us + number,
                    score=number / 4, row={"zone": "north", "miles": 1.5},
                )
                for number in range(3)
            ]
        )  # fmt: skip
    return finished


def test_nothing_was_answered_yet(finished):
    """It says what logs predictions."""
    assert "interplane serve" in finished.must("predictions").out


def test_the_newest_come_first(logged):
    """With what the limit leaves out counted."""
    out = logged.must("predictions", "rides", "--limit", "2").out
    assert "2 of 3, the newest first" in out
    assert out.index("0.5000") < out.index("0.2500")


def test_programs_get_every_column(logged):
    """The requests' columns with their types among them."""
    (row,) = logged.must("predictions", "rides", "--limit", "1", "--json").json
    assert (0.5, "north", 1.5) == (row["score"], row["row.zone"], row["row.miles"])


def test_compacted_they_are_the_same(logged):
    """Counted before and after, once."""
    before = logged.must("predictions", "rides", "--json").json
    assert "3 predictions in 1 segments" in logged.must("predictions", "--stats").out
    assert (
        "3 predictions of 1 segments are in 1 files" in logged.must("predictions", "--compact").out
    )
    assert before == logged.must("predictions", "rides", "--json").json
    stats = logged.must("predictions", "--stats").out
    assert "lost: nothing" in stats
    assert "0 predictions in 0 segments" in stats


def test_they_leave_as_a_file(logged):
    """Parquet, of all of them."""
    path = logged.root / "out.parquet"
    assert "3 predictions written" in logged.must("predictions", "rides", "--out", path).out
    assert 3 == pq.read_table(path).num_rows


def test_what_drops_is_asked_for(logged):
    """Retention belongs to compaction."""
    result = logged("predictions", "--keep-days", "3")
    assert 2 == result.code
    assert "Add --compact" in result.err


def test_a_model_that_is_not_there(logged):
    """The known ones are named."""
    assert "Did you mean 'rides'" in logged("predictions", "ridez").err
