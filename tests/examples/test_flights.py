"""The flights example on two of its months: nothing that is known later, and the whole way."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import interplane as ip

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"
KNOWN_LATER = {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"}


@pytest.fixture(scope="session")
def example(tmp_path_factory):
    """A copy of the example with January and February added, checked against its schemas."""
    root = tmp_path_factory.mktemp("flights") / "flights"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("data", ".*", "__pycache__"))
    code = "from pathlib import Path; import months; months.write_months(Path('data'), [1, 2])"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
    project = ip.Project.find(root)
    project.add("airports", root / "data" / "airports.csv")
    for month in (1, 2):
        for table in ("flights", "weather", "planes"):
            source = root / "data" / f"{table}-2013-{month:02}.csv"
            project.add(table, source, append=month > 1)
    return root


def interplane(root, *words):
    """Run a command in the example and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "interplane", *words],
        cwd=root,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode in {0, 5}, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def departures(example):
    """The rows that the data step makes."""
    query = (
        "import interplane as ip; from departures import DEPARTURES; p = ip.Project.find();"
        "t = {n: p.table(n) for n in ('planes', 'airports')};"
        "import pyarrow.parquet as pq;"
        "pq.write_table(p.table('flights').sql(DEPARTURES, **t).to_arrow(), 'departures.parquet')"
    )
    subprocess.run([sys.executable, "-c", query], cwd=example, check=True)
    import pyarrow.parquet as pq

    return ip.Table.from_arrow(pq.read_table(example / "departures.parquet"))


def test_one_wind_speed_reads_as_null(example):
    """The check found 1,048 mph; the row stays, the value does not."""
    weather = ip.Project.find(example).table("weather")
    found = weather.sql("SELECT count(*) AS n, max(wind_speed) AS most FROM self").to_rows()[0]
    assert found["n"] == 4_236
    assert found["most"] < 150


def test_every_flight_is_one_row(example, departures):
    """No join loses or doubles a flight, and its id is its own."""
    found = departures.sql("SELECT count(*) AS n, count(DISTINCT flight_id) AS ids FROM self")
    assert [{"n": 51_955, "ids": 51_955}] == found.to_rows()


def test_nothing_is_there_that_is_known_later(departures):
    """But the label and the time that it is known at."""
    assert not KNOWN_LATER & set(departures.names)
    text = (EXAMPLE / "late_flights.py").read_text()
    features = text[text.index("def flight_features") : text.index("def carrier_hour")]
    assert "flight.landed_at" not in features
    assert not any(name in features for name in KNOWN_LATER)


def test_cancelled_and_diverted_flights_have_no_label(departures):
    """Null, counted, and without a landing."""
    rows = departures.sql(
        "SELECT count(*) AS n FROM self WHERE late IS NULL AND landed_at IS NULL"
    ).to_rows()
    also = departures.sql("SELECT count(*) AS n FROM self WHERE late IS NULL").to_rows()
    assert rows == also == [{"n": 1_946}]


def test_a_flight_lands_after_it_was_to_leave(departures):
    """In UTC, and within two days, wherever it went and however late."""
    (minutes,) = departures.sql(
        "SELECT min(m) AS least, max(m) AS most FROM (SELECT "
        "date_diff('minute', scheduled_departure, landed_at) AS m FROM self)"
    ).to_rows()
    assert 0 < minutes["least"] < minutes["most"] < 48 * 60


def test_the_whole_way_on_two_months(example):
    """Plan, run, again, score: the words that `make demo` types."""
    chosen = ["--until", "2013-02-15", "--test-days", "10", "--trees", "20"]
    assert "11 to run" in interplane(example, "plan", *chosen)
    first = interplane(example, "run", *chosen)
    assert "flights@1" in first
    assert "carrier-hour@1" in first
    assert "11 reused" in interplane(example, "run", *chosen)
    scored = interplane(
        example, "predict", "flights@1", "--since", "2013-02-25", "--out", "scored",
        "--beside", "carrier-hour@1",
    )  # fmt: skip
    assert "scored@1" in scored
    assert "sound" in interplane(example, "verify")
