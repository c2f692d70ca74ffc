"""The writer: one write for each request, segments that rotate, syncs that are shared or refused."""

import asyncio
import errno
import os
import resource
import subprocess
import sys
import threading
import time
import traceback

import pytest

from interplane.errors import StorageError, StorageFull, UsageError
from interplane.predictions.disk import Disk
from interplane.predictions.layout import OPEN, find_segment_name
from interplane.testing.disk_faults import FaultyDisk
from interplane.testing.prediction_laws import made_up_entry


def eventually(ask, patience_s=30):
    """Wait until something holds."""
    until = time.monotonic() + patience_s
    while not ask():
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.005)


def ids(segments):
    """The numbers of all entries, segment by segment."""
    return [[int(entry.id, 16) for entry in content] for content in segments()]


def flat(lists):
    """All numbers, in order."""
    return [number for numbers in lists for number in numbers]


def names_in(folder):
    """The names in a folder, in order."""
    return sorted(path.name for path in folder.iterdir())


# ---- writing ------------------------------------------------------------------------------


def test_a_request_is_one_write(open_writer):
    """However many rows it has, and nothing else happens on the way."""
    disk = FaultyDisk()
    log = open_writer(disk=disk, sync_ms=10_000)
    log.append([made_up_entry(0)])
    before = len(disk.calls)
    log.append([made_up_entry(1)])
    log.append([made_up_entry(number) for number in range(2, 50)])
    assert ["append", "append"] == disk.calls[before:]


def test_a_segment_has_its_name_when_it_is_locked_and_has_its_header(open_writer):
    """So an unlocked segment is one that nobody writes to; and its folder is synced with it."""
    disk = FaultyDisk()
    log = open_writer(disk=disk, sync_ms=10_000)
    before = len(disk.calls)
    log.append([made_up_entry(0)])
    log.sync()
    steps = ["create_segment", "lock", "write", "rename", "append", "sync", "sync"]
    assert steps == disk.calls[before:]


def test_the_folders_are_durable_before_anything_is_in_them(open_writer):
    """Each is synced in its parent."""
    disk = FaultyDisk()
    open_writer(disk=disk)
    made = ["open_root", "make_folder", "sync"]
    assert [*made, *made, "open_root"] == disk.calls


def test_names_say_whose_and_since_when(open_writer, folder):
    """And nothing that a client sent is in them."""
    tokens = iter(["00c0ffee00c0ffee"])
    log = open_writer(
        name="worker-3", now_us=lambda: 1_370_067_300_000_000, token=lambda: next(tokens)
    )
    log.append([made_up_entry(0, model="../../etc/passwd")])
    assert ["0004de11a6bc2100-worker-3-00c0ffee00c0ffee.segment"] == names_in(folder / OPEN)


def test_a_name_that_cannot_be_one_is_refused(open_writer):
    """It becomes part of a file's name."""
    with pytest.raises(UsageError, match="cannot name a writer"):
        open_writer(name="../x")


def test_a_folder_that_cannot_be_made_is_said_at_once(open_writer, folder):
    """Not with the first prediction."""
    folder.write_text("a file")
    with pytest.raises(StorageError, match="while opening the prediction log"):
        open_writer()


# ---- segments -----------------------------------------------------------------------------


def test_a_full_segment_is_followed_by_another(open_writer, segments):
    """The old one is let go once it is synced."""
    log = open_writer(most_bytes=1000, sync_ms=10_000)
    for number in range(12):
        log.append([made_up_entry(number)])
    assert list(range(12)) == flat(ids(segments))
    assert len(segments()) > 2
    assert all(len(content.data) < 1500 for content in segments())
    assert all(content.damage == () for content in segments())


def is_free(path):
    """Whether nobody holds a segment."""
    handle = os.open(path, os.O_RDONLY)
    try:
        return Disk().lock(handle)
    finally:
        os.close(handle)


def test_a_segment_is_held_while_it_is_written(open_writer, folder):
    """And free afterwards: whoever wants to compact it can tell."""
    log = open_writer(most_bytes=100)
    log.append([made_up_entry(0)])
    (first,) = (folder / OPEN).iterdir()
    assert not is_free(first)
    log.append([made_up_entry(1)])
    log.sync()
    assert is_free(first)
    (second,) = set((folder / OPEN).iterdir()) - {first}
    assert not is_free(second)
    log.close()
    assert is_free(second)


def test_an_old_segment_is_let_go_without_any_traffic(open_writer, folder):
    """So that a quiet model's predictions are compacted, too."""
    log = open_writer(most_age_s=0.05, sync_ms=10)
    log.append([made_up_entry(0)])
    (first,) = (folder / OPEN).iterdir()
    eventually(lambda: is_free(first))
    log.append([made_up_entry(1)])
    assert 2 == len(list((folder / OPEN).iterdir()))


