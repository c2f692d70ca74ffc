"""A log followed as it grows: in order, to the end of each segment, and with every gap known."""

import os
import random
import threading
from pathlib import Path

import msgspec
import pytest

from interplane.errors import NewerFormat
from interplane.predictions.catching_up import Logged, compacted
from interplane.predictions.compact import compact
from interplane.predictions.following import REMEMBERED_S, Follower
from interplane.predictions.frames import header
from interplane.predictions.layout import OPEN, SegmentName
from interplane.predictions.manifest import Manifest
from interplane.predictions.writer import SegmentWriter
from interplane.testing.prediction_laws import made_up_entry

entry = made_up_entry


@pytest.fixture
def follow(folder):
    """Return a function that opens a follower; what is still open at the end is closed."""
    opened = []

    def follows(place=None, **options):
        opened.append(Follower(folder, place, **options))
        return opened[-1]

    yield follows
    for follower in opened:
        follower.close()


def numbers(follower):
    """The numbers of the entries that a follower gives until there are no more."""
    found = []
    while entries := follower.read():
        found += [int(each.id, 16) for each in entries]
    return found


def filled(follower):
    """Say that what is in files was read."""
    follower.find_gap()
    follower.fill_gap()


def test_what_is_appended_is_read(open_writer, follow):
    """Once, in order, whatever the size of frames."""
    log = open_writer()
    follower = follow()
    assert [] == numbers(follower)
    log.append([entry(0)])
    assert [0] == numbers(follower)
    log.append([entry(1), entry(2)])
    log.append([entry(3)])
    assert ([1, 2, 3], []) == (numbers(follower), numbers(follower))


def test_a_log_that_is_not_there_yet(folder, follow):
    """Comes later."""
    follower = follow()
    assert [] == numbers(follower)
    assert follower.find_gap()
    filled(follower)
    with SegmentWriter(folder, name="worker-0") as log:
        log.append([entry(0)])
    assert ([0], False) == (numbers(follower), follower.find_gap())


def test_entries_come_as_they_were_logged(open_writer, follow):
    """Value by value."""
    made = [
        entry(n, client_id="x", instead_of="d" * 64, because="y", replay=True) for n in range(9)
    ]
    open_writer().append(made)
    assert made == follow().read()


def test_several_writers_have_their_turn(open_writer, follow):
    """None waits for one that always grows."""
    logs = [open_writer(name=f"worker-{number}") for number in range(3)]
    follower = follow()
    for log, number in zip(logs, range(3), strict=True):
        log.append([entry(10 * number + each) for each in range(3)])
    firsts = set()
    for turn in range(4):
        logs[0].append([entry(100 + turn)])
        firsts.add(int(follower.read()[0].id, 16))
    assert {10, 20} < firsts


def test_it_goes_on_at_its_place(open_writer, follow):
    """What was read after the place was kept is read again, with doubt."""
    log = open_writer()
    first = follow()
    log.append([entry(0)])
    filled(first)
    assert [0] == numbers(first)
    place = first.place()
    log.append([entry(1)])
    assert [1] == numbers(first)
    again = follow(place)
    assert (True, False) == (again.is_doubtful, again.find_gap())
    assert [1] == numbers(again)
    assert not again.is_doubtful
    log.append([entry(2)])
    assert (False, [2]) == (again.is_doubtful, numbers(again))


def test_half_a_frame_is_waited_for(folder, open_writer, follow):
    """Whatever of it is there."""
    log = open_writer()
    log.append([entry(0)])
    (path,) = (folder / OPEN).glob("*.segment")
    begin = path.stat().st_size
    log.append([entry(1)])
    whole = path.read_bytes()
    for cut in range(begin, len(whole), 7):
        os.truncate(path, cut)
        follower = follow()
        assert [0] == numbers(follower)
        path.write_bytes(whole)
        assert [1] == numbers(follower)


def test_damage_costs_what_is_damaged(folder, open_writer, follow):
    """What stands behind it is found."""
    log = open_writer()
    for number in range(5):
        log.append([entry(number)])
    (path,) = (folder / OPEN).glob("*.segment")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    assert [0, 1, 3, 4] == numbers(follow())


