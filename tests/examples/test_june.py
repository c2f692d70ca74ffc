"""One definition, three uses: HTTP, the table and the single row agree on all of June, bit for bit."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import interplane as ip

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("june")]

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"
JUNE = (
    "FROM self WHERE scheduled_departure >= TIMESTAMP '2013-06-01' "
    "AND scheduled_departure < TIMESTAMP '2013-07-01'"
)


def interplane(root, *words):
    """Run a command in the example."""
    command = [sys.executable, "-m", "interplane", *words]
    done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A copy of the example that has learned from January to April, with the data up to June."""
    root = tmp_path_factory.mktemp("june") / "flights"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("data", ".*", "__pycache__"))
    code = "from pathlib import Path; import months; months.write_months(Path('data'), range(1, 7))"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
    project = ip.Project.find(root)
    project.add("airports", root / "data" / "airports.csv")
    for month in range(1, 7):
        for table in ("flights", "weather", "planes"):
            source = root / "data" / f"{table}-2013-{month:02}.csv"
            project.add(table, source, append=month > 1)
    interplane(root, "run", "--trees", "40")
    interplane(
        root, "predict", "flights@1", "--since", "2013-06-01", "--until", "2013-07-01",
        "--out", "scored-june",
    )  # fmt: skip
    return root


@pytest.mark.timeout(580)
def test_http_says_what_the_batch_said(example):
    """Each flight at its time, each landing when it happened, through the server."""
    pins = ("--data", "flights@5", "--data", "weather@5")
    interplane(example, "materialize", "flights@1", "--since", "2013-06-01", *pins)
    interplane(example, "deploy", "flights@1", "--reason", "the first")
    words = ("serve", "flights", "--replay", "--port", "0", "--grace-s", "0", "--json")
    server = subprocess.Popen(
        [sys.executable, "-m", "interplane", *words],
        cwd=example,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = json.loads(server.stdout.readline())["url"]
        days = ("--since", "2013-06-01", "--until", "2013-07-01", "--no-look")
        replay = [sys.executable, "replay.py", url.removeprefix("http://"), *days]
        done = subprocess.run(replay, cwd=example, check=False, capture_output=True, text=True)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
        server.stdout.close()
    assert 0 == done.returncode, done.stdout + done.stderr
    project = ip.Project.find(example)
    served = project.predictions("flights").select("row.flight_id", "score").to_rows()
    batch = {each["flight_id"]: each["score"] for each in project.table("scored-june").to_rows()}
    assert 28_231 == len(served)
    assert batch == {each["row.flight_id"]: each["score"] for each in served}


def test_a_row_in_python_says_what_the_batch_said(example, monkeypatch):
    """`frozen.row` of each flight, with the history that the join found, and the model's score."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    for module in ("late_flights", "departures", "history"):  # gone again after the test
        monkeypatch.setitem(sys.modules, module, None)
        monkeypatch.delitem(sys.modules, module)
    project = ip.Project.find(example)
    sources = project.tables("flights@1", "departures", "landings", "observations")
    june = sources.pop("departures").sql(JUNE)
    model = project.model("flights@1")
    frozen = model.features
    wide = frozen.widen(june, sources=sources).to_rows()
    features = frozen.transform(june, sources=sources).to_rows()
    scores = model.predict(june, sources=sources)
    assert 28_231 == len(wide)
    for row, expected, score in zip(wide, features, scores, strict=True):
        own = {name: row[name] for name in frozen.inputs}
        views = {
            parameter: {name: row[f"{parameter}.{name}"] for name in use.view.types}
            for parameter, use in frozen.uses.items()
        }
        assert expected == frozen.row(own, **views)
        assert score == model.predict_row(own, **views)
