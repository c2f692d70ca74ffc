"""Compaction: once, whole, in order, whatever fails; what is old goes, and readers notice nothing."""

import errno
import os
import shutil
import subprocess
import sys
import threading

import pytest

from interplane.errors import Corrupt, NewerFormat, StorageError, StorageFull, UsageError
from interplane.predictions.compact import compact
from interplane.predictions.damage import Loss
from interplane.predictions.disk import Disk
from interplane.predictions.frames import header
from interplane.predictions.layout import LOCK, MANIFEST, OPEN, PARQUET, find_segment_name
from interplane.predictions.manifest import Manifest
from interplane.predictions.stats import read_stats
from interplane.predictions.table import read_log
from interplane.testing.disk_faults import FaultyDisk
from interplane.testing.prediction_laws import made_up_entry

DAY_US = 86_400_000_000
NOON_US = made_up_entry(0).at_us


def at(number, *, day=0, **changes):
    """An entry on a day."""
    return made_up_entry(number, at_us=NOON_US + day * DAY_US + number, **changes)


def numbers(folder, **options):
    """The numbers of everything that is logged, in order."""
    found = read_log(folder, **options).column("prediction_id").to_pylist()
    return sorted(int(id_, 16) for id_ in found)


def names(folder, part):
    """The names of a folder of the log."""
    return sorted(path.name for path in (folder / part).iterdir())


def state(folder):
    """What the manifest says."""
    with Manifest.find(folder) as manifest, manifest.reading() as reading:
        return reading.state


# ---- what it does -------------------------------------------------------------------------


def test_segments_become_a_file_for_each_model_and_day(folder, write):
    """With what the manifest says of them; and the segments are gone."""
    write(at(0), at(1, model="trains"), at(2, day=1), at(3), name="worker-0")
    write(at(4), at(5), name="worker-1")
    done = compact(folder, now_us=lambda: NOON_US + DAY_US)
    assert (2, 6, 3, 0) == (done.segments, done.entries, done.files, done.repeated)
    assert [] == names(folder, OPEN)
    files = state(folder).files
    assert sorted(file.name for file in files) == names(folder, PARQUET)
    first_day = NOON_US // DAY_US
    assert [("flights", 0, 4), ("flights", 1, 1), ("trains", 0, 1)] == [
        (file.model, file.day - first_day, file.rows) for file in files
    ]
    assert (NOON_US, NOON_US + 5) == (files[0].first_at_us, files[0].last_at_us)
    assert at(5).time_us == files[0].last_time_us
    assert [0, 3, 4, 5] == [
        int(row["prediction_id"], 16)
        for row in read_log(folder, model="flights").to_rows()
        if row["at"].hour == 6 and row["at"].day == 1
    ]
    assert done.files == 3
    again = compact(folder, now_us=lambda: NOON_US + DAY_US)
    assert (0, 0, 0) == (again.segments, again.files, again.merged)


def test_a_segment_that_is_written_to_stays(folder, open_writer, write):
    """Until its writer lets it go, or dies; its entries are read all the same."""
    log = open_writer()
    log.append([at(0)])
    write(at(1), name="worker-1")
    assert 1 == compact(folder).segments
    log.append([at(2)])
    assert [0, 1, 2] == numbers(folder)
    log.close()
    assert 2 == compact(folder).entries
    assert [0, 1, 2] == numbers(folder)


def test_memory_is_bounded_by_rounds(folder, write):
    """Each is a transaction of its own; files of one day are merged when it is over."""
    for number in range(20):
        write(at(number), name=f"worker-{number}")
    done = compact(folder, round_bytes=700, now_us=lambda: NOON_US + 2 * DAY_US)
    assert (20, 20) == (done.segments, done.entries)
    assert done.files > 5
    assert done.merged == done.files
    assert 1 == len(state(folder).files)
    assert list(range(20)) == numbers(folder)
    ids = read_log(folder).column("prediction_id").to_pylist()
    assert sorted(ids) == ids