def test_a_long_frame_is_read_as_a_whole(open_writer, follow):
    """However much is read at once."""
    row = {"text": "x" * 300_000}
    open_writer().append([entry(number, row=row) for number in range(20)])
    assert list(range(20)) == numbers(follow())


def test_a_segment_is_read_to_its_end_although_it_is_compacted(folder, write, follow):
    """It was open: its name goes, its bytes do not."""
    write(*map(entry, range(3)))
    follower = follow()
    filled(follower)
    assert 3 == compact(folder).entries
    assert (False, [0, 1, 2], False) == (
        follower.find_gap(),
        numbers(follower),
        follower.find_gap(),
    )
    assert [] == list((folder / OPEN).iterdir())
    assert not follow(follower.place()).find_gap()


def test_what_came_and_went_unseen_is_a_gap(folder, write, follow):
    """It is in files; once it was read there, nothing is missing."""
    follower = follow()
    filled(follower)
    place = follower.place()
    write(*map(entry, range(3)))
    compact(folder)
    assert ([], True) == (numbers(follower), follower.find_gap())
    filled(follower)
    assert not follower.find_gap()
    assert (True, False) == (follow(place).find_gap(), follow(follower.place()).find_gap())


def test_half_read_and_then_compacted_is_a_gap_for_the_next_one(folder, open_writer, follow):
    """The one that had it open reads it to its end."""
    log = open_writer()
    log.append([entry(0)])
    first = follow()
    filled(first)
    assert [0] == numbers(first)
    place = first.place()
    log.append([entry(1)])
    log.close()
    compact(folder)
    assert follow(place).find_gap()
    assert ([1], False) == (numbers(first), first.find_gap())


@pytest.mark.parametrize(("later_s", "is_gap"), [(0, False), (REMEMBERED_S + 1, True), (-1, True)])
def test_an_old_place_is_a_gap(write, follow, later_s, is_gap):
    """The manifest does not know the names of that time any more."""
    write(entry(0))
    first = follow()
    filled(first)
    numbers(first)
    place = first.place()
    now_us = int(place.at_us + later_s * 1e6)
    assert is_gap == follow(place, now_us=lambda: now_us).find_gap()


def test_a_place_forgets_what_the_manifest_does(folder, write, follow):
    """It does not grow for ever."""
    follower = follow()
    filled(follower)
    for number in range(5):
        write(entry(number))
        assert [number] == numbers(follower)
        compact(folder)
        assert not follower.find_gap()
    assert [] == numbers(follower)
    assert 5 == len(follower.place().read)
    day_us = 25 * 3600 * 1_000_000
    now_us = follower.place().at_us + day_us
    compact(folder, now_us=lambda: now_us)
    assert ([], False) == (numbers(follower), follower.find_gap())
    assert {} == follower.place().read


def test_everything_once_more(folder, write, open_writer, follow):
    """What is not compacted, with doubt; the rest is a gap."""
    write(entry(0))
    compact(folder)
    open_writer().append([entry(1)])
    follower = follow()
    filled(follower)
    assert [1] == numbers(follower)
    follower.rewind()
    assert (True, True, [1]) == (follower.is_doubtful, follower.find_gap(), numbers(follower))


def test_a_newer_form_is_refused(folder, follow):
    """By name."""
    name = SegmentName(1, "worker-0", "00c0ffee00c0ffee")
    (folder / OPEN).mkdir(parents=True)
    (folder / OPEN / str(name)).write_bytes(header(name, version=2))
    with pytest.raises(NewerFormat, match="worker-0"):
        follow()


def test_many_segments_do_not_take_all_handles(write, follow):
    """They are opened when there is something to read."""
    for number in range(210):
        write(entry(number))
    before = len(list(Path("/proc/self/fd").iterdir()))
    follower = follow()
    assert list(range(210)) == sorted(numbers(follower))
    assert len(list(Path("/proc/self/fd").iterdir())) - before < 20
    write(entry(999))
    assert [999] == numbers(follower)


