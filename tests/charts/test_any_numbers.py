"""Pictures of any numbers: none, one, equal, huge, endless; what is written is well formed and has places."""

from __future__ import annotations

import re
from datetime import datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.charts.strict import HOSTILE, strict

from interplane.charts import svg, svg_coverage, svg_joined, svg_metrics, svg_residuals, tables
from interplane.charts.column_card import column_card, column_tile
from interplane.charts.coverage import draw_coverage
from interplane.charts.curves import draw_curves
from interplane.charts.graph import Node, draw_graph
from interplane.charts.heat import draw_heat
from interplane.charts.intervals import Spread, draw_intervals
from interplane.charts.lines import Reading, draw_line
from interplane.charts.metrics import Told, draw_metric
from interplane.charts.overlay import draw_overlay
from interplane.charts.parallel import Row, draw_parallel
from interplane.charts.residuals import draw_residuals
from interplane.charts.spans import Stretch, draw_spans
from interplane.data.profile import profile
from interplane.data.table import Table

# How long one example takes says nothing on a shared machine.
CASES = settings(deadline=None, max_examples=60)

NUMBERS = st.floats() | st.sampled_from(
    [0.0, -0.0, 1.0, 5e-324, -1.7e308, 1.7e308, float("nan"), float("inf"), float("-inf")]
)
MAYBE = st.none() | NUMBERS
WORDS = st.sampled_from(["a", HOSTILE, "", "a\x00b\ud800", "z" * 300])

_PLACES = {"x", "y", "cx", "cy", "r", "x1", "x2", "y1", "y2", "width", "height", "d", "points"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?")


def whole(markup):
    """Parse what was written; wherever a place belongs stands one, near enough to be drawn."""
    for each in strict(markup).iter():
        for name, value in each.attrib.items():
            if name in _PLACES or name == "viewBox":
                assert "n" not in value, f"{each.tag} {name}={value!r}"
                assert all(
                    abs(float(found[0])) < 1e5
                    for found in _NUMBER.finditer(value.replace("e+", "e"))
                ), f"{each.tag} {name}={value!r}"


@CASES
@given(st.lists(st.tuples(MAYBE, MAYBE, MAYBE, MAYBE), max_size=8), WORDS)
def test_lines(values, name):
    """A line with its bands and points; the strip below it."""
    drawn = draw_line([Reading(name, *each) for each in values])
    if drawn is not None:
        whole(svg.line(drawn, name))


@CASES
@given(st.lists(st.tuples(WORDS, st.integers(0, 10**30), st.floats(-1e300, 1e300)), max_size=8))
def test_strips(windows):
    """How much is known, of any number of predictions."""
    drawn = draw_coverage(windows)
    if drawn is not None:
        whole(svg_coverage.coverage(drawn))


@CASES
@given(
    st.lists(st.lists(st.tuples(MAYBE, MAYBE, MAYBE), min_size=2, max_size=2), max_size=6), MAYBE
)
def test_intervals(values, against):
    """Whiskers on one scale, one or two a line."""
    drawn = draw_intervals([[Spread(*each) for each in line] for line in values], against=against)
    if drawn is None:
        return
    whole(tables.ruler(drawn.ruler))
    for marks in drawn.lines:
        whole(f"<p>{svg.pair_marks(marks, 'better')}</p>")
        for mark in marks:
            if mark is not None:
                whole(svg.one_mark(mark, drawn.ruler, "worse"))


@CASES
@given(
    st.lists(st.tuples(WORDS, st.lists(MAYBE, min_size=3, max_size=3)), max_size=5),
    st.floats(-1e300, 1e300),
)
def test_heat(lines, quiet):
    """Each cell in one of the steps."""
    drawn = draw_heat(lines, ["a", HOSTILE, "c"], quiet=quiet, loud=1.0)
    assert {cell.step for line in drawn.lines for cell in line.cells} <= {*range(-1, 7)}
    whole(f"<div>{tables.heat(drawn)}</div>")


@CASES
@given(st.lists(st.tuples(NUMBERS, st.booleans()), max_size=40))
def test_curves(rows):
    """ROC, precision by recall, calibration: of scores that are no probabilities, too."""
    scores = np.array([score for score, _ in rows], dtype=np.float64)
    drawn = draw_curves(scores, np.array([came for _, came in rows], dtype=bool))
    if drawn is not None:
        whole(tables.curves(drawn))


@CASES
@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=40))
def test_residuals(rows):
    """By prediction and spread; rows that have no place are counted."""
    said, came = (np.array([each[side] for each in rows], dtype=np.float64) for side in (0, 1))
    drawn = draw_residuals(said, came)
    if drawn is not None:
        assert len(rows) == drawn.rows + drawn.left_out
        whole(svg_residuals.residuals(drawn))


