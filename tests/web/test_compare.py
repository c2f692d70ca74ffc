"""Two crossings side by side: what differs, who is better where, and what is no comparison."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from interplane.charts.intervals import Spread, draw_intervals
from interplane.project.project import Project
from interplane.project.reports.facts import compared_cautions, evaluation_of


def test_what_differs_is_told_by_plane(pages):
    """Another data version, another model; the data with links."""
    shown = pages.ask("/models/rides/compare.json?a=1&b=2").json
    planes = {plane["name"]: plane["changes"] for plane in shown["planes"]}
    assert {"code", "data", "outcome"} == set(planes)
    (data,) = planes["data"]
    assert ("rides@1", "rides@2") == (data["before"], data["after"])
    assert ("/data/rides/1", "/data/rides/2") == (data["before_href"], data["after_href"])
    assert [3, 2, 1] == shown["numbers"]


def test_figures_stand_side_by_side(pages):
    """Each figure is that of the crossing's own page, its change the difference; slices by change."""
    shown = pages.ask("/models/rides/compare.json?a=1&b=2").json
    (figure,) = shown["figures"]
    for side, number in (("before", 1), ("after", 2)):
        (own,) = pages.ask(f"/models/rides/{number}.json").json["figures"]
        assert own == figure[side]
    assert figure["change"]["value"] == figure["after"]["value"] - figure["before"]["value"]
    assert not shown["is_paired"]
    changes = [abs(each["change"]["value"]) for each in shown["slices"]]
    assert changes == sorted(changes, reverse=True)
    there = pages.ask("/models/rides/2.json").json["by_slice"]["slices"]
    assert len([each for each in there if not each["why_not"]]) == len(changes) + len(
        shown["gained"]
    )
    for each in shown["slices"]:
        up = each["change"]["value"] >= 0
        assert each["went"] in ({"better", "same"} if up else {"worse"})


def test_the_newest_and_the_one_before_are_meant(pages):
    """Without numbers; a crossing beside itself differs in nothing."""
    shown = pages.ask("/models/rides/compare.json").json
    assert (2, 3) == (shown["a"]["number"], shown["b"]["number"])
    alone = pages.ask("/models/rides/compare.json?a=1&b=1").json
    assert [] == alone["planes"]
    assert {"same"} == {each["went"] for each in alone["figures"]}


def test_rows_that_one_was_fitted_on_stand_beside_the_figures(root):
    """Of the second's test where the first was its champion there; else each of its own test."""
    project = Project.find(root)
    first, second = project.crossing("rides@1"), project.crossing("rides@2")
    plain = evaluation_of(project.store, second.crossing)
    new = replace(plain, seen=0, maybe_seen=0, champion_seen=9, champion_maybe_seen=9)
    old = replace(plain, seen=None, maybe_seen=3)
    beside = dataclasses.replace(second, crossing=replace(second.crossing, champion=first.digest))
    assert ["careful: rides@1 was fitted on 9 of these rows"] == compared_cautions(
        old, new, (first, beside)
    )
    (alone,) = compared_cautions(old, new, (first, second))
    assert alone.startswith("careful: 3 of these rows are not after rides@1's last training row")
    assert [] == compared_cautions(None, None, (first, second))


@pytest.mark.parametrize("query", ["a=77", "b=../x", "metric=luck", "a=1&b=%3Cb%3E"])
def test_what_cannot_be_compared_is_said(pages, query):
    """An unknown number or metric."""
    answer = pages.ask(f"/models/rides/compare.json?{query}")
    assert answer.status in {404, 422}
    assert 404 == pages.ask("/models/moons/compare.json").status


@given(
    st.lists(
        st.tuples(st.none() | st.floats(-1e6, 1e6), st.floats(0, 10), st.floats(0, 10)), max_size=20
    ),
    st.none() | st.floats(-10, 10),
)
def test_whiskers_keep_the_order_of_values(given_values, against):
    """A greater value stands further right, each inside its interval, all inside the frame."""
    spreads = [
        Spread(value) if value is None else Spread(value, value - under, value + over)
        for value, under, over in given_values
    ]
    drawn = draw_intervals([[each] for each in spreads], against=against)
    known = [each for each in spreads if each.value is not None]
    if not known:
        assert drawn is None
        return
    marks = [line[0] for line in drawn.lines]
    assert [each.value is None for each in spreads] == [mark is None for mark in marks]
    placed = sorted(
        (each.value, mark.x) for each, mark in zip(spreads, marks, strict=True) if mark is not None
    )
    assert [x for _, x in placed] == sorted(x for _, x in placed)
    for mark in marks:
        assert mark is None or 0 <= mark.low <= mark.x <= mark.high <= drawn.ruler.width
