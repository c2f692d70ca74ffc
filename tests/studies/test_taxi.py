"""2013 learned, later years replayed: distance, payment and tips move, the fare hardly, and when."""

from datetime import datetime

import duckdb
import pytest
from replaying import copy_project, serve

import interplane as ip

TRIPS = """
SELECT row_number() OVER (ORDER BY trip_start_timestamp, fare, trip_seconds, tips) AS trip,
    make_timestamp(trip_start_timestamp * 1000000) AS began, trip_start_hour AS start_hour,
    trip_miles AS miles, trip_seconds::DOUBLE AS seconds, fare, payment_type AS payment, company,
    tips > 0.2 * fare AS big_tip
FROM read_csv(['{folder}/train.csv', '{folder}/eval.csv'], union_by_name = true) WHERE trip_seconds IS NOT NULL
ORDER BY trip"""


@pytest.fixture
def trips(shared_data):
    """All trips, as they began."""
    query = TRIPS.format(folder=shared_data / "chicago-taxi")
    return ip.Table.from_arrow(duckdb.sql(query).to_arrow_table())


def test_the_monitor_says_what_moved_in_which_year(trips, tmp_path, monkeypatch):
    """Year by year against 2013; each alert is opened once and goes on while it lasts."""
    project = copy_project("taxi", tmp_path, monkeypatch)
    project.add("trips", trips.sql("FROM self WHERE year(began) = 2013").to_arrow())
    project.run()
    project.deploy("big-tips@1", reason="the first")
    opened = {}
    for year in (2014, 2015):
        rows = trips.sql(f"FROM self WHERE year(began) = {year}").to_rows()
        tips = [row.pop("big_tip") for row in rows]
        serve(project, "big-tips", rows)
        outcomes = [
            {"key": {"trip": row["trip"]}, "value": tip, "known_at": row["began"]}
            for row, tip in zip(rows, tips, strict=True)
        ]
        project.add_outcomes("big-tips", outcomes, replay=True)
        end = datetime(year + 1, 1, 1, 2)  # noqa: DTZ001 - UTC, and naive, as timestamps are
        [found] = project.watch(now=end)
        for alert in found.alerts("opened"):
            opened[alert.cell.column or alert.cell.rule, alert.cell.values] = (
                year,
                alert.opened.detail,
            )
    # 43 % of the trips of 2013 have a distance of 0, half as many do later.
    assert (2014, "miles above 0: 57.0 % to 77.7 %") == opened["row.miles", ()]
    assert (2015, "payment Credit Card: 27.5 % to 39.9 %") == opened["row.payment", ()]
    assert 2014 == opened["tippers", ()][0]
    assert not {"row.fare", "row.seconds", "row.start_hour"} & {column for column, _ in opened}
