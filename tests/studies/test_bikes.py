"""2011 learned, 2012 replayed: riders and the error move, the weather does not, and monitors say so."""

import duckdb
import pytest
from replaying import copy_project, microseconds, serve

import interplane as ip
from interplane.project.watching import Watching

HOURS = """
SELECT instant, dteday::TIMESTAMP + to_hours(hr) AS began, hr AS hour, weekday, workingday AS working,
    season, weathersit AS sky, temp AS temperature, atemp AS felt, hum AS humidity,
    windspeed AS wind, cnt AS hired
FROM read_csv('{path}') ORDER BY instant"""


@pytest.fixture
def hours(shared_data):
    """All hours of both years."""
    query = HOURS.format(path=shared_data / "bike-sharing" / "hour.csv")
    return ip.Table.from_arrow(duckdb.sql(query).to_arrow_table())


def test_the_monitor_says_what_moved_and_only_that(hours, tmp_path, monkeypatch):
    """Two of four rules fire, for the year that grew by half: those of riders and of the error."""
    project = copy_project("bikes", tmp_path, monkeypatch)
    project.add("hours", hours.sql("FROM self WHERE year(began) = 2011").to_arrow())
    project.run()
    project.deploy("bikes@1", reason="the first")
    year = hours.sql("FROM self WHERE year(began) = 2012").to_rows()
    hired = [row.pop("hired") for row in year]
    serve(project, "bikes", year)
    outcomes = [
        {"key": {"instant": row["instant"]}, "value": value, "known_at": row["began"]}
        for row, value in zip(year, hired, strict=True)
    ]
    project.add_outcomes("bikes", outcomes, replay=True)
    with Watching(project) as watching:
        [found] = watching.look(now_us=microseconds("2013-01-01T02:00"))
        again = watching.look(now_us=microseconds("2013-01-01T02:00"))
        [judged] = watching.journal.judged("weather")
    fired = {alert.cell.rule: alert.opened for alert in found.alerts("opened")}
    assert {"riders", "error"} == set(fired)
    assert 8_734 == fired["riders"].rows
    assert fired["riders"].effect > 60  # from 144 to 235 riders an hour
    assert fired["error"].effect > 30
    assert [] == [each for each in judged.findings if each.counts or each.skipped]
    assert [0] == [each.judged for each in again]
