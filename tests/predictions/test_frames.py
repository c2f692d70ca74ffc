"""Frames: what is whole is found, whatever stands before it; what is not is never taken for it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.errors import NewerFormat
from interplane.predictions.entry import Entry, decode_entries, decode_heads, encode_entries
from interplane.predictions.frames import (
    HEADER_BYTES,
    Bad,
    Frame,
    check_header,
    frame,
    header,
    scan,
)
from interplane.predictions.layout import SegmentName, find_segment_name
from interplane.testing.prediction_laws import made_up_entry

NAME = SegmentName(1_370_067_300_000_000, "worker-0", "8badf00d00c0ffee")


def segment(bodies, name=NAME):
    """Return the bytes of a segment, and where each of its frames begins."""
    data, starts = header(name), []
    for sequence, body in enumerate(bodies):
        starts.append(len(data))
        data += frame(body, sequence, name.mark, name.salt)
    return data, starts


def scanned(data, name=NAME):
    """Return the bodies of the whole frames by sequence number, and the bad places."""
    found = list(scan(data, mark=name.mark, salt=name.salt))
    whole = {item.sequence: data[item.begin : item.end] for item in found if type(item) is Frame}
    return whole, [item for item in found if type(item) is Bad]


BODIES = st.lists(st.binary(max_size=60), min_size=1, max_size=8)


@given(BODIES)
def test_frames_come_back(bodies):
    """In order, with their numbers."""
    data, _ = segment(bodies)
    assert (dict(enumerate(bodies)), []) == scanned(data)


@given(BODIES, st.data())
def test_a_cut_end_costs_the_last_frame_only(bodies, data):
    """Wherever a write was torn."""
    whole, starts = segment(bodies)
    cut = data.draw(st.integers(HEADER_BYTES, len(whole)))
    kept = sum(start <= cut for start in [*starts[1:], len(whole)])
    found, bad = scanned(whole[:cut])
    assert dict(enumerate(bodies[:kept])) == found
    ends = [*starts, len(whole)][kept]
    assert ([Bad(ends, cut)] if cut > ends else []) == bad


@given(BODIES, st.data())
def test_a_changed_byte_costs_one_frame(bodies, data):
    """Whichever byte of it, and the place is told."""
    whole, starts = segment(bodies)
    at = data.draw(st.integers(HEADER_BYTES, len(whole) - 1))
    changed = bytearray(whole)
    changed[at] ^= data.draw(st.integers(1, 255))
    hit = max(number for number, start in enumerate(starts) if start <= at)
    found, bad = scanned(bytes(changed))
    assert {n: body for n, body in enumerate(bodies) if n != hit} == found
    assert [Bad(starts[hit], [*starts, len(whole)][hit + 1])] == bad


@given(st.binary(min_size=1, max_size=200), BODIES)
def test_rubbish_before_a_frame_is_skipped(rubbish, bodies):
    """The next frame is found by the segment's own mark."""
    data, _ = segment(bodies)
    whole = data[:HEADER_BYTES] + rubbish + data[HEADER_BYTES:]
    found, bad = scanned(whole)
    assert dict(enumerate(bodies)) == found
    assert [Bad(HEADER_BYTES, HEADER_BYTES + len(rubbish))] == bad


def test_zeros_after_a_power_cut_are_no_frames():
    """As some file systems leave them."""
    data, _ = segment([b"one"])
    assert ({0: b"one"}, [Bad(len(data), len(data) + 4096)]) == scanned(data + bytes(4096))


def test_a_frame_of_another_segment_is_none_here():
    """What a client sent, or an older segment held, cannot stand for a frame."""
    other = NAME._replace(token="0123456789abcdef")
    inner = frame(b"forged", 1, other.mark, other.salt)
    data, starts = segment([inner, b"two"])
    broken = bytearray(data)
    broken[starts[0] + 8] ^= 1  # its sequence number
    assert {1: b"two"} == scanned(bytes(broken))[0]


def test_the_same_body_under_another_number_is_damage():
    """The checksum holds the number, too."""
    data, starts = segment([b"one"])
    broken = bytearray(data)
    broken[starts[0] + 8] = 7
    assert {} == scanned(bytes(broken))[0]


def test_a_segment_of_a_newer_form_is_not_touched():
    """It is refused, by name."""
    with pytest.raises(NewerFormat, match="worker-0"):
        check_header(header(NAME, version=2), NAME)
    assert check_header(header(NAME), NAME)
    assert not check_header(header(NAME)[:-1], NAME)
    assert not check_header(bytes(HEADER_BYTES), NAME)
    assert not check_header(header(NAME), NAME._replace(token="0" * 16))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x.segment",
        f"{NAME}.new",
        f".{NAME}",
        "0004de11a6bc2100-../../x-00c0ffee00c0ffee.segment",
    ],
)
def test_other_files_are_no_segments(name):
    """Whatever else lies in the folder."""
    assert find_segment_name(name) is None
    assert NAME == find_segment_name(str(NAME))


def test_entries_of_a_newer_form_are_read():
    """Fields that we do not know come last, and are left out."""
    encoded = bytearray(encode_entries([made_up_entry(1)]))
    assert encoded[1] == 0x9D  # an array of 13
    encoded[1] = 0x9E
    newer = bytes(encoded) + b"\xa3new"
    assert [made_up_entry(1)] == decode_entries(newer)
    (head,) = decode_heads(newer)
    assert made_up_entry(1).at_us == head.at_us


def test_entries_of_an_older_form_are_read():
    """What they do not have is not there."""
    encoded = bytearray(encode_entries([made_up_entry(1, instead_of="d" * 64)]))
    encoded[1] = 0x9B  # an array of 11, as it was before
    older = bytes(encoded[: encoded.rindex(b"\xd9@" + b"d" * 64)])
    assert [made_up_entry(1)] == decode_entries(older)


def test_long_texts_and_many_entries():
    """Lengths of all sizes."""
    draw = random.Random(7)
    bodies = [draw.randbytes(size) for size in (0, 1, 255, 65_536, 300_000)]
    data, _ = segment(bodies)
    assert dict(enumerate(bodies)) == scanned(data)[0]
    many = [Entry(f"{n:032x}", "m", "c", n, n) for n in range(70_000)]
    assert many == decode_entries(encode_entries(many))