def test_columns_that_change_begin_another_file(folder, write, monkeypatch):
    """No value is squeezed into a column that was there before; later they are merged."""
    monkeypatch.setattr("interplane.predictions.outputs.GROUP_ROWS", 2)
    rows = [{"x": 1}, {"x": 2}, {"x": 0.5}, {"x": 3}, {"x": "a"}, {"x": 4}, {"x": 5}, {"y": True}]
    write(*[at(number, row=row) for number, row in enumerate(rows)])
    done = compact(folder, now_us=lambda: NOON_US)
    assert 4 == done.files
    expected = ["1.0", "2.0", "0.5", "3.0", '"a"', "4", "5", None]
    plain = [None if text is None else text.removesuffix(".0") for text in expected]

    def read():
        rows = read_log(folder, model="flights").sql('FROM self ORDER BY "at"').to_rows()
        found = [row["row.x"] for row in rows]
        return [None if text is None else text.removesuffix(".0") for text in found], rows[-1]

    assert (plain, True) == (read()[0], read()[1]["row.y"])
    done = compact(folder, now_us=lambda: NOON_US + DAY_US)
    assert (4, 1) == (done.merged, len(state(folder).files))
    assert (plain, True) == (read()[0], read()[1]["row.y"])


def test_many_models_and_days_do_not_need_many_open_files(folder, write):
    """Those that are finished are not held."""
    write(*[at(number, day=number % 40, model=f"m{number % 3}") for number in range(240)])
    done = compact(folder)
    assert 240 == done.entries
    assert list(range(240)) == numbers(folder)
    assert 120 == len(state(folder).files)


def test_the_day_that_goes_on_is_merged_now_and_then(folder, write):
    """Eight files of about one size become one, so that there are never many."""
    most = 0
    for number in range(40):
        write(at(number), name=f"worker-{number}")
        compact(folder, now_us=lambda: NOON_US)
        most = max(most, len(state(folder).files))
    assert most <= 16
    assert list(range(40)) == numbers(folder)


# ---- order --------------------------------------------------------------------------------


def test_files_are_on_the_disk_before_segments_are_removed(folder, write):
    """Write, sync, sync the folder; then the manifest; then remove and sync."""
    write(at(0), at(1, model="trains"))
    disk = FaultyDisk()
    compact(folder, disk=disk)
    kinds = ("create", "sync", "remove")
    steps = [step for step in disk.calls if step in kinds]
    # The folders themselves, two files, their folder; at last the segment.
    assert ["sync", "create", "create", "sync", "sync", "sync", "remove", "sync"] == steps
    last_write = max(place for place, step in enumerate(disk.calls) if step == "write")
    assert last_write < disk.calls.index("remove")


class Watching(Disk):
    """A disk that looks at the manifest whenever something is removed."""

    def __init__(self, folder):
        self.folder = folder
        self.seen = []

    def remove(self, name, *, below):
        self.seen.append((name, name in state(self.folder).segments))
        super().remove(name, below=below)


def test_a_segment_is_named_before_it_is_removed(folder, write):
    """In the manifest, durably."""
    write(at(0))
    (segment,) = names(folder, OPEN)
    disk = Watching(folder)
    compact(folder, disk=disk)
    assert [(segment, True)] == disk.seen


# ---- what fails ---------------------------------------------------------------------------


@pytest.fixture
def prepared(folder, write):
    """A log with a file of each of two days, and segments, one of which repeats an entry."""
    write(at(0), at(1, client_id="a"), at(2, day=1), name="worker-0")
    compact(folder, now_us=lambda: NOON_US)
    write(at(1, day=2, client_id="a"), at(3), name="worker-1")
    write(at(4), name="worker-2")
    return folder


def failure(work, *args, **options):
    """Return the error of ours that some work ended with, if it did."""
    try:
        work(*args, **options)
    except StorageError as error:
        return error
    return None


LATER = {"now_us": lambda: NOON_US + 9 * DAY_US, "grace_s": 0}


@pytest.mark.parametrize(("kind", "code"), [(None, errno.EIO), ("write", errno.ENOSPC)])
def test_each_operation_may_fail(prepared, tmp_path, kind, code):
    """Whichever does, nothing is lost or there twice, and the next compaction finds no orphan."""
    counting = FaultyDisk(kind=kind)
    compact(shutil.copytree(prepared, tmp_path / "counted"), disk=counting, **LATER)
    assert len(counting.calls) > 40
    for fails_at, name in enumerate(counting.calls, start=1):
        if name == "write" and fails_at % 7:  # Arrow writes in many small pieces
            continue
        folder = shutil.copytree(prepared, tmp_path / f"{fails_at}")
        disk = FaultyDisk(fails_at=fails_at, code=code, kind=kind)
        error = failure(compact, folder, disk=disk, **LATER)
        assert (code == errno.ENOSPC) == isinstance(error, StorageFull), name
        assert error is not None
        assert [0, 1, 2, 3, 4] == numbers(folder)
        compact(folder, **LATER)
        assert [0, 1, 2, 3, 4] == numbers(folder)
        kept = state(folder)
        assert sorted(file.name for file in kept.files) == names(folder, PARQUET)
        assert [] == names(folder, OPEN)
        assert (6, 1) == (kept.entries, kept.repeated)


