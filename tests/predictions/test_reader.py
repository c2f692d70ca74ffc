"""Reading a segment: up to its last whole frame, and what is wrong with it as data."""

import pytest

from interplane.errors import NewerFormat, StorageError
from interplane.predictions.damage import Damage, Loss
from interplane.predictions.frames import HEADER_BYTES, frame, header
from interplane.predictions.layout import OPEN, find_segment_name
from interplane.predictions.reader import read_segment
from interplane.testing.prediction_laws import made_up_entry


@pytest.fixture
def segment(folder, open_writer):
    """A segment with the entries 0, then 1 and 2 in one frame, then 3; and where the frames begin."""
    log = open_writer()
    starts = []
    for numbers in ([0], [1, 2], [3]):
        starts.append(log._segment.size if log._segment else HEADER_BYTES)
        log.append([made_up_entry(number) for number in numbers])
    starts.append(log._segment.size)
    log.close()
    (path,) = (folder / OPEN).iterdir()
    return path, starts


def change(path, at, data=b"\xff"):
    """Write other bytes into a file."""
    whole = bytearray(path.read_bytes())
    whole[at : at + len(data)] = data
    path.write_bytes(whole)


def numbers(content):
    """The numbers of the entries."""
    return [int(entry.id, 16) for entry in content]


def test_a_whole_segment(segment):
    """No damage."""
    path, starts = segment
    content = read_segment(path)
    assert [0, 1, 2, 3] == numbers(content)
    assert (4, starts[-1]) == (content.entries, content.size_bytes)
    assert (0, False) == (len(content.damage), bool(content.loss))


def test_a_damaged_frame_costs_its_entries_and_no_others(segment):
    """How many were lost is known by the sequence."""
    path, starts = segment
    change(path, starts[1] + 40)
    content = read_segment(path)
    assert [0, 3] == numbers(content)
    assert (
        Damage(kind="checksum", at=starts[1], size_bytes=starts[2] - starts[1]),
        Damage(kind="gap", at=starts[2] + 16, entries=2),
    ) == content.damage
    assert Loss(bad_frames=1, missing_entries=2) == content.loss


def test_a_frame_that_is_gone_leaves_a_gap(segment):
    """Even where every byte that is there is right."""
    path, starts = segment
    data = path.read_bytes()
    path.write_bytes(data[: starts[1]] + data[starts[2] :])
    content = read_segment(path)
    assert [0, 3] == numbers(content)
    assert Loss(missing_entries=2) == content.loss


def test_bytes_behind_the_last_whole_frame_are_counted(segment):
    """A frame that was never acknowledged, or what a power cut took."""
    path, starts = segment
    path.write_bytes(path.read_bytes()[:-7])
    content = read_segment(path)
    assert [0, 1, 2] == numbers(content)
    left = starts[-1] - starts[-2] - 7
    assert (Damage(kind="trailing", at=starts[-2], size_bytes=left),) == content.damage
    assert Loss(trailing_bytes=left) == content.loss


def test_a_damaged_header_costs_nothing_but_a_mark(segment):
    """Marks and checksums hang on the name."""
    path, _ = segment
    change(path, 2)
    content = read_segment(path)
    assert [0, 1, 2, 3] == numbers(content)
    assert (Damage(kind="header", at=0),) == content.damage


@pytest.mark.parametrize("size", [0, 5])
def test_a_segment_that_a_power_cut_left_without_its_header(segment, size):
    """It has no entries, and says so."""
    path, _ = segment
    path.write_bytes(path.read_bytes()[:size])
    content = read_segment(path)
    assert [] == numbers(content)
    assert Loss(trailing_bytes=size) == content.loss


@pytest.mark.parametrize("body", [b"", b"\x90", b"\xff\xff", b'["id"]'])
def test_a_whole_frame_without_entries_is_damage(segment, body):
    """Whoever wrote it, the others are read."""
    path, starts = segment
    name = find_segment_name(path.name)
    data = path.read_bytes()
    path.write_bytes(data + frame(body, 4, name.mark, name.salt))
    content = read_segment(path)
    assert [0, 1, 2, 3] == numbers(content)
    assert (Damage(kind="body", at=starts[-1] + 16, size_bytes=len(body)),) == content.damage


def test_a_newer_form_and_other_files_are_refused(segment):
    """By name, and nothing is guessed."""
    path, _ = segment
    name = find_segment_name(path.name)
    change(path, 0, header(name, version=2))
    with pytest.raises(NewerFormat, match="has format 2"):
        read_segment(path)
    other = path.with_name("notes.txt")
    other.write_text("x")
    with pytest.raises(StorageError, match="is no segment"):
        read_segment(other)
    with pytest.raises(StorageError, match="No such file"):
        read_segment(path.with_name(str(name._replace(token="0" * 16))))


def test_links_are_not_followed(segment, tmp_path):
    """A segment is a file that its writer made there."""
    path, _ = segment
    moved = tmp_path / "moved"
    path.rename(moved)
    path.symlink_to(moved)
    with pytest.raises(StorageError):
        read_segment(path)