def test_nothing_logged_leaves_no_file(open_writer, folder):
    """A segment begins with its first entry."""
    open_writer().close()
    assert [] == list((folder / OPEN).iterdir())


def test_a_forked_child_does_not_write_to_its_parents_segment(open_writer, segments):
    """It is told to make a writer of its own; the parent goes on."""
    log = open_writer()
    log.append([made_up_entry(0)])
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            log.append([made_up_entry(1)])
        except StorageError as error:
            os.write(writing, str(error).encode())
        except BaseException:  # noqa: BLE001 - the child must end here
            traceback.print_exc()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as told:
        assert "is closed" in told.read()
    log.append([made_up_entry(2)])
    assert [[0, 2]] == ids(segments)


# ---- syncing ------------------------------------------------------------------------------


class SlowDisk(Disk):
    """A disk whose syncs of segments wait until they are let through."""

    def __init__(self):
        self.let = threading.Semaphore(0)
        self.syncs = 0
        self.is_slow = False

    def sync(self, handle):
        if self.is_slow:
            assert self.let.acquire(timeout=60)
            self.syncs += 1
        super().sync(handle)


def test_many_who_wait_share_one_sync(open_writer):
    """Those who come while it runs share the next one."""
    disk = SlowDisk()
    log = open_writer(disk=disk)
    log.append([made_up_entry(0)])
    log.sync()
    disk.is_slow = True
    log.append([made_up_entry(1)])
    first = log.synced()
    eventually(lambda: log._syncer._waiting is None)  # its sync has begun
    futures = []
    for number in range(2, 40):
        log.append([made_up_entry(number)])
        futures.append(log.synced())
    assert 1 == len(set(map(id, futures)))
    assert not first.done()
    disk.let.release()
    first.result(timeout=60)
    assert not futures[0].done()
    disk.let.release()
    futures[-1].result(timeout=60)
    assert 2 == disk.syncs
    disk.is_slow = False


def test_a_coroutine_waits_without_holding_others_up(open_writer):
    """And one that is cancelled cancels no other."""
    log = open_writer()

    async def request(number):
        log.append([made_up_entry(number)])
        await asyncio.wrap_future(log.synced())
        return number

    async def serve():
        tasks = [asyncio.create_task(request(number)) for number in range(20)]
        await asyncio.sleep(0)
        tasks[3].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    answered = asyncio.run(serve())
    assert isinstance(answered[3], asyncio.CancelledError)
    assert [n for n in range(20) if n != 3] == [item for item in answered if isinstance(item, int)]


def test_nobody_waits_for_a_log_that_is_synced_a_moment_later(open_writer):
    """But it is synced, by itself."""
    disk = FaultyDisk(kind="sync")
    log = open_writer(sync_ms=5, disk=disk)
    before = len(disk.calls)
    log.append([made_up_entry(0)])
    assert log.synced() is None
    eventually(lambda: len(disk.calls) >= before + 2)


def test_an_idle_log_is_not_synced(open_writer):
    """The disk may sleep."""
    disk = FaultyDisk(kind="sync")
    log = open_writer(sync_ms=1, disk=disk)
    log.append([made_up_entry(0)])
    log.sync()
    before = len(disk.calls)
    for _ in range(3):
        log._syncer.ask().result(timeout=60)
    assert before == len(disk.calls)


# ---- a disk that fails --------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_failed_write_is_told_and_leaves_no_half(open_writer, segments, code):
    """The segment is cut back to its whole frames, and goes on."""
    log = open_writer(disk=FaultyDisk(fails_at=2, code=code, kind="append"))
    log.append([made_up_entry(0)])
    with pytest.raises(StorageError, match="What was not logged must not be answered") as caught:
        log.append([made_up_entry(1), made_up_entry(2)])
    assert (code != errno.EIO) == isinstance(caught.value, StorageFull)
    log.append([made_up_entry(3)])
    assert [[0, 3]] == ids(segments)
    assert () == segments()[0].damage


class ShortDisk(Disk):
    """A disk that takes a few bytes at a time, and at last none."""

    def __init__(self, takes, room=1 << 30):
        self.takes = takes
        self.room = room

    def append(self, handle, data):
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = super().append(handle, data[: min(self.takes, self.room)])
        self.room -= taken
        return taken


def test_a_short_write_is_finished(open_writer, segments):
    """The rest follows, and the frame is whole."""
    log = open_writer(disk=ShortDisk(takes=7))
    log.append([made_up_entry(0)])
    log.append([made_up_entry(1)])
    assert [[0, 1]] == ids(segments)