HOLD = """
import sys, time
from pathlib import Path
from interplane.storage.file_lock import FileLock
with FileLock.of(Path(sys.argv[1])).held(until=time.monotonic() + 30) as got:
    print(got, flush=True)
    sys.stdin.readline()
"""


def test_two_never_compact_at_once(folder, write):
    """The second one says so and does nothing; the first one's death frees the way."""
    write(at(0))
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder / LOCK)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert "True\n" == process.stdout.readline()
        assert compact(folder).is_busy
        assert 1 == len(names(folder, OPEN))
        process.kill()
        process.wait()
    assert 1 == compact(folder).entries


def test_what_is_lost_is_counted(folder, write):
    """In what it says, in the manifest, and place by place."""
    write(at(0), at(1))
    write(at(2), name="worker-1")
    first, second = sorted((folder / OPEN).iterdir())
    first.write_bytes(first.read_bytes() + b"torn")
    whole = bytearray(second.read_bytes())
    whole[60] ^= 1
    second.write_bytes(whole)
    before = read_stats(folder)
    assert (2, 2) == (before.pending.segments, before.pending.entries)
    expected = Loss(trailing_bytes=4 + len(whole) - 20)
    assert expected == before.pending.loss
    assert expected == compact(folder).loss
    after = read_stats(folder)
    assert (expected, {first.name, second.name}) == (after.loss, set(after.damage))
    assert [0, 1] == numbers(folder)


def test_a_segment_of_a_newer_form_is_left_alone(folder, write):
    """Nothing is compacted that we could read wrongly."""
    write(at(0))
    (path,) = (folder / OPEN).iterdir()
    name = find_segment_name(path.name)
    path.write_bytes(header(name, version=2) + path.read_bytes()[20:])
    for ask in (compact, read_log):
        with pytest.raises(NewerFormat):
            ask(folder)
    assert [path.name] == names(folder, OPEN)


def test_a_manifest_that_is_none_is_refused(folder, write):
    """And one of a newer form; nothing is changed."""
    write(at(0))
    (folder / MANIFEST).write_bytes(b"no database at all" * 100)
    for ask in (compact, read_log):
        with pytest.raises(StorageError, match="is no manifest of the prediction log"):
            ask(folder)
    (folder / MANIFEST).unlink()
    compact(folder)
    with Manifest.find(folder) as manifest:
        manifest._connections.write(lambda c: c.execute("UPDATE total SET format = 2"))
    for ask in (compact, read_log):
        with pytest.raises(NewerFormat, match="has format 2"):
            ask(folder)


def test_what_dead_processes_left_is_removed(folder, write):
    """Files that no manifest names, segments without a name, manifests half made."""
    write(at(0))
    compact(folder)
    (folder / PARQUET / "0123456789abcdef.parquet").write_bytes(b"half")
    nameless = folder / OPEN / ".0004de11a6bc2100-w-00c0ffee00c0ffee.segment.new"
    nameless.write_bytes(b"")
    fresh = folder / OPEN / ".0004de11a6bc2100-w-00c0ffee00c0fff0.segment.new"
    fresh.write_bytes(b"")
    os.utime(nameless, (1, 1))
    (folder / f".{MANIFEST}.0123.new-wal").write_bytes(b"")
    compact(folder)
    assert [file.name for file in state(folder).files] == names(folder, PARQUET)
    assert [fresh.name] == names(folder, OPEN)
    assert [] == list(folder.glob(f".{MANIFEST}*"))
    assert [0] == numbers(folder)


def test_no_log_is_nothing_to_do(folder):
    """And none is made."""
    assert 0 == compact(folder, keep_days=1).segments
    assert not folder.exists()
    with pytest.raises(UsageError, match="keep_days is -1"):
        compact(folder, keep_days=-1)


# ---- what goes ----------------------------------------------------------------------------


