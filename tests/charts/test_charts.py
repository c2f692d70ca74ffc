"""Pictures as values: a line of time that folds quiet, planes that stay light."""

from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from interplane.charts.heat import STEPS, draw_heat
from interplane.charts.lines import Reading, draw_line
from interplane.charts.spans import Stretch, draw_spans
from interplane.charts.timeline import Timeline
from interplane.project.chronicle import CodePoint, DataPoint, Planes, RunLine, Strut
from interplane.record.digests import digest_bytes
from interplane.web.planes_picture import draw_planes
from interplane.web.rendering import environment

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds):
    """Return a moment so long after the beginning."""
    return (BEGIN + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=60))
def test_places_keep_the_order_and_the_width(seconds):
    """A later moment never stands before an earlier one, and nothing beside the line."""
    moments = sorted(seconds)
    line = Timeline([at(each) for each in moments], left=10, right=990)
    places = [line.x(at(each)) for each in moments]
    assert places == sorted(places)
    assert 10 <= places[0] <= places[-1] <= 990
    marks = [mark.x for mark in line.marks(most=9)]
    assert marks == sorted(marks)
    assert all(after - before >= 62 for before, after in pairwise(marks))


def test_long_quiet_is_folded():
    """A busy minute, a month of nothing, a busy minute: the minutes can be seen."""
    busy = [*range(0, 60, 2), *range(2_600_000, 2_600_060, 2)]
    line = Timeline([at(each) for each in busy], left=0, right=1000)
    assert line.x(at(58)) > 400
    (fold,) = line.folds()
    assert "30 days without anything" == fold.says
    even = Timeline([at(each) for each in range(0, 6000, 100)], left=0, right=1000)
    assert [] == even.folds()


def digest(*words):
    """Return a digest of its own."""
    return digest_bytes(repr(words).encode())


def history(size):
    """Return so many of everything, with one crossing that is live and a version that broke."""
    code = [
        CodePoint(name=f"{n:040d}", at=at(n * 900), subject=f"<b>{n}</b>", used=n % 3 == 0)
        for n in range(size)
    ]
    data = [
        DataPoint(
            dataset=f"set{n % 3}",
            number=n,
            version=digest("data", n),
            at=at(n * 800 + 50),
            rows=n + 1,
            check="broken" if n == size // 2 else "passed",
            source="x.csv",
            actor="ann",
        )
        for n in range(size)
    ]
    runs = [
        RunLine(
            run=digest("run", n),
            pipeline="p",
            at=at(n * 900 + 100),
            status="done" if n % 5 else "failed",
            code=code[n].name,
            data=(data[n].version, data[n // 2].version),
        )
        for n in range(size)
    ]
    struts = [
        Strut(
            crossing=digest("crossing", n),
            model="m",
            number=n + 1,
            at=at(n * 900 + 200),
            passed=n % 4 != 0,
            pointers=("live",) if n == size // 3 else (),
            was_live=n < 3,
            code=code[n].name,
            data=(data[n].version,),
        )
        for n in range(size)
    ]
    return Planes(code=tuple(code), data=tuple(data), runs=tuple(runs), crossings=tuple(struts))


@pytest.mark.parametrize("width", [1360.0, 360.0])
@pytest.mark.parametrize("size", [1, 10, 400, 10_000])
def test_the_picture_stays_light(size, width):
    """Ten thousand of everything: few shapes, all counted, what is live drawn for itself."""
    planes = history(size)
    picture = draw_planes(planes, width=width, now=at(size * 900 + 1000))
    shapes = (picture.code, picture.data, picture.runs, picture.crossings, picture.tags)
    assert sum(map(len, shapes)) < 700
    for drawn, there in ((picture.code, planes.code), (picture.data, planes.data)):
        assert len(there) == sum(dot.count for dot in drawn)
    for lines, there in ((picture.runs, planes.runs), (picture.crossings, planes.crossings)):
        assert len(there) == sum(line.count for line in lines)
    live = [line for line in picture.crossings if line.kind == "live"]
    assert [f"/models/m/{size // 3 + 1}"] == [line.href for line in live]
    assert f"{size // 3 + 1}" in {tag.text for tag in picture.tags if tag.kind == "live"}
    broken = [dot for dot in picture.data if dot.kind == "broken"]
    assert [1] == [dot.count for dot in broken]
    places = [dot.x for dot in (*picture.code, *picture.data)]
    assert 0 <= min(places) <= max(places) <= width


@pytest.mark.parametrize("size", [10, 300, 1_000, 10_000])
def test_both_pictures_are_small_and_few_things_are_reached_by_keyboard(size):
    """However much there is, on five datasets: less than 190 kB, and names before all else."""
    whole = history(size)
    data = tuple(replace(each, dataset=f"set-{n % 5}") for n, each in enumerate(whole.data))
    planes = replace(whole, data=data)
    template = '{% from "parts.html" import planes %}{{ planes(it, "wide") }}'
    written = [
        environment()
        .from_string(template)
        .render(it=draw_planes(planes, width=width, now=at(size * 900 + 1000)))
        for width in (1360.0, 360.0)
    ]
    assert sum(len(each.encode()) for each in written) < 190_000
    links = "".join(written).split("<a ")[1:]
    reached = [each for each in links if "tabindex" not in each.partition(">")[0]]
    assert 0 < len(reached) <= 120
    assert all(each.startswith('href="/') for each in links)


@pytest.mark.parametrize("width", [1360.0, 360.0])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_what_is_live_is_named(count, width):
    """Beside each other, by model where there are several; in the frame, and none over another."""
    whole = history(6)
    first = whole.crossings[0]
    struts = tuple(
        replace(first, crossing=digest("live", n), model=f"a-model-{n}", pointers=("live",))
        for n in range(count)
    )
    picture = draw_planes(replace(whole, crossings=struts), width=width, now=at(9000))
    names = ["1"] if count == 1 else [f"a-model-{n}@1" for n in range(count)]
    assert names == sorted(tag.text for tag in picture.tags)
    for tag in picture.tags:
        assert 0 <= tag.x - tag.width / 2 <= tag.x + tag.width / 2 <= width
    for one, other in combinations(picture.tags, 2):
        beside = abs(one.x - other.x) >= (one.width + other.width) / 2
        assert beside or abs(one.y - other.y) >= 22


def test_nothing_yet_is_no_picture():
    """Before anything happened there is nothing to draw."""
    empty = Planes(code=(), data=(), runs=(), crossings=())
    assert draw_planes(empty, width=1360, now=at(0)) is None


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=40))
def test_a_line_has_every_value_and_gaps_where_there_are_none(values):
    """Each value a point within the frame; a line for each stretch without a gap."""
    readings = [Reading(f"{place}", value) for place, value in enumerate(values)]
    picture = draw_line(readings)
    known = [value for value in values if value is not None]
    if not known:
        assert picture is None
        return
    assert len(known) == len(picture.points)
    assert all(0 <= point.y <= picture.height for point in picture.points)
    gaps = "".join("." if value is None else "x" for value in values).split(".")
    assert len([stretch for stretch in gaps if stretch]) == len(picture.lines)