@CASES
@given(st.lists(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=20), max_size=3), WORDS)
def test_metrics(curves, name):
    """Curves over each other, told wherever and whatever; places that are no numbers are not told."""
    told = [
        Told(
            name,
            [at for at, _ in each if np.isfinite(at)],
            [v for at, v in each if np.isfinite(at)],
        )
        for each in curves
    ]
    drawn = draw_metric(name, told)
    if drawn is not None:
        whole(svg_metrics.metric(drawn))


VALUES = MAYBE | WORDS | st.booleans() | st.integers(-(10**400), 10**400)


@CASES
@given(st.lists(st.lists(VALUES, min_size=3, max_size=3), max_size=6), WORDS)
def test_parallel(rows, name):
    """Runs by parameters of any kind, numbers beyond floats among them."""
    drawn = draw_parallel(["a", name, "c"], [Row(each, "done", name, "ab") for each in rows])
    if drawn is not None:
        for thread in drawn.threads:
            assert "n" not in thread.path
        whole(svg_joined.parallel(drawn).replace('href="/runs/ab"', ""))


def finite(low, high):
    """Return numbers of a column between two."""
    return st.lists(st.none() | st.floats(low, high), min_size=1, max_size=30)


@CASES
@given(finite(-1.7e308, 1.7e308) | finite(0, 1e-300), finite(-5, 5) | finite(-1.7e308, 1.7e308))
def test_columns(before, after):
    """Histograms and overlays of the profiles of any numbers."""
    first, second = (profile(Table.from_columns({"n": each})) for each in (before, after))
    if first["n"].type != second["n"].type:
        return
    for found in (first, second):
        whole(f"<div>{column_tile(column_card(found['n'], found.rows))}</div>")
    drawn = draw_overlay(first["n"], second["n"], rows=(first.rows, second.rows))
    if drawn is not None:
        whole(svg.overlay(drawn, HOSTILE))


@CASES
@given(st.integers(0, 10**30), st.integers(0, 10**30), st.floats(0, 1e6), st.floats(0, 1e6))
def test_flips_and_bars(to_right, to_wrong, begin, seconds):
    """Shares of any two counts; a step anywhere in its run."""
    whole(svg.flips(to_right, to_wrong))
    whole(svg.gantt("done", begin=begin, seconds=seconds, span=max(begin + seconds, 1e-3)))


@CASES
@given(st.lists(WORDS, max_size=6, unique=True), st.data())
def test_graphs(names, data):
    """Boxes of any names, each hanging on some before it."""
    parents = {
        name: data.draw(st.lists(st.sampled_from(names[:place]), max_size=3)) if place else []
        for place, name in enumerate(names)
    }
    drawn = draw_graph([Node(name, "done", note=name, says=name) for name in names], parents)
    if drawn is not None:
        whole(svg_joined.graph(drawn, HOSTILE))


@CASES
@given(st.lists(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), max_size=6), WORDS)  # noqa: DTZ001
def test_spans(times, name):
    """What was live from any moment to the next, some of them the same."""
    moments = [f"{each.isoformat()}Z" for each in sorted(times)]
    stretches = [
        Stretch("live", begin, end, name, name)
        for begin, end in zip(moments, [*moments[1:], None], strict=False)
    ]
    drawn = draw_spans(stretches, width=700, now="2030-01-02T00:00:00Z")
    if drawn is not None:
        whole(svg_joined.spans(drawn, is_linked=False))
