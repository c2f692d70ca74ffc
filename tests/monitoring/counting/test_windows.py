"""What keeps counted windows: the file and its twin keep the same laws; the file refuses strangers."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from interplane.errors import Corrupt, NewerFormat, StorageError
from interplane.monitoring.counting.packing import pack, unpack
from interplane.monitoring.counting.tally_memory import TallyMemory
from interplane.monitoring.counting.windows import SqliteWindows
from interplane.testing import window_laws
from interplane.testing.memory_windows import MemoryWindows
from interplane.testing.window_laws import WindowBench


@pytest.fixture(params=["sqlite", "sqlite-remembering", "memory"])
def bench(request, tmp_path):
    """Return an empty store and another handle on it."""
    if request.param == "memory":
        store = MemoryWindows()
        yield WindowBench(store, store)
        return
    memory = TallyMemory(most=2) if request.param == "sqlite-remembering" else None
    with (
        closing(SqliteWindows(tmp_path / "windows.sqlite", memory=memory)) as store,
        closing(SqliteWindows(tmp_path / "windows.sqlite", memory=memory)) as other,
    ):
        yield WindowBench(store, other)


@pytest.mark.parametrize("law", window_laws.LAWS, ids=lambda law: law.__name__)
def test_windows(law, bench):
    """Each law, on disk and in memory."""
    law(bench)


def test_a_file_of_a_newer_form_is_refused(tmp_path):
    """And one that is something else."""
    path = tmp_path / "windows.sqlite"
    SqliteWindows(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE windows SET format = 99")
        connection.commit()
    with pytest.raises(NewerFormat, match="format 99"):
        SqliteWindows(path)
    (tmp_path / "other").write_bytes(b"no database" * 100)
    with pytest.raises(StorageError):
        SqliteWindows(tmp_path / "other")


def test_counts_come_back_from_bytes_as_they_were():
    """With as few bytes as they need; damage and newer forms are told."""
    import zlib

    import msgspec

    arrays = {
        "rows": np.array([0, 255, 3]),
        "large": np.array([[70_000, 2**40], [0, 1], [5, 5]]),
        "sums": np.array([0.1, -0.0, 1e300]),
        "none": np.zeros((3, 0), np.int64),
    }
    data = pack([5, 1, 70_000], arrays)
    slices, found = unpack(data)
    assert [5, 1, 70_000] == slices.tolist()
    assert arrays.keys() == found.keys()
    for name, array in arrays.items():
        assert array.tobytes() == found[name].astype(array.dtype).tobytes()
        assert array.shape == found[name].shape
    with pytest.raises(Corrupt, match="cannot be read"):
        unpack(data[:-3])
    with pytest.raises(NewerFormat, match="form 2"):
        unpack(zlib.compress(msgspec.msgpack.encode([2, b"", [], "more"])))
