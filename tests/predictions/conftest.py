"""Logs on the disk, and what is in them."""

import pytest

from interplane.predictions.layout import OPEN
from interplane.predictions.reader import read_segment
from interplane.predictions.table import read_log
from interplane.predictions.writer import SegmentWriter


@pytest.fixture
def folder(tmp_path):
    """Where a log is made."""
    return tmp_path / "predictions"


@pytest.fixture
def open_writer(folder):
    """Return a function that opens a writer; what is still open at the end is closed."""
    opened = []

    def opens(**options):
        opened.append(SegmentWriter(folder, **{"name": "worker-0", "sync_ms": 0, **options}))
        return opened[-1]

    yield opens
    for writer in opened:
        writer.close()


@pytest.fixture
def segments(folder):
    """Return a function that reads all segments, the oldest first."""
    return lambda: [read_segment(path) for path in sorted((folder / OPEN).glob("*.segment"))]


@pytest.fixture
def write(folder):
    """Return a function that writes entries to a segment of their own, and closes it."""

    def writes(*entries, name="worker-0", **options):
        with SegmentWriter(folder, name=name, sync_ms=10_000, **options) as writer:
            writer.append(entries)

    return writes


@pytest.fixture
def ids(folder):
    """Return a function that reads the ids of everything that is logged."""
    return lambda **options: read_log(folder, **options).column("prediction_id").to_pylist()
