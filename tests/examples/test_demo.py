"""The main job, as `make demo` does it; and what its server said in June, held against the tables."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import interplane as ip

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("demo")]

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"
FLIGHTS = 28_231
JUNE = (
    "FROM self WHERE scheduled_departure >= TIMESTAMP '2013-06-01' "
    "AND scheduled_departure < TIMESTAMP '2013-07-01'"
)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A copy of the example in which the demo has run: its folder, and what it said."""
    root = tmp_path_factory.mktemp("demo") / "flights"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("data", ".*", "__pycache__"))
    command = [sys.executable, "demo.py", "--short"]
    done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
    return root, done.stdout, done.stderr


@pytest.mark.timeout(890)
def test_the_demo_tells_its_whole_story(told):
    """From raw files to a model that is watched, replaced, and defended; every command works."""
    _, out, err = told
    assert "label_rate of flights, origin=LGA: 0.196 to 0.693 (2013-06-13)" in out
    assert "flights@2 is promoted" in out
    assert "Error (gate-closed): the gate of flights@3 is closed" in err
    assert "flights@3 is rolled back" in out
    assert "lost: nothing" in out
    assert "sound: read" in out
    assert "http://127.0.0.1:8080/sign-in#ipt_" in out


@pytest.mark.timeout(890)
def test_http_says_what_the_batch_said(told):
    """Each flight of June at its time, each landing when it happened, through the server: bit for bit."""
    root, _, _ = told
    project = ip.Project.find(root)
    logged = project.predictions("flights").select("row.flight_id", "score", "crossing", "time")
    served = logged.sql(
        "FROM self WHERE time >= TIMESTAMP '2013-06-01' AND time < TIMESTAMP '2013-07-01'"
    ).to_rows()
    assert FLIGHTS == len(served) == len({each["row.flight_id"] for each in served})
    asked = dict.fromkeys(each["crossing"] for each in served)
    names = {project.crossing(f"flights@{number}").digest: f"flights@{number}" for number in (1, 2)}
    assert set(names) <= set(asked)
    for crossing, name in names.items():
        words = ("--since", "2013-06-01", "--until", "2013-07-01", "--out", name.replace("@", "-"))
        command = [sys.executable, "-m", "interplane", "predict", name, *words]
        done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
        assert 0 == done.returncode, done.stdout + done.stderr
        batch = {each["flight_id"]: each["score"] for each in project.table(words[-1]).to_rows()}
        assert FLIGHTS == len(batch)
        mine = {
            each["row.flight_id"]: each["score"] for each in served if each["crossing"] == crossing
        }
        assert len(mine) > 1000
        assert mine == {flight: batch[flight] for flight in mine}


@pytest.mark.timeout(890)
def test_a_row_in_python_says_what_the_table_says(told, monkeypatch):
    """`frozen.row` of each flight, with the history that the join found, and the model's score."""
    root, _, _ = told
    monkeypatch.setattr(sys, "path", [*sys.path])
    for module in ("late_flights", "departures", "history"):  # gone again after the test
        monkeypatch.setitem(sys.modules, module, None)
        monkeypatch.delitem(sys.modules, module)
    project = ip.Project.find(root)
    sources = project.tables("flights@1", "departures", "landings", "observations")
    june = sources.pop("departures").sql(JUNE)
    model = project.model("flights@1")
    frozen = model.features
    wide = frozen.widen(june, sources=sources).to_rows()
    features = frozen.transform(june, sources=sources).to_rows()
    scores = model.predict(june, sources=sources)
    assert FLIGHTS == len(wide)
    for row, expected, score in zip(wide, features, scores, strict=True):
        own = {name: row[name] for name in frozen.inputs}
        views = {
            parameter: {name: row[f"{parameter}.{name}"] for name in use.view.types}
            for parameter, use in frozen.uses.items()
        }
        assert expected == frozen.row(own, **views)
        assert score == model.predict_row(own, **views)
