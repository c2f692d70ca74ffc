"""Metric curves on pages, also of a step that trains; residuals of a regression, by slice."""

import json
import random
import shutil
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.project.reports.residual_slices import residual_slices

from .conftest import HOSTILE, served, violations

pytestmark = pytest.mark.xdist_group("metrics")

STEPS = '''
"""How long will a ride take?"""

import pathlib
import time

import interplane as ip

rides = ip.dataset("rides")
HOSTILE = HOSTILE_TEXT


@ip.features(label="minutes", time="began_at", key=["ride"])
def ride_features(ride):
    rate = ip.target_encode([ride.zone], ride.minutes, smoothing=1.0)
    return {"expected": ride.miles * 3.0, "rate": rate, "hour": ride.hour}


pipeline = ip.Pipeline("times", inputs={"rides": rides})


@pipeline.step(outputs=("known", "new"))
def split(rides: ip.Table):
    return (
        rides.sql("FROM self WHERE day(began_at) <= 7"),
        rides.sql("FROM self WHERE day(began_at) > 7"),
    )


@pipeline.step
def model(known: ip.Table, *, rate: float = 0.5, waits: bool = False) -> ip.Model:
    for number in range(5):
        ip.log_metric("train/loss", rate ** number)
        ip.log_metric("valid/loss", 2 * rate ** number)
    ip.log_metric(HOSTILE[:90], float("inf"))
    while waits and not pathlib.Path("go").exists():
        time.sleep(0.02)
    return ip.Model(ip.FeatureScore("expected"), features=ride_features.fit(known))


@pipeline.step
def evaluation(model: ip.Model, new: ip.Table) -> ip.Evaluation:
    return ip.evaluate(model, new, metrics=["mae", "rmse"], slices=["zone", ("zone", "hour")])


@pipeline.gate
def good_enough(evaluation: ip.Evaluation):
    return [evaluation["mae"].at_most(60)]


pipeline.publish(
    "times",
    model="model",
    evaluation="evaluation",
    gate="good_enough",
    train="known",
    baseline="new",
)
'''


