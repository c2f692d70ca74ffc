"""Lists are bounded, and say how much there is beyond what they show, or where to read on."""

import shutil
import subprocess
import sys

import pytest

from interplane.serving.tokens import TOKENS
from interplane.web.pages import drift, home, metrics, models

from .conftest import served, write_rides


def test_what_waits_beyond_the_first_is_counted(pages, monkeypatch):
    """The last run failed: it waits for a person, and is counted where it is not shown."""
    shown = pages.ask("/home.json").json
    assert (1, 0) == (len(shown["waiting"]), shown["waiting_left_out"])
    assert "more, older" not in pages.ask("/").body
    monkeypatch.setattr(home, "_MOST_WAITING", 0)
    shown = pages.ask("/home.json").json
    assert (0, 1) == (len(shown["waiting"]), shown["waiting_left_out"])


def test_the_last_run_of_each_pipeline_waits_however_many_others_ran_since(pages, monkeypatch):
    """A pipeline that failed is told of, though another one ran a hundred times since."""
    from interplane.project.chronicle import Chronicle

    kept = Chronicle.planes

    def planes(self):
        found = kept(self)
        others = [type(each)(**{**each.to_dict(), "pipeline": "others"}) for each in found.runs[:1]]
        return type(found)(**{**vars_of(found), "runs": (*found.runs, *others * 100)})

    monkeypatch.setattr(Chronicle, "planes", planes)
    waiting = pages.ask("/home.json").json["waiting"]
    assert ["rides failed"] == [each["what"] for each in waiting]


def vars_of(value):
    """Return the fields of a value by name."""
    return {name: getattr(value, name) for name in value.__struct_fields__}


def test_models_are_read_page_by_page(pages, monkeypatch):
    """Each once, with its crossings; behind the last one is said where the first is."""
    whole, kept = pages.ask("/models.json").json, models.by_model
    assert (1, None) == (whole["in_all"], whole["skip"])
    monkeypatch.setattr(models, "by_model", lambda asked: {**kept(asked), "trips": []})
    monkeypatch.setattr(models, "_MOST_MODELS", 1)
    first = pages.ask("/models.json").json
    assert (["rides"], 2, 1) == ([each["name"] for each in first["models"]], 2, first["skip"])
    assert whole["crossings"] == first["crossings"]
    assert '<a href="?skip=1">1 more models</a>' in pages.ask("/models").body
    last = pages.ask("/models.json?skip=1").json
    assert (["trips"], None) == ([each["name"] for each in last["models"]], last["skip"])
    assert "No model is behind these." in pages.ask("/models?skip=2").body
    assert 422 == pages.ask("/models.json?skip=-1").status


def test_runs_that_could_be_added_are_counted(pages, monkeypatch):
    """Of metrics, which are drawn of some runs."""
    whole = pages.ask("/pipelines/rides/metrics.json").json
    assert 0 == whole["others_left_out"]
    monkeypatch.setattr(metrics, "_LOOKED_AT", 1)
    some = pages.ask("/pipelines/rides/metrics.json").json
    assert whole["others"][:1] == some["others"]
    assert len(whole["others"]) - 1 == some["others_left_out"]


def test_columns_and_versions_side_by_side_are_counted(root, tmp_path, monkeypatch):
    """Of two versions and what came between them."""
    folder = tmp_path / "rides"
    shutil.copytree(root, folder, ignore=shutil.ignore_patterns(TOKENS, f"{TOKENS}-lock"))
    for month in (3, 4):
        write_rides(folder / "more.csv", month=month)
        line = [sys.executable, "-m", "interplane", "data", "add", "rides", "more.csv", "--append"]
        subprocess.run(line, cwd=folder, check=True, capture_output=True)
    path = "/data/rides/compare{}?a=1&b=4"
    with served(folder) as pages:
        whole = pages.ask(path.format(".json")).json
        assert (0, 0) == (whole["columns_left_out"], whole["versions_left_out"])
        monkeypatch.setattr(drift, "_MOST_COLUMNS", 2)
        monkeypatch.setattr(drift, "_MOST_VERSIONS", 1)
        some = pages.ask(path.format(".json")).json
        assert 2 == len(some["columns"])
        assert {2} == {each["first"] for each in whole["columns"] if each["first"]}
        assert len(whole["columns"]) - 2 == some["columns_left_out"]
        assert (["@3", "@4"], 1) == (some["heat"]["names"], some["versions_left_out"])
        page = pages.ask(path.format("")).body
        assert "of those that are shown" in page
        assert "1 older versions between these two" in page
        assert f"{some['columns_left_out']} more columns" in page


@pytest.mark.parametrize("words", ["good_enough", "GOOD"])
def test_steps_are_found_in_the_last_run(pages, words):
    """By name, or a part of one; what is found shows the step."""
    found = pages.ask(f"/search.json?q={words}").json["found"]
    (step,) = [each for each in found if each["kind"] == "step"]
    assert "good_enough of rides, in its last run" == step["name"]
    last = pages.ask("/runs.json").json["runs"][0]["digest"]
    assert f"/runs/{last[:12]}" == step["href"]
    assert "good_enough" in pages.ask(step["href"]).body