@given(st.lists(st.none() | st.floats(0, 10), min_size=1, max_size=20))
def test_a_greater_value_is_never_a_quieter_cell(values):
    """Steps follow the values; nothing is not quiet but empty."""
    names = [f"{place}" for place in range(len(values))]
    (line,) = draw_heat([("x", values)], names, quiet=0.1, loud=2.0).lines
    steps = [cell.step for cell in line.cells]
    assert [value is None for value in values] == [step == -1 for step in steps]
    pairs = sorted((value, step) for value, step in zip(values, steps, strict=True) if step >= 0)
    assert [step for _, step in pairs] == sorted(step for _, step in pairs)
    assert max(steps) <= STEPS


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(1, 10**6)), max_size=25))
def test_what_was_live_when_leaves_no_gap(moves):
    """Bars of a lane follow each other; what is so now ends where the picture does, all else before."""
    stretches, begin = [], 0
    ends = [begin := begin + length for _, _, length in moves]
    for (number, has_canary, length), end in zip(moves, ends, strict=True):
        until = None if end == ends[-1] else at(end)
        stretches.append(Stretch("live", at(end - length), until, f"m@{number}"))
        if has_canary:
            stretches.append(Stretch("canary", at(end - length), until, f"m@{number + 1}", "5 %"))
    picture = draw_spans(stretches, width=700, now=at(begin))
    if not moves:
        assert picture is None
        return
    live = picture.lanes[0].bars
    names = [
        number
        for place, (number, *_) in enumerate(moves)
        if not place or moves[place - 1][0] != number
    ]
    assert [f"/models/m/{number}" for number in names] == [bar.href for bar in live]
    assert ["past"] * (len(live) - 1) + ["now"] == [bar.kind for bar in live]
    for bar, after in pairwise(live):
        assert bar.x <= after.x
        assert bar.width <= 2 or bar.x + bar.width == pytest.approx(after.x, abs=0.15)
    for lane in picture.lanes:
        assert all(0 <= bar.x and bar.x + bar.width <= 702 for bar in lane.bars)


def test_crossings_of_the_same_ends_stand_apart():
    """Three of one code and one data version: what is live straight, the others beside it."""
    planes = history(1)
    struts = tuple(
        msgspec.structs.replace(
            planes.crossings[0],
            crossing=digest("again", n),
            number=n,
            pointers=("live",) if n == 2 else (),
        )
        for n in range(3)
    )
    same = msgspec.structs.replace(planes, crossings=struts)
    drawn = draw_planes(same, width=1360, now=at(2000)).crossings
    assert 3 == len({line.bend for line in drawn})
    assert [0.0] == [line.bend for line in drawn if line.kind == "live"]