def test_a_short_write_on_a_full_disk_leaves_no_half(open_writer, segments):
    """Not one byte of it, so that what comes next is found."""
    disk = ShortDisk(takes=100)
    log = open_writer(disk=disk)
    log.append([made_up_entry(0)])
    disk.room = 250
    with pytest.raises(StorageFull, match="no space left on the disk"):
        log.append([made_up_entry(number) for number in range(1, 9)])
    disk.room = 1 << 30
    log.append([made_up_entry(9)])
    assert [[0, 9]] == ids(segments)
    assert () == segments()[0].damage


def test_a_segment_that_cannot_be_cut_back_is_left(open_writer, segments):
    """The next one begins; what is behind the last whole frame is counted."""

    class Broken(FaultyDisk):
        def cut(self, handle, size):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    log = open_writer(disk=Broken(fails_at=2, code=errno.EIO, kind="append"))
    log.append([made_up_entry(0)])
    with pytest.raises(StorageError):
        log.append([made_up_entry(1)])
    log.append([made_up_entry(2)])
    assert [[0], [2]] == ids(segments)
    assert segments()[0].loss.trailing_bytes > 0


def test_each_operation_may_fail(folder, segments):
    """Nothing that was taken is lost, nothing refused is there, and no file is left half-made."""

    def work(disk):
        from interplane.predictions.writer import SegmentWriter

        taken, refused = [], 0
        try:
            with SegmentWriter(folder, name="w", sync_ms=10_000, most_bytes=600, disk=disk) as log:
                for number in range(8):
                    try:
                        log.append([made_up_entry(number)])
                        taken.append(number)
                    except StorageError:
                        refused += 1
        except StorageError:
            refused += 1
        return taken, refused

    counting = FaultyDisk()
    assert (list(range(8)), 0) == work(counting)
    assert len(counting.calls) > 30
    for fails_at in range(1, len(counting.calls) + 1):
        for path in (folder / OPEN).iterdir():
            path.unlink()
        taken, refused = work(FaultyDisk(fails_at=fails_at, code=errno.EIO))
        assert (taken, 1) == (flat(ids(segments)), min(refused, 1))
        assert [] == [name for name in names_in(folder / OPEN) if find_segment_name(name) is None]


def test_after_a_failed_fsync_nothing_is_taken(open_writer, segments):
    """The kernel forgets what it could not write; whoever waits and whoever comes is told."""
    disk = FaultyDisk(kind="sync")
    log = open_writer(disk=disk)
    log.append([made_up_entry(0)])
    log.sync()
    disk.fails_at = len(disk.calls) + 1
    log.append([made_up_entry(1)])
    with pytest.raises(StorageError, match=r"takes no more entries.*Input/output error"):
        log.synced().result(timeout=60)
    for _ in range(2):
        with pytest.raises(StorageError, match="takes no more entries"):
            log.append([made_up_entry(2)])
        with pytest.raises(StorageError, match="takes no more entries"):
            log.synced().result(timeout=60)
    with pytest.raises(StorageError, match="takes no more entries"):
        log.close()
    log.close()
    assert [[0, 1]] == ids(segments)


SCRIPT = """
import sys
from pathlib import Path
from interplane.errors import StorageError
from interplane.predictions.writer import SegmentWriter
from interplane.testing.prediction_laws import made_up_entry
done = 0
with SegmentWriter(Path(sys.argv[1]), name="w") as log:
    try:
        for number in range(100_000):
            log.append([made_up_entry(number)])
            done += 1
    except StorageError as error:
        print(done, error, sep="\\n")
"""


def test_a_file_that_cannot_grow(folder, segments):
    """What was acknowledged is there, whole; the message says what to do."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)],
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
    )
    done, message = ran.stdout.splitlines()
    assert "while writing to the prediction log" in message
    assert int(done) > 50
    assert [list(range(int(done)))] == ids(segments)
    assert () == segments()[0].damage


# ---- what it brings in --------------------------------------------------------------------

LIGHT = """
import sys
before = set(sys.modules)
from interplane.predictions.entry import Entry
from interplane.predictions.writer import SegmentWriter
from pathlib import Path
with SegmentWriter(Path(sys.argv[1]), name="w") as log:
    log.append([Entry("0" * 32, "m", "c" * 64, 0, 0, row={"x": 1})])
names = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(name for name in names if name not in sys.stdlib_module_names and name[0] != "_"))
"""


def test_the_writing_half_is_light(folder):
    """The server imports it: the standard library, msgspec (with its own needs), our records' hash."""
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, str(folder)], check=True, capture_output=True, text=True
    )
    needed = {"blake3", "interplane", "msgspec"}
    assert needed == set(done.stdout.split()) - {"typing_extensions"}