@pytest.fixture(scope="module")
def timed(tmp_path_factory):
    """A project of a regression, with three runs that told metrics; and what runs a command there."""
    root = tmp_path_factory.mktemp("timed")
    (root / "interplane.toml").write_text('name = "times"\npipelines = ["times_told:pipeline"]\n')
    (root / "times_told.py").write_text(STEPS.replace("HOSTILE_TEXT", repr(HOSTILE)))
    draw = random.Random(7)
    lines = ["ride,began_at,zone,hour,miles,minutes"]
    for ride in range(28 * 60):
        zone, hour, miles = draw.choice(["north", "south"]), draw.randrange(3), draw.random() * 10
        late = 4.0 if (zone, hour) == ("south", 2) else 0.0
        minutes = 3 * miles + draw.gauss(late, 1 + late)
        lines.append(f"{ride},2026-01-{1 + ride % 28:02d}T10:00:00,{zone},{hour},{miles},{minutes}")
    (root / "rides.csv").write_text("\n".join(lines) + "\n")

    def say(*words):
        line = [sys.executable, "-m", "interplane", *words]
        done = subprocess.run(line, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done

    say("data", "add", "rides", "rides.csv")
    for rate in ("0.5", "0.25", "0.125"):
        say("run", "--rate", rate)
    say("run", "--rate", "0.25")  # reuses everything
    return root


@pytest.fixture(scope="module")
def pages(timed):
    """Its pages, served."""
    with served(timed) as found:
        yield found


def last_of(card):
    """Return what was told last, by what it is of."""
    return {each["of"]: (each["value"], each["at"], each["told"]) for each in card["last"]}


def test_a_run_shows_what_its_steps_told(pages):
    """What is of one metric in one picture; a reused step's as well; nothing of it is markup."""
    run = pages.ask("/runs/last.json").json
    assert {"reused"} == {step["went"] for step in run["steps"]}
    loss, odd = run["metrics"]
    assert ("model", "loss") == (loss["step"], loss["metric"])
    assert {"train": (0.25**4, 4, 5), "valid": (2 * 0.25**4, 4, 5)} == last_of(loss)
    assert ["train", "valid"] == [line["name"] for line in loss["picture"]["lines"]]
    assert [("Infinity", 0, 1)] == [*last_of(odd).values()]
    body = pages.ask("/runs/last").body
    assert 2 == body.count('class="metric"')
    assert "<script>alert" not in body
    assert "<img src=x" not in body


def test_runs_are_laid_over_each_other(pages):
    """The last ones that told something else; chosen ones; by parameters that differ."""
    page = pages.ask("/pipelines/times/metrics.json").json
    assert ["0.25", "0.125", "0.5"] == [run["differs"]["model.rate"] for run in page["runs"]]
    assert not page["chosen"]
    by_name = {card["metric"]: card for card in page["metrics"]}
    assert {"train/loss", "valid/loss", HOSTILE[:90]} == set(by_name)
    keys = [run["digest"][:12] for run in page["runs"]]
    told = last_of(by_name["train/loss"])
    assert {keys[0]: 0.25**4, keys[1]: 0.125**4, keys[2]: 0.5**4} == {
        key: value for key, (value, _, _) in told.items()
    }
    assert {1, 0, 2} == {line["tone"] for line in by_name["train/loss"]["picture"]["lines"]}
    two = pages.ask(f"/pipelines/times/metrics.json?runs={keys[2]}&with={keys[1]}").json
    assert (True, keys[1:]) == (two["chosen"], [run["digest"][:12] for run in two["runs"]])
    assert two["runs"][0]["without"].endswith(f"?runs={keys[2]}")
    assert keys[0] in {each[:12] for each in two["others"]}
    alone = pages.ask(f"/pipelines/times/metrics.json?runs={keys[0]}").json
    assert ("", {}) == (alone["runs"][0]["without"], alone["runs"][0]["differs"])
    assert 3 == len(alone["metrics"])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("runs=abcdef123456", 404),
        ("runs=%3Cb%3E", 422),
        ("runs=../x", 422),
        ("runs=" + ",".join(f"{n:06x}" for n in range(11)), 422),
        ("with=" + "a" * 65, 422),
        ("with=last,last", 422),
    ],
)
def test_runs_that_are_none_are_refused(pages, query, status):
    """In words."""
    assert status == pages.ask(f"/pipelines/times/metrics.json?{query}").status
    assert status == pages.ask(f"/pipelines/times/metrics?{query}").status
    assert 404 == pages.ask("/pipelines/moons/metrics.json").status


def test_runs_are_chosen_by_clicks(pages, browser):
    """A box a run; the link leads to the curves of those that are chosen."""
    from playwright.sync_api import expect

    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{pages.url}/sign-in#{pages.tokens['viewer']}")
        page.wait_for_url(f"{pages.url}/")
        page.goto(f"{pages.url}/pipelines/times")
        page.locator("#runs[data-ready=yes]").wait_for()
        lead = page.locator("#runs-metrics")
        expect(lead).to_have_text("Metrics of the first 4 runs")
        boxes = page.get_by_role("checkbox")
        boxes.nth(1).check()
        boxes.nth(2).check()
        expect(lead).to_have_text("Metrics of the 2 runs chosen")
        page.locator("#runs-filter").fill("rate=0.125")
        expect(boxes).to_have_count(1)
        expect(boxes.nth(0)).to_be_checked()
        lead.click()
        expect(page.locator("h1")).to_have_text("Metrics as they were told")
        expect(page.locator("svg.metric")).to_have_count(3)
        expect(page.locator("svg.metric").first.locator(".metric-line")).to_have_count(2)
        page.get_by_role("link", name="Leave out").first.click()
        expect(page.locator("svg.metric").first.locator(".metric-line")).to_have_count(1)
        page.get_by_role("button", name="Add").click()
        expect(page.locator("svg.metric").first.locator(".metric-line")).to_have_count(2)
        assert [] == said


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_pictures_break_no_rule(pages, browser, scheme, width):
    """Of level A and AA; nothing overflows the width."""
    size = {"width": width, "height": 900}
    with browser.new_context(viewport=size, color_scheme=scheme) as context:
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{pages.url}/sign-in#{pages.tokens['viewer']}")
        page.wait_for_url(f"{pages.url}/")
        for path in (
            "/runs/last",
            "/pipelines/times/metrics",
            "/pipelines/times",
            "/models/times/1",
        ):
            assert page.goto(pages.url + path).ok, path
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, path
            assert [] == violations(page), path
        assert [] == said


