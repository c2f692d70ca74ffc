"""A crossing's slices and curves: the worst first, small ones greyed, as scikit-learn has them."""

import re
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from msgspec.structs import replace
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from interplane.charts.curves import EDGE, SIZE, draw_curves
from interplane.evaluation.evaluation import Evaluation
from interplane.evaluation.intervals import Estimate
from interplane.evaluation.results import Skipped, SliceResult
from interplane.evaluation.slices_card import slices_of
from interplane.project.project import Project
from interplane.serving.tokens import TOKENS
from interplane.storage.names import series_name
from interplane.storage.ports import Append, Batch

from .conftest import served


def shares(points):
    """Return the places of a polyline as shares of the frame."""
    pairs = [each.split(",") for each in points.split()]
    inner = SIZE - 2 * EDGE
    return [((float(x) - EDGE) / inner, (SIZE - EDGE - float(y)) / inner) for x, y in pairs]


@st.composite
def scored(draw):
    """Scores, often equal ones, and outcomes of both kinds."""
    count = draw(st.integers(2, 200))
    steps = draw(arrays(np.int64, count, elements=st.integers(0, 20)))
    outcomes = draw(arrays(np.bool_, count))
    outcomes[0], outcomes[1] = True, False
    return steps / 20, outcomes


@settings(deadline=None)
@given(scored())
def test_curves_are_those_of_scikit_learn(rows):
    """The area, and every point of precision and recall; curves go from corner to corner."""
    scores, outcomes = rows
    drawn = draw_curves(scores, outcomes)
    assert drawn.area == pytest.approx(roc_auc_score(outcomes, scores), abs=1e-12)
    roc = shares(drawn.roc.points)
    assert (roc[0], roc[-1]) == (pytest.approx((0, 0)), pytest.approx((1, 1)))
    assert roc == sorted(roc)
    precision, recall, _ = precision_recall_curve(outcomes, scores)
    wanted = list(zip(recall, precision, strict=True))[:-1][::-1]
    found = shares(drawn.pr.points)
    assert len(wanted) == len(found)
    for one, other in zip(wanted, found, strict=True):
        assert one == pytest.approx(other, abs=1e-3)
    assert 0 <= average_precision_score(outcomes, scores) <= 1


def test_calibration_is_that_of_scikit_learn():
    """Ten bins of as many rows; each share within its interval; all rows counted once."""
    draw = np.random.default_rng(7)
    scores = draw.random(5000)
    outcomes = draw.random(5000) < scores**2
    drawn = draw_curves(scores, outcomes)
    came, said = calibration_curve(outcomes, scores, n_bins=10, strategy="quantile")
    found = shares(" ".join(f"{each.x},{each.y}" for each in drawn.bins))
    for wanted, place in zip(zip(said, came, strict=True), found, strict=True):
        assert wanted == pytest.approx(place, abs=1e-3)
    counts = [int(re.search(r"of ([\d,]+) rows", each.says)[1]) for each in drawn.bins]
    assert 5000 == sum(counts)
    assert all(each.high <= each.y <= each.low for each in drawn.bins)


def test_one_kind_of_outcome_is_no_curve():
    """Nothing is drawn of what cannot be told."""
    assert draw_curves(np.array([0.1, 0.2]), np.array([True, True])) is None
    assert draw_curves(np.array([]), np.array([], dtype=bool)) is None


def estimate(value):
    """Return a value with an interval."""
    return Estimate(value=value, low=value - 0.05, high=value + 0.05)


def evaluated(values, *, metric="roc_auc"):
    """Return an evaluation sliced by origin and hour, with a slice that is too small."""

    def result(by, of, value):
        metrics = {metric: estimate(value)}
        return SliceResult(by=by, values=of, rows=200, metrics=metrics, champion={}, difference={})

    by = ("origin", "hour")
    return Evaluation(
        model="m",
        label="late",
        rows=1000,
        null_labels=0,
        threshold=0.5,
        confidence=0.95,
        resamples=10,
        seed=0,
        min_rows=100,
        overall=result((), (), 0.8),
        slicings=(by,),
        slices=tuple(result(by, ("JFK", hour), value) for hour, value in enumerate(values)),
        skipped=(Skipped(by=by, values=("LGA", 0), rows=7, reason="fewer than 100 rows"),),
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.sampled_from(["roc_auc", "log_loss"]))
def test_the_worst_slice_is_first(values, metric):
    """In the direction of the metric; the small one last; tones go with the order."""
    found = slices_of(evaluated(values, metric=metric), metric)
    *known, small = found.slices
    shown = [each.figures[0].value for each in known]
    assert shown == sorted(values, reverse=metric == "log_loss")
    tones = [each.tone for each in known]
    assert tones == sorted(tones, reverse=True)
    assert ("LGA, 0", "fewer than 100 rows", 0) == (small.name, small.why_not, small.tone)
    (grid,) = found.grids
    cells = [cell for _, line in grid.lines for cell in line if cell is not None]
    assert len(values) == sum(not cell.is_small for cell in cells)
    assert 1 == sum(cell.is_small for cell in cells)
    ends = [each.figures[0] for each in known]
    assert [not each.low <= 0.8 <= each.high for each in ends] == [each.is_shown for each in known]


