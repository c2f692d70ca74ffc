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
    assert 2 == out.count("rides@1")


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
    """Parquet, of all of them, typed; never in the place of another file."""
    path = logged.root / "out.parquet"
    assert "3 predictions written" in logged.must("predictions", "rides", "--out", path).out
    table = pq.read_table(path)
    assert (3, "double") == (table.num_rows, str(table.schema.field("row.miles").type))
    result = logged("predictions", "--out", path)
    assert (2, True) == (result.code, "is there already" in result.err)
    assert table.equals(pq.read_table(path))
    assert [] == [each.name for each in logged.root.iterdir() if each.name.endswith(".new")]
    result = logged("predictions", "--out", logged.root / "no folder" / "out.parquet")
    assert 6 == result.code


def test_they_are_chosen_by_prediction_time(logged):
    """A day, or a moment."""
    assert "No prediction" in logged.must("predictions", "--until", "2026-01-01").out
    assert 3 == len(logged.must("predictions", "--since", "2026-01-01", "--json").json)


def test_they_are_counted_for_programs(logged):
    """What was compacted, what was not, what was lost."""
    stats = logged.must("predictions", "--stats", "--json").json
    assert (3, 1, []) == (
        stats["pending"]["entries"], stats["pending"]["segments"], stats["models"],
    )  # fmt: skip
    done = logged.must("predictions", "--compact", "--json").json
    assert (3, 1, False) == (done["entries"], done["files"], done["is_busy"])
    (model,) = logged.must("predictions", "--stats", "--json").json["models"]
    assert ("rides", 3) == (model["model"], model["rows"])


def test_what_was_lost_is_said(logged):
    """How much, and where."""
    folder = logged.root / ".interplane" / "predictions"
    with SegmentWriter(folder, name="worker-1") as log:
        for number in range(10, 13):
            log.append([Entry(f"{number:032x}", "rides", "c" * 64, 0, 0, row={"zone": "west"})])
    path = max((folder / "open").iterdir())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data + b"torn")
    logged.must("predictions", "--compact")
    out = logged.must("predictions", "--stats").out
    assert "lost: damaged frames 1, missing predictions 1" in out
    assert "in a power cut: 4 B" in out
    assert f"{path.name}: checksum at byte" in out


def test_old_ones_are_dropped_when_that_is_asked_for(logged):
    """And it is said how many."""
    folder = logged.root / ".interplane" / "predictions"
    with SegmentWriter(folder, name="worker-1") as log:
        log.append([Entry("f" * 32, "rides", "c" * 64, 0, 0, row={"zone": "west"})])
    assert "1 old ones dropped" in logged.must("predictions", "--compact", "--keep-days", "30").out
    assert 3 == len(logged.must("predictions", "--json").json)
    assert "dropped for age or size: 1 predictions" in logged.must("predictions", "--stats").out


def test_what_drops_is_asked_for(logged):
    """Retention belongs to compaction."""
    result = logged("predictions", "--keep-days", "3")
    assert 2 == result.code
    assert "Add --compact" in result.err


def test_a_model_that_is_not_there(logged):
    """The known ones are named."""
    assert "Did you mean 'rides'" in logged("predictions", "ridez").err