def test_curves_grow_while_a_step_trains(timed, tmp_path):
    """The page and its stream show what was told until now."""
    root = tmp_path / "again"  # a project of its own: the others count on the runs that they made
    shutil.copytree(timed, root, ignore=shutil.ignore_patterns("tokens*"))
    line = [sys.executable, "-m", "interplane", "run", "--rate", "0.75", "--waits", "true"]
    going = subprocess.Popen(line, cwd=root, stdout=subprocess.DEVNULL)
    try:
        with served(root) as pages:
            until = time.monotonic() + 60
            run = {"metrics": []}
            while not run["metrics"] and time.monotonic() < until:
                time.sleep(0.05)
                run = pages.ask("/runs/last.json").json
                if run["status"] != "running":
                    run = {"metrics": []}
            assert (0.75**4, 4, 5) == last_of(run["metrics"][0])["train"]
            assert 'id="run-metrics"' in pages.ask("/runs/last").body
    finally:
        (root / "go").touch()
        assert 0 == going.wait(60)


def test_residuals_are_those_of_the_test(pages):
    """The same figures as the evaluation's; by the slices of the evaluation, the worst first."""
    shown = pages.ask("/models/times/1.json").json
    curves = shown["curves"]
    figures = {each["name"]: each["value"] for each in shown["figures"]}
    assert curves["curves"] is None
    assert curves["of_test"]
    found = curves["residuals"]
    assert 1260 == shown["test_rows"] == found["rows"]
    assert figures["mae"] == pytest.approx(found["mae"], rel=1e-9)
    assert figures["rmse"] == pytest.approx(found["rmse"], rel=1e-9)
    slices = curves["slices"]["slices"]
    assert ("south, 2", "worse") == (slices[0]["name"], slices[0]["went"])
    sizes = [each["mae"]["value"] for each in slices]
    assert sizes == sorted(sizes, reverse=True)
    assert slices[0]["bias"]["low"] > 2
    assert 1260 == sum(each["rows"] for each in slices if each["by"] == "zone")
    own = {each["name"]: each["figures"] for each in shown["by_slice"]["slices"]}
    for each in slices:
        assert own[each["name"]][0]["value"] == pytest.approx(each["mae"]["value"], rel=1e-9)
    body = pages.ask("/models/times/1").body
    assert "Residuals: the 1,260 rows of its test" in body
    assert len(body) < 200_000


rows = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.booleans(), st.floats(-1e3, 1e3)),
    min_size=1,
    max_size=300,
)


@settings(deadline=None)
@given(rows, st.sampled_from([(), ("word",), ("word", "yes"), ("gone",)]))
def test_slices_have_the_means_of_their_rows(some, by):
    """By whatever they are sliced; too small ones are counted."""
    words, yes, values = (list(each) for each in zip(*some, strict=True))
    table = pa.table({"row.word": pa.array(words, pa.string()), "row.yes": yes})
    columns = {"word": "row.word", "yes": "row.yes"}
    found = residual_slices(table, np.array(values), columns, [by])
    if found is None:
        return
    for each in found.slices:
        names = each.by.split(" × ")  # noqa: RUF001 - a cross of columns
        wanted = dict(zip(names, each.name.split(", "), strict=True))
        inside = [
            value
            for word, is_yes, value in some
            if wanted.get("word", str(word or "null")) == str(word or "null")
            and wanted.get("yes", str(is_yes)) == str(is_yes)
        ]
        assert len(inside) == each.rows >= found.least
        assert np.mean(np.abs(inside)) == pytest.approx(each.mae.value, rel=1e-6, abs=1e-6)
        assert np.mean(inside) == pytest.approx(each.bias.value, rel=1e-6, abs=1e-6)
        assert each.mae.low <= each.mae.value <= each.mae.high
    if by == ("word",):
        assert len(some) >= sum(each.rows for each in found.slices)
        assert len({words.count(word) for word in set(words)}) <= len(found.slices) + found.small


def test_what_is_asked_for_is_described(pages):
    """The new page is in the OpenAPI document, with what stands behind its question mark."""
    described = json.loads(pages.ask("/openapi.json").body)
    there = described["paths"]["/pipelines/{pipeline}/metrics.json"]["get"]
    assert {"pipeline", "runs", "with"} == {each["name"] for each in there["parameters"]}