def test_a_page_says_why_there_are_no_curves(pages):
    """An evaluation without kept rows has none, and the page says what keeps some."""
    shown = pages.ask("/models/rides/1.json").json
    assert shown["curves"]["curves"] is None
    assert "baseline=" in shown["curves"]["missing"]
    assert "publish(…, baseline=OUTPUT)" in pages.ask("/models/rides/1").body
    assert 404 == pages.ask("/models/rides/1.json?metric=luck").status


def test_a_card_says_when_it_was_live(pages):
    """What it foretells, what it asks for, its worst slices, and when it answered."""
    card = pages.ask("/models/rides/1/card.json").json
    assert "long" == card["label"]
    assert {"zone", "miles"} <= {name for name, _ in card["asks_for"]}
    assert "rides@1" in {each["live"] for each in card["spans"]}
    assert 404 == pages.ask("/models/rides/77/card.json").status


def test_a_model_that_was_never_deployed_has_all_its_pages(root, tmp_path):
    """Nothing answered yet: pages, card and report say so, and nothing fails."""
    shutil.copytree(root, tmp_path / "copy", symlinks=True)
    project = Project.find(tmp_path / "copy")
    (project.workspace / TOKENS).unlink(missing_ok=True)  # those of the other pages
    store = project.store
    crossing = replace(project.crossing("rides@1").crossing, model_name="never")
    batch = Batch(
        entries=[crossing], appends=[Append(series_name("model", "never"), crossing.digest)]
    )
    store.catalog.write(batch, writer=store.catalog.writer("ann"))
    assert "never@1" in project.report("never@1").html
    with served(tmp_path / "copy") as pages:
        for page in ("", "/1", "/1/card"):
            for twin in ("", ".json"):
                path = f"/models/never{page}{twin}"
                assert 200 == pages.ask(path).status, path
        assert [] == pages.ask("/models/never.json").json["spans"]
        assert [] == pages.logged("cannot")


def test_bytes_that_are_missing_are_a_fault_of_ours(root, tmp_path):
    """Where the store lies is told to the log alone; an unknown name is another thing."""
    shutil.copytree(root, tmp_path / "copy", symlinks=True)
    workspace = Project.find(tmp_path / "copy").workspace
    (workspace / TOKENS).unlink(missing_ok=True)
    shutil.rmtree(workspace / "blobs")
    (workspace / "blobs").mkdir()
    with served(tmp_path / "copy") as pages:
        answers = [
            pages.ask(path) for path in ("/data/rides/1/rows", "/models/rides/1", "/features")
        ]
        assert 500 == answers[0].status
        assert "fault" in answers[0].body
        assert not any(str(workspace) in each.body for each in answers)
        assert str(workspace) in pages.logged("cannot")[0]["error"]
        assert 404 == pages.ask("/data/rides/99/rows").status


def test_what_is_refused_is_offered_as_a_shadow_alone(pages):
    """A page offers nothing that would be refused, and says what would do."""
    refused = pages.ask("/models/rides/3", role="operator").body
    assert "<option>shadow</option>" in refused
    assert "<option>live</option>" not in refused
    assert "interplane deploy rides@3 --force" in refused
    passed = pages.ask("/models/rides/2", role="operator").body
    assert "<option>live</option>" in passed


def test_older_crossings_of_a_model_are_asked_for(pages, monkeypatch):
    """Of many the newest are shown, how many there are before them, and where those are."""
    monkeypatch.setattr("interplane.web.pages.models._MOST_LINES", 2)
    first = pages.ask("/models/rides.json").json
    assert ([3, 2], 1, 2) == (
        [each["number"] for each in first["crossings"]],
        first["crossings_left_out"],
        first["before"],
    )
    assert '<a href="?before=2">1 older ones</a>' in pages.ask("/models/rides").body
    rest = pages.ask("/models/rides.json?before=2").json
    assert ([1], None) == ([each["number"] for each in rest["crossings"]], rest["before"])