def days(folder):
    """The days that are left, from the first one that was written."""
    return [file.day - NOON_US // DAY_US for file in state(folder).files]


@pytest.fixture
def ten_days(folder, write):
    """A log with a file for each of ten days."""
    for day in range(10):
        write(at(day, day=day), name=f"worker-{day}")
    compact(folder)
    return folder


def test_what_is_too_old_goes(ten_days):
    """By the day that it was logged; the record says what went."""
    now_us = NOON_US + 9 * DAY_US
    done = compact(ten_days, keep_days=4, now_us=lambda: now_us)
    assert (5, 5) == (done.dropped_files, done.dropped_rows)
    assert [5, 6, 7, 8, 9] == days(ten_days) == numbers(ten_days)
    gone = state(ten_days).gone
    assert [("age", 1, False)] * 5 == [(item.why, item.rows, item.is_deleted) for item in gone]
    assert 10 == len(names(ten_days, PARQUET))
    assert 5 == read_stats(ten_days).dropped.rows
    compact(ten_days, keep_days=4, now_us=lambda: now_us + 3_600_000_000)
    assert 5 == len(names(ten_days, PARQUET))
    assert all(item.is_deleted for item in state(ten_days).gone)
    assert (5, 0) == (read_stats(ten_days).dropped.files, read_stats(ten_days).deletable_bytes)
    assert [9] == (compact(ten_days, keep_days=0, now_us=lambda: now_us), days(ten_days))[1]


def test_what_is_too_much_goes_the_oldest_first(ten_days):
    """Until the rest is no larger."""
    sizes = [file.size_bytes for file in state(ten_days).files]
    now_us = NOON_US + 9 * DAY_US
    done = compact(ten_days, keep_bytes=sum(sizes[7:]), now_us=lambda: now_us, grace_s=0)
    assert (7, sum(sizes[:7])) == (done.dropped_files, done.dropped_bytes)
    assert [7, 8, 9] == days(ten_days) == numbers(ten_days)
    assert 3 == len(names(ten_days, PARQUET))
    assert {"size"} == {item.why for item in state(ten_days).gone}
    compact(ten_days, keep_bytes=0, now_us=lambda: now_us)
    assert [] == numbers(ten_days)


def test_a_table_reads_what_it_read_before(ten_days, write):
    """Although its files were merged, or were too old, since."""
    write(at(10, day=9), at(11, day=9))
    table = read_log(ten_days, model="flights")
    later = NOON_US + 30 * DAY_US
    done = compact(ten_days, keep_days=1, now_us=lambda: later)
    assert done.dropped_files >= 10
    assert 12 == table.to_arrow().num_rows
    assert [] == numbers(ten_days)


def test_a_damaged_file_is_not_merged(folder, write, monkeypatch):
    """It is said, and what is whole stays."""
    monkeypatch.setattr("interplane.predictions.parquet._VERIFIED", {})
    for number in range(2):
        write(at(number))
        compact(folder, now_us=lambda: NOON_US)
    path = folder / PARQUET / state(folder).files[0].name
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Corrupt, match="1 predictions of flights"):
        compact(folder, now_us=lambda: NOON_US + DAY_US)
    assert 2 == len(state(folder).files)


# ---- at the same time ---------------------------------------------------------------------


def test_reading_while_others_write_and_compact(folder, open_writer):
    """Every reading has all that was acknowledged before it began, once."""
    acknowledged = []
    ends = threading.Event()
    faults = []

    def write(part):
        log = open_writer(name=f"worker-{part}", most_bytes=3_000, sync_ms=1)
        for number in range(part * 10_000, part * 10_000 + 400):
            log.append([made_up_entry(number)])
            acknowledged.append(number)
        log.close()

    def compacts():
        while not ends.is_set():
            compact(folder, grace_s=0 if len(acknowledged) % 2 else 60)

    def guarded(work, *args):
        try:
            work(*args)
        except Exception as error:  # noqa: BLE001 - it is looked at below
            faults.append(error)

    writers = [threading.Thread(target=guarded, args=(write, part)) for part in range(2)]
    compactor = threading.Thread(target=guarded, args=(compacts,))
    open_writer(name="first").close()
    for thread in (*writers, compactor):
        thread.start()
    readings = 0
    while any(thread.is_alive() for thread in writers):
        before = set(acknowledged)
        table = read_log(folder, model="flights")
        found = [int(id_, 16) for id_ in _column(folder, table)]
        assert len(found) == len(set(found))
        assert before <= set(found)
        readings += 1
    ends.set()
    for thread in (*writers, compactor):
        thread.join(60)
    assert ([], True) == (faults, readings > 0)
    compact(folder)
    assert sorted(acknowledged) == numbers(folder)


def _column(folder, table):
    """The ids of a table; asked for again where its files went meanwhile: here nobody waits."""
    found = []
    while error := failure(lambda: found.extend(table.column("prediction_id").to_pylist())):  # noqa: B023
        assert "Ask for the table again" in str(error)
        table = read_log(folder, model="flights")
    return found