# ---- what is in files ---------------------------------------------------------------------------


def test_what_is_in_files_comes_as_it_was_logged(folder, write):
    """Null stands for what a request lacked; older rows and other models are left out."""
    made = [
        entry(number, model=model, client_id="x", instead_of="d" * 64, because="y")
        for number, model in enumerate(["flights", "taxis"] * 5)
    ]
    write(*made, entry(10, looked_up=None, row={"number": 7, "more": [1, None]}))
    compact(folder)
    since_us = {"flights": made[4].at_us}
    found = [each for batch in compacted(folder, since_us=since_us) for each in batch]
    *others, last = found
    for expected, each in zip((made[4], made[6], made[8]), others, strict=True):
        row = {**expected.row, "more": None}
        assert msgspec.structs.replace(expected, row=row) == each
    assert {"number": 7, "more": [1, None], "wind": None, "origin": None, "gate": None} == last.row
    assert [] == list(compacted(folder / "none", since_us=since_us))


def test_a_log_knows_which_entries_it_has(folder, write, open_writer):
    """In files or not, of the same model and time."""
    write(*map(entry, range(4)))
    compact(folder)
    open_writer().append([entry(4), entry(5)])
    asked = [entry(number) for number in range(0, 12, 2)]
    assert {entry(number).id for number in (0, 2, 4)} == Logged(folder).find(asked)
    others = [entry(0, model="taxis"), entry(1, at_us=5)]
    assert set() == Logged(folder).find(others)
    assert set() == Logged(folder / "none").find(asked)


# ---- all of it together -------------------------------------------------------------------------


class Seen:
    """What followers read, one after the other, each from a place that one before it had."""

    def __init__(self, folder, draw):
        self.folder, self.draw = folder, draw
        self.entries, self.place = {}, None

    def take(self, entries, *, is_doubtful):
        """Take entries; what comes twice has to come with doubt."""
        for each in entries:
            assert is_doubtful or each.id not in self.entries
            self.entries[each.id] = each

    def follow(self, steps):
        """Follow for some steps; keep the place now and then."""
        with Follower(self.folder, self.place) as follower:
            for _ in range(steps):
                self.step(follower)
                if self.draw.random() < 0.3:
                    self.place = follower.place()

    def step(self, follower):
        """Look for a gap, fill it, read on."""
        if follower.find_gap():
            for batch in compacted(self.folder, since_us={"flights": 0}):
                self.take(batch, is_doubtful=True)
            follower.fill_gap()
        is_doubtful = follower.is_doubtful
        self.take(follower.read(), is_doubtful=is_doubtful)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_missed_whatever_comes_first(folder, seed):
    """Writers write, a compactor compacts, followers come and go with an older place or a newer one.

    Whoever takes the files for a gap, and leaves out what is there, has each entry once.
    """
    stop, written = threading.Event(), set()

    def writing(worker):
        number = worker
        for _ in range(12):
            with SegmentWriter(folder, name=f"worker-{worker}", sync_ms=10_000) as log:
                for _ in range(5):
                    batch = [entry(number + 4 * each) for each in range(5)]
                    log.append(batch)
                    written.update(each.id for each in batch)
                    number += 20
                    stop.wait(0.005)

    def compacting():
        while not stop.wait(0.05):
            compact(folder)

    writers = [threading.Thread(target=writing, args=(worker,)) for worker in range(2)]
    compactor = threading.Thread(target=compacting)
    folder.mkdir()
    for thread in (*writers, compactor):
        thread.start()
    draw = random.Random(seed)
    seen = Seen(folder, draw)
    try:
        while any(thread.is_alive() for thread in writers):
            seen.follow(draw.randrange(2, 12))
            stop.wait(draw.random() / 10)
    finally:
        stop.set()
        for thread in (*writers, compactor):
            thread.join()
    compact(folder)
    seen.follow(60)
    assert written == set(seen.entries)
    with Manifest.find(folder) as manifest, manifest.reading() as reading:
        assert reading.state.segments
