"""The seams that tests drive do what they say."""

import errno

import pytest

from interplane.errors import Corrupt, NotFound
from interplane.storage.leases import EXPIRES_AFTER_S
from interplane.testing.faults import FaultyFiles
from interplane.testing.refusals import refused
from interplane.testing.stores import FixedClock, FixedHost, memory_store


def test_a_fixed_clock_stands_still():
    """Until it is moved."""
    clock = FixedClock("2013-06-01T02:00:00+02:00")
    assert clock.now_utc() == clock.now_utc() == "2013-06-01T00:00:00.000000Z"
    clock.advance(0.5)
    assert ("2013-06-01T00:00:00.500000Z", 0.5) == (clock.now_utc(), clock.monotonic())


def test_a_memory_store_takes_its_seams():
    """Clock and host decide when a lease has expired."""
    clock, host = FixedClock(), FixedHost()
    store = memory_store(clock=clock, host=host)
    store.catalog.acquire("run/x", actor="ann")
    assert not store.catalog.lease("run/x").expired
    clock.advance(EXPIRES_AFTER_S + 1)
    assert store.catalog.lease("run/x").expired


def test_faults_are_counted_by_kind(tmp_path):
    """The second fsync fails, and no other one."""
    files = FaultyFiles(fails_at=2, code=errno.EIO, kind="sync")
    handle = files.open_root(tmp_path)
    files.sync(handle)
    with pytest.raises(OSError, match="Input/output error"):
        files.sync(handle)
    files.sync(handle)


def test_a_failing_write_has_written_half(tmp_path):
    """Which is what a full disk does."""
    files = FaultyFiles(fails_at=1, code=errno.ENOSPC, kind="write")
    handle = files.create("name", below=files.open_root(tmp_path))
    with pytest.raises(OSError, match="No space left"):
        files.write(handle, b"12345678")
    assert b"1234" == (tmp_path / "name").read_bytes()


def test_a_law_fails_when_nothing_is_refused():
    """And when a refusal does not say what to do; another error passes through."""
    with (
        pytest.raises(AssertionError, match="nothing was refused where NotFound"),
        refused(NotFound),
    ):
        pass
    with pytest.raises(AssertionError, match="does not say what to do"), refused(NotFound):
        raise NotFound("it is not there")
    with pytest.raises(Corrupt), refused(NotFound):
        raise Corrupt("it is damaged", do="look")
